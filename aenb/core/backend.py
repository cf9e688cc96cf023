"""Lazy, quiet imports of Keras and TensorFlow: all of aenb imports them from here.

`from aenb.core.backend import keras` costs nothing; the first access to an attribute imports the real package. So help
and hyperparameters of a family can be read without waiting for TensorFlow.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import signal
import sys
import tempfile
import threading
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aenb.core.errors import AenbError

_lock = threading.Lock()
_ready = False


class _Lazy(types.ModuleType):
    """A stand-in for a module, which imports it at the first access to an attribute."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # inspection must not import TensorFlow
            raise AttributeError(name)
        start()
        return getattr(importlib.import_module(self.__name__), name)


if TYPE_CHECKING:
    import keras as keras
    import tensorflow as tf
    from keras import Layer, Model, Variable
    from keras.callbacks import Callback
    from tensorflow import Tensor
else:
    keras, tf = _Lazy("keras"), _Lazy("tensorflow")
    Callback = Layer = Model = Tensor = Variable = Any  # in annotations that are read at run time, such as a family's


def is_loaded() -> bool:
    """Say whether Keras and TensorFlow have been imported through this module."""
    return _ready


def start() -> None:
    """Import TensorFlow and Keras, once, and hide their start-up messages.

    Raises:
        AenbError: Keras runs on a backend other than TensorFlow.
    """
    global _ready
    with _lock:
        if _ready:
            return
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        # TensorFlow's own allocator never returns the peak memory of its tensors; this one is no slower
        os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
        if "keras" not in sys.modules:
            os.environ["KERAS_BACKEND"] = "tensorflow"
        with interrupts_held_back(), _stderr_held_back():
            _import_and_warm_up()
            _ready = True


def _import_and_warm_up() -> None:
    import keras
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow":
        raise AenbError(
            f"Expected Keras on TensorFlow; received Keras on {keras.backend.backend()}. Restart the kernel and "
            "load aenb before Keras, or set KERAS_BACKEND=tensorflow."
        )
    tf.get_logger().setLevel("ERROR")
    # it does not speed up training, and fails, with messages on stderr, if a leaky ReLU follows a convolution
    tf.config.optimizer.set_experimental_options({"remapping": False})
    for gpu in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(RuntimeError):  # TensorFlow is already running: its setting stays
            tf.config.experimental.set_memory_growth(gpu, True)
    tf.function(lambda x: x + 1.0, jit_compile=True)(tf.constant(0.0))  # triggers the first step's messages now


def give_back_memory() -> None:
    """Return freed memory to the system: glibc would keep what XLA's compiler took, 40 to 100 MB per training."""
    with contextlib.suppress(OSError, AttributeError):  # no glibc
        ctypes.CDLL("libc.so.6").malloc_trim(0)


class Interrupts:
    """Records the interrupts that occur in a block, so that one that was raised and lost can be raised again.

    Python only prints an exception that is raised in a finaliser or in a callback from C. If a custom signal handler is
    installed, it is left in place.

    Example:
        >>> with Interrupts() as interrupts:
        ...     interrupts.check()  # between two steps of the work
    """

    def __init__(self) -> None:
        self._came = self._notes = False

    @property
    def came(self) -> bool:
        """Whether one occurred. TensorFlow may turn it into a RuntimeError while it traces a function."""
        return self._came

    def check(self) -> None:
        """Raise an interrupt that occurred but did not end the block.

        Raises:
            KeyboardInterrupt: One occurred.
        """
        if self._came:
            raise KeyboardInterrupt

    def __enter__(self) -> Interrupts:
        is_main = threading.current_thread() is threading.main_thread()
        self._notes = is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._notes:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._notes:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _note(self, *_: object) -> None:
        self._came = True
        raise KeyboardInterrupt


@contextlib.contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Delay an interrupt until the block is done.

    TensorFlow does not survive an interrupted import, and a Keras model that is called mistakes an interrupt for an
    input error, and only warns.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught = []
    before = signal.signal(signal.SIGINT, lambda *_: caught.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _stderr_held_back() -> Iterator[None]:
    """Capture what is written to file descriptor 2, and print it only if the block fails."""
    with tempfile.TemporaryFile() as caught:
        sys.stderr.flush()
        saved = os.dup(2)
        os.dup2(caught.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            caught.seek(0)
            os.write(2, caught.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


@contextlib.contextmanager
def gradients_forgotten() -> Iterator[None]:
    """Remove, at the end of a block, the custom gradients that its graphs have registered.

    TensorFlow registers each custom gradient of a graph under a new name and never removes it; it keeps the graph, its
    constants and its variables, so every `fit` of a process would stay in memory. The graphs of a finished training are
    not differentiated again. If the registry is not of the expected type, nothing is removed.
    """
    start()
    from tensorflow.python.framework import ops

    registry = getattr(ops, "gradient_registry", None)
    entries = getattr(registry, "_registry", None)
    if type(entries) not in (dict, _Noting):
        yield
        return
    registry._registry = noting = _Noting(entries)
    try:
        yield
    finally:
        entries.update({name: entry for name, entry in noting.items() if name not in noting.mine})
        registry._registry = entries


class _Noting(dict):
    """A dict that records which names were set by the thread that created it."""

    def __init__(self, entries: dict):
        super().__init__(entries)
        self.mine: set[str] = set()
        self._thread = threading.get_ident()

    def __setitem__(self, name: str, entry: Any) -> None:
        super().__setitem__(name, entry)
        if threading.get_ident() == self._thread:
            self.mine.add(name)


def mixed_precision(convolves: bool) -> tuple[str, str]:
    """Choose a Keras dtype policy that computes in 16 bits, or "float32" with a note if that is faster on this device.

    On a GPU it is "mixed_float16". On a CPU with bfloat16 matrix units (AMX), "mixed_bfloat16" is faster; with
    bfloat16 vector instructions (AVX-512 BF16) it is faster for convolutions, but not for dense layers.

    Args:
        convolves: Whether the model has convolutions.
    """
    if tf.config.list_physical_devices("GPU"):
        return "mixed_float16", ""
    flags = _cpu_flags()
    if "amx_bf16" in flags or ("avx512_bf16" in flags and convolves):
        return "mixed_bfloat16", ""
    return "float32", "Mixed precision was left out: on this CPU, 32 bits are faster for this model."


def _cpu_flags() -> set[str]:
    """Return the feature flags of this machine's CPU; empty if they are unknown."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            return next((set(line.split()) for line in stream if line.startswith("flags")), set())
    except OSError:  # not Linux
        return set()


def devices() -> list[str]:
    """Name the devices that TensorFlow computes on: each GPU, or "CPU only"."""
    start()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    names = [d.get("device_name", g.name) for d, g in zip(details, gpus, strict=True)]
    return names or [f"CPU only ({os.cpu_count()} cores)"]
