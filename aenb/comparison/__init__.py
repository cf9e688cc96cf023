"""Comparison: several runs, or families trained at equal budget, in one table and one picture.

Not here: the scores of a single run, which are in `evaluation`.
"""
