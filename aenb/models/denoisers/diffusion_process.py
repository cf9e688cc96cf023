"""The process of a diffusion model: how noise is added in a training step, and removed again to generate samples."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aenb.core.backend import Model, Tensor, keras, tf
from aenb.models.denoisers import ddim
from aenb.models.denoisers.diffused_space import Space
from aenb.models.denoisers.noise_schedule import Objective
from aenb.models.denoisers.residual_network import time_features
from aenb.models.players.training_step import Batch

UNLABELLED = 0.1  # the share of examples that are learnt without their class
AT_ONCE = 256  # samples to compute at a time


@dataclass(frozen=True)
class Process:
    """The process that adds noise, its loss, and the steps that remove the noise.

    Attributes:
        space: What noise is added to.
        objective: What the denoiser predicts.
        steps: From noise to samples.
        sampler: The denoiser that computes samples, with averaged weights.
        classes: How many classes it is conditional on; 0: none.
        guidance: w, unless another is asked for.
    """

    space: Space
    objective: Objective
    steps: int
    sampler: Model
    classes: int = 0
    guidance: float = 0.0

    def loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of a batch: of the denoiser in training, else of the one that computes samples."""
        ops = keras.ops
        x, observed = self.space.batch(net, batch)
        noise, t = keras.random.normal(ops.shape(x), seed=net.seeds), self._spread_times(net, ops.shape(x)[0])
        alpha, sigma = self.objective.levels(ops.reshape(t, (-1, *[1] * len(self.space.shape))))
        inputs = [alpha * x + sigma * noise, time_features(t)]
        if self.classes:
            kept = keras.random.uniform(ops.shape(t), seed=net.seeds) >= UNLABELLED
            inputs.append(ops.where(kept, self._condition(batch.labels), self._unconditional(ops.shape(t)[0])))
        output = (net.denoiser if batch.training else self.sampler)(inputs, training=batch.training)
        error = ops.square(ops.cast(output, "float32") - self.objective.target(x, noise, alpha, sigma))
        return {"loss": ops.sum(observed * error) / ops.maximum(ops.sum(observed), 1.0)}

    def _spread_times(self, net: Model, n: Tensor) -> Tensor:
        """Draw a time for each example, evenly spread over a batch (Kingma et al. 2021, 2107.00630): (n, 1)."""
        ops = keras.ops
        even = ops.arange(n, dtype="float32") / ops.cast(n, "float32")
        return self.objective.last * ((keras.random.uniform((1,), seed=net.seeds) + even) % 1.0)[:, None]

    def generate(
        self, net: Model, n: int, generator: np.random.Generator, labels: np.ndarray, guidance: float | None
    ) -> np.ndarray:
        """Generate samples of classes, one-hot: (n, *item_shape), float32; guidance None: that of the model."""
        noise, weight = self._noise(n, generator), self.guidance if guidance is None else guidance
        return _in_parts(lambda here: self.space.examples(net, self.free(noise[here], labels[here], weight)), n)

    def draw(self, net: Model, n: int, generator: np.random.Generator) -> np.ndarray:
        """Draw what is decoded, of any class: (n, values), float32."""
        noise = self._noise(n, generator)
        return _in_parts(lambda here: self.space.leave(net, self.free(noise[here])), n)

    def free(self, noise: Tensor, labels: Tensor | None = None, guidance: float = 0.0) -> Tensor:
        """Turn noise into samples: (n, …) → (n, *shape)."""
        noise = keras.ops.reshape(keras.ops.cast(noise, "float32"), (-1, *self.space.shape))
        weight = tf.constant(guidance, "float32")
        return self._sampled(noise, self._conditions(labels, tf.shape(noise)[0]), weight, guidance > 0)

    def invert(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the noise that leads to samples: (n, *shape) → (n, *shape)."""
        return self._inverted(x, self._conditions(labels, tf.shape(x)[0]))

    def fill(self, known: Tensor, missing: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return samples that agree with what is known, see `ddim.fill`: (n, *shape) → (n, *shape).

        Args:
            known: Values, of which the missing ones are not used.
            missing: Which are missing, of the same size.
            labels: One-hot, or None.
        """
        missing = keras.ops.reshape(missing, tf.shape(known))
        return self._filled(known, missing, self._conditions(labels, tf.shape(known)[0]))

    def _noise(self, n: int, generator: np.random.Generator) -> np.ndarray:
        return generator.standard_normal((n, *self.space.shape), "float32")

    @functools.cached_property
    def _sampled(self) -> Callable[..., Tensor]:
        def run(noise: Tensor, condition: Tensor, guidance: Tensor, is_guided: bool) -> Tensor:
            predict = self._predictor(condition, guidance if is_guided else None)
            return ddim.sample(predict, noise, self.objective, self.steps)

        return tf.function(run, autograph=False, reduce_retracing=True)

    @functools.cached_property
    def _inverted(self) -> Callable[..., Tensor]:
        def run(x: Tensor, condition: Tensor) -> Tensor:
            return ddim.invert(self._predictor(condition), x, self.objective, self.steps)

        return tf.function(run, autograph=False, reduce_retracing=True)

    @functools.cached_property
    def _filled(self) -> Callable[..., Tensor]:
        def run(known: Tensor, missing: Tensor, condition: Tensor) -> Tensor:
            return ddim.fill(self._predictor(condition), known, missing, self.objective, self.steps)

        return tf.function(run, autograph=False, reduce_retracing=True)

    def _predictor(self, condition: Tensor, guidance: Tensor | None = None) -> ddim.Predict:
        """Return the denoiser, given classes (n, classes + 1), with guidance if there is one."""

        def output(x: Tensor, t: Tensor, condition: Tensor) -> Tensor:
            inputs = [x, time_features(tf.fill((tf.shape(x)[0], 1), t))]
            given = [*inputs, condition] if self.classes else inputs
            return tf.cast(self.sampler(given, training=False), "float32")

        def predict(x: Tensor, t: Tensor) -> Tensor:
            own = output(x, t, condition)
            if guidance is None:
                return own
            return own + guidance * (own - output(x, t, self._unconditional(tf.shape(x)[0])))

        return predict

    def _conditions(self, labels: Tensor | None, n: int) -> Tensor:
        """Return what the denoiser is given as classes: (n, classes + 1); (n, 0) without classes."""
        if not self.classes:
            return tf.zeros((n, 0))
        return self._unconditional(n) if labels is None else self._condition(labels)

    def _condition(self, labels: Tensor) -> Tensor:
        return tf.pad(tf.cast(labels, "float32"), [[0, 0], [0, 1]])

    def _unconditional(self, n: Tensor) -> Tensor:
        return tf.one_hot(tf.fill((n,), self.classes), self.classes + 1)


def _in_parts(step: Callable[[slice], Tensor], n: int) -> np.ndarray:
    """Return the results of a step for the samples 0 … n − 1, some at a time."""
    return np.concatenate([np.asarray(step(slice(begin, begin + AT_ONCE))) for begin in range(0, n, AT_ONCE)])
