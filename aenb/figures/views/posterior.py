"""The information in each latent dimension: the KL of the posterior, and the posterior compared with the prior."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aenb.figures.plots import BLUE, GREEN, GREY, ORANGE, STYLE
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs

SHOWN, MAX_BARS = 3, 64  # dimensions whose distributions, and whose KL, are drawn
USED = 0.1  # nats


def _fits(inputs: ViewInputs) -> bool:
    return inputs.posterior is not None


@view(order=8, summary="the KL of each latent dimension, and its posterior compared with the prior", fits=_fits)
def posterior(inputs: ViewInputs) -> Figure:
    """Draw the KL of all dimensions, and of the first ones the aggregate posterior with the prior's density."""
    order, kl = inputs.ranking[:MAX_BARS], inputs.kl
    shown = order[:SHOWN]
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 3.0), layout="constrained")
        bars, *panels = figure.subplots(1, 1 + len(shown), width_ratios=(1.7, *[1] * len(shown)))
        used = kl[order] > USED
        bars.bar(np.arange(len(order)), kl[order], color=np.where(used, BLUE, GREY))
        bars.set(xlabel="latent dimension", ylabel="KL (nats)", title=f"KL {kl.sum():.3g} nats in all")
        if len(order) <= 20:
            bars.set_xticks(np.arange(len(order)), order, fontsize=9 if len(order) <= 12 else 8)
        else:
            bars.set(xticks=[], xlabel=f"latent dimensions, largest first ({int((kl > USED).sum())} over {USED} nats)")
        for axes, dimension in zip(panels, shown, strict=True):
            _distribution(axes, inputs, int(dimension))
        panels[0].set_ylabel("density")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower right", ncols=3, fontsize=9)
        return figure


def _distribution(axes: Axes, inputs: ViewInputs, dimension: int) -> None:
    """Draw the aggregate posterior (the mixture over all examples), the density of its means, and the prior."""
    mean, deviation = inputs.posterior[0][:, dimension], np.exp(inputs.posterior[1][:, dimension] / 2)
    reach = max(3.5, float(np.abs(mean).max() + deviation.max()))
    z = np.linspace(-reach, reach, 241)
    mixture = (np.exp(-0.5 * ((z[:, None] - mean) / deviation) ** 2) / deviation).mean(axis=1) / np.sqrt(2 * np.pi)
    axes.hist(mean, bins=40, range=(-reach, reach), density=True, color=ORANGE, alpha=0.35, label="posterior means")
    axes.plot(z, mixture, color=BLUE, label="aggregate posterior")
    axes.plot(z, np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi), color=GREEN, linestyle="--", label="prior")
    axes.set(title=f"dimension {dimension}", xlabel="z", yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(0, 1.25 * max(0.4, mixture.max()))
