"""The scores of a run: the model's reconstructions beside the baselines'."""

from __future__ import annotations

import numpy as np

from aenb.metrics.baselines import Blocks, principal_subspace
from aenb.metrics.reconstruction import mse, psnr, ssim


def reconstruction_scores(
    blocks: Blocks, x_test, reconstructed, dimensions: int, *, images: bool, given=None
) -> dict[str, float]:
    """Score reconstructions of held-out items, beside PCA and the mean item.

    Args:
        blocks: A function that goes through the training items in blocks, for the baselines.
        x_test: (m, ...), the items held out; what is NaN was not observed, and does not count.
        reconstructed: (m, ...), what the model made of them.
        dimensions: The size of the code, for PCA.
        images: Whether the items are images in [0, 1].
        given: (m, ...), what the model was given, where that is not `x_test`; PCA is given the same.

    Returns:
        `mse`, and for images `psnr` in decibels and `ssim`; the same with `pca_` and `mean_` before, and with `input_`
        for what was given; `input_psnr` is of the images that were changed, for that of the others is infinite.
    """
    source = x_test if given is None else given
    if not images:  # what is missing counts as 0, the mean of what is standardised
        blocks, source = _filled(blocks), np.nan_to_num(source)
    subspace = principal_subspace(blocks, dimensions)
    contenders = {
        "": lambda: reconstructed,
        "pca_": lambda: subspace.reconstruct(source, dimensions),
        "mean_": lambda: subspace.reconstruct(source, 0),
    }
    if given is not None:
        contenders["input_"] = lambda: given
    scores = {}
    for prefix, make in contenders.items():
        made = make()
        scores[f"{prefix}mse"] = mse(x_test, made)
        if images:
            made = np.clip(made, 0, 1)
            changed = np.any(made != x_test, axis=(1, 2, 3)) if prefix == "input_" else slice(None)
            scores[f"{prefix}psnr"] = psnr(x_test[changed], made[changed])
            scores[f"{prefix}ssim"] = ssim(x_test, made)
    return {name: score for name, score in scores.items() if score is not None}


def text_scores(train, x_test, reconstructed, given=None) -> dict[str, float]:
    """Score reconstructions of held-out texts, beside the commonest token of each position.

    Args:
        train: (n, length), the ids of the training items' tokens; 0 fills short ones up, and does not count.
        x_test: (m, length), the items held out.
        reconstructed: (m, length), what the model made of them.
        given: (m, length), what the model was given, where that is not `x_test`.

    Returns:
        `accuracy`, the share of tokens that came back at their place, in [0, 1]; `mean_accuracy`, that of the commonest
        ones, and `input_accuracy`, that of what was given.

    Example:
        >>> import numpy as np
        >>> train, x = np.array([[2, 3], [2, 4], [2, 4]]), np.array([[2, 3], [5, 0]])
        >>> text_scores(train, x, np.array([[2, 3], [2, 0]]))
        {'accuracy': 0.6666666666666666, 'mean_accuracy': 0.3333333333333333}
    """
    present = x_test != 0
    counts = [np.bincount(column[column != 0], minlength=1) for column in np.asarray(train[:]).T]
    contenders = {"": reconstructed, "mean_": np.array([count.argmax() for count in counts])}
    if given is not None:
        contenders["input_"] = given
    return {f"{name}accuracy": float((made == x_test)[present].mean()) for name, made in contenders.items()}


def _filled(blocks: Blocks) -> Blocks:
    return lambda: map(np.nan_to_num, blocks())
