"""Encoding and decoding, for any model with the parts `encoder` and `decoder`.

Models that encode or decode in another way have their own methods `encode` and `decode`, which are used instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from aenb.core.backend import Model, Tensor, tf
from aenb.core.errors import AenbError
from aenb.data.values.numeric import as_array
from aenb.models.autoencoder import interface, parts

BATCH = 256  # examples at a time: more need more memory, and are no faster
ROOM = 2**24  # decoder outputs at a time: for each token of a text, there is a probability of every token


def item_shape(model: Model) -> tuple[int, ...]:
    """Return the shape of one example."""
    return tuple(model.input_shape[1:])


def code_shape(model: Model) -> tuple[int, ...]:
    """Return the shape of one latent code."""
    return interface(model).code_shape


def encode(model: Model, x: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Return the latent codes of examples.

    Args:
        model: A model with the part "encoder".
        x: (n, *input_shape), in the units of the training data; greyscale images may omit the channel axis. NaN
            marks missing values.
        labels: (n,), the class numbers of the examples, for a conditional model.

    Returns:
        (n, latent_dim), float32.
    """
    x = _fitted(x, item_shape(model), "x")
    return _through(interface(model).encode, x, _one_hot(model, labels, len(x)), code_shape(model))


def decode(model: Model, z: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Decode latent codes: (n, latent_dim) → (n, *input_shape), float32; tokens are int32."""
    z = _fitted(z, code_shape(model), "z")
    step = interface(model).decode
    decoder = parts(model).get("decoder")
    size = BATCH if decoder is None else max(1, min(BATCH, ROOM // math.prod(decoder.output_shape[1:])))

    def examples(*batch: Tensor) -> np.ndarray:
        return as_items(model, np.asarray(step(*batch)))

    return _through(examples, z, _one_hot(model, labels, len(z)), item_shape(model), size)


def guided(
    model: Model, n: int, generator: np.random.Generator, labels: np.ndarray, guidance: float | None
) -> np.ndarray | None:
    """Generate samples of classes, if the model has its own way to: (n, *input_shape), float32; else None.

    Args:
        model: A model.
        n: How many.
        generator: The random generator.
        labels: (n,), the class numbers; None if the model is not conditional.
        guidance: As for `Run.generate`.
    """
    draw = interface(model).guided
    return None if draw is None else draw(n, generator, _one_hot(model, labels, n), guidance)


def fill(model: Model, x: np.ndarray, missing: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray | None:
    """Fill in missing values of examples, if the model has its own way to: (n, *input_shape), float32; else None.

    Args:
        model: A model.
        x: (n, *input_shape), of which the missing values are not used.
        missing: (n, *input_shape), bool.
        labels: (n,), the class numbers, for a conditional model.
    """
    step = interface(model).fill
    if step is None:
        return None
    x = np.where(missing, 0, x).astype("float32")
    one_hot, found = _one_hot(model, labels, len(x)), x.copy()
    for begin in range(0, len(x), BATCH):
        here = slice(begin, begin + BATCH)
        found[here] = step(x[here], missing[here], None if one_hot is None else one_hot[here])
    return np.where(missing, found, x)


def quick_decoder(model: Model) -> Callable[..., np.ndarray]:
    """Return a fast `decode` for repeated calls with few codes: it is compiled once for each number of codes."""
    step = tf.function(interface(model).decode)

    def decode_few(z: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        z, one_hot = _fitted(z, code_shape(model), "z"), _one_hot(model, labels, len(z))
        return as_items(model, np.asarray(step(z) if one_hot is None else step(z, one_hot)))

    return decode_few


def as_items(model: Model, decoded: np.ndarray) -> np.ndarray:
    """Return decoder outputs as examples: probabilities of tokens become the most probable tokens."""
    return decoded.argmax(axis=-1).astype("int32") if decoded.ndim == len(item_shape(model)) + 2 else decoded


def reconstruct(model: Model, x: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Return reconstructions: (n, *input_shape), float32; tokens are int32."""
    return decode(model, encode(model, x, labels), labels)


def interpolate(
    model: Model, a: np.ndarray, b: np.ndarray, steps: int = 8, labels: np.ndarray | None = None
) -> np.ndarray:
    """Return an interpolation between two examples: the decoded straight line between their latent codes.

    Args:
        model: A model with encoder and decoder.
        a: The first example, (*input_shape).
        b: The second example.
        steps: How many reconstructions, including both ends, at least 2.
        labels: (2,), the class numbers of the two examples, for a conditional model; all decoding uses the first.

    Returns:
        (steps, *input_shape), from a's reconstruction to b's.
    """
    if steps < 2:
        raise AenbError(f"`steps`: expected a whole number of at least 2; received {steps}.")
    start, end = encode(model, np.stack([np.asarray(a), np.asarray(b)]), labels)
    if start.dtype.kind != "f":
        raise AenbError("`interpolate`: expected codes that are numbers; the codes of this model are discrete.")
    weights = np.linspace(0, 1, steps, dtype="float32").reshape(-1, *([1] * start.ndim))
    return decode(
        model, (1 - weights) * start + weights * end, None if labels is None else np.repeat(labels[:1], steps)
    )


def sample_prior(model: Model, n: int, generator: np.random.Generator) -> np.ndarray:
    """Draw latent codes from the prior of a model: (n, latent_dim).

    Raises:
        AenbError: The model was not trained with a prior.
    """
    draw = interface(model).sample_prior
    if draw is None:
        raise AenbError(
            '`density`: expected "gmm" or "gaussian", fitted on the codes; received "prior", and this model has none.'
        )
    return draw(n, generator)


def _through(
    step: Callable, x: np.ndarray, labels: np.ndarray | None, shape: tuple[int, ...], size: int = BATCH
) -> np.ndarray:
    """Apply a step to examples in batches, eagerly: new sizes need no compilation, and threads are safe."""
    if not len(x):
        return np.zeros((0, *shape), "float32")
    results = None
    for begin in range(0, len(x), size):
        here = slice(begin, begin + size)
        batch = np.asarray(step(x[here]) if labels is None else step(x[here], labels[here]))
        if results is None:
            results = np.empty((len(x), *batch.shape[1:]), batch.dtype if batch.dtype.kind in "iu" else "float32")
        results[here] = batch
    return results


def _one_hot(model: Model, labels: np.ndarray | None, n: int) -> np.ndarray | None:
    classes = interface(model).num_classes
    if not classes:
        return None
    if labels is None:
        raise AenbError("`labels`: expected the class of each example, since this model is conditional; received none.")
    if np.shape(labels) != (n,):
        raise AenbError(f"`labels`: expected the shape ({n},); received {np.shape(labels)}.")
    return np.eye(classes, dtype="float32")[np.asarray(labels)]


def _fitted(x: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return an array (n, *shape), float32 or token ids in int32, 0 for NaN; `Preprocessing.inputs` checks the rest."""
    x = as_array(x, name)
    if x.shape[1:] == shape[:-1] and shape[-1:] == (1,):  # greyscale images without a channel axis
        x = x[..., None]
    if x.ndim == 0 or x.shape[1:] != shape:
        one = " Add the batch axis: x[None]." if x.shape == shape else ""
        raise AenbError(f"`{name}`: expected the shape (n, {', '.join(map(str, shape))}); received {x.shape}.{one}")
    if x.dtype.kind in "iu" and 0 not in shape and x.dtype != np.uint8:
        return x.astype("int32", copy=False)
    with np.errstate(over="ignore"):
        x = x.astype("float32", copy=False)
    return np.nan_to_num(x, nan=0.0, posinf=np.inf, neginf=-np.inf) if np.isnan(x).any() else x
