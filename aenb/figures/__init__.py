"""Pictures: plots (arrays to a matplotlib Figure) and views (a run to a Figure).

Not here: interactive pages, which are in `notebook.widgets`.
"""
