"""What a run is worth: metrics (arrays to floats), scorers (run to floats), baselines, features, diagnosis.

Not here: pictures of it (`figures`), and several runs side by side (`comparison`).
"""
