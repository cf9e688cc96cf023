"""Examples of data: images as tiles, signals as lines, rows of a table as points, texts as words."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any, cast

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aenb.figures.plots.style import BLUE, GREY, ORANGE, STYLE, drawable, to_png

TITLES = {
    ("reconstruction", "generated"): "held-out images, reconstructions, samples",
    ("reconstruction",): "held-out images and their reconstructions",
    ("generated",): "held-out images and generated samples",
}
WIDEST = 84  # characters of a text that fit
Arrays = Mapping[str, np.ndarray]
Texts = Mapping[str, list[str]]
Rows = Arrays | Texts


def examples_png(rows: Rows) -> bytes:
    """Draw examples over their reconstructions, small and fast.

    Args:
        rows: As for `run_figure`.

    Returns:
        A PNG file: images as tiles, all else as `run_figure` draws it.
    """
    first: Any = next(iter(rows.values()))
    if np.ndim(first) == 4:
        grid = _tiles(cast(Arrays, rows))
        scale = max(1, round(520 / grid.shape[1]))
        return image_png(grid.repeat(scale, axis=0).repeat(scale, axis=1))
    with rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.4), layout="constrained")
        draw_examples(figure.subplots(), rows)
        return to_png(figure, dpi=90)


def image_png(image: np.ndarray) -> bytes:
    """Return an image as a PNG file, one pixel for each of its own: (height, width, 3 or 4) in [0, 1].

    A grey image is stored with one channel, in a third of the bytes.
    """
    from PIL import Image

    buffer = io.BytesIO()
    values = np.round(np.clip(image, 0, 1) * 255).astype("uint8")
    is_grey = values.shape[-1] == 3 and (values == values[..., :1]).all()
    Image.fromarray(values[..., 0] if is_grey else values).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def image_grid(images: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Lay images in a grid, row by row, as one array.

    Args:
        images: (n, height, width, channels) in [0, 1]; 3 channels are RGB, 4 are RGBA, of others the mean is shown.
        columns: Images in a row.
        gap: Transparent pixels between them.

    Returns:
        (rows, columns, 4), float32 RGBA.
    """
    n, height, width, channels = images.shape
    rows = -(-n // columns)
    colour = images if channels in (3, 4) else np.repeat(images.mean(axis=-1, keepdims=True), 3, axis=-1)
    grid = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), "float32")
    for index, image in enumerate(np.clip(colour, 0, 1)):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        cell = grid[top : top + height, left : left + width]
        cell[..., 3] = 1
        cell[..., : image.shape[-1]] = image
    return grid


def draw_examples(axes: Axes, rows: Rows) -> None:
    """Draw examples according to their kind: images, signals, rows of a table, or texts."""
    first: Any = next(iter(rows.values()))
    of_arrays = {4: _strips, 3: _signals}.get(np.ndim(first), _values)
    draw: Callable[[Axes, Any], None] = _texts if isinstance(first, list) else of_arrays
    draw(axes, rows)


def _tiles(rows: Arrays) -> np.ndarray:
    """Lay rows of images out as one image."""
    images = list(rows.values())
    return image_grid(np.concatenate(images), columns=len(images[0]), gap=max(1, images[0].shape[1] // 14))


def _strips(axes: Axes, rows: Arrays) -> None:
    """Draw the rows of images, one below the other."""
    grid, height = _tiles(rows), next(iter(rows.values())).shape[1]
    axes.imshow(grid, interpolation="nearest")
    axes.set_title(next(words for names, words in TITLES.items() if set(names) <= set(rows)), wrap=True)
    axes.set_xticks([])
    step = (len(grid) - height) / max(1, len(rows) - 1)
    axes.set_yticks([height / 2 + step * number for number in range(len(rows))], list(rows))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _signals(axes: Axes, rows: Arrays) -> None:
    """Draw the first channels of four signals side by side, each channel at its own height."""
    names, shown, channels = list(rows), 4, 3
    first = rows[names[0]][:shown, :, :channels]
    lane = 1.2 * np.nanmax(np.nanmax(first, axis=(0, 1)) - np.nanmin(first, axis=(0, 1)))
    length = first.shape[1] + 2  # a gap between signals
    style = {"original": (GREY, 2.4, 0.75), "held out": (GREY, 1.4, 1), "corrupted": (ORANGE, 1, 0.8)}
    for name in names:
        signals = np.array(rows[name][:shown, :, :channels], "float32")
        if name != "generated":
            signals[np.isnan(first)] = np.nan  # after its end, a short signal has nothing to reconstruct
        signals = np.pad(signals, [(0, 0), (0, 2), (0, 0)], constant_values=np.nan)
        colour, width, alpha = style.get(name, (BLUE, 1.4, 1))
        lines = signals.reshape(-1, signals.shape[-1]) - lane * np.arange(signals.shape[-1])
        axes.plot(lines, color=colour, linewidth=width, alpha=alpha, label=[name, *["_"] * (lines.shape[1] - 1)])
    starts, half = length * np.arange(len(first)), first.shape[1] // 2
    axes.set_xticks([*starts, *(starts + half)], [*[0] * len(starts), *[half] * len(starts)])
    axes.set_yticks(-lane * np.arange(first.shape[2]), [f"channel {number}" for number in range(1, first.shape[2] + 1)])
    axes.set(xlabel="time step of each signal")
    axes.set_title("held-out signals", pad=20)
    axes.margins(y=0.05)
    axes.legend(ncols=len(rows), loc="lower right", bbox_to_anchor=(1.02, 0.99), borderaxespad=0, borderpad=0.2,
                handlelength=1.2, columnspacing=1.2)  # fmt: skip


def _texts(axes: Axes, rows: Texts) -> None:
    """Write the first texts, the reconstruction of each below it, and the words that differ in another colour."""
    names, shown = list(rows), 5 if len(rows) < 3 else 4
    compared = "generated" not in rows
    base = names.index("reference") if "reference" in names else 0  # what the last row is compared with
    title = "held-out texts (differences in orange)" if compared else "held-out texts and generated samples"
    axes.set(title=title, xticks=[], xlim=(0, 1))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    heights, labels = [], []
    for place, texts in enumerate(zip(*(rows[name][:shown] for name in names), strict=True)):
        for line, (name, text) in enumerate(zip(names, map(drawable, texts), strict=True)):
            heights.append(place * (len(names) + 0.7) + line)
            labels.append(name)
            same, other = _split(text, drawable(texts[base]) if compared and name != "source" else text)
            for part, colour in ((same, BLUE if name == names[-1] else GREY), (other, ORANGE)):
                written = axes.text(0, heights[-1], part, color=colour, va="center_baseline", family="monospace",
                                    fontsize=9, parse_math=False)  # fmt: skip
                written.set_in_layout(False)  # long texts are cut off: the panel keeps its size
    axes.set_yticks(heights, labels)
    axes.set_ylim(max(heights, default=0) + 0.6, -0.6)


def _split(text: str, original: str) -> tuple[str, str]:
    """Split a text into words that match the original at their place and words that do not, padded with spaces."""
    pairs = [(word, word == other) for word, other in zip_longest(text.split(), original.split(), fillvalue="_")]
    same, other = (
        " ".join(word if is_same is wanted else " " * len(word) for word, is_same in pairs) for wanted in (True, False)
    )
    return same[:WIDEST], other[:WIDEST]


def _values(axes: Axes, rows: Arrays) -> None:
    """Draw each value of a table against its reconstruction."""
    x, *_, reconstructed = rows.values()
    axes.plot(x.ravel(), reconstructed.ravel(), ".", color=BLUE, alpha=0.4, markersize=4)
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    axes.plot([low, high], [low, high], color=GREY, linewidth=1)
    axes.set(
        xlabel="held-out value (standardised)",
        ylabel="reconstruction",
        title="held-out values and their reconstructions",
    )
