"""Health of the model: dead units, and values that it can't produce."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from aenb.data.values.scaling import units as in_units
from aenb.evaluation.diagnosis.measurements import Measurements
from aenb.evaluation.diagnosis.units import dead_shares
from aenb.figures.plots import BLUE, GREY, ORANGE, STYLE
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs
from aenb.latent.sampling import samples

DRAWN = 200  # examples whose values are counted


def _has_units(inputs: ViewInputs) -> bool:
    return bool(dead_shares(Measurements(inputs.run)))


@view(
    order=13,
    summary="the share of dead units in each layer, whose output is the same for every example",
    fits=_has_units,
)
def units(inputs: ViewInputs) -> Figure:
    """Draw the share of dead units by layer, from the encoder's first to the decoder's last."""
    shares = dead_shares(Measurements(inputs.run))
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 0.9 + 0.26 * len(shares)), layout="constrained")
        axes, places = figure.subplots(), np.arange(len(shares))
        values = np.array(list(shares.values()))
        axes.barh(places, np.ones(len(shares)), color=GREY, alpha=0.2)
        axes.barh(places, values, color=ORANGE)
        axes.set_yticks(places, [f"{part}: {layer}" for part, layer in shares], parse_math=False)
        axes.xaxis.set_major_formatter("{x:.0%}")
        axes.set(xlabel="share of units that are dead", xlim=(0, 1), ylim=(len(shares) - 0.4, -0.6))
        return figure


def _has_values(inputs: ViewInputs) -> bool:
    return inputs.data.kind != "text"


@view(order=12, summary="the values of held-out examples, and those of the model's outputs", fits=_has_values)
def values(inputs: ViewInputs) -> Figure:
    """Draw how often each value occurs in examples and in the model's outputs."""
    run = inputs.run
    x = in_units(inputs.data.test[inputs.index])[:DRAWN]
    labels = None if inputs.conditions is None else inputs.conditions[:DRAWN]
    outputs = samples(run, len(x)) if run.is_generator else run.reconstruct(inputs.x[:DRAWN], labels)
    name = "generated samples" if run.is_generator else "reconstructions"
    both = np.concatenate([x[~np.isnan(x)], outputs.ravel()])
    low, high = np.quantile(both, (0.0005, 0.9995)) if inputs.data.kind != "image" else (both.min(), both.max())
    edges = np.linspace(low, high if high > low else low + 1, 60)
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 2.6), layout="constrained")
        axes = figure.subplots()
        for array, colour, label in ((x[~np.isnan(x)], BLUE, "held-out examples"), (outputs.ravel(), ORANGE, name)):
            counts, _ = np.histogram(array.clip(low, high), edges)
            axes.stairs(counts / counts.sum(), edges, color=colour, fill=True, alpha=0.35)
            axes.stairs(counts / counts.sum(), edges, color=colour, label=label)
        axes.set(yscale="log", xlabel="value, in the model's units", ylabel="share")
        axes.legend()
        return figure
