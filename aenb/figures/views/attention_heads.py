"""Attention: over an image, along a signal, and in a sentence, head by head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from aenb.figures.plots import BLUE, GREY, ORANGE, STYLE, clear_to, drawable, image_grid
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs
from aenb.latent.attention_maps import on_places, rollout
from aenb.models.autoencoder import parts

SHADE = 0.75  # opacity of the colour where attention is highest
FLAT = 1e-6  # range of a signal, relative to its values, that is too small to draw
IMAGES, HEADS, WORDS = 4, 8, 14  # drawn at most


def _fits(inputs: ViewInputs) -> bool:
    encoder = parts(inputs.model).get("encoder")
    return {"tokens", "blocks"} <= {layer.name for layer in getattr(encoder, "layers", ())}


@view(
    order=5,
    summary="what each head attends to, and what the code depends on (attention rolled out to the input)",
    fits=_fits,
)
def attention(inputs: ViewInputs) -> Figure:
    """Draw attention over some held-out examples: head by head, and rolled out."""
    x = inputs.data.examples()[:IMAGES] if inputs.data.kind != "text" else inputs.x[:1]
    maps = inputs.run.attention(x)
    if inputs.data.kind == "text":
        words = inputs.data.texts(x)[0].split()[:WORDS]
        return over_sentence(words, maps[0], rollout(maps)[0])
    if inputs.data.kind == "signal":
        return over_signals(np.nan_to_num(x), on_places(inputs.model, rollout(maps)))
    return head_by_head(x, on_places(inputs.model, rollout(maps)), on_places(inputs.model, received(maps)))


def received(maps: np.ndarray) -> np.ndarray:
    """Return the mean attention that each token receives in each head: (n, layers, heads, q, k) → (n, L·H, k)."""
    mean = maps.mean(axis=-2)
    return mean.reshape(len(maps), -1, mean.shape[-1])


def head_by_head(images: np.ndarray, shares: np.ndarray, heads: np.ndarray) -> Figure:
    """Draw images, what the latent code depends on, and what each head attends to.

    Args:
        images: (n, height, width, channels) in [0, 1].
        shares: (n, height, width), from the rollout.
        heads: (n, heads of all layers, height, width); the first 8 are drawn.

    Returns:
        A Figure with a row for each image.
    """
    heads = heads[:, :HEADS]
    count, height, width = heads.shape[1:]
    shown = [images if images.shape[-1] == 3 else images.mean(axis=-1, keepdims=True).repeat(3, axis=-1)]
    shown += [tinted(images, shares), *(tinted(images, heads[:, number]) for number in range(count))]
    grid = image_grid(np.stack(shown, axis=1).reshape(-1, height, width, 3), columns=count + 2, gap=max(1, width // 14))
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 0.4 + 7.2 * grid.shape[0] / grid.shape[1]), layout="constrained")
        axes = figure.subplots()
        axes.imshow(grid, interpolation="nearest")
        step = width + max(1, width // 14)
        names = ["image", "rolled out", *(f"head {number}" for number in range(1, count + 1))]
        axes.set_xticks(width / 2 + step * np.arange(count + 2), names)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.set(yticks=[])
        axes.spines[:].set_visible(False)
        return figure


def over_signals(signals: np.ndarray, shares: np.ndarray) -> Figure:
    """Draw signals, each step shaded by how much the latent code depends on it.

    Args:
        signals: (n, length, channels).
        shares: (n, length), from the rollout.

    Returns:
        A Figure with a panel for each signal.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 2.6), layout="constrained")
        panels = figure.subplots(1, len(signals), squeeze=False)[0]
        for axes, signal, share in zip(panels, signals, shares, strict=True):
            low, high = float(signal.min()), float(signal.max())
            room = 0.5 if high - low <= FLAT * max(1.0, abs(high)) else 0.0
            weight = (share - share.min()) / max(float(share.max() - share.min()), 1e-12)
            axes.imshow(
                weight[None], cmap=clear_to(ORANGE), vmin=0, vmax=1 / SHADE, aspect="auto",
                extent=(-0.5, len(share) - 0.5, low - room, high + room),
            )  # fmt: skip
            axes.plot(signal[:, :3], linewidth=1.2, color=BLUE)
            axes.set(xlabel="time step")
        panels[0].set_ylabel("first channels")
        figure.suptitle("deeper orange: the latent code depends more on this step", fontsize=9.5)
        return figure


def tinted(images: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Tint images by attention, most where the share is the largest of its image: (n, h, w, 3), RGB."""
    low, high = (f(shares, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    weight = SHADE * ((shares - low) / np.maximum(high - low, 1e-12))[..., None]
    grey = images if images.shape[-1] == 3 else images.mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    return (1 - weight) * grey + weight * np.array(to_rgb(ORANGE))


def over_sentence(words: Sequence[str], maps: np.ndarray, shares: np.ndarray) -> Figure:
    """Draw what each word of a sentence attends to in each layer, and what the latent code depends on.

    Args:
        words: The sentence's m words.
        maps: (layers, heads, length, length), as `attention_maps.attention` gives them, length ≥ m; the first four
            heads are drawn.
        shares: (length,), as `attention_maps.rollout` gives them.

    Returns:
        A Figure with a row of squares for each layer, a square for each head, and bars.
    """
    m, places, words = len(words), np.arange(len(words)), list(map(drawable, words))
    layers, heads = len(maps), min(HEADS // 2, maps.shape[1])
    side = 1.0 + 0.17 * m
    with rc_context(STYLE):
        figure = Figure(figsize=(min(7.4, side * heads + 2.6), 0.5 + side * layers), layout="constrained")
        left, right = figure.subfigures(1, 2, width_ratios=(side * heads, 2.6))
        squares = left.subplots(layers, heads, squeeze=False, sharex=True, sharey=True)
        for layer in range(layers):
            for head in range(heads):
                axes = squares[layer][head]
                axes.imshow(maps[layer, head, :m, :m], cmap=clear_to(ORANGE), vmin=0)
                axes.set_title(f"layer {layer + 1}, head {head + 1}", fontsize=9)
                axes.set_xticks(places, words, rotation=90, fontsize=9, parse_math=False)
                axes.set_yticks(places, words, fontsize=9, parse_math=False)
                axes.tick_params(length=0)
        left.supxlabel("attends to", fontsize=9)
        bars = right.subplots()
        bars.barh(places, shares[:m], color=BLUE)
        bars.set(title="rolled out", xlabel="share", ylim=(m - 0.5, -0.5), yticks=places)
        bars.set_yticklabels(words, parse_math=False)
        bars.axvline(1 / m, color=GREY, linestyle=":", linewidth=1)
        return figure
