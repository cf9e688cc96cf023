"""How much of a held-out item comes back, beside PCA with as many dimensions and the mean item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aenb.data.record import Data
from aenb.data.scaling import units
from aenb.data.split import spread
from aenb.evaluation.metrics.reconstruction_scores import reconstruction_scores, text_scores

INVERTED = 200  # held-out items that are scored where each code has to be searched for


def reconstruction(run: Any, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return `mse`, for images `psnr` (decibels) and `ssim`, for texts `accuracy`; and the baselines'.

    Args:
        run: The `Run`.
        data: What holds the items out.
        say: Called with what is being done.
    """
    say("what comes back of held-out items")
    items, labels = data.test, data.y_test if run.is_conditional else None
    if run.is_generator:
        part = spread(len(items), INVERTED)
        items, labels = items[part], None if labels is None else labels[part]
    x = units(items)
    spoilt = run.spoil(x)
    made, given = run.reconstruct(spoilt, labels), None if spoilt is x else spoilt
    if data.kind == "text":
        return text_scores(data.train, x, made, given=given)
    return reconstruction_scores(data.blocks, x, made, run.latent_dim, images=data.kind == "image", given=given)
