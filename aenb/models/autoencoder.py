"""What is asked of a model, and what a plain Keras model answers.

Sampling, scores, views and diagnosis ask a model for its parts by name, and through `interface` for the members of
`Autoencoder`; they never ask for its family.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from aenb.core.backend import Model, Tensor, Variable, keras
from aenb.core.errors import AenbError

Prior = Callable[[int, np.random.Generator], np.ndarray]
Evidence = Callable[[Any, int, Any], tuple[Tensor, Tensor]]
Guided = Callable[[int, np.random.Generator, np.ndarray, float | None], np.ndarray]
Fill = Callable[[Tensor, Tensor, Tensor | None], Tensor]
Write = Callable[[Tensor, Tensor | None, Any, Any], Tensor]


@runtime_checkable
class Autoencoder(Protocol):
    """A model that encodes, decodes, and says what else it can do.

    Attributes:
        recipe: How to build it again; the registry sets it.
    """

    recipe: dict[str, Any]

    @property
    def code_shape(self) -> tuple[int, ...]:
        """The shape of one latent code."""

    @property
    def num_classes(self) -> int:
        """How many classes it is conditioned on; 0: none."""

    @property
    def own(self) -> Mapping[str, Variable]:
        """Weights that belong to no part, by name; "codebook" if its codes are discrete."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences on what was chosen for the data, to be reported."""

    @property
    def sample_prior(self) -> Prior | None:
        """Draw latent codes from the prior: (n, generator) → (n, *code_shape), float32; None: there is no prior."""

    @property
    def evidence(self) -> Evidence | None:
        """Return the terms of the bounds on log p(x), see `Network.bound_terms`; None: there is no likelihood."""

    @property
    def guided(self) -> Guided | None:
        """Generate samples of classes: (n, generator, one-hot labels, guidance) → (n, *input_shape), float32.

        With a guidance of None, it is that of the model. None: latent codes from the prior are decoded.
        """

    @property
    def fill(self) -> Fill | None:
        """Fill in missing values of examples: (x, missing, labels) → (batch, *input_shape); None: by reconstruction."""

    @property
    def write(self) -> Write | None:
        """Write texts, a token at a time: (codes, labels, `writing.Choice`, seed) → (batch, length), int32; or None."""

    def encode(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return latent codes: (batch, *input_shape) → (batch, *code_shape); labels are one-hot, or None."""

    def decode(self, code: Tensor, labels: Tensor | None = None) -> Tensor:
        """Decode latent codes: (batch, *code_shape) → (batch, *input_shape), or probabilities of tokens."""

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of the training."""


class _Stock:
    """A plain Keras model as an `Autoencoder`: its parts encode and decode, and there is nothing else."""

    num_classes = 0
    sample_prior: Prior | None = None
    evidence: Evidence | None = None
    guided: Guided | None = None
    fill: Fill | None = None
    write: Write | None = None

    def __init__(self, model: Model):
        self._model, self.notes = model, getattr(model, "notes", ())
        self.own: dict[str, Variable] = {}
        self.recipe: dict[str, Any] = {}

    @property
    def code_shape(self) -> tuple[int, ...]:
        return tuple(part(self._model, "encoder").output_shape[1:])

    def encode(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return part(self._model, "encoder")(x)

    def decode(self, code: Tensor, labels: Tensor | None = None) -> Tensor:
        return part(self._model, "decoder")(code)

    def set_learning_rate(self, rate: float) -> None:
        self._model.optimizer.learning_rate = rate


def interface(model: Model) -> Autoencoder:
    """Return a model as an `Autoencoder`: itself if it has all members, such as a `Network`, else by its parts."""
    return model if isinstance(model, Autoencoder) else _Stock(model)


def part(model: Model, name: str) -> Model:
    """Return the part of a model called `name`.

    Raises:
        AenbError: The model has no such part.
    """
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise AenbError(f"The model `{model.name}`: expected a part `{name}`; it has {', '.join(names)}.")
    return model.get_layer(name)


def parts(model: Model) -> dict[str, Model]:
    """Return the parts of a model by name: the layers that are models themselves."""
    return {layer.name: layer for layer in model.layers if hasattr(layer, "layers")}


def largest_layer(model: Model) -> int:
    """Return how many values the largest layer of a model's parts has for one example; 0: it is not known.

    A convolution over 28×28 pixels with 64 filters has 50,176.

    Example:
        >>> import aenb
        >>> largest_layer(aenb.build_model("deep", (28, 28, 1)))
        784
    """
    layers = [layer for part in parts(model).values() for layer in part._flatten_layers()]
    shapes = [tensor.shape for layer in layers for tensor in keras.tree.flatten(getattr(layer, "output", []))]
    return max((math.prod(size or 1 for size in shape[1:]) for shape in shapes), default=0)
