"""Data sets that are known by name: one module each, their registry, and what they are downloaded and read by.

Not here: your own data (`own`, `files`).
"""
