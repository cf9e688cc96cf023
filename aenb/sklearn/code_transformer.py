"""AutoencoderTransformer: latent codes as features."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from aenb.core.backend import Model
from aenb.core.errors import AenbError
from aenb.engine.dense_training import Settings
from aenb.models.architecture.dense_ensemble import Sizes, principal_axes
from aenb.sklearn.fitted_ensemble import TRAINING, fit_ensemble, random_generator


class AutoencoderTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Reduce the columns of a table to a few latent codes, by an autoencoder with a hidden layer on either side.

    The codes are rotated to their principal axes: on the training rows they have mean 0, they are uncorrelated, and
    the first one varies most, as those of PCA. The reconstructions stay the same.

    Args:
        latent_dim: Dimensions of a latent code.
        hidden_units: Units of the hidden layers of encoder and decoder.
        steps: Optimiser steps.
        batch_size: Rows per step.
        learning_rate: Adam's, at its highest.
        noise: Standard deviation of Gaussian noise on the standardised inputs (a denoising autoencoder: Vincent et al.
            2010, JMLR 11); 0: none.
        random_state: Seed of the weights, the batches and the noise; the same seed gives the same codes.

    Attributes:
        ensemble_: The weights, and the units of the columns.
        n_features_in_: The number of columns.
        feature_names_in_: The names of the columns, if it was fitted on a DataFrame.

    Example:
        >>> from sklearn.datasets import load_wine
        >>> from aenb.sklearn import AutoencoderTransformer
        >>> x = load_wine().data
        >>> AutoencoderTransformer(latent_dim=3, random_state=0).fit_transform(x).shape
        (178, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        **TRAINING,
        "noise": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        latent_dim: int = 2,
        hidden_units: int = 64,
        steps: int = 1000,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        noise: float = 0.0,
        random_state: Any = None,
    ):
        self.latent_dim = latent_dim
        self.hidden_units = hidden_units
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.noise = noise
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> AutoencoderTransformer:
        """Train on rows.

        Args:
            X: (n, features), numbers.
            y: Ignored.

        Returns:
            The transformer itself.

        Raises:
            ValueError: A parameter or the rows are not valid.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderTransformer
            >>> fitted = AutoencoderTransformer(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.n_features_in_
            13
        """
        self._validate_params()
        X = validate_data(self, X, dtype=("float64", "float32"), ensure_min_samples=2)
        generator = random_generator(self.random_state)
        settings = Settings(
            self.steps,
            self.batch_size,
            float(self.learning_rate),
            float(self.noise),
            seed=int(generator.integers(2**31)),
        )
        sizes = Sizes(1, X.shape[1], self.hidden_units, self.latent_dim)
        self.ensemble_ = fit_ensemble(X, sizes, settings, generator)
        self.ensemble_.weights = principal_axes(self.ensemble_.weights, self.ensemble_.standardise(X))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return latent codes.

        Args:
            X: (n, features).

        Returns:
            (n, latent_dim), of the dtype of X if that is a float, else float64.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderTransformer
            >>> fitted = AutoencoderTransformer(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.transform(load_wine().data).shape
            (178, 2)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=("float64", "float32"), reset=False)
        return self.ensemble_.codes(X).astype(X.dtype)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Decode latent codes.

        Args:
            X: (n, latent_dim), latent codes.

        Returns:
            (n, features), in the units of the training rows.

        Raises:
            AenbError: The codes have another number of dimensions.

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderTransformer
            >>> fitted = AutoencoderTransformer(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.inverse_transform([[0.0, 0.0]]).shape
            (1, 13)
        """
        check_is_fitted(self)
        codes = check_array(X, dtype="float64")
        if codes.shape[1] != self._n_features_out:
            raise AenbError(f"`X`: expected codes (n, {self._n_features_out}); received {codes.shape}.")
        return self.ensemble_.decoded(codes)

    @property
    def _n_features_out(self) -> int:
        return int(self.ensemble_.weights[2].shape[-1])

    def keras_model(self) -> Model:
        """Build the Keras model: standardised rows (n, features) → reconstructions.

        Returns:
            A `keras.Model` of stock layers, with the parts "encoder" and "decoder".

        Example:
            >>> from sklearn.datasets import load_wine
            >>> from aenb.sklearn import AutoencoderTransformer
            >>> fitted = AutoencoderTransformer(steps=20, random_state=0).fit(load_wine().data)
            >>> fitted.keras_model().get_layer("encoder").output_shape
            (None, 2)
        """
        check_is_fitted(self)
        return self.ensemble_.keras_model()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
