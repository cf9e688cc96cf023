"""Series: one long recording, cut into windows in the order of time. Signals that are examples each are in `signals`."""
