"""A view: how the latent codes are distributed."""

from matplotlib.figure import Figure

import aenb


@aenb.view(summary="the values of all latent codes", fits=lambda inputs: inputs.has_plane)
def histogram(inputs):
    """Draw a histogram."""
    figure = Figure((4, 3))
    axes = figure.add_subplot()
    axes.hist(inputs.codes.ravel(), bins=20)
    axes.set(xlabel="value", ylabel="number of codes")
    return figure
