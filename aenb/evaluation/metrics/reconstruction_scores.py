"""The scores of a run: the model's reconstructions beside the baselines'."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.evaluation.metrics.baselines import Blocks, principal_subspace
from aenb.evaluation.metrics.distortion import decibels, similarities, slices, squared_error


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
        blocks = _filled(blocks)
    fill = np.asarray if images else np.nan_to_num
    subspace = principal_subspace(blocks, dimensions)
    contenders = {
        "": lambda here: reconstructed[here],
        "pca_": lambda here: subspace.reconstruct(fill(source[here]), dimensions),
        "mean_": lambda here: subspace.reconstruct(fill(source[here]), 0),
    }
    if given is not None:
        contenders["input_"] = lambda here: given[here]
    scores = {}
    for prefix, make in contenders.items():
        found = _scored(x_test, make, images, only_changed=prefix == "input_")
        scores |= {f"{prefix}{name}": score for name, score in found.items()}
    return scores


def _scored(x: np.ndarray, make: Callable[[slice], np.ndarray], images: bool, only_changed: bool) -> dict[str, float]:
    """Score what is made of each block of items; PSNR `only_changed`: of those images that are not as they were."""
    totals, ratios, alike = [], [], []
    for here in slices(x):
        wanted, made = x[here], make(here)
        totals.append(squared_error(wanted, made))
        if images:
            made = np.clip(made, 0, 1)
            changed = np.any(made != wanted, axis=(1, 2, 3)) if only_changed else slice(None)
            ratios.append(decibels(wanted[changed], made[changed]))
            alike.append(similarities(wanted, made))
    total, count = map(sum, zip(*totals, strict=True))
    scores = {"mse": total / count if count else float("nan")}
    if images:
        scores["psnr"] = float(np.concatenate(ratios).mean())
    if images and alike[0] is not None:
        scores["ssim"] = float(np.concatenate(alike).mean())
    return scores


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
