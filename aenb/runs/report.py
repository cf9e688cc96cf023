"""A run as text and as HTML: what was trained, its scores and those of the baselines, its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from aenb.core.html import picture_as_html
from aenb.core.tables import Places, html_table, number_of, text_table
from aenb.evaluation.metrics.intervals import best, interval

COLUMNS = {
    "mse": ("MSE", "{:.4f}"),
    "psnr": ("PSNR (dB)", "{:.2f}"),
    "ssim": ("SSIM", "{:.3f}"),
    "accuracy": ("token accuracy", "{:.1%}"),
}
PREFIXES = ("", "pca_", "mean_", "input_")  # of the model's scores, and of the baselines', in the order of the rows


MEANS = {"image": "mean image", "tabular": "mean row", "signal": "mean signal", "text": "commonest words"}


def score_rows(metrics: dict[str, float], family: str, dimensions: int, kind: str) -> list[list[str]]:
    """Return scores as a table: a header, then rows for the model, PCA, the mean example, and the model's input."""
    shown, prefixes = _layout(metrics)
    labels = (family, f"PCA, {number_of(dimensions, 'dimension')}", MEANS[kind], "left as given")
    names = dict(zip(PREFIXES, labels, strict=True))
    head = ["held-out examples", *(COLUMNS[name][0] for name in shown)]
    rows = [
        [names[prefix], *(COLUMNS[name][1].format(metrics[prefix + name]) for name in shown)] for prefix in prefixes
    ]
    return [head, *rows]


def best_cells(metrics: dict[str, float]) -> Places:
    """Return the cells of the table of scores that hold the best of their column, (row, column): model or baseline."""
    shown, prefixes = _layout(metrics)
    found = set()
    for column, name in enumerate(shown, 1):
        scores = {prefix: interval([metrics[prefix + name]]) for prefix in prefixes}
        first = best(scores, lower=name == "mse")
        if first is not None:
            found.add((prefixes.index(first), column))
    return found


def _layout(metrics: dict[str, float]) -> tuple[list[str], list[str]]:
    """Return the names of the columns, and the prefixes of the rows, that these scores have."""
    shown = [name for name in COLUMNS if name in metrics]
    return shown, [prefix for prefix in PREFIXES if shown and prefix + shown[0] in metrics]


EXACT = 1e-9  # relative to the mean example's error: below it, PCA's error is rounding


def verdict(metrics: dict[str, float], family: str, dimensions: int, *, compresses: bool) -> str:
    """Say how the model's error compares with that of PCA, in a sentence."""
    if "accuracy" in metrics:
        accuracy, commonest = metrics["accuracy"], metrics["mean_accuracy"]
        return f"The token accuracy is {accuracy:.1%}; the commonest token of each position alone has {commonest:.1%}."
    if not compresses and "input_mse" in metrics:
        ratio = _times(metrics["mse"], metrics["input_mse"])
        return f"The squared error of {family} is {ratio:.3g} times that of what it was given."
    if not compresses:
        return "The code is as long as an example, so PCA makes no error: a smaller latent_dim leaves more to learn."
    if is_exact(metrics):
        subject = "1 dimension is" if dimensions == 1 else f"{dimensions} dimensions are"
        return f"PCA reconstructs this data exactly: {subject} enough."
    ratio = _times(metrics["mse"], metrics["pca_mse"])
    if ratio < 0.98:
        return f"The squared error of {family} is {1 - ratio:.0%} below that of PCA with as many dimensions."
    if ratio < 1.02:
        return f"The squared error of {family} is that of PCA with as many dimensions, within 2%."
    return f"The squared error of {family} is {ratio:.2f} times that of PCA with as many dimensions."


def _times(error: float, other: float) -> float:
    return error / other if other else float("inf")


def is_exact(metrics: dict[str, float]) -> bool:
    """Say whether PCA of the code's size reconstructs held-out examples but for rounding."""
    return metrics["pca_mse"] <= EXACT * metrics["mean_mse"]


def ending(status: str, epochs: int, asked: int, seconds: float, record: dict[str, Any]) -> str:
    """Say in a sentence how a training ended or how far it is, how long it took, and on which device."""
    progress = f"{epochs} of {number_of(asked, 'epoch')}"
    unfinished = {
        "queued": "Waiting for its turn.",
        "training": f"In training, {progress} done.",
        "failed": f"It ended with an error after {progress}.",
    }
    if status == "stopped" and not seconds:
        return "Cancelled before it began."
    if status in unfinished:
        return unfinished[status]
    if status in ("stopped", "interrupted") and not epochs and not record["examples_per_second"]:
        return "Cancelled before it began."
    how = {
        "complete": f"Trained {number_of(epochs, 'epoch')}",
        "stopped early": f"Stopped early after {progress}",
        "stopped": f"Stopped after {progress}, what was learnt is kept,",
        "interrupted": f"Interrupted after {progress}, what was learnt is kept,",
        "diverged": f"Stopped after {progress}, before the loss broke,",
    }[status]
    device = ", ".join(record["device"])
    return f"{how} in {seconds:.1f} s: {record['examples_per_second']:,.0f} examples a second on {device}."


def remedy(reason: str, learning_rate: float) -> str:
    """Say what broke a training, and what to try."""
    happened = f"{reason[0].upper()}{reason[1:]}: the weights are those of the last good loss."
    return f"{happened} Try --learning-rate {learning_rate / 10:g}."


def as_text(title: str, rows: list[list[str]], lines: list[str]) -> str:
    """Format a report as plain text."""
    table = text_table(rows) if rows else []
    return "\n".join([title, *("  " + line for line in [*table, *lines])])


def as_html(
    title: str, rows: list[list[str]], lines: list[str], pictures: Mapping[str, bytes], stressed: Places = frozenset()
) -> str:
    """Format a report as HTML, with every text escaped and the colours of the page.

    Args:
        title: Its first line.
        rows: A table of scores.
        lines: Sentences.
        pictures: PNG files by caption, which is shown above all but the first.
        stressed: Cells of the table to set in bold, (row, column).
    """
    parts = [
        f'<div class="aenb-run"><div style="font-size:1.1em;font-weight:600;margin:.3em 0">{escape(title)}</div>',
        html_table(rows, stressed=stressed) if rows else "",
        *(f'<div style="margin:.15em 0">{escape(line)}</div>' for line in lines),
        *(
            picture_as_html(caption, picture, captioned=number > 0)
            for number, (caption, picture) in enumerate(pictures.items())
        ),
        "</div>",
    ]
    return "".join(parts)
