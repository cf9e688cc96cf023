"""What a diffusion model removes noise from: examples, or the latent codes of a trained model, its base."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from aenb.core.backend import Model, Tensor, keras
from aenb.core.catalogue import load_plugins
from aenb.core.errors import AenbError
from aenb.core.files import expanded
from aenb.core.model_files import load_model
from aenb.models.autoencoder import interface, parts
from aenb.models.players.training_step import Batch

SETTLED = 100  # training steps from whose batches the mean and the variance of codes are estimated
SMALLEST = 1e-6  # variance of a dimension of the codes


class Space(Protocol):
    """Where noise is added and removed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what the denoiser takes."""

    def batch(self, net: Model, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return what to add noise to in a training step, and which values are observed: (n, *shape) each."""

    def leave(self, net: Model, x: Tensor) -> Tensor:
        """Return what is decoded from what has been freed from noise: (n, *shape) → (n, *item_shape or size)."""

    def examples(self, net: Model, x: Tensor) -> Tensor:
        """Return examples from what has been freed from noise: (n, *shape) → (n, *item_shape)."""


@dataclass(frozen=True)
class ExampleSpace:
    """The examples themselves: pixels are scaled to [−1, 1], other values stay as they are.

    Attributes:
        item_shape: The shape of an example.
        is_flat: Whether the denoiser takes vectors.
    """

    item_shape: tuple[int, ...]
    is_flat: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what the denoiser takes."""
        return (math.prod(self.item_shape),) if self.is_flat else self.item_shape

    @property
    def is_image(self) -> bool:
        """Whether values are pixels in [0, 1]."""
        return len(self.item_shape) == 3

    def enter(self, x: Tensor) -> Tensor:
        """Scale examples: (n, *item_shape) → (n, *shape), float32."""
        x = keras.ops.reshape(keras.ops.cast(x, "float32"), (-1, *self.shape))
        return 2 * x - 1 if self.is_image else x

    def batch(self, net: Model, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the scaled examples of a batch, and which of their values are observed."""
        return self.enter(batch.y), keras.ops.reshape(batch.observed, (-1, *self.shape))

    def leave(self, net: Model, x: Tensor) -> Tensor:
        """Undo `enter`; pixels are clipped to [0, 1]."""
        x = keras.ops.clip((x + 1) / 2, 0.0, 1.0) if self.is_image else x
        return keras.ops.reshape(x, (-1, *self.item_shape))

    examples = leave


@dataclass(frozen=True)
class CodeSpace:
    """The latent codes of a trained model, standardised by the mean and the variance of each dimension.

    Attributes:
        base: The model.
    """

    base: Model

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what the denoiser takes: vectors."""
        return (math.prod(interface(self.base).code_shape),)

    @property
    def parts(self) -> dict[str, Model]:
        """The base, and its encoder and decoder."""
        own = parts(self.base)
        return {"base": self.base, "encoder": own["encoder"], "decoder": own["decoder"]}

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The mean and the mean square of the codes."""
        return {"code_mean": np.zeros(self.shape, "float32"), "code_square": np.ones(self.shape, "float32")}

    @property
    def notes(self) -> tuple[str, ...]:
        """What the base is."""
        (size,) = self.shape
        return (
            f"Samples are drawn by diffusion over the {size} dimensions of the codes of its base, {self.base.name}.",
        )

    def batch(self, net: Model, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the standardised codes of a batch, all of them observed; in training, also update their mean."""
        codes = keras.ops.reshape(keras.ops.stop_gradient(self.encode(net, batch.y)), (-1, *self.shape))
        if batch.training:
            self._update(net, codes)
        return (codes - net.own["code_mean"]) / self._scale(net), keras.ops.ones_like(codes)

    def leave(self, net: Model, x: Tensor) -> Tensor:
        """Return codes in the units of the base."""
        return x * self._scale(net) + net.own["code_mean"]

    def examples(self, net: Model, x: Tensor) -> Tensor:
        """Return decoded codes."""
        return self.decode(net, self.leave(net, x))

    def encode(self, net: Model, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the latent codes of the base: (n, *item_shape) → (n, size)."""
        codes = keras.ops.cast(interface(self.base).encode(x), "float32")
        return keras.ops.reshape(codes, (-1, *self.shape))

    def decode(self, net: Model, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """Decode latent codes with the base: (n, size) → (n, *item_shape)."""
        return interface(self.base).decode(keras.ops.reshape(codes, (-1, *interface(self.base).code_shape)))

    def _scale(self, net: Model) -> Tensor:
        variance = net.own["code_square"] - keras.ops.square(net.own["code_mean"])
        return keras.ops.sqrt(keras.ops.maximum(variance, SMALLEST))

    def _update(self, net: Model, codes: Tensor) -> None:
        """Move the mean and the mean square of codes to those of all batches so far; later they stay."""
        ops, step = keras.ops, keras.ops.cast(net.step, "float32")
        rate = ops.where(step < SETTLED, 1 / (step + 1), 0.0)
        for name, value in {"code_mean": codes, "code_square": ops.square(codes)}.items():
            net.own[name].assign(net.own[name] + rate * (ops.mean(value, axis=0) - net.own[name]))


def load_base(given: Any, input_shape: tuple[int, ...]) -> Model:
    """Return a copy of a base: of a Keras model, or of that in the folder of a saved run.

    Raises:
        AenbError: There is no such folder, or it is no model that a diffusion can be trained on.
    """
    if isinstance(given, str):
        import aenb.models.custom_objects  # noqa: F401, registers our classes with Keras

        load_plugins("aenb.custom_objects")
        given = load_model(expanded(given) / "model.keras")
    given = getattr(given, "model", given)
    _check(given, input_shape)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(given))
    copy.set_weights(given.get_weights())
    return copy


def _check(base: Model, input_shape: tuple[int, ...]) -> None:
    wrong = "`base`: expected a run of an autoencoder whose latent codes are numbers; received "
    if not {"encoder", "decoder"} <= parts(base).keys():
        raise AenbError(f"{wrong}a {base.name}, which has no encoder and decoder.")
    if "codebook" in interface(base).own:
        raise AenbError(f"{wrong}a {base.name}, whose codes are discrete and have a prior of their own.")
    if interface(base).num_classes:
        raise AenbError(
            f"{wrong}a conditional {base.name}. Train it with conditional=False; the diffusion can be conditional."
        )
    if tuple(base.input_shape[1:]) != input_shape:
        raise AenbError(
            f"`base`: expected a run on the same data, of examples of {input_shape}; received one of "
            f"{tuple(base.input_shape[1:])}."
        )
