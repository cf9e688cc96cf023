"""What the views of a run are drawn from: each computed once, on no more than 2,000 held-out examples."""

from __future__ import annotations

import functools

import numpy as np

from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.elbo import kl_per_dimension
from aenb.figures.shown_run import ShownRun
from aenb.figures.views.latent_plane import Plane, principal_plane
from aenb.latent import coding
from aenb.latent.sampling import decoded
from aenb.models.architecture.parts import gives_posterior
from aenb.models.autoencoder import interface, parts

MAX_EXAMPLES = 2000
MAX_CLASSES = 20  # that colours can distinguish, with their names beside them
QUANTILE = 2.3263  # of the standard normal distribution, at 99%


class ViewInputs:
    """What the views ask about a run.

    Args:
        run: The `Run`.
        limit: The largest number of held-out examples to look at.
    """

    def __init__(self, run: ShownRun, limit: int = MAX_EXAMPLES):
        self.run, self.model, self.data, self._limit = run, run.model, run.data, limit

    @functools.cached_property
    def index(self) -> np.ndarray:
        """Indices of the held-out examples that are looked at, deterministic: (n,)."""
        return spread(len(self.data.test), self._limit)

    @functools.cached_property
    def x(self) -> np.ndarray:
        """The examples, as the run's task gives them to the model: (n, *input_shape)."""
        corrupted = self.run.corrupt(units(self.data.test[self.index]))
        return np.nan_to_num(corrupted) if corrupted.dtype.kind == "f" else corrupted

    @functools.cached_property
    def labels(self) -> np.ndarray | None:
        """Their labels: (n,); None if the data has none."""
        return None if self.data.y_test is None else self.data.y_test[self.index]

    @property
    def classes(self) -> np.ndarray | None:
        """The class numbers of the examples, (n,); None without labels, for many classes, or for unseen ones."""
        data = self.data
        few = self.labels is not None and 1 < len(data.classes) <= MAX_CLASSES and not data.unseen
        return data.class_numbers(self.labels) if few else None

    @property
    def conditions(self) -> np.ndarray | None:
        """The labels, if the model is conditioned on them."""
        return self.labels if self.run.is_conditional else None

    @functools.cached_property
    def posterior(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Means and log variances of the posteriors, (n, latent_dim) each; None if the encoder is deterministic."""
        encoder = parts(self.model).get("encoder")
        if not gives_posterior(encoder):
            return None
        inputs = [self.x]
        if self.run.is_conditional:
            inputs.append(np.eye(self.model.num_classes, dtype="float32")[self.run.class_numbers(self.labels)])
        with self.run.turns:
            outputs = encoder(inputs if len(inputs) > 1 else inputs[0])
        mean, log_var = (np.asarray(output) for output in outputs)
        return mean, log_var

    @functools.cached_property
    def codes(self) -> np.ndarray:
        """The latent codes of the examples, (n, *code_shape); for a model without an encoder, draws from its prior."""
        if self.run.is_generator:
            return coding.sample_prior(self.model, len(self.index), np.random.default_rng(0))
        return self.run.encode(self.x, self.conditions)

    @property
    def has_plane(self) -> bool:
        """Whether codes are continuous vectors, between which one can move."""
        return len(coding.code_shape(self.model)) == 1 and "codebook" not in interface(self.model).own

    @functools.cached_property
    def plane(self) -> Plane:
        """The latent plane: the codes' own two dimensions, or else their principal axes."""
        return principal_plane(self.codes)

    @functools.cached_property
    def kl(self) -> np.ndarray | None:
        """The KL of each dimension in nats, averaged over the examples: (latent_dim,); None without a posterior."""
        return None if self.posterior is None else kl_per_dimension(*self.posterior)

    @functools.cached_property
    def ranking(self) -> np.ndarray:
        """The latent dimensions, most informative first: by their KL, or else by their variance."""
        return np.argsort(-(self.codes.var(axis=0) if self.kl is None else self.kl), kind="stable")

    @property
    def has_prior(self) -> bool:
        """Whether the model has a prior, the standard normal distribution."""
        return interface(self.model).sample_prior is not None

    def range_of(self, dimension: int) -> tuple[float, float]:
        """Return the 1% and 99% quantiles of a dimension: the prior's, or else the codes'."""
        if self.has_prior:
            return -QUANTILE, QUANTILE
        low, high = np.quantile(self.codes[:, dimension], (0.01, 0.99))
        return (float(low), float(high)) if high > low else (float(low) - 1, float(high) + 1)

    def decoded(self, points: np.ndarray) -> np.ndarray:
        """Decode points of the plane, (n, 2) → (n, *input_shape); a conditional model decodes its first class."""
        labels = np.repeat(np.asarray(self.data.classes[:1]), len(points)) if self.run.is_conditional else None
        return decoded(self.run, self.plane.codes(points)[:, : self.codes.shape[1]], labels)
