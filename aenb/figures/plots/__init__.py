"""Figures: arrays to matplotlib Figures, without pyplot's global state.

Backgrounds are clear and lines mid-grey, so that a figure reads on a light page and on a dark one. Colours are of
Okabe & Ito's palette, told apart by colour-blind readers (the blue a little lighter, for dark pages).

    style.py    colours, what all figures share, PNG files
    examples.py  images, signals, rows of tables, texts
    curves.py    losses by epoch, and the figure of a run
"""

from aenb.figures.plots.curves import draw_losses, draw_readings, loss_png, run_figure
from aenb.figures.plots.examples import draw_items, examples_png, image_grid, image_png
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
    "draw_items",
    "draw_losses",
    "draw_readings",
    "drawable",
    "examples_png",
    "image_grid", "image_png",
    "loss_png",
    "run_figure",
    "signed_colours",
    "to_png",
]  # fmt: skip
