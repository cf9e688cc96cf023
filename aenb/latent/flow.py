"""Conditional flow matching: a density over latent codes, learnt as a flow from Gaussian noise to the codes.

Lipman, Chen, Ben-Hamu, Nickel & Le (2023), "Flow matching for generative modeling", arXiv 2210.02747, with the straight
path x_t = (1 − t) ε + t z from noise ε ~ N(0, I) to a code z: a network v minimises E ‖v(x_t, t) − (z − ε)‖², and the
solution of dx/dt = v(x, t) from t = 0 to 1 carries N(0, I) to the distribution of the codes. It is the prior of latent
diffusion (Rombach et al. 2022, arXiv 2112.10752) for codes that are vectors.

Codes are whitened first, so that the flow begins with the right mean and covariance. With classes, one network learns
the flow of each class and, with a tenth of the labels left out, that of all: samples of a class can be guided away from
the others (Ho & Salimans 2022, arXiv 2207.12598).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from aenb.core.backend import Model, Tensor, keras, start, tf
from aenb.core.errors import AenbError
from aenb.engine import Engine
from aenb.latent.ode import log_density, solve
from aenb.models.denoisers.residual_network import residual_network, time_features

WIDTHS, BLOCKS = (128, 256, 512), 3  # units by size: at most 8, at most 64, and more dimensions
BATCH, RATE, AVERAGED = 256, 1e-3, 0.1  # codes per step; Adam's learning rate at first; steps that weights average
STEPS = 4000  # by default
UNLABELLED = 0.1  # the share of codes that are learnt without their class
SMALLEST = 1e-4  # of the largest standard deviation: directions with less keep this scale
AT_ONCE = 2048  # codes to sample at a time


@dataclass(eq=False)
class Flow:
    """A fitted flow.

    Attributes:
        network: The velocity: x (batch, size), features of t (batch, 8) and, with classes, (batch, classes + 1),
            one-hot, the last for no class → (batch, size).
        mean: The mean of the codes, (size,).
        root: The symmetric root of their covariance, (size, size).
        shares: The share of each class among the codes it was fitted on, (classes,); empty without classes.
    """

    network: Model
    mean: np.ndarray
    root: np.ndarray
    shares: np.ndarray

    def draw(
        self, n: int, generator: np.random.Generator, labels: np.ndarray | None = None, guidance: float = 0.0
    ) -> np.ndarray:
        """Draw latent codes: (n, size), float32, deterministic for a generator.

        Args:
            n: How many.
            generator: The random generator.
            labels: (n,), int, the class of each; None: classes as frequent as they were.
            guidance: How much further than the class's own velocity, in multiples of its difference from that of all
                classes: v + guidance (v − v_all), at least 0; more is more typical, and less varied.

        Raises:
            AenbError: There are labels, and it was fitted without classes.
        """
        if labels is not None and not len(self.shares):
            raise AenbError("`labels`: expected a density that was fitted with labels; received one without.")
        if labels is None and len(self.shares):
            labels = generator.choice(len(self.shares), n, p=self.shares)
        noise, conditions = generator.standard_normal((n, len(self.mean))).astype("float32"), self._one_hot(labels, n)
        drawn = np.empty_like(noise)
        for begin in range(0, n, AT_ONCE):
            here = slice(begin, begin + AT_ONCE)
            drawn[here] = self._solver(noise[here], conditions[here], tf.constant(guidance, "float32"), guidance > 0)
        return (drawn @ self.root + self.mean).astype("float32")

    def log_density(self, codes: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Return log p(code), or with labels log p(code | class), in nats: (n, size) → (n,), float64."""
        x = np.linalg.solve(self.root, (codes - self.mean).T).T.astype("float32")
        conditions, chunk = self._one_hot(labels, len(x)), max(1, AT_ONCE // len(self.mean))
        found = [self._log_density(x[i : i + chunk], conditions[i : i + chunk]) for i in range(0, len(x), chunk)]
        return np.concatenate(found).astype("float64") - np.linalg.slogdet(self.root)[1]

    def _one_hot(self, labels: np.ndarray | None, n: int) -> np.ndarray:
        """Return the condition of each code, (n, classes + 1), the last for no class; (n, 0) without classes."""
        if not len(self.shares):
            return np.zeros((n, 0), "float32")
        numbers = np.full(n, len(self.shares)) if labels is None else labels
        return np.eye(len(self.shares) + 1, dtype="float32")[numbers]

    @functools.cached_property
    def _solver(self) -> Callable[..., Tensor]:
        def run(noise: Tensor, condition: Tensor, guidance: Tensor, is_guided: bool) -> Tensor:
            return solve(lambda x, t: self._velocity(x, t, condition, guidance if is_guided else None), noise)

        return tf.function(run, autograph=False, reduce_retracing=True)

    @functools.cached_property
    def _log_density(self) -> Callable[..., Tensor]:
        def run(x: Tensor, condition: Tensor) -> Tensor:
            return log_density(lambda x, t: self._velocity(x, t, condition), x)

        return tf.function(run, autograph=False, reduce_retracing=True)

    def _velocity(self, x: Tensor, t: Tensor, condition: Tensor, guidance: Tensor | None = None) -> Tensor:
        """Return the velocity at x, (batch, size), and the time t, ()."""
        inputs = [x, time_features(tf.fill((tf.shape(x)[0], 1), t))]
        if not len(self.shares):
            return self.network(inputs, training=False)
        own = self.network([*inputs, condition], training=False)
        if guidance is None:
            return own
        none = len(self.shares)
        of_all = self.network([*inputs, tf.one_hot(tf.fill(tf.shape(x)[:1], none), none + 1)], training=False)
        return own + guidance * (own - of_all)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return all of it as arrays by name, for `from_arrays`."""
        weights = {f"weight_{number}": weight for number, weight in enumerate(self.network.get_weights())}
        return {"mean": self.mean, "root": self.root, "shares": self.shares, **weights}


def fit_flow(
    codes: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    classes: int = 0,
    steps: int = STEPS,
    seed: int = 0,
    progress: Callable[[float, dict[str, float]], object] = lambda part, logs: None,
) -> Flow:
    """Fit a flow on latent codes.

    Adam with a learning rate that falls to 0 along a cosine; the weights are an exponential average over
    about the last tenth of its steps.

    Args:
        codes: (n, size), float.
        labels: (n,), int, their classes; None: without.
        classes: How many there are.
        steps: Training steps, of 256 codes each.
        seed: Of the initial weights, of the order of the codes, and of the noise.
        progress: Called often with the fraction that is done, in [0, 1], and the logs.

    Raises:
        AenbError: There are fewer than two codes, or they are not finite.
        Diverged: The loss is not finite.

    Example:
        >>> import numpy as np
        >>> codes = np.random.default_rng(0).normal(size=(512, 2)) + [5, 0]
        >>> flow = fit_flow(codes, steps=20)
        >>> flow.draw(3, np.random.default_rng(0)).shape, flow.log_density(codes[:4]).shape
        ((3, 2), (4,))
    """
    if len(codes) < 2 or not np.isfinite(codes).all():
        raise AenbError(f"Latent codes: expected at least two, all of them finite; received {len(codes)}.")
    start()
    classes = 0 if labels is None else classes
    mean, root = _whitening(codes)
    x = np.linalg.solve(root, (codes - mean).T).T.astype("float32")
    network = build(x.shape[1], classes, seed=seed)
    numbers = np.zeros(len(x), "int32") if labels is None else np.asarray(labels, "int32")
    epochs = max(1, round(steps / -(-len(x) // min(BATCH, len(x)))))
    engine = Engine(
        network, (x, numbers), np.arange(len(x)), batch_size=BATCH, seed=seed, prepare=_pairs(classes, seed)
    )
    schedule = keras.optimizers.schedules.CosineDecay(RATE, epochs * engine.steps)
    momentum = 1 - 1 / max(2.0, AVERAGED * epochs * engine.steps)
    network.compile(keras.optimizers.Adam(schedule, use_ema=True, ema_momentum=momentum), loss="mean_squared_error")
    engine.fit(
        epochs=epochs,
        callbacks=[],
        on_chunk=lambda engine: progress((engine.epoch + engine.step / engine.steps) / epochs, engine.logs),
    )
    shares = np.bincount(numbers, minlength=classes) / len(numbers) if classes else np.zeros(0)
    return Flow(network, mean, root, shares)


def from_arrays(arrays: Mapping[str, np.ndarray], size: int) -> Flow:
    """Rebuild a flow from what `Flow.arrays` returned.

    Args:
        arrays: By name.
        size: The dimensions of a code.

    Raises:
        AenbError: They are not those of a flow over codes of this size.
    """
    arrays = dict(arrays)
    mean, root, shares = (arrays.pop(name, np.zeros(())) for name in ("mean", "root", "shares"))
    weights = [arrays.pop(f"weight_{number}", np.zeros(())) for number in range(len(arrays))]
    fits = mean.shape == (size,) and root.shape == (size, size) and shares.ndim == 1 and not arrays
    if fits and len(shares):
        fits = bool((shares >= 0).all() and np.isclose(shares.sum(), 1))
    if fits and all(array.dtype.kind == "f" and np.isfinite(array).all() for array in (mean, root, shares, *weights)):
        network = build(size, len(shares))
        if [weight.shape for weight in weights] == [tuple(weight.shape) for weight in network.weights]:
            network.set_weights(weights)
            return Flow(network, mean, root, shares)
    raise AenbError(f"A density: expected the finite arrays of a flow over codes of {size}; received others.")


def build(size: int, classes: int, seed: int = 0) -> Model:
    """Build the velocity network from stock layers: residual blocks, into which the time and the class are added.

    Args:
        size: The dimensions of a code.
        classes: How many classes there are; 0: none.
        seed: Of the initial weights.
    """
    width = WIDTHS[0] if size <= 8 else WIDTHS[1] if size <= 64 else WIDTHS[2]
    seeds = range(1000 * seed, 1000 * seed + 100)
    return residual_network(size, (width,) * BLOCKS, classes, name="velocity", seeds=seeds)


def _pairs(classes: int, seed: int) -> Callable[[Tensor, Tensor], tuple]:
    """Return what turns codes into the inputs and targets of a step, in the graph."""
    random = keras.random.SeedGenerator(seed)

    def prepare(z: Tensor, label: Tensor) -> tuple:
        n = tf.shape(z)[0]
        noise = keras.random.normal(tf.shape(z), seed=random)
        t = keras.random.uniform((n, 1), seed=random)
        inputs: tuple[Tensor, ...] = ((1 - t) * noise + t * z, time_features(t))
        if classes:
            kept = keras.random.uniform((n,), seed=random) >= UNLABELLED
            inputs += (tf.one_hot(tf.where(kept, label, classes), classes + 1),)
        return inputs, z - noise

    return prepare


def _whitening(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of codes, and the symmetric root of their covariance: float64."""
    codes = codes.astype("float64")
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(codes, rowvar=False)))
    scales = np.sqrt(np.maximum(values, 0))
    scales = np.maximum(scales, SMALLEST * (scales.max() or 1.0))
    return codes.mean(axis=0), (vectors * scales) @ vectors.T
