"""What is trained: one entry a work, with a builder for each tool that can do it.

To add a work, add an entry. A tool whose builder is left out does not take part in that work. Each builder is called
without arguments, in a process of its own, and imports its tool itself:

* keras: → a compiled Keras model from images (n, 28, 28, 1) to their reconstructions, trained by its `train_step`.
* torch: → (model, step); `step(x)` trains on a batch, `model(x)` reconstructs.
* jax: → (state, step, reconstruct); `step(state, x)` → (state, loss), `reconstruct(state, x)`.
* pythae: → a pythae model.
* sklearn: → a scikit-learn estimator with `partial_fit`.
* products: → the matrix products of one step's forward pass, each (rows, inner, columns).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.benchmarks.works import conv, dense

BATCH = 256


@dataclass(frozen=True)
class Work:
    """A model to train, as each tool builds it."""

    title: str
    keras: Callable
    products: Callable
    torch: Callable | None = None
    jax: Callable | None = None
    pythae: Callable | None = None
    sklearn: Callable | None = None
    xla: bool = True  # whether a loop of steps is worth compiling by XLA on a CPU: not where it convolves


def _dense(hidden: tuple[int, ...], code: int, **more: Callable) -> Work:
    widths = (784, *hidden, code, *hidden[::-1], 784)
    layers = {"widths": widths, "linear": len(hidden)}
    return Work(
        f"dense autoencoder {'-'.join(map(str, widths))}",
        keras=partial(dense.keras, hidden, code),
        products=partial(dense.products, BATCH, widths),
        torch=partial(dense.torch, **layers),
        jax=partial(dense.jax, **layers),
        **{tool: partial(builder, **layers) for tool, builder in more.items()},
    )


WORKS = {
    "A": _dense((64, 32), 32, pythae=dense.pythae, sklearn=dense.sklearn),
    "B-size": _dense((512, 256), 16),
    "C-size": Work(
        "convolutional autoencoder, 32 and 64 filters of 3×3, code 32",
        keras=conv.keras,
        products=partial(conv.products, BATCH),
        torch=conv.torch,
        jax=conv.jax,
        xla=False,
    ),
}
