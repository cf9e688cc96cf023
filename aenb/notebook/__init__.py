"""What runs in a notebook: the magics, the widgets, and the command that copies the chapters.

Not here: what a script needs too, which is in other packages.
"""
