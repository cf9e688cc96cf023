"""What was fitted to a run's training examples, as arrays, so that a saved run works without its data.

These are the densities of its latent codes, the noise variance of its reconstructions, the anomaly scores of held-out
examples, and the mean example.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from aenb.core.backend import Model
from aenb.core.errors import AenbError
from aenb.evaluation.scorers.anomaly import held_out_scores, noise
from aenb.latent import coding, flow
from aenb.latent.densities import PARAMETERS, from_parameters, parameters
from aenb.latent.sampling import fitted
from aenb.latent.trained_run import TrainedRun

KINDS = ("gmm", "gaussian")
MAX_DIMENSIONS = 1024  # of a code for which densities are fitted in order to save them


def to_arrays(run: TrainedRun) -> dict[str, np.ndarray]:
    """Fit what a run needs once its data is no longer at hand.

    Args:
        run: The `Run`. What it does not have, such as densities of discrete codes, is left out, and so is what needs
            its data if that is not at hand.

    Returns:
        Arrays by name: "mean", "noise", "held_out_scores", and the parameters of each density, such as "gmm.means";
        "flow.root" if a flow was fitted.
    """
    arrays: dict[str, np.ndarray] = {}
    with contextlib.suppress(AenbError):
        arrays |= {"mean": run.mean} if run.preprocessing.kind != "text" else {}
    for kind in KINDS:
        with contextlib.suppress(ValueError):  # scikit-learn's: too few codes, or not finite
            if kind in run.densities or run.latent_dim <= MAX_DIMENSIONS:
                arrays |= {f"{kind}.{name}": array for name, array in parameters(fitted(run, kind)).items()}
    if "flow" in run.densities:
        arrays |= {f"flow.{name}": array for name, array in run.densities["flow"].arrays().items()}
    if "gmm.means" in arrays and run.preprocessing.kind != "text":
        with contextlib.suppress(ValueError):
            arrays["noise"] = np.array(noise(run))
    if "held_out_scores" in run.densities or not run.is_generator:
        with contextlib.suppress(AenbError):
            arrays["held_out_scores"] = held_out_scores(run)
    return arrays


def from_arrays(arrays: Mapping[str, np.ndarray], model: Model) -> tuple[dict[str, Any], np.ndarray | None]:
    """Read what `to_arrays` returned.

    Returns:
        The dict for `Run.densities`, and the mean example or None.

    Raises:
        AenbError: An array has another name, shape or type.
    """
    arrays = dict(arrays)
    densities: dict[str, Any] = {}
    mean = arrays.pop("mean", None)
    if mean is not None:
        _expect("mean", mean, coding.item_shape(model))
        mean = mean.astype("float32")
    if "noise" in arrays:
        _expect("noise", arrays["noise"], ())
        densities["noise"] = float(arrays.pop("noise"))
    if "held_out_scores" in arrays:
        _expect("held_out_scores", arrays["held_out_scores"], arrays["held_out_scores"].shape[:1])
        densities["held_out_scores"] = np.sort(arrays.pop("held_out_scores"))
    for kind in KINDS:
        own = {name: arrays.pop(f"{kind}.{name}") for name in PARAMETERS if f"{kind}.{name}" in arrays}
        if own:
            densities[kind] = from_parameters(own, int(np.prod(coding.code_shape(model))))
    names = [name.removeprefix("flow.") for name in arrays if name.startswith("flow.")]
    if names:
        own = {name: arrays.pop(f"flow.{name}") for name in names}
        densities["flow"] = flow.from_arrays(own, int(np.prod(coding.code_shape(model))))
    if arrays:
        raise AenbError(f"What was fitted: expected no other arrays; received {', '.join(sorted(arrays))[:100]!r}.")
    return densities, mean


def _expect(name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    if array.dtype.kind != "f" or array.shape != shape or not np.isfinite(array).all():
        raise AenbError(
            f"What was fitted: expected finite {name} of the shape {shape}; received {array.shape}, {array.dtype}."
        )
