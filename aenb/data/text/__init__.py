"""Texts as they are written: subword units with bytes as a fall-back, how they are read, and pairs of texts.

Not here: loading by name (`aenb.data.load`), and words of a vocabulary (`aenb.data.values.words`).
"""
