"""Diffusion: a network learns to remove noise of all strengths, and turns noise into samples step by step.

Sohl-Dickstein et al. (2015), arXiv 1503.03585; Ho, Jain & Abbeel (2020), "Denoising diffusion probabilistic models",
arXiv 2006.11239; Song et al. (2021), arXiv 2011.13456. An example x is mixed with noise ε ~ N(0, I) at a time t
(`noise_schedule`), and a denoiser f predicts a target y from the mixture: the noise, v, or the velocity of a flow.

    x_t = α(t) x + σ(t) ε,     loss = E_t E_ε ‖f(x_t, t) − y(x, ε, t)‖²,     t uniform, a mean over the values

This is denoising score matching (Vincent 2011) with a weight for each t: f gives the score ∇ log p(x_t). Samples are
computed from noise by a few deterministic steps, and the noise of an example by the same steps backwards (`ddim`).
They use an average of f's weights over training steps. With classes, the class of a tenth of the examples is left out,
so that f also learns the score of all, and samples of a class can be guided away from the others by a weight w (Ho &
Salimans 2022, arXiv 2207.12598): f(x_t, t, c) + w (f(x_t, t, c) − f(x_t, t)).

With a `base`, x is the standardised latent code of an example: latent diffusion (Rombach et al. 2022, arXiv
2112.10752). The base is trained already, and stays as it is; its encoder and decoder are parts of the model.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from aenb.core.backend import Model, Tensor, keras, tf
from aenb.core.fields import Field
from aenb.models import ddim
from aenb.models.averaging import averaged_copy, averaging
from aenb.models.custom_parts import as_part
from aenb.models.diffused_space import CodeSpace, ExampleSpace, Space, load_base
from aenb.models.hyperparameters import Conditional, KernelSize, NumClasses, Part, classes_of
from aenb.models.noise_schedule import OBJECTIVES, Objective
from aenb.models.registry import family
from aenb.models.residual_network import condition_inputs, residual_network, time_features
from aenb.models.training_step import Batch, Player
from aenb.models.unet import unet

FILTERS, UNITS = (32, 64, 96), (256, 256, 256)
UNLABELLED = 0.1  # the share of examples that are learnt without their class
AT_ONCE = 256  # samples to compute at a time


@family(
    order=10,
    summary="a network that removes noise of all strengths turns noise into samples, step by step",
    paper="Ho et al. 2020, Song et al. 2021",
    batch_size=64,
)
def diffusion(
    input_shape: tuple[int, ...],
    *,
    objective: Annotated[
        str, Field("what the denoiser predicts: v, the noise, or the velocity of a flow", choices=tuple(OBJECTIVES))
    ] = "v",
    sampling_steps: Annotated[int, Field("steps from noise to samples", low=1, high=1000)] = 20,
    filters: Annotated[
        tuple[int, ...] | None,
        Field("filters of each level of the U-Net; None: (32, 64, 96) for images; (): a dense network", low=1,
              high=4096),
    ] = None,
    kernel_size: KernelSize = 3,
    hidden_units: Annotated[
        tuple[int, ...] | None,
        Field("units of the blocks of a dense network; None: three of 256", low=1, high=65536),
    ] = None,
    weights_average: Annotated[
        float, Field("decay of the average of the weights, which samples use; 0: no average", low=0, high=0.99999)
    ] = 0.999,
    conditional: Conditional = False,
    num_classes: NumClasses = 0,
    guidance: Annotated[
        float, Field("how much samples are guided towards what is typical of their class", low=0, high=100)
    ] = 0.0,
    base: Annotated[
        Any, Field("a run, or the folder of a saved one, whose latent codes are learnt instead of examples",
                   optional=True, of_run=True)
    ] = None,
    denoiser: Part = None,
) -> Model:  # fmt: skip
    """Build a diffusion model, compiled.

    Without a `base`, it works on the examples themselves, and there is no encoder: the code of an example is the noise
    from which sampling leads to it, found by the same steps backwards, and has as many values as the example. It
    reconstructs nearly everything, also what is unlike the training data, so its reconstruction error is no anomaly
    score. With a `base`, codes and reconstructions are those of the base, and samples are drawn from the learnt
    distribution of its codes. The base must have been trained on the same data; it is copied.

    Its parts are "denoiser", "averaged_denoiser", which computes the samples, and those of the base. A custom denoiser
    takes a list of noisy examples, eight features of the time (`aenb.models.residual_network.time_features`), and in a
    conditional model one-hot classes, of which the last is none; it returns what has the shape of an example.

    Raises:
        AenbError: The base has no encoder, has discrete codes, is conditional, or takes other examples; a custom part
            does not fit; there are no classes to condition on.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("diffusion", (8, 8, 1), hidden_units=(32, 32))
        >>> model.get_layer("denoiser").output_shape, model.code_shape
        ((None, 64), (64,))
    """
    from aenb.models.network import Network  # starts TensorFlow

    classes = classes_of(conditional, num_classes)
    base = None if base is None else load_base(base, input_shape)
    if filters is None and base is None and len(input_shape) == 3 and hidden_units is None:
        filters = FILTERS
    of_codes = None if base is None else CodeSpace(base)
    of_examples = ExampleSpace(input_shape, _is_flat(denoiser, filters))
    space: Space = of_codes or of_examples
    if denoiser is None and filters:
        denoiser = unet(space.shape, filters, classes, kernel_size=kernel_size, name="denoiser")
    elif denoiser is None:
        denoiser = residual_network(math.prod(space.shape), hidden_units or UNITS, classes, name="denoiser")
    inputs = [keras.Input(space.shape, name="x"), *condition_inputs(classes)]
    denoiser = as_part(denoiser, inputs, "denoiser", space.shape)
    average = {"averaged_denoiser": averaged_copy(denoiser)} if weights_average else {}
    sampler = average.get("averaged_denoiser", denoiser)
    process = Process(space, OBJECTIVES[objective], sampling_steps, sampler, classes, guidance)
    return Network(
        input_shape,
        (math.prod(space.shape),),
        {**(of_codes.parts if of_codes else {}), "denoiser": denoiser, **average},
        [Player("denoiser", process.loss, ("loss",), ("denoiser",))],
        **(_over_codes(process, of_codes) if of_codes else _over_examples(process, of_examples)),
        after_step=averaging(weights_average, "denoiser") if average else None,
        guided=process.generate if classes else None,
        num_classes=classes,
        name="diffusion",
    )


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
        return self._sampled(noise, self._conditions(labels, len(noise)), weight, guidance > 0)

    def invert(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the noise that leads to samples: (n, *shape) → (n, *shape)."""
        return self._inverted(x, self._conditions(labels, len(x)))

    def fill(self, known: Tensor, missing: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return samples that agree with what is known: (n, *shape) → (n, *shape).

        What is known replaces its estimate in each step (Wang, Yu & Zhang 2022, arXiv 2212.00490).

        Args:
            known: Values, of which the missing ones are not used.
            missing: Which are missing, of the same size.
            labels: One-hot, or None.
        """
        noise = tf.random.stateless_normal(tf.shape(known), (0, 0))
        missing = keras.ops.reshape(missing, tf.shape(known))
        return self._filled(noise, self._conditions(labels, len(known)), known, missing)

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
        def run(noise: Tensor, condition: Tensor, known: Tensor, missing: Tensor) -> Tensor:
            predict = self._predictor(condition)
            return ddim.sample(predict, noise, self.objective, self.steps, lambda x: tf.where(missing, x, known))

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


def _over_examples(process: Process, space: ExampleSpace) -> dict[str, Any]:
    """Return how a network encodes and decodes whose codes are the noise of examples."""

    def encode(net: Model, x: Tensor, labels: Tensor | None) -> Tensor:
        return keras.ops.reshape(process.invert(space.enter(x), labels), (len(x), math.prod(space.shape)))

    def fill(net: Model, x: Tensor, missing: Tensor, labels: Tensor | None) -> Tensor:
        return space.leave(net, process.fill(space.enter(x), missing, labels))

    return {
        "encode": encode,
        "decode": lambda net, codes, labels: space.leave(net, process.free(codes, labels)),
        "fill": fill,
    }


def _over_codes(process: Process, space: CodeSpace) -> dict[str, Any]:
    """Return how a network encodes and decodes whose codes are those of its base."""
    return {
        "encode": space.encode,
        "decode": space.decode,
        "prior": process.draw,
        "weights": space.weights,
        "notes": space.notes,
    }


def _in_parts(step: Callable[[slice], Tensor], n: int) -> np.ndarray:
    """Return the results of a step for the samples 0 … n − 1, some at a time."""
    return np.concatenate([np.asarray(step(slice(begin, begin + AT_ONCE))) for begin in range(0, n, AT_ONCE)])


def _is_flat(denoiser: Model | None, filters: tuple[int, ...] | None) -> bool:
    """Say whether a denoiser takes vectors: a custom one decides itself."""
    if denoiser is None:
        return not filters
    inputs = getattr(denoiser, "inputs", None)
    return bool(inputs) and len(inputs[0].shape) == 2
