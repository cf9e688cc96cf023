"""Keras models that anyone may have written: looked at before Keras reads them.

Keras looks for a class by importing the module that a configuration names, builds every layer of the size that it
names, and raises whatever comes of that. Here a name is either Keras's own, of a part of it that makes models, or one
that is registered in this process (`keras.saving.register_keras_serializable`); nothing is imported for a file's sake.
Weights are not built larger than those that the file has. All else is an `AenbError`.
"""

from __future__ import annotations

import contextlib
import io
import math
import re
import threading
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aenb.core.backend import keras
from aenb.core.errors import AenbError
from aenb.core.files import members, named, parse_json, reason, regular, size

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
KNOWN = {CONFIG, WEIGHTS, "metadata.json"}
PARTS = {  # of Keras: those that a model is made of
    "activations", "constraints", "dtype_policies", "initializers", "layers", "losses", "metrics", "models", "ops",
    "optimizers", "quantizers", "random", "regularizers",
}  # fmt: skip
REFUSED = {  # layers that run code, or read files, that a configuration names
    "FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper", "__lambda__", "__typespec__",
}  # fmt: skip
DEEP = 200  # levels of a configuration
LARGEST_ITEM = 2**27  # numbers of the shapes that a configuration names
TIMES, ROOM = 4, 2**24  # how much larger than its file what is built may be, and bytes besides

_one_at_a_time = threading.RLock()


def load_model(path: Path, *, compile: bool = True) -> Any:
    """Load a Keras model from a `.keras` file.

    Args:
        path: The file.
        compile: Whether to compile it as it was.

    Raises:
        AenbError: It is not such a file, names what is not known here, or can't be built.
    """
    what = "a Keras model"
    with regular(path, what) as stream, zipfile.ZipFile(stream) as archive:
        found = {member.filename for member in members(archive, size(stream))}
        if odd := sorted(name for name in found - KNOWN if not re.fullmatch(r"assets/[\w/ -]+(\.\w+)*", name)):
            raise ValueError(f"a member that is none of its: {named(odd[0])}")
        if not {CONFIG, WEIGHTS} <= found:
            raise ValueError(f"no {CONFIG}, or no {WEIGHTS}")
        check_config(parse_json(archive.read(CONFIG), DEEP))
        weights = archive.read(WEIGHTS)
        _check_weights(weights)
        most = TIMES * len(weights) + ROOM
        del weights
    with regular(path, what), bounded_weights(most), warnings.catch_warnings():
        # tied weights are one variable in training, and two in the file
        warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
        return keras.models.load_model(path, compile=compile)  # in safe mode: no code is loaded


def check_config(config: Any) -> None:
    """See that a configuration names nothing but what is Keras's own, or registered.

    Args:
        config: Plain values.

    Raises:
        ValueError: It does not.
    """
    below = [config]
    while below:
        value = below.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                _check_name(value)
            for key, part in value.items():
                if "shape" in key and isinstance(part, list):
                    _check_shape(part)
                if key == "vocabulary" and isinstance(part, str):
                    raise ValueError("a vocabulary in a file")
            below += value.values()
        elif isinstance(value, list):
            below += value


def _check_name(value: dict[str, Any]) -> None:
    kind, module = value["class_name"], value.get("module")
    name = value.get("config") if kind == "function" else kind
    if not isinstance(name, str) or not isinstance(module, (str, type(None))):
        raise ValueError("a class without a name")
    if name in REFUSED and kind != "function":
        raise ValueError(f"{name}, which can run code")
    if _is_registered(name if kind == "function" else value.get("registered_name", kind)):
        return
    words = "an object that is not of Keras, nor registered with keras.saving.register_keras_serializable"
    if not re.fullmatch(r"\w+", name) or not _is_of_keras(module, kind):
        raise ValueError(f"{words}: {named(f'{module}.{name}')}")


def _is_registered(name: Any) -> bool:
    return isinstance(name, str) and keras.saving.get_registered_object(name) is not None


def _is_of_keras(module: str | None, kind: str) -> bool:
    if module is None or (module == "builtins" and kind == "function"):
        return True
    first, *inner = module.split(".")
    if inner[:1] == ["src"]:
        inner = inner[1:]
    return first == "keras" and (not inner or inner[0] in PARTS)


def _check_shape(shape: list[Any]) -> None:
    sides = [side for side in shape if isinstance(side, int)]
    if len(sides) == len(shape) - shape.count(None) and abs(math.prod(sides)) > LARGEST_ITEM:
        raise ValueError(f"a shape of more than {LARGEST_ITEM:,} numbers")


def _check_weights(content: bytes) -> None:
    """See that a file of weights holds plain arrays that are in it, and no more than it has bytes."""
    import h5py

    with h5py.File(io.BytesIO(content), "r") as file:
        left, whole, seen = [file], 0, set()
        while left:
            group = left.pop()
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ValueError("weights in another file, or linked")
                part = group[name]
                if (address := h5py.h5o.get_info(part.id).addr) in seen:
                    raise ValueError("weights that are linked")
                seen.add(address)
                if isinstance(part, h5py.Group):
                    left.append(part)
                    continue
                whole += math.prod(part.shape or ()) * part.dtype.itemsize
                if part.external or part.is_virtual or part.dtype.hasobject or whole > len(content):
                    raise ValueError("weights that are not in the file")


@contextlib.contextmanager
def bounded_weights(most: int) -> Iterator[None]:
    """Refuse to build layers whose weights take more bytes than that, before memory is taken for them.

    It holds for what this thread builds in the block.

    Raises:
        AenbError: They would.
    """
    with _one_at_a_time:
        before = keras.layers.Layer.add_weight
        thread, taken = threading.get_ident(), 0

        def add_weight(layer: Any, shape: Any = None, *arguments: Any, **keywords: Any) -> Any:
            nonlocal taken
            if threading.get_ident() == thread and shape is not None:
                sides = (shape,) if isinstance(shape, int) else tuple(shape)
                taken += 4 * math.prod(int(side) for side in sides)
                if taken > most:
                    raise AenbError(
                        f"`{named(layer.name)}`: expected weights that take at most {most / 2**20:,.0f} MB; received a "
                        f"layer whose weights have the shape {sides}."
                    )
            return before(layer, shape, *arguments, **keywords)

        keras.layers.Layer.add_weight = add_weight
        try:
            yield
        finally:
            keras.layers.Layer.add_weight = before


def model_from_config(config: Any) -> Any:
    """Build a Keras model, without weights of its own, from its configuration in plain values.

    Raises:
        ValueError: It is none, or names what is not known here.
    """
    check_config(config)
    try:
        return keras.saving.deserialize_keras_object(config)
    except AenbError:
        raise
    except Exception as error:  # whatever comes of a configuration that anyone may have written
        raise ValueError(reason(error)) from error
