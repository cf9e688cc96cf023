"""Comparison: several runs, or families trained at equal budget, in one table and one picture.

Not here: how one run is scored (`evaluation`).
"""
