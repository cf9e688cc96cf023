"""A codebook: which of its entries are used, what they stand for, and which ones encode an example."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aenb.figures.plots import BLUE, GREY, STYLE, image_grid
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs
from aenb.latent.sampling import decoded as decode
from aenb.models.autoencoder import interface
from aenb.models.codes.quantiser import perplexity_of

SHOWN = 8


def _fits(inputs: ViewInputs) -> bool:
    return "codebook" in interface(inputs.model).own and inputs.codes.dtype.kind in "iu"


@view(
    order=6,
    summary="the codebook: how often each entry is used, what each decodes to, and which ones encode an example",
    fits=_fits,
)
def codebook(inputs: ViewInputs) -> Figure:
    """Draw the use of the entries; for images also each entry decoded at all positions, and the codes of examples."""
    size = inputs.model.own["codebook"].shape[0]
    share = np.bincount(inputs.codes.ravel(), minlength=size) / inputs.codes.size
    used, perplexity = np.count_nonzero(share), float(perplexity_of(share))
    with rc_context(STYLE):
        images = inputs.data.kind == "image"
        figure = Figure(figsize=(7.4, 4.6 if images else 2.4), layout="constrained")
        top, *bottom = figure.subfigures(1 + images, 1, height_ratios=(1.9, 2.7)[: 1 + images], squeeze=False).ravel()
        axes = top.subplots()
        ranked = np.sort(share)[::-1]
        axes.bar(np.arange(size), ranked, width=1.0, color=BLUE)
        axes.axhline(1 / size, color=GREY, linestyle=":", linewidth=1.2, label="uniform use")
        axes.set(
            xlabel="entries, most used first", ylabel="share of the codes", xlim=(-0.5, size - 0.5),
            title=f"{used} of {size} entries are used (perplexity {perplexity:.0f})",
        )  # fmt: skip
        axes.yaxis.set_major_formatter("{x:.1%}")
        axes.legend()
        if images:
            tiles, strips = bottom[0].subplots(1, 2, width_ratios=(1, 1))
            _entries(tiles, inputs, np.argsort(-share))
            _examples(strips, inputs, size)
        return figure


def _entries(axes: Axes, inputs: ViewInputs, order: np.ndarray) -> None:
    """Draw each entry as the image decoded from a code with this entry at all positions."""
    chosen = order[:128]
    decoded = decode(inputs.run, np.repeat(chosen[:, None], inputs.codes.shape[1], axis=1).astype("int32"))
    axes.imshow(image_grid(decoded, columns=16), interpolation="nearest")
    axes.set(xticks=[], yticks=[], title="each entry decoded alone, most used first")
    axes.spines[:].set_visible(False)


def _examples(axes: Axes, inputs: ViewInputs, size: int) -> None:
    """Draw examples, the codes of each as coloured squares, and their reconstructions."""
    n, places = min(SHOWN, len(inputs.x)), inputs.codes.shape[1]
    x, codes = inputs.x[:n], inputs.codes[:n]
    grid = tuple(inputs.model.get_layer("encoder").output_shape[1:-1])
    rows, columns = grid if len(grid) == 2 else (1, places)
    colours = colormaps["turbo"](np.random.default_rng(0).permutation(size) / size)[codes.reshape(n, rows, columns)]
    high, wide = x.shape[1:3]
    down, right = (np.arange(high) * rows // high), (np.arange(wide) * columns // wide)
    squares = colours[:, down][:, :, right].astype("float32")
    strips = [np.broadcast_to(x, (*x.shape[:3], 3)) if x.shape[-1] == 1 else x[..., :3], squares[..., :3]]
    decoded = decode(inputs.run, codes)
    strips.append(np.broadcast_to(decoded, (*decoded.shape[:3], 3)) if decoded.shape[-1] == 1 else decoded[..., :3])
    axes.imshow(image_grid(np.concatenate(strips), columns=n), interpolation="nearest")
    axes.set_yticks(high / 2 + (high + 1) * np.arange(3), ["original", "codes", "reconstruction"])
    axes.set(xticks=[], title="examples, codes, reconstructions")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
