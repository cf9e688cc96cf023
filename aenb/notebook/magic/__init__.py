"""The notebook extension: the magics, their completion, and `%config AENB`."""
