"""The scores of a run: the model's reconstructions beside the baselines'."""

from __future__ import annotations

import numpy as np

from aenb.metrics.baselines import mean_reconstruction, pca_reconstruction
from aenb.metrics.reconstruction import mse, psnr, ssim


def reconstruction_scores(x_train, x_test, reconstructed, dimensions: int, *, images: bool) -> dict[str, float]:
    """Score reconstructions of held-out items, beside PCA and the mean item.

    Args:
        x_train: (n, ...), the training items, for the baselines.
        x_test: (m, ...), the items held out.
        reconstructed: (m, ...), what the model made of them.
        dimensions: The size of the code, for PCA.
        images: Whether the items are images in [0, 1].

    Returns:
        `mse`, and for images `psnr` in decibels and `ssim`; the same with `pca_` and `mean_` before.
    """
    contenders = {
        "": reconstructed,
        "pca_": pca_reconstruction(x_train, x_test, dimensions),
        "mean_": mean_reconstruction(x_train, x_test),
    }
    scores = {}
    for prefix, made in contenders.items():
        scores[f"{prefix}mse"] = mse(x_test, made)
        if images:
            made = np.clip(made, 0, 1)
            scores[f"{prefix}psnr"] = psnr(x_test, made)
            scores[f"{prefix}ssim"] = ssim(x_test, made)
    return {name: score for name, score in scores.items() if score is not None}
