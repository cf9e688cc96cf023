"""The compiled training of small dense autoencoders, against Keras's own, and what its settings do."""

import numpy as np
import pytest

from aenb.core import backend
from aenb.core.backend import keras
from aenb.engine.dense_training import LAST, WARM_UP, Settings, train_ensemble
from aenb.models.architecture.dense_ensemble import Sizes, as_model, decode, encode, initial_weights, principal_axes


@pytest.fixture(scope="module", autouse=True)
def started():
    backend.start()


def ensemble(features=5, members=2, hidden=7, latent=2, seed=0):
    draw = np.random.default_rng(seed)
    return initial_weights(Sizes(members, features, hidden, latent), draw), draw


@pytest.mark.slow
def test_steps_are_those_of_keras_and_its_adam():
    """Each member has one row, so that the batches are known: copies of it."""
    weights, draw = ensemble()
    x = draw.normal(size=(2, 5)).astype("float32")
    steps, rate = 30, 1e-2
    trained = train_ensemble(weights, x, np.array([[0], [1]]), Settings(steps, 4, rate))
    for member in range(2):
        model = as_model(weights, member)
        model.compile(keras.optimizers.Adam(rate), "mse")
        batch = np.repeat(x[member : member + 1], 4, axis=0)
        for step in range(1, steps + 1):
            progress = min(1, step / WARM_UP) * (LAST + (1 - LAST) * 0.5 * (1 + np.cos(np.pi * step / steps)))
            model.optimizer.learning_rate = rate * progress
            model.train_on_batch(batch, batch)
        for ours, theirs in zip(trained, model.get_weights(), strict=True):
            np.testing.assert_allclose(ours[member].reshape(theirs.shape), theirs, atol=2e-4)


def test_the_rows_with_the_largest_errors_are_left_out():
    """A fifth of the rows is far away: without trimming it dominates the loss, with it the others are fitted."""
    weights, draw = ensemble()
    x = draw.normal(size=(200, 2)) @ draw.normal(size=(2, 5))
    x[:40] = 8 + draw.normal(size=(40, 5))
    x = x.astype("float32")
    rows = np.tile(np.arange(200), (2, 1))

    def errors(trim):
        trained = train_ensemble(weights, x, rows, Settings(300, 50, 3e-3, trim=trim))
        return ((decode(trained, encode(trained, x)) - x) ** 2).mean(axis=(0, 2))

    plain, trimmed = errors(0.0), errors(0.3)
    assert trimmed[:40].mean() > 2 * plain[:40].mean()
    assert trimmed[40:].mean() < plain[40:].mean()


def test_missing_values_are_not_learnt():
    weights, draw = ensemble()
    x = draw.normal(size=(60, 5)).astype("float32")
    x[::2, 1] = np.nan
    rows = np.tile(np.arange(60), (2, 1))
    trained = train_ensemble(weights, x, rows, Settings(20))
    other = train_ensemble(weights, np.where(np.isnan(x), np.nan, x), rows, Settings(20))
    assert all(np.isfinite(array).all() for array in trained)
    for one, same in zip(trained, other, strict=True):
        assert np.array_equal(one, same)
    filled = train_ensemble(weights, np.nan_to_num(x), rows, Settings(20))
    assert not np.allclose(trained[0], filled[0])


def test_principal_axes_change_codes_but_not_reconstructions():
    weights, draw = ensemble(latent=3)
    x = draw.normal(size=(50, 5))
    rotated = principal_axes(weights, x)
    np.testing.assert_allclose(decode(rotated, encode(rotated, x)), decode(weights, encode(weights, x)), atol=1e-6)
    for codes in encode(rotated, x):
        covariance = np.cov(codes, rowvar=False)
        np.testing.assert_allclose(covariance, np.diag(np.sort(np.diag(covariance))[::-1]), atol=1e-9)
    few = principal_axes(weights, x[:2])  # fewer rows than dimensions
    np.testing.assert_allclose(decode(few, encode(few, x)), decode(weights, encode(weights, x)), atol=1e-6)
