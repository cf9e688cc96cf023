"""A run as text and as HTML: what was trained, its scores beside the baselines', its picture."""

from __future__ import annotations

import base64
from html import escape

from aenb.tables import html_table, text_table

COLUMNS = {"mse": ("MSE", "{:.4f}"), "psnr": ("PSNR (dB)", "{:.2f}"), "ssim": ("SSIM", "{:.3f}")}


def score_rows(metrics: dict[str, float], family: str, dimensions: int, images: bool) -> list[list[str]]:
    """Lay scores out as a table: a head, then a row for the model, PCA and the mean item."""
    shown = [name for name in COLUMNS if name in metrics]
    names = {
        "": family,
        "pca_": f"PCA, {dimensions} dimensions",
        "mean_": "mean image" if images else "mean row",
    }
    head = ["held-out items", *(COLUMNS[name][0] for name in shown)]
    rows = [
        [label, *(COLUMNS[name][1].format(metrics[prefix + name]) for name in shown)]
        for prefix, label in names.items()
        if prefix + shown[0] in metrics
    ]
    return [head, *rows]


def verdict(metrics: dict[str, float], family: str, *, compresses: bool) -> str:
    """Say how the model's error compares with that of PCA, in a sentence."""
    if not compresses:
        return (
            "The code is as long as an item, so PCA makes no error: with a smaller latent_dim there is more to learn."
        )
    ratio = metrics["mse"] / metrics["pca_mse"] if metrics["pca_mse"] else float("inf")
    if ratio < 0.98:
        return f"The squared error of {family} is {1 - ratio:.0%} below that of PCA with as many dimensions."
    if ratio < 1.02:
        return f"The squared error of {family} is that of PCA with as many dimensions, within 2%."
    return (
        f"The squared error of {family} is {ratio:.2f} times that of PCA with as many dimensions: "
        "train for more epochs, or with more units."
    )


def as_text(title: str, rows: list[list[str]], lines: list[str]) -> str:
    """Set a report as plain text."""
    table = text_table(rows) if rows else []
    return "\n".join([title, *("  " + line for line in [*table, *lines])])


def as_html(title: str, rows: list[list[str]], lines: list[str], picture: bytes | None, alt: str) -> str:
    """Set a report as HTML: every text escaped, the colours those of the page."""
    parts = [
        f'<div class="aenb-run"><div style="font-size:1.1em;font-weight:600;margin:.3em 0">{escape(title)}</div>',
        html_table(rows, bold=0) if rows else "",
        *(f'<div style="margin:.15em 0">{escape(line)}</div>' for line in lines),
        f'<img alt="{escape(alt, quote=True)}" style="max-width:100%;margin-top:.5em" '
        f'src="data:image/png;base64,{base64.b64encode(picture).decode()}">'
        if picture
        else "",
        "</div>",
    ]
    return "".join(parts)
