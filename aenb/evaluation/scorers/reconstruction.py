"""Reconstruction of held-out examples, compared with PCA with as many dimensions and the mean example."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.reconstruction_scores import reconstruction_scores, text_scores
from aenb.evaluation.scorers.score_parts import score
from aenb.evaluation.scorers.translation import predicted_scores
from aenb.latent.trained_run import TrainedRun

INVERTED = 200  # held-out examples to score if each latent code has to be optimised


@score(order=1)
def reconstruction(run: TrainedRun, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return `mse`, for images `psnr` (decibels) and `ssim`, for texts `accuracy`; and those of the baselines.

    Of pairs of texts, `accuracy` is of the tokens of the targets, each given those before it and the source.

    Args:
        run: The `Run`.
        data: The data, with the held-out examples.
        say: Called with a progress message.
    """
    if run.translates:
        say("the tokens of held-out targets")
        return predicted_scores(run, data)
    say("reconstructions of held-out examples")
    examples, labels = data.test, data.y_test if run.is_conditional else None
    if run.is_generator:
        part = spread(len(examples), INVERTED)
        examples, labels = examples[part], None if labels is None else labels[part]
    x = units(examples)
    if np.isnan(x).all():  # nothing was observed
        return {}
    corrupted = run.corrupt(x)
    reconstructed, given = run.reconstruct(corrupted, labels), None if corrupted is x else corrupted
    if data.kind == "text":
        return text_scores(data.train, x, reconstructed, given=given)
    images = data.kind == "image"
    return reconstruction_scores(data.blocks, x, reconstructed, run.latent_dim, images=images, given=given)
