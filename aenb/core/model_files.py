"""Untrusted Keras models: checked before Keras reads them.

Keras imports the module that a configuration names, builds layers of any size that it declares, and may raise any
exception. Here a class must be one of Keras's own modelling classes, or registered in this process
(`keras.saving.register_keras_serializable`); no module is imported because a file names it. Weights must not be larger
than those in the file. Anything else is an `AenbError`.
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

from aenb.core.backend import Layer, Model, Variable, keras
from aenb.core.errors import AenbError
from aenb.core.files import members, named, reason, regular, size
from aenb.core.json_files import parse_json

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
KNOWN = {CONFIG, WEIGHTS, "metadata.json"}
PARTS = {  # of Keras: the modules that models are made of
    "activations", "constraints", "dtype_policies", "initializers", "layers", "losses", "metrics", "models", "ops",
    "optimizers", "quantizers", "random", "regularizers",
}  # fmt: skip
REFUSED = {  # layers that run code or read files named in the configuration
    "FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper", "__lambda__", "__typespec__",
}  # fmt: skip
MAX_DEPTH = 200  # levels of a configuration
MAX_ELEMENTS = 2**27  # numbers of a shape in a configuration
RATIO, EXTRA = 4, 2**24  # limit for the built weights: this multiple of the file's, plus these bytes

_one_at_a_time = threading.RLock()


def load_model(path: Path, *, compile: bool = True) -> Model:
    """Load a Keras model from a `.keras` file.

    Args:
        path: The file.
        compile: Whether to compile it as it was.

    Raises:
        AenbError: It is not such a file, names an unknown class, or cannot be built.
    """
    what = "a Keras model"
    with regular(path, what) as stream, zipfile.ZipFile(stream) as archive:
        names = {member.filename for member in members(archive, size(stream))}
        if odd := sorted(name for name in names - KNOWN if not re.fullmatch(r"assets/[\w/ -]+(\.\w+)*", name)):
            raise ValueError(f"an unknown member: {named(odd[0])}")
        if not {CONFIG, WEIGHTS} <= names:
            raise ValueError(f"no {CONFIG}, or no {WEIGHTS}")
        check_config(parse_json(archive.read(CONFIG), MAX_DEPTH))
        weights = archive.read(WEIGHTS)
        _check_weights(weights)
        max_bytes = RATIO * len(weights) + EXTRA
        del weights
    with regular(path, what), bounded_weights(max_bytes), warnings.catch_warnings():
        # tied weights are one variable in training, but two in the file
        warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
        return keras.models.load_model(path, compile=compile)  # in safe mode: no code is loaded


def check_config(config: Any) -> None:
    """Check that a configuration names only classes and functions that are Keras's own, or registered.

    Args:
        config: Plain values.

    Raises:
        ValueError: It names others.
    """
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                _check_name(value)
            for key, part in value.items():
                if "shape" in key and isinstance(part, list):
                    _check_shape(part)
                if key == "vocabulary" and isinstance(part, str):
                    raise ValueError("a vocabulary in a file")
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _check_name(value: dict[str, Any]) -> None:
    kind, module = value["class_name"], value.get("module")
    name = value.get("config") if kind == "function" else kind
    if not isinstance(name, str) or not isinstance(module, (str, type(None))):
        raise ValueError("a class without a name")
    if name in REFUSED and kind != "function":
        raise ValueError(f"{name}, which can run code")
    if _is_registered(name if kind == "function" else value.get("registered_name", kind)):
        return
    words = "an object that is neither Keras's nor registered with keras.saving.register_keras_serializable"
    if not re.fullmatch(r"\w+", name) or not _is_of_keras(module, kind):
        raise ValueError(f"{words}: {named(f'{module}.{name}')}")


def _is_registered(name: object) -> bool:
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
    if len(sides) == len(shape) - shape.count(None) and abs(math.prod(sides)) > MAX_ELEMENTS:
        raise ValueError(f"a shape of more than {MAX_ELEMENTS:,} numbers")


def _check_weights(content: bytes) -> None:
    """Check that a weights file holds only plain arrays, stored in the file itself, that fit its size."""
    import h5py

    with h5py.File(io.BytesIO(content), "r") as file:
        waiting, total, seen = [file], 0, set()
        while waiting:
            group = waiting.pop()
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ValueError("weights in another file, or linked")
                part = group[name]
                if (address := h5py.h5o.get_info(part.id).addr) in seen:
                    raise ValueError("weights that are linked")
                seen.add(address)
                if isinstance(part, h5py.Group):
                    waiting.append(part)
                    continue
                total += math.prod(part.shape or ()) * part.dtype.itemsize
                if part.external or part.is_virtual or part.dtype.hasobject or total > len(content):
                    raise ValueError("weights that are not in the file")


@contextlib.contextmanager
def bounded_weights(max_bytes: int) -> Iterator[None]:
    """Refuse to build layers whose weights take more than `max_bytes`, before memory is allocated.

    It applies to the layers that this thread builds in the block.

    Raises:
        AenbError: The weights would take more.
    """
    with _one_at_a_time:
        before = keras.layers.Layer.add_weight
        thread, taken = threading.get_ident(), 0

        def add_weight(layer: Layer, shape: Any = None, *arguments: Any, **keywords: Any) -> Variable:
            nonlocal taken
            if threading.get_ident() == thread and shape is not None:
                sides = (shape,) if isinstance(shape, int) else tuple(shape)
                taken += 4 * math.prod(int(side) for side in sides)
                if taken > max_bytes:
                    raise AenbError(
                        f"`{named(layer.name)}`: expected weights that take at most {max_bytes / 2**20:,.0f} MB; "
                        f"received a layer whose weights have the shape {sides}."
                    )
            return before(layer, shape, *arguments, **keywords)

        keras.layers.Layer.add_weight = add_weight
        try:
            yield
        finally:
            keras.layers.Layer.add_weight = before


def model_from_config(config: Any) -> Model:
    """Build a Keras model, with new weights, from its configuration in plain values.

    Raises:
        ValueError: It is not a configuration, or names an unknown class.
    """
    check_config(config)
    try:
        return keras.saving.deserialize_keras_object(config)
    except AenbError:
        raise
    except Exception as error:  # an untrusted configuration may raise anything
        raise ValueError(reason(error)) from error
