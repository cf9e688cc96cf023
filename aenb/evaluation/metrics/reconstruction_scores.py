"""Reconstruction scores: the model compared with the baselines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.data.values.streamed import Examples
from aenb.evaluation.metrics.baselines import Blocks, principal_subspace
from aenb.evaluation.metrics.distortion import decibels, similarities, slices, squared_error


def reconstruction_scores(
    blocks: Blocks,
    x_test: np.ndarray,
    reconstructed: np.ndarray,
    dimensions: int,
    *,
    images: bool,
    given: np.ndarray | None = None,
) -> dict[str, float]:
    """Score reconstructions of held-out examples, and those of PCA and the mean example.

    Args:
        blocks: A function that iterates over the training examples in blocks, to fit the baselines.
        x_test: (m, ...), the held-out examples; NaN marks missing values, which do not count.
        reconstructed: (m, ...), their reconstructions.
        dimensions: The size of the code, for PCA.
        images: Whether the examples are images in [0, 1].
        given: (m, ...), the inputs of the model and of PCA, if they are not `x_test`.

    Returns:
        `mse`, and for images `psnr` in decibels and `ssim`; the same with the prefixes `pca_` and `mean_`, and with
        `input_` for the inputs; `input_psnr` is over the corrupted images only, since it is infinite for the others.
    """
    source = x_test if given is None else given
    if not images:  # missing values count as 0, the mean of standardised values
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
    scores: dict[str, float] = {}
    for prefix, reconstruct in contenders.items():
        of_one = _scored(x_test, reconstruct, images, corrupted=prefix == "input_")
        scores |= {f"{prefix}{name}": score for name, score in of_one.items()}
    return scores


def _scored(
    x: np.ndarray, reconstruct: Callable[[slice], np.ndarray], images: bool, corrupted: bool
) -> dict[str, float]:
    """Score the reconstructions of each block of examples; if `corrupted`, PSNR is over the corrupted ones only."""
    totals, ratios, similarity = [], [], []
    for here in slices(x):
        original, reconstructed = x[here], reconstruct(here)
        totals.append(squared_error(original, reconstructed))
        if images:
            reconstructed = np.clip(reconstructed, 0, 1)
            chosen = np.any(reconstructed != original, axis=(1, 2, 3)) if corrupted else slice(None)
            ratios.append(decibels(original[chosen], reconstructed[chosen]))
            similarity.append(similarities(original, reconstructed))
    total, count = map(sum, zip(*totals, strict=True))
    scores = {"mse": total / count if count else float("nan")}
    if images:
        scores["psnr"] = float(np.concatenate(ratios).mean())
    if images and similarity[0] is not None:
        scores["ssim"] = float(np.concatenate(similarity).mean())
    return scores


def text_scores(
    train: Examples, x_test: np.ndarray, reconstructed: np.ndarray, given: np.ndarray | None = None
) -> dict[str, float]:
    """Score reconstructions of held-out texts, compared with the commonest token of each position.

    Args:
        train: (n, length), the token ids of the training examples; 0 is padding, and does not count.
        x_test: (m, length), the held-out examples.
        reconstructed: (m, length), their reconstructions.
        given: (m, length), the inputs of the model, if they are not `x_test`.

    Returns:
        `accuracy`, the token accuracy: the share of tokens that are right at their position, in [0, 1];
        `mean_accuracy`, that of the commonest tokens; and `input_accuracy`, that of the inputs.

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
    return {f"{name}accuracy": float((tokens == x_test)[present].mean()) for name, tokens in contenders.items()}


def _filled(blocks: Blocks) -> Blocks:
    return lambda: map(np.nan_to_num, blocks())
