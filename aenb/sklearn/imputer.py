"""AutoencoderImputer: fills in the missing values of a table."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from aenb.core.backend import Model
from aenb.engine.dense_training import Settings, train_ensemble
from aenb.latent.conditional_gaussian import fit_gaussian
from aenb.models.architecture.dense_ensemble import Sizes, initial_weights
from aenb.sklearn.fitted_ensemble import TRAINING, FittedEnsemble, column_units, random_generator
from aenb.sklearn.hidden_values import Examples, hide, worth

MEMBERS = 4  # the mean of their corrections is added
LEAST_LATENT = 8  # dimensions: the hidden values, not the code, keep the autoencoders from copying


class AutoencoderImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill in missing values (NaN): a linear part expects them from the observed values, and autoencoders correct it.

    The linear part is the conditional mean of a Gaussian that was fitted to the rows with their gaps, which is what a
    linear autoencoder fills in (Tipping & Bishop 1999); for more than 100 columns it is the mean of the column. Four
    autoencoders see the row as filled in by it. In training, a share of the observed
    values is hidden, and the loss is the squared error of these (Vincent et al. 2010, JMLR 11; Gondara & Wang 2018,
    arXiv 1705.02737). Each autoencoder is trained on three quarters of the rows; the mean of their corrections is
    multiplied by the factor, in [0, 1], that is best for the rows that they were not trained on, so that a table
    without non-linear relations, or with few rows, is left to the linear part. Observed values stay as they are. A
    column without any observed value is filled with 0.

    Args:
        latent_dim: Dimensions of a latent code; None: half the number of columns, at least 8.
        hidden_units: Units of the hidden layers of encoder and decoder.
        steps: Optimiser steps.
        batch_size: Rows per step.
        learning_rate: Adam's, at its highest.
        hidden_share: The share of the observed values that is hidden in training, on average, in [0, 1); with 0,
            nothing is trained, and the linear part is left.
        random_state: Seed of the weights, the batches and the hidden values.

    Attributes:
        gaussian_: The `ConditionalGaussian` of standardised rows.
        ensemble_: The weights of the autoencoders, and the units of the columns.
        factor_: By what the corrections are multiplied, in [0, 1].
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
        features = X.shape[1]
        latent = self.latent_dim or max(LEAST_LATENT, features // 2)
        weights = initial_weights(Sizes(MEMBERS, features, self.hidden_units, latent), generator)
        weights[-2][:] = 0  # no correction, to begin with
        self.ensemble_, self.factor_ = FittedEnsemble(weights, *column_units(X)), 0.0
        rows = self.ensemble_.standardise(X)
        self.gaussian_ = fit_gaussian(rows, generator)
        if self.hidden_share > 0:
            self._train(hide(rows, self.gaussian_, float(self.hidden_share), MEMBERS, generator), generator)
        return self

    def _train(self, examples: Examples, generator: np.random.Generator) -> None:
        """Train the autoencoders, and find what their corrections are worth on rows that they were not trained on."""
        settings = Settings(self.steps, self.batch_size, float(self.learning_rate), seed=int(generator.integers(2**31)))
        self.ensemble_.weights = train_ensemble(
            self.ensemble_.weights, examples.inputs, examples.training(), settings, examples.targets
        )
        corrections = np.empty(examples.targets.shape)
        for part in range(MEMBERS):
            here = examples.held_out(part)
            corrections[here] = self.ensemble_.member(part).mean_output(examples.inputs[here])
        self.factor_ = worth(examples.targets, corrections)

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
            filled = self.gaussian_.fill(self.ensemble_.standardise(rows[some]))
            if self.factor_:
                filled += self.factor_ * self.ensemble_.mean_output(filled)
            rows[some] = np.where(missing[some], self.ensemble_.restore(filled), rows[some])
        return rows

    def keras_model(self) -> Model:
        """Build the Keras model of the autoencoders, whose mean output times `factor_` corrects the linear part.

        Returns:
            A `keras.Model` of stock layers, with the parts "encoder" and "decoder", from (n, features),
            standardised rows as the linear part fills them in, to corrections (n, members, features).

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
