"""A plug-in that can't be imported: it is named and left out."""

raise ImportError("no such\nlibrary")
