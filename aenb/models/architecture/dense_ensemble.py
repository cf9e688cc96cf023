"""Small dense autoencoders, several side by side: one product computes a layer of all of them.

    h = f(W₁x + b₁),  z = W₂h + b₂,  h' = f(W₃z + b₃),  x̂ = W₄h' + b₄,  f = tanh

Each member has weights of its own, and may be trained on other rows and other features: their average is steadier than
any of them (Chen, Sathe, Aggarwal & Turaga 2017, "Outlier detection with autoencoder ensembles", SDM). The weights are
plain arrays, from which rows are encoded without TensorFlow, and of which `as_model` builds a Keras model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aenb.core.backend import Model, keras

LAYERS = 4
Weights = list[np.ndarray]  # kernel (members, in, out) and bias (members, 1, out) of each layer


@dataclass(frozen=True)
class Sizes:
    """The sizes of an ensemble.

    Attributes:
        members: How many autoencoders.
        features: The width of a row.
        hidden: The units of each hidden layer.
        latent: The dimensions of a latent code.
    """

    members: int
    features: int
    hidden: int
    latent: int

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of the layers, the input's first."""
        return self.features, self.hidden, self.latent, self.hidden, self.features


def initial_weights(sizes: Sizes, generator: np.random.Generator) -> Weights:
    """Draw kernels of variance 1/inputs (LeCun et al. 1998), and biases of 0."""
    weights = []
    for before, after in zip(sizes.widths[:-1], sizes.widths[1:], strict=True):
        kernel = generator.normal(size=(sizes.members, before, after)) / np.sqrt(before)
        weights += [kernel.astype("float32"), np.zeros((sizes.members, 1, after), "float32")]
    return weights


def encode(weights: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the latent codes of rows: (n, features) → (members, n, latent), float64."""
    return _layers(weights[:LAYERS], x)


def decode(weights: Sequence[np.ndarray], z: np.ndarray) -> np.ndarray:
    """Return the reconstructions of latent codes: (members, n, latent) → (members, n, features), float64."""
    return _layers(weights[LAYERS:], z)


def _layers(weights: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Apply a hidden layer of tanh units and a linear one.

    In double precision: a row's result must not depend on the other rows of the call.
    """
    first, first_bias, second, second_bias = (array.astype("float64") for array in weights)
    return np.tanh(x @ first + first_bias) @ second + second_bias


def member_of(weights: Sequence[np.ndarray], number: int) -> Weights:
    """Return the weights of one member, as an ensemble of one."""
    return [array[number : number + 1] for array in weights]


def principal_axes(weights: Sequence[np.ndarray], x: np.ndarray) -> Weights:
    """Rotate the latent space of each member: codes with mean 0, uncorrelated, the largest variance first, as PCA's.

    The reconstructions stay the same, since the layers before and after the code are linear in it.

    Args:
        weights: The weights.
        x: (n, features), the rows whose codes have these axes afterwards.
    """
    rotated = [array.astype("float64") for array in weights]
    for member, codes in enumerate(encode(weights, x)):
        centre = codes.mean(axis=0)
        _, _, axes = np.linalg.svd(codes - centre, full_matrices=False)
        axes = np.linalg.qr(axes.T, mode="complete")[0][:, : codes.shape[1]]  # fewer rows than dimensions: any others
        axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1, 1)
        kernel, bias, after, after_bias = (rotated[place][member] for place in (2, 3, 4, 5))
        rotated[2][member], rotated[3][member] = kernel @ axes, (bias - centre) @ axes
        rotated[4][member], rotated[5][member] = axes.T @ after, after_bias + centre @ after
    return rotated


def as_model(weights: Sequence[np.ndarray], member: int | None = None) -> Model:
    """Build a Keras model of stock layers, with the parts "encoder" and "decoder", from an ensemble's weights.

    Args:
        weights: As `initial_weights` returned them, or trained.
        member: The autoencoder to take, (n, features) → (n, features); None: all, → (n, members, features).
    """
    single = member is not None
    kept = [array[member] if single else array for array in weights]
    names = iter(("encoder_hidden", "latent", "decoder_hidden", "output"))

    def layer(kernel: np.ndarray, activation: str | None, is_first: bool) -> keras.layers.Layer:
        if single:
            return keras.layers.Dense(kernel.shape[-1], activation=activation, name=next(names))
        return keras.layers.EinsumDense(
            "bi,mio->bmo" if is_first else "bmi,mio->bmo", (len(kernel), kernel.shape[-1]),
            bias_axes="mo", activation=activation, name=next(names),
        )  # fmt: skip

    def part(name: str, arrays: Sequence[np.ndarray], is_first: bool) -> Model:
        shape = arrays[0].shape[-2:-1] if single or is_first else arrays[0].shape[:2]
        layers = [layer(arrays[0], "tanh", is_first), layer(arrays[2], None, is_first=False)]
        return keras.Sequential([keras.Input(shape), *layers], name=name)

    encoder, decoder = part("encoder", kept[:LAYERS], True), part("decoder", kept[LAYERS:], False)
    inputs = keras.Input((weights[0].shape[1],))
    model = keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")
    model.set_weights([array.reshape(target.shape) for array, target in zip(kept, model.weights, strict=True)])
    return model
