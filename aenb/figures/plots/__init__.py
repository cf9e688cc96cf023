"""Figures: arrays to matplotlib Figures, without pyplot's global state.

A figure is a white sheet with dark text, 12:1, on light and dark pages alike, and at most 7.4 inches wide, so that its
text can be read in a column of 440 pixels. The colours are those of Okabe & Ito, which colour-blind readers can
distinguish (the blue is a little lighter).

    style.py     colours, the style that all figures share, PNG files
    examples.py  images, signals, rows of tables, texts
    curves.py    learning curves, and the figure of a run
"""

from aenb.figures.plots.curves import draw_losses, draw_readings, run_figure
from aenb.figures.plots.examples import draw_examples, examples_png, image_grid, image_png
from aenb.figures.plots.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    STYLE,
    class_colours,
    clear_to,
    drawable,
    signed_colours,
    to_png,
)

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "ORANGE",
    "STYLE",
    "class_colours",
    "clear_to",
    "draw_examples",
    "draw_losses",
    "draw_readings",
    "drawable",
    "examples_png",
    "image_grid", "image_png",
    "run_figure",
    "signed_colours",
    "to_png",
]  # fmt: skip
