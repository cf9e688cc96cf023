"""Texts as they are written: subword units with bytes as a fall-back, and how they are read.

Not here: loading by name (`aenb.data.load`), and words of a vocabulary (`aenb.data.values.words`).
"""
