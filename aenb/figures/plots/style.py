"""What all figures share: colours, a style, PNG files."""

from __future__ import annotations

import io

import numpy as np
from matplotlib import rc_context, rcParamsDefault
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

TERMS = ("#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
BLUE, ORANGE, GREEN, GREY = "#2b88c8", "#E69F00", "#009E73", "#767676"
INK, PAPER = "#333333", "#ffffff"  # 12.6:1; no grey reaches 4.5:1 on both a white and a black page
# Petroff (2021), arXiv 2107.02270: ten colours that colour-blind readers can distinguish
CLASSES = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
SET = ("axes", "errorbar", "figure", "hatch", "hist", "image", "legend", "lines", "markers", "mathtext", "patch",
       "path", "savefig", "scatter", "text", "xtick", "ytick")  # fmt: skip
LEFT = ("figure.dpi", "savefig.directory")  # left to the user, as fonts are
# Matplotlib's defaults first: the notebook's settings (LaTeX, grids, sketches) neither change nor break a figure
STYLE = {key: value for key, value in rcParamsDefault.items() if key.split(".")[0] in SET and key not in LEFT} | {
    "figure.facecolor": PAPER, "axes.facecolor": PAPER, "savefig.facecolor": PAPER,
    "axes.edgecolor": GREY, "xtick.color": GREY, "ytick.color": GREY,
    "axes.labelcolor": INK, "xtick.labelcolor": INK, "ytick.labelcolor": INK, "text.color": INK, "axes.titlecolor": INK,
    "axes.titlesize": 10.5, "axes.titlelocation": "left", "font.size": 10.5,
    "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False,
    "grid.color": GREY, "grid.alpha": 0.25,
}  # fmt: skip


def drawable(text: str) -> str:
    """Return a text with a square in place of each character that the figures' font lacks, such as an emoji."""
    font = get_font(findfont(FontProperties()))
    return "".join(character if font.get_char_index(ord(character)) else "□" for character in text)


def class_colours(n: int) -> list[str]:
    """Return colours for n classes; after ten they repeat."""
    return [CLASSES[number % len(CLASSES)] for number in range(n)]


def clear_to(colour: str) -> LinearSegmentedColormap:
    """Return a colour map from transparent to a colour."""
    return LinearSegmentedColormap.from_list(colour, [(*to_rgb(colour), 0.0), (*to_rgb(colour), 1.0)])


def signed_colours(values: np.ndarray) -> np.ndarray:
    """Colour numbers by their sign: (…) in [−1, 1] → (…, 4), RGBA; blue below 0, transparent at 0, orange above."""
    colour = np.where(values[..., None] < 0, np.array(to_rgb(BLUE)), np.array(to_rgb(ORANGE)))
    return np.concatenate([colour, np.clip(np.abs(values), 0, 1)[..., None]], axis=-1).astype("float32")


def to_png(figure: Figure, dpi: int = 130) -> bytes:
    """Return a figure as a PNG file of 256 colours, a third of the size; the same figure gives the same bytes."""
    from PIL import Image

    whole, small = io.BytesIO(), io.BytesIO()
    with rc_context(STYLE):  # ticks are made when they are drawn
        figure.savefig(whole, format="png", dpi=dpi, metadata={"Software": None})
    with Image.open(whole) as image:
        image.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()
