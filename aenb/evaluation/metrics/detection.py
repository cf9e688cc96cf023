"""How well an anomaly score detects anomalies: higher scores are more anomalous."""

from __future__ import annotations

import numpy as np


def anomaly_scores(scores: np.ndarray, is_anomaly: np.ndarray) -> dict[str, float]:
    """Return `anomaly_auc` and `average_precision` of scores, both in [0, 1].

    The first is the probability that an anomaly scores higher than a normal example, with ties counted as half (Hanley
    & McNeil 1982); chance level is 0.5. The second is the area under the precision-recall curve; chance level is the
    share of anomalies.

    Args:
        scores: (n,), higher for anomalous examples: for instance the reconstruction error.
        is_anomaly: (n,), bool, with both values.

    Example:
        >>> import numpy as np
        >>> anomaly_scores(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
        {'anomaly_auc': 0.75, 'average_precision': 0.8333333333333333}
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    return {
        "anomaly_auc": float(roc_auc_score(is_anomaly, scores)),
        "average_precision": float(average_precision_score(is_anomaly, scores)),
    }


def upper_quantile(scores: np.ndarray, rate: float) -> float:
    """Return the threshold above which a new score lies with at most this probability (split conformal prediction).

    Papadopoulos et al. (2002), "Inductive confidence machines for regression", ECML. With fewer than 1/rate − 1 scores
    it is the largest, and the probability is at most 1/(n + 1).

    Args:
        scores: (n,), of normal examples that were not trained on; those that are not finite are ignored.
        rate: The probability, in (0, 1).

    Example:
        >>> import numpy as np
        >>> upper_quantile(np.arange(1, 20), 0.1)
        18.0
    """
    scores = scores[np.isfinite(scores)]
    place = min(len(scores), int(np.ceil((len(scores) + 1) * (1 - rate))))
    return float(np.sort(scores)[place - 1])
