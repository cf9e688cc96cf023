"""Evaluation of a run: metrics (arrays to floats), scorers (a run to floats), baselines, feature extractors, diagnosis.

Not here: plots of the results (`figures`), and comparisons of several runs (`comparison`).
"""
