"""Sampling of latent codes, from a prior or a fitted density, to generate samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from aenb.core.errors import AenbError, unknown
from aenb.core.numerics import usual_errors
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.latent import coding
from aenb.latent.densities import DENSITIES, ENOUGH, draw, fit_density
from aenb.latent.flow import STEPS, Flow, fit_flow
from aenb.latent.trained_run import TrainedRun
from aenb.models.autoencoder import interface

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

MAX_CLASSES = 100  # of which a flow learns each
Result = TypeVar("Result")


@usual_errors
def draw_codes(
    run: TrainedRun,
    n: int,
    generator: np.random.Generator,
    density: str,
    classes: np.ndarray | None = None,
    guidance: float | None = None,
) -> np.ndarray:
    """Draw latent codes, to generate samples from.

    Args:
        run: The `Run`.
        n: How many codes.
        generator: The random generator.
        density: One of `DENSITIES`.
        classes: (n,), the class number of each code, for a flow that was fitted with classes; None: any.
        guidance: As for `Run.generate`.

    Returns:
        (n, *code_shape).

    Raises:
        AenbError: The density is unknown, or the model does not have it.
    """
    if density not in DENSITIES:
        raise unknown("density", density, DENSITIES)
    if density == "prior":
        return coding.sample_prior(run.model, n, generator)
    if density == "flow":
        flow = fitted_flow(run)
        codes = flow.draw(n, generator, classes if len(flow.shares) else None, guidance or 0.0)
    else:
        codes = draw(fitted(run, density), n, generator)
    return codes.reshape(n, *coding.code_shape(run.model))


def default_density(run: TrainedRun) -> str:
    """Return the density that samples are drawn from: a fitted flow, else the model's prior, else a mixture."""
    if run.keeps() and "flow" in run.densities:
        return "flow"
    return "prior" if interface(run.model).sample_prior else "gmm"


def samples(
    run: TrainedRun,
    n: int,
    seed: int = 0,
    density: str | None = None,
    labels: np.ndarray | None = None,
    guidance: float | None = None,
) -> np.ndarray:
    """Generate samples in the model's units, those of a mixed table too: see `Run.generate`.

    In a mixed table, levels and counts are drawn from their distributions given the code, and so are numbers if the
    model has learnt their variances. So a category is one of its levels, not its probabilities.

    Args:
        run: The `Run`.
        n: How many.
        seed: Of the draw.
        density: As for `Run.generate`.
        labels: As for `Run.generate`.
        guidance: As for `Run.generate`.

    Returns:
        (n, *input_shape), float32; tokens are int32.
    """
    density = default_density(run) if density is None else density
    numbers = _wanted_classes(run, n, labels, density == "flow")
    generator = np.random.default_rng(seed)
    with run.turns:
        drawn = coding.guided(run.model, n, generator, numbers, guidance) if density == "prior" else None
        if drawn is None:
            codes = draw_codes(run, n, generator, density, numbers, guidance)
            drawn = coding.decode(run.model, codes, numbers if run.is_conditional else None)
    if not run.preprocessing.columns:
        return drawn
    rows = run.preprocessing.to_frame(drawn, draw=generator, noise=_noise(run))
    return run.preprocessing.from_raw(rows)


def decoded(run: TrainedRun, z: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Decode latent codes to the model's units: see `Run.decode`."""
    with run.turns:
        return coding.decode(run.model, z, run.class_numbers(labels))


def _wanted_classes(run: TrainedRun, n: int, labels: np.ndarray | None, from_flow: bool) -> np.ndarray | None:
    """Return the numbers of the classes to generate: for a conditional model all in turn unless labels are given.

    Without labels they are None for any other model.
    """
    if not run.is_conditional and not from_flow and labels is not None:
        raise AenbError(
            '`labels`: expected a conditional model, or density="flow"; this one was trained with conditional=False.'
        )
    if labels is None:
        return np.arange(n) % interface(run.model).num_classes if run.is_conditional else None
    if np.ndim(labels) and len(labels) != n:
        raise AenbError(f"`labels`: expected one, or {n}; received {len(labels)}.")
    return run.preprocessing.class_numbers(np.broadcast_to(np.asarray(labels), (n,)))


def _noise(run: TrainedRun) -> np.ndarray | None:
    """Return the standard deviation of each value given its mean, (features,), if the model has learnt them."""
    log_var = interface(run.model).own.get("log_var")
    if log_var is None:
        return None
    return np.exp(np.asarray(log_var, "float64") / 2) * np.ones(coding.item_shape(run.model))


def fitted(run: TrainedRun, density: str) -> GaussianMixture:
    """Return a mixture over the latent codes of a run, fitted at the first call.

    Raises:
        AenbError: The model has no encoder, or discrete codes.
    """
    return derived(run, density, lambda: fit_density(density, _codes(run, density, *training_sample(run))))


def fitted_flow(
    run: TrainedRun,
    steps: int = STEPS,
    seed: int = 0,
    progress: Callable[[float, dict[str, float]], object] = lambda part, logs: None,
) -> Flow:
    """Return the flow over the latent codes of a run, fitted on all training examples at the first call.

    Args:
        run: The `Run`.
        steps: As for `fit_flow`.
        seed: As for `fit_flow`.
        progress: As for `fit_flow`.

    Raises:
        AenbError: The model has no encoder, or discrete codes.
    """
    return derived(run, "flow", lambda: _fit_flow(run, steps, seed, progress))


def derived(run: TrainedRun, name: str, find: Callable[[], Result]) -> Result:
    """Return what is derived from a run's weights, computed at the first call; during training, at each call."""
    keeps = run.keeps()
    if name in run.densities:
        return run.densities[name]
    result = find()
    if keeps:
        run.densities[name] = result
    return result


def _fit_flow(run: TrainedRun, steps: int, seed: int, progress: Callable[[float, dict[str, float]], object]) -> Flow:
    data, n = run.data, len(run.data.train)
    given = data.y_train if run.is_conditional else None
    blocks = [slice(begin, begin + ENOUGH) for begin in range(0, n, ENOUGH)]
    codes = [_codes(run, "flow", units(data.train[b]), None if given is None else given[b]) for b in blocks]
    classes = len(data.classes) if 1 < len(data.classes) <= MAX_CLASSES else 0
    numbers = data.class_numbers(data.y_train) if classes else None
    whole = np.concatenate(codes).reshape(n, -1)
    return fit_flow(whole, numbers, classes=classes, steps=steps, seed=seed, progress=progress)


def training_sample(run: TrainedRun) -> tuple[np.ndarray, np.ndarray | None]:
    """Return training examples to fit a density on, and their labels if the model is conditional."""
    index = spread(len(run.data.train), ENOUGH)
    return units(run.data.train[index]), run.data.y_train[index] if run.is_conditional else None


def _codes(run: TrainedRun, density: str, x: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """Return the latent codes of training examples to fit a density on."""
    wrong = f'`density`: expected "prior", since %s; received "{density}".'
    if run.is_generator:
        raise AenbError(wrong % "this model has no encoder")
    codes = coding.encode(run.model, x, run.class_numbers(labels))
    if codes.dtype.kind != "f":
        raise AenbError(wrong % "the codes of this model are discrete")
    return codes
