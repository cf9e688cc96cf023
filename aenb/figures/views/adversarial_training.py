"""Adversarial training: losses and scores of the generator and the discriminator."""

from __future__ import annotations

from matplotlib import rc_context
from matplotlib.figure import Figure

from aenb.figures.plots import STYLE, draw_losses, draw_readings
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs


def _fits(inputs: ViewInputs) -> bool:
    return "discriminator_loss" in inputs.run.history


@view(
    order=4,
    summary="adversarial training by epoch: both losses, mean scores of real examples and generated samples, gradients",
    fits=_fits,
)
def adversarial(inputs: ViewInputs) -> Figure:
    """Draw the players' losses, the discriminator's mean scores, and the gradient norms."""
    history = inputs.run.history
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 2.8), layout="constrained")
        losses, *panels = figure.subplots(1, 3)
        draw_losses(losses, history)
        drawn = draw_readings(panels, history)
        for axes in panels[drawn:]:
            axes.set_visible(False)
        return figure
