"""What a decoder of texts predicts for each token of a target, given the tokens before it and the source."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from aenb.core.backend import keras
from aenb.latent import coding
from aenb.latent.trained_run import TrainedRun
from aenb.models.architecture.text_body import counted, tokens_before
from aenb.models.autoencoder import part

LEAST = 1e-30  # probability whose logarithm is taken


class Predictions(NamedTuple):
    """Predictions of the tokens of targets.

    Attributes:
        tokens: (n, length), the most probable token at each position.
        log_p: (n,), the log probability of each target in nats, its end included.
        counts: (n,), how many tokens that are.
    """

    tokens: np.ndarray
    log_p: np.ndarray
    counts: np.ndarray

    @property
    def perplexity(self) -> float:
        """The exponential of the mean negative log probability of a token."""
        return float(np.exp(-self.log_p.sum() / self.counts.sum()))


def predict_tokens(run: TrainedRun, x: np.ndarray, y: np.ndarray) -> Predictions:
    """Predict the tokens of targets.

    Args:
        run: A run that learnt pairs of texts.
        x: (n, source length), the token ids of the sources.
        y: (n, target length), those of the targets.
    """
    decoder = part(run.model, "decoder")
    size = max(1, min(coding.BATCH, coding.ROOM // math.prod(decoder.output_shape[1:])))
    tokens, log_p, counts = [], [], []
    for begin in range(0, len(x), size):
        here = y[begin : begin + size].astype("int32")
        with run.turns:
            codes = coding.encode(run.model, x[begin : begin + size])
            shares = np.asarray(
                decoder([np.asarray(tokens_before(keras.ops.convert_to_tensor(here))), codes]), "float32"
            )
        weights = np.asarray(counted(here))
        own = np.take_along_axis(shares, here[..., None], axis=-1)[..., 0]
        tokens.append(shares.argmax(axis=-1))
        log_p.append((weights * np.log(np.maximum(own, LEAST))).sum(axis=-1))
        counts.append(weights.sum(axis=-1))
    return Predictions(*map(np.concatenate, (tokens, log_p, counts)))
