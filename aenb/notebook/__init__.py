"""What runs in a notebook: the magics, the widgets, and the command that copies the chapters.

What a script needs too is in other packages.
"""
