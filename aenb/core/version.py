"""The version of aenb."""

__version__ = "0.1.0"
