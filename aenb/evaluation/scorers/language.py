"""Texts: BLEU of reconstructions, and how alike generated texts are, compared with real ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.bleu import bleu, self_bleu, words_and_marks
from aenb.evaluation.scorers.score_parts import score
from aenb.latent.sampling import samples
from aenb.latent.trained_run import TrainedRun
from aenb.models.autoencoder import interface
from aenb.models.autoregressive.writing import Choice

EXAMPLES, SAMPLES = 1000, 200


@score(order=4)
def language(run: TrainedRun, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return `bleu` of at most 1,000 reconstructed texts, and `self_bleu` of 200 samples; only for texts.

    Samples are of models with a prior, and `real_self_bleu` is that of as many held-out texts. The tokens of samples
    are drawn with a temperature of 1 if the model writes them one by one. BLEU is of words and punctuation marks, up to
    four in a row.

    Args:
        run: The `Run`.
        data: The data, with the held-out texts.
        say: Called with a progress message.
    """
    if data.kind != "text" or run.is_conditional or run.translates:
        return {}
    say("BLEU of reconstructed and generated texts")
    x = units(data.test[spread(len(data.test), EXAMPLES)])
    reals, reconstructed = (_words(run, tokens) for tokens in (x, run.reconstruct(run.corrupt(x))))
    scores = {"bleu": bleu(reconstructed, [[real] for real in reals])}
    count = min(SAMPLES, len(x))
    model = interface(run.model)
    if count < 2 or model.sample_prior is None:
        return scores
    choice = None if model.write is None else Choice(temperature=1.0)
    generated = _words(run, samples(run, count, run.spec.seed, "prior", choice=choice))
    return scores | {"self_bleu": self_bleu(generated), "real_self_bleu": self_bleu(reals[:count])}


def _words(run: TrainedRun, tokens: np.ndarray) -> list[list[str]]:
    return [words_and_marks(text) for text in run.preprocessing.texts(tokens)]
