"""AutoencoderImputer: fills in the missing values of a table."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from aenb.core.backend import Model
from aenb.engine.dense_training import Settings
from aenb.models.dense_ensemble import Sizes
from aenb.sklearn.fitted_ensemble import TRAINING, fit_ensemble, random_generator

MEMBERS = 4  # their mean is filled in


class AutoencoderImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill in missing values (NaN) by autoencoders that were trained to reconstruct rows from some of their values.

    In training, a share of the observed values is hidden as well, and the loss is the squared error of all observed
    ones (Vincent et al. 2010, JMLR 11; Gondara & Wang 2018, arXiv 1705.02737). Missing values enter as the mean of
    their column, and the mean of four autoencoders is filled in. Observed values stay as they are. A column without any
    observed value is filled with 0.

    Args:
        latent_dim: Dimensions of a latent code; None: half the number of columns, at least 1.
        hidden_units: Units of the hidden layers of encoder and decoder.
        steps: Optimiser steps.
        batch_size: Rows per step.
        learning_rate: Adam's, at its highest.
        hidden_share: The share of the observed values that is hidden in training, in [0, 1).
        random_state: Seed of the weights, the batches and the hidden values.

    Attributes:
        ensemble_: The weights, and the units of the columns.
        n_features_in_: The number of columns.
        feature_names_in_: The names of the columns, if it was fitted on a DataFrame.

    Example:
        >>> import numpy as np
        >>> from sklearn.datasets import load_wine
        >>> from aenb.sklearn import AutoencoderImputer
        >>> x = load_wine().data.copy()
        >>> x[::3, 0] = np.nan
        >>> bool(np.isnan(AutoencoderImputer(random_state=0).fit_transform(x)).any())
        False
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "latent_dim": [Interval(Integral, 1, None, closed="left"), None],
        **TRAINING,
        "hidden_share": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        latent_dim: int | None = None,
        hidden_units: int = 64,
        steps: int = 1000,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        hidden_share: float = 0.3,
        random_state: Any = None,
    ):
        self.latent_dim = latent_dim
        self.hidden_units = hidden_units
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.hidden_share = hidden_share
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> AutoencoderImputer:
        """Train on rows with missing values.

        Args:
            X: (n, features), numbers; NaN where a value is missing.
            y: Ignored.

        Returns:
            The imputer itself.

        Raises:
            ValueError: A parameter or the rows are not valid.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderImputer
            >>> fitted = AutoencoderImputer(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.n_features_in_
            13
        """
        self._validate_params()
        X = validate_data(self, X, dtype=("float64", "float32"), ensure_all_finite="allow-nan", ensure_min_samples=2)
        generator = random_generator(self.random_state)
        settings = Settings(
            self.steps, self.batch_size, float(self.learning_rate), hidden_share=float(self.hidden_share),
            seed=int(generator.integers(2**31)),
        )  # fmt: skip
        latent = self.latent_dim or max(1, X.shape[1] // 2)
        self.ensemble_ = fit_ensemble(X, Sizes(MEMBERS, X.shape[1], self.hidden_units, latent), settings, generator)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Fill in the missing values.

        Args:
            X: (n, features); NaN where a value is missing.

        Returns:
            (n, features), of the dtype of X if that is a float, else float64; without NaN.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderImputer
            >>> fitted = AutoencoderImputer(steps=20, random_state=0).fit(load_wine().data)
            >>> bool(abs(fitted.transform([[float("nan")] * 13])).max() < 1e4)
            True
        """
        check_is_fitted(self)
        floats = ("float64", "float32")
        rows: np.ndarray = validate_data(self, X, dtype=floats, ensure_all_finite="allow-nan", reset=False, copy=True)
        missing = np.isnan(rows)
        some = missing.any(axis=1)
        if some.any():
            shown = np.nan_to_num(self.ensemble_.standardise(rows[some]))
            filled = np.zeros(shown.shape)
            for _, place, residuals in self.ensemble_.residuals(shown):
                filled[place] += (shown[place] - residuals) / MEMBERS
            rows[some] = np.where(missing[some], self.ensemble_.restore(filled), rows[some])
        return rows

    def keras_model(self) -> Model:
        """Build the Keras model: standardised rows (n, features), 0 where a value is missing → reconstructions.

        Returns:
            A `keras.Model` of stock layers, with the parts "encoder" and "decoder"; its output is
            (n, members, features).

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderImputer
            >>> fitted = AutoencoderImputer(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.keras_model().output_shape
            (None, 4, 13)
        """
        check_is_fitted(self)
        return self.ensemble_.keras_model()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
