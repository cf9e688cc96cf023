"""Metrics: pure functions from arrays to floats."""
