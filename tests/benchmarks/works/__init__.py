"""What is trained: one entry a work, with a builder for each tool that can do it.

To add a work, add an entry. A tool whose builder is left out does not take part in that work. Each builder is called
without arguments, in a process of its own, and imports its tool itself. `make(images)` is what a model makes of images
(n, 28, 28, 1) that are not trained on, or beside them from noise: what it is scored by.

* keras: → a compiled Keras model, trained by its `train_step`.
* keras_make: (model, images) → what it makes; its predictions unless told otherwise.
* torch: → (step, make); `step(x)` trains on a batch.
* jax: → (state, step, make); `step(state, x)` → (state, loss), `make(state, x)`.
* pythae: → a pythae model.
* sklearn: → a scikit-learn estimator with `partial_fit`.
* products: → the matrix products of a step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.benchmarks.works import conv_vae, dense, dense_vae, gan, patches
from tests.benchmarks.works.scores import nearest, squared_error

BATCH = 256
DENSE, LINEAR = (784, 64, 32, 32, 32, 64, 784), 2
VAE = (784, 512, 256, 16)
MASKED = 0.75


def predictions(model, images):
    """Return what a Keras model makes of images, in one batch."""
    return model.predict(images, batch_size=len(images), verbose=0)


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
    keras_make: Callable = predictions
    score: Callable = squared_error  # (what was made, images) → the error that training is to lower
    xla: bool = True  # whether a loop of steps is worth compiling by XLA on a CPU: not where it convolves


def written(widths: tuple[int, ...]) -> str:
    return "-".join(map(str, widths))


WORKS = {
    "A": Work(
        f"dense autoencoder {written(DENSE)}",
        keras=partial(dense.keras, DENSE[1 : LINEAR + 1], DENSE[LINEAR + 1]),
        products=partial(dense.products, BATCH, DENSE),
        torch=partial(dense.torch, DENSE, LINEAR),
        jax=partial(dense.jax, DENSE, LINEAR),
        pythae=partial(dense.pythae, DENSE, LINEAR),
        sklearn=partial(dense.sklearn, DENSE, LINEAR),
    ),
    "B": Work(
        f"dense VAE {written(VAE)}",
        keras=partial(dense_vae.keras, VAE),
        products=partial(dense_vae.products, BATCH, VAE),
        torch=partial(dense_vae.torch, VAE),
        jax=partial(dense_vae.jax, VAE),
        pythae=partial(dense_vae.pythae, VAE),
    ),
    "C": Work(
        "convolutional VAE, 32 and 64 filters of 3×3, code 32",
        keras=conv_vae.keras,
        products=partial(conv_vae.products, BATCH),
        torch=conv_vae.torch,
        jax=conv_vae.jax,
        xla=False,
    ),
    "D": Work(
        "transformer over 16 patches, width 64, 2 + 2 blocks, code 32",
        keras=patches.keras,
        products=partial(patches.products, BATCH),
        torch=patches.torch,
    ),
    "D-MAE": Work(
        "the same as a masked autoencoder, 4 of 16 patches visible",
        keras=partial(patches.keras, MASKED),
        products=partial(patches.products, BATCH, MASKED),
        torch=partial(patches.torch, MASKED),
    ),
    "E": Work(
        "convolutional LSGAN, 32 and 64 filters of 4×4, code 64; Adam 2e-4, β₁ 0.5",
        keras=gan.keras,
        keras_make=gan.keras_make,
        products=partial(gan.products, BATCH),
        torch=gan.torch,
        score=nearest,
        xla=False,
    ),
}
