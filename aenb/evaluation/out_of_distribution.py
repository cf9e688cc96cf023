"""When likelihood misleads: scores by which examples of other data may be told from those that a model was trained on.

Nalisnick et al. (2019), "Do deep generative models know what they don't know?", arXiv 1810.09136, found that such
models often give other data the higher likelihood: simple images above all. Three remedies, each a score that is to be
higher for other data, with log p(x) estimated by the ELBO, or by an importance-weighted bound, in bits:

    likelihood   −log₂ p(x)                                 what fails
    typicality   |−log₂ p(x) − H|                           H: its mean over training examples; Nalisnick et al. 2019,
                                                            arXiv 1906.02994, for single examples
    complexity   −log₂ p(x) − L(x)                          L: the bits of x as a compressed file; Serrà et al. 2020,
                                                            arXiv 1909.11480
    ratio        log₂ p₀(x) − log₂ p(x)                     p₀: a background model; Ren et al. 2019, arXiv 1906.02845

A likelihood of pixels in [0, 1] is a density: its logarithm has another zero point than the length of a file of bytes,
by 8 bits for each value. That constant does not change how a score ranks examples, which the AUC measures.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.elbo import estimate_evidence
from aenb.latent.trained_run import TrainedRun
from aenb.models.autoencoder import interface

if TYPE_CHECKING:
    from pandas import DataFrame

EXAMPLES, SAMPLES = 500, 20
SCORES = ("likelihood", "typicality", "complexity", "ratio")
NATS = np.log(2)  # nats in a bit


@dataclass(frozen=True)
class OutOfDistribution:
    """Scores of examples: of those that are held out, and of other data.

    Attributes:
        name: The data that the model was trained on.
        scores: By data set, the name of the held-out examples first, and by score: (n,), higher for examples that are
            more likely to be of other data.
        size: The number of values in an example.
    """

    name: str
    scores: Mapping[str, Mapping[str, np.ndarray]]
    size: int

    def aucs(self) -> dict[str, dict[str, float]]:
        """Return, for each other data set and score, the AUC: how often its examples score above held-out ones.

        In [0, 1]; 0.5 is chance. Below it, the score takes other data for more likely than held-out examples.
        """
        from sklearn.metrics import roc_auc_score

        own, found = self.scores[self.name], {}
        for name, scores in self.scores.items():
            if name != self.name:
                labels = np.repeat([0, 1], [len(own["likelihood"]), len(scores["likelihood"])])
                found[name] = {
                    score: float(roc_auc_score(labels, np.concatenate([own[score], scores[score]]))) for score in scores
                }
        return found

    def to_frame(self) -> DataFrame:
        """Return a table: for each data set, bits per value of −log p(x), and the AUC of each score."""
        from pandas import DataFrame

        aucs = self.aucs()
        rows = {
            name: {"bits per value": float(scores["likelihood"].mean()) / self.size}
            | {f"AUC by {score}": auc for score, auc in aucs.get(name, {}).items()}
            for name, scores in self.scores.items()
        }
        return DataFrame.from_dict(rows, orient="index").rename_axis("data").round(3)

    def __repr__(self) -> str:
        return self.to_frame().to_string(na_rep="")

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(na_rep="")


def compare_likelihoods(
    run: TrainedRun,
    others: Mapping[str, Any],
    *,
    background: TrainedRun | None = None,
    examples: int = EXAMPLES,
    samples: int = SAMPLES,
    seed: int = 0,
) -> OutOfDistribution:
    """Score held-out examples and those of other data by a model's likelihood, and by what is to mend it.

    Args:
        run: A trained run whose model has a likelihood, such as a `vae`, and whose data is at hand.
        others: Other data by name: `Data`, of which held-out examples are taken, or arrays (n, *input_shape) in the
            model's units.
        background: A run with a likelihood that learnt what all data has in common, such as one that was trained on
            noisy images; None: there is no ratio.
        examples: At most so many of each data set, evenly spaced.
        samples: Latent codes for each example; 1: the ELBO, more: the importance-weighted bound.
        seed: Of the codes.

    Returns:
        The scores, which show themselves as a table with the AUC of each.

    Raises:
        AenbError: A model has no likelihood or is conditional, or other data has another shape.

    Example:
        >>> import aenb, numpy as np
        >>> run = aenb.train("vae", "digits", latent_dim=4, epochs=3, verbose=False)
        >>> noise = np.random.default_rng(0).random((50, 8, 8, 1), "float32")
        >>> found = compare_likelihoods(run, {"noise": noise}, examples=50)
        >>> round(found.aucs()["noise"]["likelihood"], 2)
        1.0
    """
    for one in (run, background):
        _check(one)
    data = run.data
    sets = {data.name: _some(data.test, examples)} | {
        name: _examples(name, other, data.input_shape, examples) for name, other in others.items()
    }
    if len(sets) != len(others) + 1:
        raise AenbError(f"`others`: expected other names than that of the training data, {data.name}.")
    entropy = surprise(run, _some(data.train, examples), samples, seed).mean()
    scores = {}
    for name, x in sets.items():
        found = {"likelihood": surprise(run, x, samples, seed)}
        found["typicality"] = np.abs(found["likelihood"] - entropy)
        if data.kind == "image":
            found["complexity"] = found["likelihood"] - compressed_bits(x)
        if background is not None:
            found["ratio"] = found["likelihood"] - surprise(background, x, samples, seed)
        scores[name] = found
    return OutOfDistribution(data.name, scores, int(np.prod(data.input_shape)))


def surprise(run: TrainedRun, x: np.ndarray, samples: int = SAMPLES, seed: int = 0) -> np.ndarray:
    """Return −log₂ p(x) of examples, estimated by a bound: (n, *input_shape) → (n,), float64, in bits.

    Args:
        run: A run whose model has a likelihood.
        x: Examples in the model's units.
        samples: Latent codes for each example; 1: minus the ELBO, more: minus the importance-weighted bound.
        seed: Of the codes.
    """
    with run.turns:
        found = estimate_evidence(interface(run.model).evidence, (x, x), samples=samples, seed=seed)
    return -found.log_evidence / NATS


def compressed_bits(x: np.ndarray) -> np.ndarray:
    """Return the bits that images take as compressed PNG files: (n, H, W, channels), in [0, 1] → (n,), float64.

    Serrà et al. (2020) use such a file as the complexity of an image. A file has a few bytes that are the same for all.

    Example:
        >>> import numpy as np
        >>> noise = np.random.default_rng(0).random((1, 16, 16, 1))
        >>> bool(compressed_bits(noise)[0] > 3 * compressed_bits(0 * noise)[0])
        True
    """
    return np.array([8.0 * len(_png(image)) for image in np.round(255 * np.clip(x, 0, 1)).astype("uint8")])


def _png(image: np.ndarray) -> bytes:
    from PIL import Image

    file, channels = io.BytesIO(), image.shape[-1]
    plain = image if channels in (3, 4) else image.reshape(image.shape[0], -1)  # others side by side, in grey
    Image.fromarray(plain).save(file, "PNG", optimize=True)
    return file.getvalue()


def _some(x: Any, most: int) -> np.ndarray:
    return units(x[spread(len(x), most)])


def _examples(name: str, other: Any, shape: tuple[int, ...], most: int) -> np.ndarray:
    """Return some examples of other data, held-out ones if there are such."""
    found = _some(other.test if isinstance(other, Data) else np.asarray(other, "float32"), most)
    if found.shape[1:] != shape or not len(found):
        raise AenbError(f"`others`: expected examples of the shape {shape} as {name}; received {found.shape}.")
    return found


def _check(run: TrainedRun | None) -> None:
    if run is not None and (interface(run.model).evidence is None or run.is_conditional):
        raise AenbError(
            "Expected a run with a likelihood that is not conditional, such as family `vae`; received one of family "
            f"`{run.spec.family}`."
        )
