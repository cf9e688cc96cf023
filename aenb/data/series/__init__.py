"""Series: one long recording, cut into windows in the order of time.

Not here: signals that are examples each, such as utterances (`signals`).
"""
