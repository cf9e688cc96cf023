"""Data sets and data of one's own: one file a source, found by the registry."""
