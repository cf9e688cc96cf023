"""The activations of a layer: what a trained network computes inside, for any examples."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from aenb.core.backend import Layer, Model, keras, start
from aenb.core.errors import AenbError, unknown

BATCH = 256


def activations(model: Any, layer: str | Layer, x: Any, *, batch_size: int = BATCH) -> np.ndarray:
    """Compute what a layer of a model gives for examples.

    The model may be any Keras model: sequential, functional, a subclass, or a model with parts that are models
    themselves. It is called as for prediction (without dropout), in batches.

    Args:
        model: A Keras model, or a run, whose model is taken.
        layer: The layer, or its name; of a layer in a part, its name if no other part has one of that name, else the
            path, such as "encoder/hidden_1".
        x: The model's input, (n, …), or a list of inputs for a model of several.
        batch_size: How many examples are computed at a time.

    Returns:
        The layer's output, (n, …): float32, or integers if the layer gives these. If the model calls the layer several
        times, it is that of the last call.

    Raises:
        AenbError: The model has no such layer or several of that name, the examples do not fit the model, or the model
            does not compute the layer when it is called.

    Example:
        >>> import aenb
        >>> run = aenb.train("deep", "digits", latent_dim=2, hidden_units=(16,), epochs=1, verbose=False)
        >>> aenb.activations(run.model, "encoder/hidden_1", run.data.x_test).shape
        (360, 16)
    """
    start()
    model = getattr(model, "model", model)
    if not isinstance(model, keras.Model):
        raise AenbError(f"`model`: expected a Keras model or a run; received a {type(model).__name__}.")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise AenbError(f"`batch_size`: expected a whole number of at least 1; received {batch_size!r}.")
    found = _find(model, layer)
    inputs = [np.asarray(one) for one in x] if isinstance(x, list | tuple) else np.asarray(x)
    n = _count(inputs)
    with _recorded(found) as outputs:
        blocks = [
            _batch(model, found, inputs, slice(begin, begin + batch_size), outputs) for begin in range(0, n, batch_size)
        ]
    return np.concatenate(blocks)


def layers_of(model: Model) -> dict[str, Layer]:
    """Return the layers of a model and its parts, without inputs, by path: "hidden_1", in a part "encoder/hidden_1"."""
    found: dict[str, Layer] = {}
    for layer in model.layers:
        if not isinstance(layer, keras.layers.InputLayer):
            found[layer.name] = layer
        if hasattr(layer, "layers"):
            found |= {f"{layer.name}/{path}": inner for path, inner in layers_of(layer).items()}
    return found


def _find(model: Model, layer: str | Layer) -> Layer:
    """Return a layer of a model, by path, by a name that only one has, or if it is one of the layers."""
    known = layers_of(model)
    if not isinstance(layer, str):
        if any(layer is one for one in known.values()):
            return layer
        name = getattr(layer, "name", type(layer).__name__)
        raise AenbError(f"`layer`: expected a layer of the model `{model.name}`; received `{name}`, which is not one.")
    if layer in known:
        return known[layer]
    paths = [path for path in known if path.rpartition("/")[2] == layer]
    if len(paths) == 1:
        return known[paths[0]]
    if paths:
        raise AenbError(f"`layer`: expected one layer; several are called `{layer}`: {', '.join(paths)}.")
    names = (path.rpartition("/")[2] for path in known)
    raise unknown("layer", layer, known, f" of the model `{model.name}`", also=names)


def _count(inputs: np.ndarray | list[np.ndarray]) -> int:
    """Return how many examples there are."""
    arrays = inputs if isinstance(inputs, list) else [inputs]
    sizes = {array.shape[0] if array.ndim else 0 for array in arrays}
    if len(sizes) != 1 or not min(sizes):
        raise AenbError(
            f"`x`: expected examples, (n, …), at least one, as many in each input; received {sorted(sizes)}."
        )
    return sizes.pop()


@contextlib.contextmanager
def _recorded(layer: Layer) -> Iterator[list[Any]]:
    """Keep the outputs of a layer's calls: its `call` is replaced, and put back."""
    outputs: list[Any] = []
    call = layer.call

    def recorded(*arguments: Any, **keywords: Any) -> Any:
        outputs.append(call(*arguments, **keywords))
        return outputs[-1]

    layer.__dict__["call"] = recorded
    try:
        yield outputs
    finally:
        del layer.__dict__["call"]


def _batch(model: Model, layer: Layer, inputs: Any, here: slice, outputs: list[Any]) -> np.ndarray:
    """Return a layer's output for a batch."""
    outputs.clear()
    batch = [one[here] for one in inputs] if isinstance(inputs, list) else inputs[here]
    try:
        model(batch, training=False)
    except (ValueError, TypeError) as error:
        shapes = [one.shape for one in batch] if isinstance(batch, list) else batch.shape
        reason = str(error).strip().splitlines()[0]
        raise AenbError(f"`x`: expected what the model `{model.name}` takes; received {shapes}. {reason}") from error
    if not outputs:
        raise AenbError(
            f"`layer`: expected a layer that the model `{model.name}` computes when it is called; `{layer.name}` is "
            "not. Give the part that it belongs to as the model, such as model.get_layer(…)."
        )
    if isinstance(outputs[-1], list | tuple | dict):
        raise AenbError(f"`layer`: expected a layer with one output; `{layer.name}` has {len(outputs[-1])}.")
    found = np.asarray(keras.ops.convert_to_numpy(outputs[-1]))
    return found.astype("float32") if found.dtype.kind not in "iub" else found
