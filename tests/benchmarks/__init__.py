"""Measurements of speed and memory, for `make bench`."""
