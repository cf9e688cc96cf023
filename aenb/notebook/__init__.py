"""What runs in a notebook: the magics, the widgets, and the copier of the chapters.

Not here: anything that a script needs too.
"""
