import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

import aenb
from aenb.core.backend import keras
from aenb.training.build import _seeded
from tests import eager


def test_a_linear_one_reaches_the_pca_subspace(digits):
    """Baldi & Hornik 1989: every minimum spans the principal subspace. Measured: the largest principal angle.

    The items are a multiple of the batch: once the seed is set, `fit` shuffles arrays the same way in each epoch, and
    the items of a smaller last batch would always weigh more than the others (seen here as 2 degrees).
    """
    x = digits.x_train[:1408].reshape(-1, 64)
    x = x - x.mean(axis=0)
    with _seeded(0):
        model = aenb.build_model("shallow", (64,), latent_dim=8, activation="linear")
        epochs, batch = 100, 64
        rate = keras.optimizers.schedules.CosineDecay(0.01, epochs * len(x) // batch)
        model.compile(keras.optimizers.Adam(rate), loss="mse")
        model.fit(x, x, batch_size=batch, epochs=epochs, verbose=0)
    pca = PCA(8).fit(x)
    spanned = model.get_layer("decoder").get_layer("output").kernel.numpy().T  # (64, 8)
    largest = np.degrees(subspace_angles(spanned, pca.components_.T)[0])
    print(f"largest principal angle: {largest:.2f} degrees")
    assert largest < 1.0
    left_out = np.mean((x - pca.inverse_transform(pca.transform(x))) ** 2)
    assert eager.evaluate(model, x, x)["loss"] == pytest.approx(left_out, rel=1e-3)


def test_tied_weights_are_one_variable_and_stay_so(digits):
    model = aenb.build_model("shallow", (8, 8, 1), latent_dim=5, tied=True)
    assert len(model.trainable_variables) == 3
    assert model.count_params() == 64 * 5 + 5 + 64
    eager.fit(model, digits.x_train[:64], digits.x_train[:64], epochs=2)
    inward = model.get_layer("encoder").get_layer("code").kernel
    outward = model.get_layer("decoder").get_layer("output").kernel
    assert inward is outward


def test_the_gradient_of_a_tied_kernel_is_that_of_both_uses():
    """Against finite differences of the loss in NumPy."""
    import tensorflow as tf

    model = aenb.build_model("shallow", (3,), latent_dim=2, tied=True, activation="linear")
    x = np.random.default_rng(1).normal(size=(10, 3)).astype("float32")
    kernel = model.get_layer("encoder").get_layer("code").kernel

    def loss(w):
        return np.mean((x - (x @ w) @ w.T) ** 2)

    with tf.GradientTape() as tape:
        value = tf.reduce_mean(tf.square(x - model(x)))
    gradient = tape.gradient(value, kernel.value).numpy()
    start, step = kernel.numpy().astype("float64"), 1e-4
    assert value.numpy() == pytest.approx(loss(start), rel=1e-5)
    for i, j in np.ndindex(3, 2):
        moved = np.zeros((3, 2))
        moved[i, j] = step
        expected = (loss(start + moved) - loss(start - moved)) / (2 * step)
        assert gradient[i, j] == pytest.approx(expected, rel=2e-3, abs=1e-4)


def penalty(**hyperparameters):
    """Return loss minus reconstruction error of an untrained model, with its code."""
    x = np.random.default_rng(2).random((50, 7), "float32")
    model = aenb.build_model("shallow", (7,), latent_dim=4, **hyperparameters)
    logs = eager.evaluate(model, x, x)
    return logs["loss"] - logs["reconstruction_loss"], np.asarray(model.get_layer("encoder")(x))


def test_the_l1_penalty_is_the_mean_over_units_and_items():
    got, code = penalty(sparsity="l1", sparsity_weight=0.5)
    assert got == pytest.approx(0.5 * np.abs(code).mean(), rel=1e-5)


def test_the_kl_penalty_equals_its_closed_form():
    got, code = penalty(sparsity="kl", sparsity_weight=0.5, sparsity_target=0.1, activation="sigmoid")
    mean = code.mean(axis=0)
    divergence = 0.1 * np.log(0.1 / mean) + 0.9 * np.log(0.9 / (1 - mean))
    assert got == pytest.approx(0.5 * divergence.mean(), rel=1e-5)


def test_kl_makes_the_code_sparse(digits):
    means = {}
    for weight in (0.0, 1.0):
        run = aenb.train(
            "shallow", digits, activation="sigmoid", sparsity="kl", sparsity_weight=weight, sparsity_target=0.05,
            epochs=20, learning_rate=0.01, verbose=False,
        )  # fmt: skip
        means[weight] = run.encode(digits.x_test).mean()
    assert means[1.0] < 0.1 < means[0.0]


def test_kl_asks_for_a_sigmoid():
    with pytest.raises(aenb.AenbError, match='activation="sigmoid"'):
        aenb.build_model("shallow", (7,), sparsity="kl")


def test_tied_needs_built_parts():
    with pytest.raises(aenb.AenbError, match="tied"):
        aenb.build_model("shallow", (7,), tied=True, encoder=keras.Sequential([keras.layers.Dense(2)]))
