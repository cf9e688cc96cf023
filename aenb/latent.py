"""Into the code and back, for any model with the parts `encoder` and `decoder`."""

from __future__ import annotations

import numpy as np

from aenb.errors import AenbError

BATCH = 1024


def part(model, name: str):
    """Return the part of a model called `name`.

    Raises:
        AenbError: The model has no such part.
    """
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise AenbError(f"The model `{model.name}`: expected a part `{name}`; it has {', '.join(names)}.")
    return model.get_layer(name)


def encode(model, x: np.ndarray) -> np.ndarray:
    """Return the codes of items.

    Args:
        model: A model with the part "encoder".
        x: (n, *input_shape), in the units of the training data; grey images may leave out the channel axis.

    Returns:
        (n, latent_dim), float32.
    """
    return _through(part(model, "encoder"), x, "x")


def decode(model, z: np.ndarray) -> np.ndarray:
    """Return the items that codes stand for: (n, latent_dim) → (n, *input_shape), float32."""
    return _through(part(model, "decoder"), z, "z")


def reconstruct(model, x: np.ndarray) -> np.ndarray:
    """Return what items become through the code and back: (n, *input_shape), float32."""
    return decode(model, encode(model, x))


def interpolate(model, a: np.ndarray, b: np.ndarray, steps: int = 8) -> np.ndarray:
    """Return the items on the straight line between the codes of two items.

    Args:
        model: A model with encoder and decoder.
        a: One item, (*input_shape).
        b: Another.
        steps: How many items, both ends included, at least 2.

    Returns:
        (steps, *input_shape), from a's reconstruction to b's.
    """
    if steps < 2:
        raise AenbError(f"`steps`: expected a whole number of at least 2; received {steps}.")
    start, end = encode(model, np.stack([np.asarray(a), np.asarray(b)]))
    weights = np.linspace(0, 1, steps, dtype="float32")[:, None]
    return decode(model, (1 - weights) * start + weights * end)


def _through(model, x, name: str) -> np.ndarray:
    """Send items through a model in batches: eagerly, so that a new size compiles nothing and threads are safe."""
    x = _fitted(np.asarray(x), tuple(model.input_shape[1:]), name)
    if not len(x):
        return np.zeros((0, *model.output_shape[1:]), "float32")
    batches = [np.asarray(model(x[i : i + BATCH], training=False), "float32") for i in range(0, len(x), BATCH)]
    return np.concatenate(batches)


def _fitted(x: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    if x.shape[1:] == shape[:-1] and shape[-1:] == (1,):  # grey images without their channel axis
        x = x[..., None]
    if x.ndim == 0 or x.shape[1:] != shape:
        one = " Add the batch axis: x[None]." if x.shape == shape else ""
        raise AenbError(f"`{name}`: expected the shape (n, {', '.join(map(str, shape))}); received {x.shape}.{one}")
    return x.astype("float32", copy=False)
