"""Arrays of numbers: checked, scaled, standardised, padded, numbered if they are words, kept in memory or on disk.

Not here: tables with columns of several kinds (`tables`), and `Data` (`record`).
"""
