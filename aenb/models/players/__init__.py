"""Training steps of families that need more than `fit(x, x)`: players, each with a loss and the parts that it trains.

Not here: the Keras class that runs the step (`network`), and the loop over the steps (`engine`).
"""
