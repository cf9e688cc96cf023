"""The Keras class of families that need more than `fit(x, x)`: named parts, players that train them, and saving.

A family's file defines the players and their losses; `training_step` trains them. Saved models open with
`keras.models.load_model` once this module is imported; the parts are stock Keras and open without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from aenb.core.backend import Tensor, Variable, keras, tf
from aenb.models.architecture.parts import with_labels
from aenb.models.autoencoder import Evidence, Fill, Guided, Prior
from aenb.models.players import training_step
from aenb.models.players.training_step import Player
from aenb.models.registry import families


@keras.saving.register_keras_serializable("aenb")
class Network(keras.Model):
    """A model of named parts; its family's file defines the losses.

    Args:
        item_shape: The shape of one example.
        code_shape: The shape of one code, as `encode` gives it.
        parts: Keras models by name; each is an attribute, and a layer of the model.
        players: Which losses train which parts, in the order of their updates.
        forward: (network, batch) → the argument of the losses in place of the batch. It is computed once per step, and
            all players update simultaneously. None: each loss gets the batch, after the updates of earlier players.
        encode: (network, x, labels) → codes (batch, *code_shape); by default the output of `encoder`.
        decode: (network, codes, labels) → examples (batch, *item_shape); by default the output of `decoder`.
        prior: (network, n, generator) → n latent codes from the prior, drawn with a NumPy generator; None: standard
            normal; False: there is no prior.
        weights: Arrays by name: weights that belong to no part. They are trained only if a player names them.
        after_step: (network, batch), called at the end of each training step.
        guided: (network, n, generator, one-hot labels, guidance) → n samples; None: codes from the prior are decoded.
        fill: (network, x, missing, labels) → x with missing values filled in; None: they are reconstructed.
        evidence: (network, batch, k, seeds) → what `bound_terms` returns; None: the model has no likelihood.
        num_classes: How many classes the model is conditional on; 0: none.
        notes: Sentences on what was chosen for the data, to be reported.
    """

    def __init__(
        self,
        item_shape: Sequence[int],
        code_shape: Sequence[int],
        parts: Mapping[str, Any],
        players: Sequence[Player],
        *,
        forward: Callable | None = None,
        encode: Callable | None = None,
        decode: Callable | None = None,
        prior: Callable | Literal[False] | None = None,
        weights: Mapping[str, np.ndarray | float] | None = None,
        after_step: Callable | None = None,
        evidence: Callable | None = None,
        guided: Callable | None = None,
        fill: Callable | None = None,
        num_classes: int = 0,
        notes: Sequence[str] = (),
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.item_shape, self.code_shape = tuple(item_shape), tuple(code_shape)
        self.players, self.num_classes, self.notes = tuple(players), num_classes, tuple(notes)
        self._encode, self._decode = encode or _encode, decode or _decode
        self._prior, self._evidence = _standard_normal if prior is None else prior, evidence
        self._guided, self._fill = guided, fill
        self.forward, self.after_step = forward, after_step
        self.recipe: dict[str, Any] = {}  # set by the registry: how to build this model again
        self.part_names = tuple(parts)
        for name, part in parts.items():
            setattr(self, name, part)
        trained = {name for player in players for name in player.parts}
        for name in set(parts) - trained:  # fixed layers in trained parts stay fixed
            getattr(self, name).trainable = False
        self.own = {
            name: self.add_weight(
                shape=np.shape(value), initializer=keras.initializers.Constant(value),
                trainable=name in trained, name=name,
            )
            for name, value in (weights or {}).items()
        }  # fmt: skip
        self.seeds = keras.random.SeedGenerator()
        self.means = {term: keras.metrics.Mean(term) for player in players for term in player.reported}
        self.means.setdefault("loss", keras.metrics.Mean("loss"))
        self.built = True
        self.compile()

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape of a batch of examples."""
        return (None, *self.item_shape)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of a batch of reconstructions."""
        return (None, *self.item_shape)

    def compile(self, learning_rate: float = 1e-3, **arguments: Any) -> None:
        """Create an Adam optimiser for each player.

        Args:
            learning_rate: For the players without their own.
            **arguments: Other arguments of `keras.Model.compile`; loss and optimiser are the family's.
        """
        optimizers = {}
        for player in self.players:
            adam = keras.optimizers.Adam(
                player.learning_rate or learning_rate, beta_1=player.beta_1, clipnorm=player.clipnorm
            )
            if keras.config.dtype_policy().compute_dtype == "float16":
                adam = keras.optimizers.LossScaleOptimizer(adam)
            adam.build(self.weights_of(player))
            optimizers[player.name] = adam
        self.optimizers = optimizers
        super().compile(optimizer=optimizers[self.players[0].name], **arguments)

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of the players without their own."""
        for player in self.players:
            if player.learning_rate is None:
                self.optimizers[player.name].learning_rate = rate

    def weights_of(self, player: Player) -> list[Variable]:
        """List the weights that a player trains."""
        return [
            weight
            for name in player.parts
            for weight in ([self.own[name]] if name in self.own else getattr(self, name).trainable_variables)
        ]

    @property
    def step(self) -> Tensor:
        """The number of training steps so far, an int scalar, for warm-ups."""
        return self.optimizer.iterations

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The terms of the losses: their means over the epoch so far."""
        return list(self.means.values())

    def encode(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return latent codes: (batch, *item_shape) → (batch, *code_shape); labels are one-hot, or None."""
        return self._encode(self, x, labels)

    def decode(self, code: Tensor, labels: Tensor | None = None) -> Tensor:
        """Decode latent codes: (batch, *code_shape) → (batch, *item_shape)."""
        return self._decode(self, code, labels)

    @property
    def sample_prior(self) -> Prior | None:
        """Draw codes from the prior: (n, generator) → (n, *code_shape), float32; None: there is no prior."""
        return partial(self._prior, self) if self._prior else None

    @property
    def evidence(self) -> Evidence | None:
        """`bound_terms`; None if the model has no likelihood, or no distribution of codes for each example."""
        return None if self._evidence is None else self.bound_terms

    @property
    def guided(self) -> Guided | None:
        """Generate samples of classes: (n, generator, one-hot labels, guidance) → (n, *item_shape), float32."""
        return partial(self._guided, self) if self._guided else None

    @property
    def fill(self) -> Fill | None:
        """Fill in missing values of examples: (x, missing, labels) → (batch, *item_shape)."""
        return partial(self._fill, self) if self._fill else None

    def bound_terms(self, data: Any, k: int, seeds: keras.random.SeedGenerator) -> tuple[Tensor, Tensor]:
        """Draw k latent codes of each example from q(z|x), and return the terms of the bounds on log p(x).

        Args:
            data: As for a training step: (inputs, targets), where inputs are examples, or (examples, labels). NaN is a
                missing value: the encoder gets 0, and the likelihood is over the other entries.
            k: How many codes.
            seeds: A `keras.random.SeedGenerator` to draw them with.

        Returns:
            log p(x|z) and log p(z) − log q(z|x), (k, batch) each, float32, in nats: their sum is log w. The mean of
            log w is the ELBO, and log mean w the importance-weighted bound on log p(x).
        """
        data = tf.nest.map_structure(keras.ops.convert_to_tensor, data)
        batch = training_step.batch_of(self, data, training=False)
        return self._evidence(self, batch._replace(x=_without_missing(batch.x)), k, seeds)

    def call(self, inputs: Tensor | tuple[Tensor, Tensor] | list[Tensor], training: bool | None = None) -> Tensor:
        """Return reconstructions; inputs are examples, or (examples, labels)."""
        x, labels = training_step.examples_and_labels(self, inputs)
        return self.decode(self.encode(x, labels), labels)

    def train_step(self, data: Any) -> dict[str, Tensor]:
        """Update the weights of each player on a batch, and return the reported terms."""
        return training_step.train_step(self, data)

    def test_step(self, data: Any) -> dict[str, Tensor]:
        """Return the terms of the losses of a batch, without updates."""
        return training_step.test_step(self, data)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration with which the registry rebuilds the model from its parts."""
        parts = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in self.part_names}
        return {**self.recipe, "parts": parts}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Network:
        """Build a model from its configuration."""
        entry = families()[config["family"]]
        parts = {
            name: keras.saving.deserialize_keras_object(part, custom_objects)
            for name, part in config["parts"].items()
            if name in entry.fields
        }
        return entry.build(tuple(config["input_shape"]), **entry.check(config["hyperparameters"]), **parts)

    def get_compile_config(self) -> dict[str, Any]:
        """Return an empty configuration: a network is compiled when it is built."""
        return {}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Do nothing: the model is already compiled."""


def _without_missing(x: Tensor) -> Tensor:
    """Return examples with 0 for missing values, as in training."""
    return x if x.dtype.is_integer else keras.ops.where(keras.ops.isnan(x), keras.ops.zeros_like(x), x)


def _encode(network: Network, x: Tensor, labels: Tensor | None) -> Tensor:
    outputs = network.encoder(with_labels(x, labels))
    return outputs[0] if isinstance(outputs, list | tuple) else outputs


def _decode(network: Network, code: Tensor, labels: Tensor | None) -> Tensor:
    return network.decoder(with_labels(code, labels))


def _standard_normal(network: Network, n: int, generator: np.random.Generator) -> np.ndarray:
    return generator.standard_normal((n, *network.code_shape), "float32")
