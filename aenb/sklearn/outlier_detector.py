"""AutoencoderOutlierDetector: finds anomalies in tables, trained on rows that may contain some."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from aenb.core.backend import Model
from aenb.core.errors import AenbError
from aenb.data.values.numeric import is_frame
from aenb.engine.dense_training import Settings
from aenb.evaluation.metrics.detection import upper_quantile
from aenb.models.architecture.dense_ensemble import Sizes
from aenb.sklearn.calibration import column_weights, halves
from aenb.sklearn.fitted_ensemble import fit_ensemble, random_generator

if TYPE_CHECKING:
    from pandas import DataFrame

HIDDEN = 64
LEAST_SCALE = 1e-3  # of a column's errors, in standard deviations of the column: a constant column has none


class AutoencoderOutlierDetector(OutlierMixin, BaseEstimator):
    """Anomaly detector: an ensemble of autoencoders, made for training rows that contain anomalies themselves.

    Each member is trained on a random half of the rows. In each step, the rows of the batch with the largest errors are
    left out of the loss, so that the members do not learn to reconstruct anomalies. The anomaly score is a
    heavy-tailed negative log-likelihood of the errors, averaged over the members m:

        score(x) = meanₘ Σⱼ log(1 + (xⱼ − x̂ₘⱼ)² / sₘⱼ²),    sₘⱼ: standard deviation of the errors of column j

    It grows slowly with a single large error, so that many unusual values count for more than one, and it is a sum over
    the columns: `explain` returns the terms. The ideas are those of Chen, Sathe, Aggarwal & Turaga (2017), "Outlier
    detection with autoencoder ensembles", SDM, and of least trimmed squares (Rousseeuw 1984, JASA 79).

    A few known anomalies, marked in `fit`, give the columns weights wⱼ in the sum: the larger, the more the terms of
    known anomalies exceed those of held-out rows. The fewer are known, the closer are the weights to 1.

    The threshold comes from held-out rows: each row is scored by the half of the members that were not trained on it,
    and `false_alarm_rate` of the rows score above the threshold. If the training rows are clean, this is the rate of
    false alarms on new rows; if they contain anomalies, there are fewer false alarms.

    Args:
        latent_dim: Dimensions of a latent code; None: the square root of the number of columns.
        members: How many autoencoders; they come in pairs, so an odd number counts as one less.
        trim: The share of each batch that is left out of the loss, in [0, 1).
        steps: Optimiser steps.
        false_alarm_rate: The share of held-out training rows above the threshold, in (0, 0.5].
        contamination: "auto": the threshold is set by `false_alarm_rate`. A number in (0, 0.5]: the share of the
            training rows that `predict` calls anomalies.
        random_state: Seed of the weights, the halves and the batches; the same seed gives the same scores.

    Attributes:
        offset_: The threshold: `decision_function(X) = score_samples(X) − offset_`.
        held_out_scores_: (n,), the anomaly scores of the training rows, each by members not trained on it.
        column_weights_: (features,), wⱼ, with the mean 1; all 1 without known anomalies.
        ensemble_: The weights, and the units of the columns.
        error_scale_: (members, features), sₘⱼ.
        n_features_in_: The number of columns.
        feature_names_in_: The names of the columns, if it was fitted on a DataFrame.

    Example:
        >>> import numpy as np
        >>> from aenb.sklearn import AutoencoderOutlierDetector
        >>> x = np.random.default_rng(0).normal(size=(300, 4))
        >>> detector = AutoencoderOutlierDetector(random_state=0).fit(x)
        >>> detector.predict([[0, 0, 0, 0], [9, -9, 9, -9]]).tolist()
        [1, -1]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "latent_dim": [Interval(Integral, 1, None, closed="left"), None],
        "members": [Interval(Integral, 2, None, closed="left")],
        "trim": [Interval(Real, 0, 1, closed="left")],
        "steps": [Interval(Integral, 1, None, closed="left")],
        "false_alarm_rate": [Interval(Real, 0, 0.5, closed="right")],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        latent_dim: int | None = None,
        members: int = 16,
        trim: float = 0.25,
        steps: int = 400,
        false_alarm_rate: float = 0.05,
        contamination: str | float = "auto",
        random_state: Any = None,
    ):
        self.latent_dim = latent_dim
        self.members = members
        self.trim = trim
        self.steps = steps
        self.false_alarm_rate = false_alarm_rate
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> AutoencoderOutlierDetector:
        """Train on rows, most of which are normal.

        Args:
            X: (n, features), numbers.
            y: (n,), optional: −1 marks known anomalies. They are left out of the training and of the threshold, and
                give the columns their weights. All other values count as not labelled.

        Returns:
            The detector itself.

        Raises:
            AenbError: Fewer than two rows are left.
            ValueError: A parameter or the rows are not valid.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderOutlierDetector
            >>> detector = AutoencoderOutlierDetector(steps=20, random_state=0).fit(load_wine().data)
            >>> detector.held_out_scores_.shape
            (178,)
        """
        self._validate_params()
        X = validate_data(self, X, dtype="float64", ensure_min_samples=2)
        unlabelled = np.ones(len(X), bool) if y is None else np.asarray(y).reshape(len(X), -1)[:, 0] != -1
        if unlabelled.sum() < 2:
            raise AenbError(
                f"`y`: expected at least two rows that are not marked −1; received {unlabelled.sum()}. Mark only "
                "known anomalies with −1."
            )
        train = X[unlabelled]
        generator = random_generator(self.random_state)
        latent = self.latent_dim or max(1, round(X.shape[1] ** 0.5))
        sizes = Sizes(2 * (self.members // 2), X.shape[1], HIDDEN, latent)
        rows = halves(len(train), sizes.members, generator)
        settings = Settings(self.steps, trim=float(self.trim), seed=int(generator.integers(2**31)))
        self.ensemble_ = fit_ensemble(train, sizes, settings, generator, rows)
        held_out = np.ones((sizes.members, len(train)), bool)
        np.put_along_axis(held_out, rows, False, axis=1)
        parts = self._calibrate(train, held_out)
        self.column_weights_ = np.ones(X.shape[1])
        if not unlabelled.all():
            self.column_weights_ = column_weights(self._parts(X[~unlabelled]), parts)
        self.held_out_scores_ = parts @ self.column_weights_
        self.offset_ = -upper_quantile(self.held_out_scores_, self.false_alarm_rate)
        if self.contamination != "auto":
            self.offset_ = float(np.percentile(self._score(X), 100 * float(self.contamination)))
        return self

    def _calibrate(self, x: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        """Set the scale of each member's errors, and return each row's terms by the members not trained on it."""
        standardised = self.ensemble_.standardise(x)
        scales, total = [], np.zeros(x.shape)
        errors: list[np.ndarray] = []
        for number, rows, residuals in self.ensemble_.residuals(standardised):
            errors.append(residuals)
            if rows.stop < len(x):
                continue
            whole = np.concatenate(errors)
            scales.append(whole.std(axis=0) + LEAST_SCALE)
            total += np.where(held_out[number][:, None], np.log1p((whole / scales[-1]) ** 2), 0.0)
            errors = []
        self.error_scale_ = np.stack(scales)
        return np.asarray(total / held_out.sum(axis=0)[:, None])

    def _parts(self, x: np.ndarray) -> np.ndarray:
        """Return the terms of the anomaly scores, without weights: (n, features)."""
        parts = np.zeros(x.shape)
        for number, rows, residuals in self.ensemble_.residuals(self.ensemble_.standardise(x)):
            parts[rows] += np.log1p((residuals / self.error_scale_[number]) ** 2)
        return parts / self.ensemble_.members

    def _score(self, x: np.ndarray) -> np.ndarray:
        scores: np.ndarray = -self._parts(x) @ self.column_weights_
        return scores

    def _checked(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        checked: np.ndarray = validate_data(self, X, dtype="float64", reset=False)
        return checked

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the negative anomaly scores, as scikit-learn has them: the lower, the more anomalous.

        Args:
            X: (n, features).

        Returns:
            (n,), float64, at most 0.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderOutlierDetector
            >>> fitted = AutoencoderOutlierDetector(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.score_samples(load_wine().data).shape
            (178,)
        """
        return self._score(self._checked(X))

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores relative to the threshold: below 0 for anomalies.

        Args:
            X: (n, features).

        Returns:
            (n,), float64.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderOutlierDetector
            >>> fitted = AutoencoderOutlierDetector(steps=20, random_state=0).fit(load_wine().data)
            >>> x = load_wine().data
            >>> bool(((fitted.decision_function(x) < 0) == (fitted.predict(x) == -1)).all())
            True
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """Tell anomalies from normal rows.

        Args:
            X: (n, features).

        Returns:
            (n,), int: −1 for anomalies, 1 for normal rows.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderOutlierDetector
            >>> fitted = AutoencoderOutlierDetector(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.predict(load_wine().data[:1] + 1e6).tolist()
            [-1]
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def explain(self, X: Any) -> DataFrame:
        """Return each column's part of the anomaly score.

        Args:
            X: (n, features).

        Returns:
            A `pandas.DataFrame` (n, features) with the index of X, if it has one. The sum of a row is the anomaly
            score, `−score_samples(X)`.

        Example:
            >>> import numpy as np
            >>> from aenb.sklearn import AutoencoderOutlierDetector
            >>> x = np.random.default_rng(0).normal(size=(300, 3))
            >>> AutoencoderOutlierDetector(random_state=0).fit(x).explain([[0.0, 9.0, 0.0]]).idxmax(axis=1).tolist()
            ['x1']
        """
        import pandas as pd

        index = X.index if is_frame(X) else None
        checked = self._checked(X)
        names = getattr(self, "feature_names_in_", [f"x{number}" for number in range(checked.shape[1])])
        return pd.DataFrame(self._parts(checked) * self.column_weights_, index=index, columns=names)

    def keras_model(self) -> Model:
        """Build the Keras model: standardised rows (n, features) → the reconstructions of all members.

        Returns:
            A `keras.Model` of stock layers, with the parts "encoder" and "decoder"; its output is
            (n, members, features).

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderOutlierDetector
            >>> fitted = AutoencoderOutlierDetector(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.keras_model().output_shape
            (None, 16, 13)
        """
        check_is_fitted(self)
        return self.ensemble_.keras_model()
