"""The scores of a run: the model's reconstructions beside the baselines'."""

from __future__ import annotations

import numpy as np

from aenb.metrics.baselines import Blocks, principal_subspace
from aenb.metrics.reconstruction import mse, psnr, ssim


def reconstruction_scores(blocks: Blocks, x_test, reconstructed, dimensions: int, *, images: bool) -> dict[str, float]:
    """Score reconstructions of held-out items, beside PCA and the mean item.

    Args:
        blocks: A function that goes through the training items in blocks, for the baselines.
        x_test: (m, ...), the items held out.
        reconstructed: (m, ...), what the model made of them.
        dimensions: The size of the code, for PCA.
        images: Whether the items are images in [0, 1].

    Returns:
        `mse`, and for images `psnr` in decibels and `ssim`; the same with `pca_` and `mean_` before.
    """
    subspace = principal_subspace(blocks, dimensions)
    contenders = {
        "": lambda: reconstructed,
        "pca_": lambda: subspace.reconstruct(x_test, dimensions),
        "mean_": lambda: subspace.reconstruct(x_test, 0),
    }
    scores = {}
    for prefix, make in contenders.items():
        made = make()
        scores[f"{prefix}mse"] = mse(x_test, made)
        if images:
            made = np.clip(made, 0, 1)
            scores[f"{prefix}psnr"] = psnr(x_test, made)
            scores[f"{prefix}ssim"] = ssim(x_test, made)
    return {name: score for name, score in scores.items() if score is not None}
