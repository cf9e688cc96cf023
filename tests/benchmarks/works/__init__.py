"""What is trained: one entry a work, with a builder for each tool that can do it; and on which images.

To add a work, add an entry. A tool whose builder is left out does not take part in that work. Each builder is called
without arguments, in a process of its own, and imports its tool itself. `make(images)` is what a model makes of images
(n, 28, 28, 1) that are not trained on, or beside them from noise: what it is scored by.

* family: → a family of aenb's and its settings; `Work.keras` builds a compiled Keras model of them.
* keras_make: (model, images) → what it makes; its predictions unless told otherwise.
* torch: → (step, loss, make); `step(x)` trains on a batch, `loss(x)` is its loss.
* jax: → (state, step, loss, make); `step(state, x)` → (state, loss), `loss(state, x)`, `make(state, x)`.
* pythae: → a pythae model.
* sklearn: → a scikit-learn estimator with `partial_fit`.
* products: → the matrix products of a step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tests.benchmarks.works import conv_vae, dense, dense_vae, gan, patches
from tests.benchmarks.works.scores import nearest, squared_error

BATCH, VALIDATION_BATCH = 256, 1024
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
    family: Callable
    products: Callable
    torch: Callable | None = None
    jax: Callable | None = None
    pythae: Callable | None = None
    sklearn: Callable | None = None
    keras_make: Callable = predictions
    score: Callable = squared_error  # (what was made, images) → the error that training is to lower
    xla: bool = True  # whether a loop of steps is worth compiling by XLA on a CPU: not where it convolves

    def keras(self):
        """Build a compiled Keras model."""
        import aenb
        from aenb.models.autoencoder import interface

        name, settings = self.family()
        rate = settings.pop("learning_rate", None)
        model = aenb.build_model(name, (28, 28, 1), **settings)
        if rate is not None:
            interface(model).set_learning_rate(rate)
        return model


def training_images(data) -> int:
    """Return how many images are trained on: the others are validated on."""
    from aenb.training.session import validation_size

    return len(data.train) - validation_size(data)


def split(data) -> tuple[np.ndarray, np.ndarray]:
    """Return the images to train on and those to validate on, as `aenb.train` divides them: float32 in [0, 1]."""
    from aenb.data.split import hold_out
    from aenb.data.values.scaling import units
    from aenb.training.session import validation_size

    return tuple(units(data.train[index]) for index in hold_out(len(data.train), validation_size(data)))


def written(widths: tuple[int, ...]) -> str:
    return "-".join(map(str, widths))


WORKS = {
    "A": Work(
        f"dense autoencoder {written(DENSE)}",
        family=partial(dense.family, DENSE[1 : LINEAR + 1], DENSE[LINEAR + 1]),
        products=partial(dense.products, BATCH, DENSE),
        torch=partial(dense.torch, DENSE, LINEAR),
        jax=partial(dense.jax, DENSE, LINEAR),
        pythae=partial(dense.pythae, DENSE, LINEAR),
        sklearn=partial(dense.sklearn, DENSE, LINEAR),
    ),
    "B": Work(
        f"dense VAE {written(VAE)}",
        family=partial(dense_vae.family, VAE),
        products=partial(dense_vae.products, BATCH, VAE),
        torch=partial(dense_vae.torch, VAE),
        jax=partial(dense_vae.jax, VAE),
        pythae=partial(dense_vae.pythae, VAE),
    ),
    "C": Work(
        "convolutional VAE, 32 and 64 filters of 3×3, code 32",
        family=conv_vae.family,
        products=partial(conv_vae.products, BATCH),
        torch=conv_vae.torch,
        jax=conv_vae.jax,
        xla=False,
    ),
    "D": Work(
        "transformer over 16 patches, width 64, 2 + 2 blocks, code 32",
        family=patches.family,
        products=partial(patches.products, BATCH),
        torch=patches.torch,
    ),
    "D-MAE": Work(
        "the same as a masked autoencoder, 4 of 16 patches visible",
        family=partial(patches.family, MASKED),
        products=partial(patches.products, BATCH, MASKED),
        torch=partial(patches.torch, MASKED),
    ),
    "E": Work(
        "convolutional LSGAN, 32 and 64 filters of 4×4, code 64; Adam 2e-4, β₁ 0.5",
        family=gan.family,
        keras_make=gan.keras_make,
        products=partial(gan.products, BATCH),
        torch=gan.torch,
        score=nearest,
        xla=False,
    ),
}
