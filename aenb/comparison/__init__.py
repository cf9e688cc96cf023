"""Comparison: several runs, or families trained at equal budget, in one table and one picture.

Scores of a single run are in `evaluation`.
"""
