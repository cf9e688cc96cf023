"""Pictures: plots (arrays to a matplotlib Figure) and views (a run to a Figure).

Interactive pages are in `notebook.widgets`.
"""
