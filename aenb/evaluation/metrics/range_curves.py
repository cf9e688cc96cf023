"""VUS: how well scores of time steps find labelled ranges, with a tolerance for where these begin and end.

Paparrizos et al. (2022), "Volume under the surface: a new accuracy evaluation measure for time-series anomaly
detection", PVLDB 15(11). A labelled range is extended on both sides by slopes: a step at the distance d ≤ ℓ/2 from it
counts as √(1 − d/ℓ) of an anomalous one, for each buffer length ℓ = 0, 1, …, L:

    TP = Σₜ wₜ pₜ,   recall = min(1, TP / P′) · (share of ranges found),   P′ = (2 P + Σₜ∉ranges wₜ pₜ) / 2
    precision = TP / Σₜ pₜ,   AP(ℓ) = Σⱼ (recallⱼ − recallⱼ₋₁) precisionⱼ,   VUS-PR = mean over ℓ of AP(ℓ)

with p the steps whose score is at least a threshold, of 250 thresholds at evenly spaced ranks, and P the number of
labelled steps. Ranges whose slopes overlap are found together. This is the definition that TSB-AD measures with (Liu &
Paparrizos 2024, "The elephant in the room", NeurIPS), where L is the window length that its autocorrelation gives.
"""

from __future__ import annotations

import numpy as np

from aenb.core.errors import AenbError

THRESHOLDS = 250


def volume_scores(
    scores: np.ndarray, is_anomaly: np.ndarray, buffer: int, thresholds: int = THRESHOLDS
) -> dict[str, float]:
    """Return `vus_pr` and `vus_roc` of the scores of time steps.

    Args:
        scores: (steps,), finite, higher for anomalous steps.
        is_anomaly: (steps,), bool, with both values.
        buffer: The longest buffer L, in steps, at least 0; with 0, ranges are not extended.
        thresholds: How many thresholds, at least 2.

    Returns:
        Two floats; `vus_pr` is in [0, 1], and at chance level about the share of anomalous steps.

    Raises:
        AenbError: The scores are not finite or of another length, or all steps have the same label.

    Example:
        >>> import numpy as np
        >>> is_anomaly = np.repeat([False, True, False], [50, 10, 40])
        >>> perfect = volume_scores(is_anomaly.astype(float), is_anomaly, buffer=0)
        >>> perfect["vus_pr"]
        1.0
        >>> late = volume_scores(np.roll(is_anomaly, 5).astype(float), is_anomaly, buffer=20)
        >>> bool(0.5 < late["vus_pr"] < 0.9)
        True
    """
    scores, is_anomaly = np.asarray(scores, "float64"), np.asarray(is_anomaly, bool)
    _check(scores, is_anomaly, buffer)
    ranges = labelled_ranges(is_anomaly)
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    levels = ranked[np.linspace(0, len(scores) - 1, thresholds).astype(int)]
    predicted = np.searchsorted(-ranked, -levels, side="right")  # steps with at least this score, by threshold
    inside = np.cumsum(is_anomaly[order])[predicted - 1]
    areas = []
    for length in range(buffer + 1):
        weights = np.cumsum(slopes(is_anomaly, ranges, length)[order])[predicted - 1]
        found = _share_found(scores, merged(ranges, length, len(scores)), levels)
        areas.append(_areas(weights, inside, predicted, found, is_anomaly))
    precision_recall, roc = np.mean(areas, axis=0)
    return {"vus_pr": float(precision_recall), "vus_roc": float(roc)}


def _check(scores: np.ndarray, is_anomaly: np.ndarray, buffer: int) -> None:
    if scores.ndim != 1 or scores.shape != is_anomaly.shape:
        raise AenbError(
            f"`scores`: expected one for each of {is_anomaly.shape} labels; received the shape {scores.shape}."
        )
    if not np.isfinite(scores).all():
        raise AenbError(f"`scores`: expected finite numbers; received {int((~np.isfinite(scores)).sum())} others.")
    if is_anomaly.all() or not is_anomaly.any():
        raise AenbError("`is_anomaly`: expected anomalous and normal steps; received only one kind.")
    if buffer < 0:
        raise AenbError(f"`buffer`: expected at least 0 steps; received {buffer}.")


def labelled_ranges(is_anomaly: np.ndarray) -> np.ndarray:
    """Return the first and the last step of each run of True: (ranges, 2).

    Example:
        >>> import numpy as np
        >>> labelled_ranges(np.array([True, False, True, True])).tolist()
        [[0, 0], [2, 3]]
    """
    padded = np.concatenate([[False], is_anomaly, [False]]).astype("int8")
    edges = np.flatnonzero(np.diff(padded))
    return np.stack([edges[::2], edges[1::2] - 1], axis=1)


def slopes(is_anomaly: np.ndarray, ranges: np.ndarray, length: int) -> np.ndarray:
    """Return how far each step counts as anomalous, (steps,) in [0, 1], with a buffer of some length.

    Example:
        >>> import numpy as np
        >>> labels = np.array([False, False, True, False])
        >>> slopes(labels, labelled_ranges(labels), 2).round(3).tolist()
        [0.0, 0.707, 1.0, 0.707]
    """
    weights = is_anomaly.astype("float64")
    for first, last in ranges:
        after = np.arange(last + 1, min(last + length // 2 + 1, len(weights)))
        weights[after] += np.sqrt(1 - (after - last) / length)
        before = np.arange(max(first - length // 2, 0), first)
        weights[before] += np.sqrt(1 - (first - before) / length)
    return np.minimum(weights, 1.0)


def merged(ranges: np.ndarray, length: int, steps: int) -> np.ndarray:
    """Return ranges with their buffers, those that touch as one: (at most ranges, 2), first and last step."""
    half = length // 2
    starts, ends = ranges[:, 0] - half, ranges[:, 1] + half
    is_apart = ends[:-1] < starts[1:]
    first, last = starts[np.r_[True, is_apart]], ends[np.r_[is_apart, True]]
    return np.stack([np.maximum(first, 0), np.minimum(last, steps - 1)], axis=1)


def _share_found(scores: np.ndarray, extended: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return the share of extended ranges with a step above each threshold: (thresholds,)."""
    peaks = np.sort([scores[first : last + 1].max() for first, last in extended])
    return (len(peaks) - np.searchsorted(peaks, levels, side="left")) / len(peaks)


def _areas(
    weights: np.ndarray, inside: np.ndarray, predicted: np.ndarray, found: np.ndarray, is_anomaly: np.ndarray
) -> tuple[float, float]:
    """Return the areas under the precision-recall and the ROC curve; each argument is (thresholds,) but the last."""
    positives = is_anomaly.sum() + (weights - inside) / 2
    recall = np.minimum(weights / positives, 1.0) * found
    alarms = (predicted - weights) / (len(is_anomaly) - positives)
    precision_recall = np.diff(recall, prepend=0.0) @ (weights / predicted)
    heights = np.concatenate([[0.0], recall, [1.0]])
    roc = np.diff(np.concatenate([[0.0], alarms, [1.0]])) @ ((heights[1:] + heights[:-1]) / 2)
    return float(precision_recall), float(roc)
