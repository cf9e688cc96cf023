"""Sampling of latent codes, from a prior or a fitted density, to generate samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from aenb.core.errors import AenbError, unknown
from aenb.core.numerics import usual_errors
from aenb.data.scaling import units
from aenb.data.split import spread
from aenb.latent import coding
from aenb.latent.densities import DENSITIES, ENOUGH, draw, fit_density
from aenb.latent.trained_run import TrainedRun
from aenb.models.autoencoder import interface

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

Result = TypeVar("Result")


@usual_errors
def draw_codes(run: TrainedRun, n: int, generator: np.random.Generator, density: str | None) -> np.ndarray:
    """Draw latent codes, to generate samples from.

    Args:
        run: The `Run`.
        n: How many codes.
        generator: The random generator.
        density: As for `Run.generate`.

    Returns:
        (n, *code_shape).

    Raises:
        AenbError: The density is unknown, or the model does not have it.
    """
    if density is None:
        density = "prior" if interface(run.model).sample_prior else "gmm"
    if density not in DENSITIES:
        raise unknown("density", density, DENSITIES)
    if density == "prior":
        return coding.sample_prior(run.model, n, generator)
    return draw(fitted(run, density), n, generator).reshape(n, *coding.code_shape(run.model))


def fitted(run: TrainedRun, density: str) -> GaussianMixture:
    """Return a density over the latent codes of a run, fitted at the first call.

    Raises:
        AenbError: The model has no encoder, or discrete codes.
    """
    return derived(run, density, lambda: fit_density(density, _codes(run, density)))


def derived(run: TrainedRun, name: str, find: Callable[[], Result]) -> Result:
    """Return what is derived from a run's weights, computed at the first call; during training, at each call."""
    keeps = run.keeps()
    if name in run.densities:
        return run.densities[name]
    result = find()
    if keeps:
        run.densities[name] = result
    return result


def training_sample(run: TrainedRun) -> tuple[np.ndarray, np.ndarray | None]:
    """Return training examples to fit a density on, and their labels if the model is conditional."""
    index = spread(len(run.data.train), ENOUGH)
    return units(run.data.train[index]), run.data.y_train[index] if run.is_conditional else None


def _codes(run: TrainedRun, density: str) -> np.ndarray:
    """Return the latent codes of training examples to fit a density on."""
    wrong = f'`density`: expected "prior", since %s; received "{density}".'
    if run.is_generator:
        raise AenbError(wrong % "this model has no encoder")
    x, labels = training_sample(run)
    codes = coding.encode(run.model, x, run.class_numbers(labels))
    if codes.dtype.kind != "f":
        raise AenbError(wrong % "the codes of this model are discrete")
    return codes
