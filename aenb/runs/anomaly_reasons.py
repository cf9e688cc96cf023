"""Why examples are anomalous, in words: columns of a table, a place in an image, time steps, or words of a text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from aenb.data.gate import Admitted
from aenb.evaluation.attribution import squared_parts
from aenb.latent.trained_run import TrainedRun
from aenb.runs.explanation import explained

NAMED, BLOCK = 3, 64  # parts of a reason; examples at a time
IMAGE_WINDOW, SIGNAL_WINDOW = 6, 10  # the place of the largest error is this part of a side, or of the steps
THUMBNAIL = 64  # pixels of the longer side, at least
ORANGE = (0.835, 0.369, 0.0, 1.0)


def reasons(run: TrainedRun, given: Admitted, rows: np.ndarray, labels: Any = None) -> tuple[list[str], np.ndarray]:
    """Return the reason for each of some examples, and their reconstructions.

    Args:
        run: The `Run`.
        given: All examples.
        rows: (m,), the places of those to explain.
        labels: (n,), the classes of all examples, if the model is conditional.

    Returns:
        m sentences without a verb, and (m, *input_shape), in the model's units, or (0,) for a table.
    """
    classes = None if labels is None else np.asarray(labels)[rows]
    if run.preprocessing.kind == "tabular":
        return _columns(run, given, rows, classes), np.empty(0)
    words: list[str] = []
    found = []
    for begin in range(0, len(rows), BLOCK):
        part = slice(begin, begin + BLOCK)
        x = given.inputs[rows[part]]
        reconstructed = run.reconstruct(x, None if classes is None else classes[part])
        found.append(reconstructed)
        if run.preprocessing.kind == "text":
            words += [_words(run, *pair) for pair in zip(x, reconstructed, strict=True)]
        else:
            say = _place if run.preprocessing.kind == "image" else _steps
            words += [say(one.reshape(x.shape[1:])) for one in squared_parts(x, reconstructed)]
    return words, np.concatenate(found) if found else np.empty(0)


def _columns(run: TrainedRun, given: Admitted, rows: np.ndarray, labels: Any) -> list[str]:
    some = replace(
        given, inputs=given.inputs[rows], index=None, frame=None if given.frame is None else given.frame.iloc[rows]
    )
    explanation = explained(run, some, labels)
    return [explanation.reasons(number, with_values=True) for number in range(len(rows))]


def largest_window(errors: np.ndarray, height: int, width: int) -> tuple[int, int, float]:
    """Return the place of the window with the largest sum of errors: its top, its left, and its share of the sum.

    Args:
        errors: (rows, columns), not negative.
        height: Rows of the window.
        width: Its columns.

    Example:
        >>> import numpy as np
        >>> errors = np.zeros((4, 4))
        >>> errors[2:, 3] = 1
        >>> largest_window(errors, 2, 1)
        (2, 3, 1.0)
    """
    sums = np.pad(errors, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    windows = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    top, left = np.unravel_index(int(windows.argmax()), windows.shape)
    return int(top), int(left), float(windows[top, left] / max(errors.sum(), 1e-300))


def window_of(errors: np.ndarray) -> tuple[int, int, int, int, float]:
    """Return the window of an image's largest errors: top, left, height, width, and its share of the error.

    Args:
        errors: (height, width), not negative.
    """
    height, width = (max(1, round(side / IMAGE_WINDOW)) for side in errors.shape)
    top, left, share = largest_window(errors, height, width)
    return top, left, height, width, share


def _place(errors: np.ndarray) -> str:
    top, left, height, width, share = window_of(errors.sum(axis=-1))
    rows, columns = errors.shape[:2]
    vertical = ("top", "middle", "bottom")[min(2, int(3 * (top + height / 2) / rows))]
    horizontal = ("left", "centre", "right")[min(2, int(3 * (left + width / 2) / columns))]
    where = f"{_span('row', top, height)}, {_span('column', left, width)}"
    return f"{vertical} {horizontal}, {where} ({share:.0%} of the error)"


def _steps(errors: np.ndarray) -> str:
    length = max(1, round(len(errors) / SIGNAL_WINDOW))
    start, channel, share = largest_window(errors, length, 1)
    where = _span("step", start, length) + (f" of channel {channel}" if errors.shape[1] > 1 else "")
    return f"{where} ({share:.0%} of the error)"


def _span(noun: str, start: int, length: int) -> str:
    return f"{noun} {start}" if length == 1 else f"{noun}s {start}–{start + length - 1}"


def _words(run: TrainedRun, x: np.ndarray, reconstructed: np.ndarray) -> str:
    vocabulary = run.preprocessing.vocabulary
    wrong = np.flatnonzero((x != 0) & (x != reconstructed))
    pairs = [
        f"“{vocabulary[x[one]]}”, reconstructed as “{vocabulary[reconstructed[one]] or '_'}”" for one in wrong[:NAMED]
    ]
    return "; ".join(pairs) + (f"; and {len(wrong) - NAMED} more words" if len(wrong) > NAMED else "")


def thumbnail(image: np.ndarray, reconstructed: np.ndarray) -> bytes:
    """Draw an image and its reconstruction side by side, with a frame around the largest error.

    Args:
        image: (height, width, channels) in [0, 1].
        reconstructed: The same shape.

    Returns:
        A PNG file.
    """
    from aenb.figures.plots import image_grid, image_png

    height, width = image.shape[:2]
    scale = max(1, -(-THUMBNAIL // max(height, width)))
    pair = [one.repeat(scale, axis=0).repeat(scale, axis=1) for one in (image, np.asarray(reconstructed, "float32"))]
    grid = image_grid(np.stack(pair), columns=2, gap=4)
    errors = np.nan_to_num((image.astype("float64") - reconstructed) ** 2).sum(axis=-1)
    top, left, tall, wide, _ = (int(scale * one) for one in window_of(errors))
    rows, columns = slice(top, top + tall), slice(left, left + wide)
    for edge in ((rows, left), (rows, left + wide - 1), (top, columns), (top + tall - 1, columns)):
        grid[edge] = ORANGE
    return image_png(grid)
