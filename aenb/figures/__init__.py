"""Pictures: plots (arrays to a matplotlib Figure) and views (a run to a Figure).

Not here: what moves in a page (`notebook.widgets`).
"""
