"""Texts as they are written: subword units with bytes as a fall-back, and readers of texts and pairs of texts.

No loading by name (`aenb.data.load`), and no words of a vocabulary (`aenb.data.values.words`).
"""
