"""AutoencoderGenerator: samples of new rows of a table."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from aenb.core.backend import Model
from aenb.core.errors import AenbError, shown
from aenb.engine.dense_training import Settings
from aenb.latent.densities import draw, fit_density
from aenb.models.architecture.dense_ensemble import Sizes, principal_axes
from aenb.sklearn.fitted_ensemble import TRAINING, fit_ensemble, random_generator


class AutoencoderGenerator(BaseEstimator):
    """Generate rows like those of a table: draw latent codes from a density fitted to the codes, and decode them.

    The density is a mixture of 10 or 30 Gaussians (Ghosh et al. 2020, arXiv 1903.12436). A reconstruction error is
    added to each decoded row, drawn from the Gaussian fitted to those of the training rows: without it, the samples
    would lie on the surface of the decoder's outputs, and vary too little.

    Args:
        latent_dim: Dimensions of a latent code; None: half the number of columns, at least 1 and at most 16.
        hidden_units: Units of the hidden layers of encoder and decoder.
        steps: Optimiser steps.
        batch_size: Rows per step.
        learning_rate: Adam's, at its highest.
        random_state: Seed of the training, and of `sample` unless it is given another.

    Attributes:
        ensemble_: The weights, and the units of the columns.
        density_: The `sklearn.mixture.GaussianMixture` of the latent codes.
        error_root_: (features, features), whose product with standard normal numbers is a reconstruction error.
        n_features_in_: The number of columns.
        feature_names_in_: The names of the columns, if it was fitted on a DataFrame.

    Example:
        >>> from sklearn.datasets import load_wine
        >>> from aenb.sklearn import AutoencoderGenerator
        >>> generator = AutoencoderGenerator(random_state=0).fit(load_wine().data)
        >>> generator.sample(5).shape
        (5, 13)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "latent_dim": [Interval(Integral, 1, None, closed="left"), None],
        **TRAINING,
    }

    def __init__(
        self,
        latent_dim: int | None = None,
        hidden_units: int = 64,
        steps: int = 1000,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        random_state: Any = None,
    ):
        self.latent_dim = latent_dim
        self.hidden_units = hidden_units
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> AutoencoderGenerator:
        """Train on rows, and fit the density of their latent codes.

        Args:
            X: (n, features), numbers.
            y: Ignored.

        Returns:
            The generator itself.

        Raises:
            ValueError: A parameter or the rows are not valid.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderGenerator
            >>> fitted = AutoencoderGenerator(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.density_.means_.shape
            (10, 6)
        """
        self._validate_params()
        X = validate_data(self, X, dtype="float64", ensure_min_samples=2)
        generator = random_generator(self.random_state)
        settings = Settings(self.steps, self.batch_size, float(self.learning_rate), seed=int(generator.integers(2**31)))
        latent = self.latent_dim or min(16, max(1, X.shape[1] // 2))
        self.ensemble_ = fit_ensemble(X, Sizes(1, X.shape[1], self.hidden_units, latent), settings, generator)
        standardised = self.ensemble_.standardise(X)
        self.ensemble_.weights = principal_axes(self.ensemble_.weights, standardised)
        self.density_ = fit_density("gmm", self.ensemble_.codes(X))
        errors = np.concatenate([one for _, _, one in self.ensemble_.residuals(standardised)])
        values, axes = np.linalg.eigh(np.atleast_2d(np.cov(errors, rowvar=False)))
        self.error_root_ = axes * np.sqrt(np.maximum(values, 0))
        return self

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """Generate rows.

        Args:
            n_samples: How many, at least 1.
            random_state: Seed of the draw; None: the estimator's own.

        Returns:
            (n_samples, features), float64, in the units of the training rows; a DataFrame if it was fitted on one.

        Raises:
            AenbError: `n_samples` is not a whole number of at least 1.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderGenerator
            >>> generator = AutoencoderGenerator(random_state=0).fit(load_wine(as_frame=True).data)
            >>> list(generator.sample(2, random_state=1).columns[:2])
            ['alcohol', 'malic_acid']
        """
        check_is_fitted(self)
        if not isinstance(n_samples, Integral) or isinstance(n_samples, bool) or n_samples < 1:
            raise AenbError(f"`n_samples`: expected a whole number of at least 1; received {shown(n_samples)}.")
        generator = random_generator(self.random_state if random_state is None else random_state)
        rows = self.ensemble_.decoded(draw(self.density_, int(n_samples), generator))
        errors = generator.normal(size=rows.shape) @ self.error_root_.T
        rows = rows + errors * self.ensemble_.scale
        if not hasattr(self, "feature_names_in_"):
            return rows
        import pandas as pd

        return pd.DataFrame(rows, columns=self.feature_names_in_)

    def keras_model(self) -> Model:
        """Build the Keras model: standardised rows (n, features) → reconstructions.

        Returns:
            A `keras.Model` of stock layers, with the parts "encoder" and "decoder".

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderGenerator
            >>> fitted = AutoencoderGenerator(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.keras_model().output_shape
            (None, 13)
        """
        check_is_fitted(self)
        return self.ensemble_.keras_model()
