"""Residual vector quantisation, and the codec of waveforms that uses it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.cluster import KMeans

import aenb
from aenb import AenbError
from aenb.models.architecture import waveform_codec
from aenb.models.codes import quantiser, residual_quantiser
from aenb.models.codes.quantiser import Codebook

Z = np.random.default_rng(0).normal(size=(400, 3)).astype("float32")


def fitted(stages, count=8):
    """Return codebooks, each fitted by k-means to what the ones before left over."""
    left, books = Z.copy(), []
    for stage in range(stages):
        books.append(KMeans(count, n_init=1, random_state=stage).fit(left).cluster_centers_.astype("float32"))
        left = left - books[-1][np.square(left[:, None] - books[-1]).sum(-1).argmin(1)]
    return np.concatenate(books)


def test_each_stage_leaves_a_smaller_error_at_fixed_codebooks():
    books = fitted(4)
    errors = [
        float(np.square(Z - np.asarray(residual_quantiser.quantise(Z, books[: 8 * stages], stages).vectors)).mean())
        for stages in (1, 2, 3, 4)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.1 * errors[0]


def test_the_stages_are_those_of_an_independent_loop():
    books = fitted(3)
    found = residual_quantiser.quantise(Z, books, 3)
    for place in range(0, 400, 40):
        left, chosen = Z[place].astype("float64"), []
        for stage in range(3):
            own = books[8 * stage : 8 * stage + 8]
            chosen.append(min(range(8), key=lambda i: np.square(left - own[i]).sum()))
            left = left - own[chosen[-1]]
        assert np.asarray(found.indices)[place].tolist() == [8 * stage + one for stage, one in enumerate(chosen)]
        assert np.allclose(np.asarray(found.vectors)[place], Z[place] - left, atol=1e-5)
    assert np.allclose(residual_quantiser.summed(found.indices, books), found.vectors, atol=1e-6)


def test_a_single_stage_is_the_plain_quantiser():
    books = fitted(1)
    zeros = np.zeros((8, 3), "float32")
    own, seeds = Codebook(books, np.full(8, 50, "float32"), 50 * books), keras.random.SeedGenerator(0)
    found, updated = residual_quantiser.trained(own, Z, 1, 0.9, seeds)
    plain = quantiser.update(own, Z, quantiser.nearest(Z, books), 0.9)
    assert (np.asarray(found.indices)[:, 0] == np.asarray(quantiser.nearest(Z, books))).all()
    for one, other in zip(updated, plain, strict=True):
        assert np.allclose(one, other)
    new = residual_quantiser.trained(Codebook(zeros, zeros[:, 0], zeros), Z, 1, 0.9, seeds)[1]
    assert np.asarray(new.vectors).any(axis=1).all()  # the first batch initialises it


@pytest.fixture(scope="module")
def codec():
    return aenb.build_model(
        "vqvae", (50, 1), filters=(4, 6), strides=(2, 4), embedding_dim=3, num_embeddings=8, num_quantizers=3,
        prior_units=8, prior_layers=1,
    )  # fmt: skip


def test_the_gradient_passes_straight_through_to_the_encoder(codec):
    import tensorflow as tf

    from aenb.models.players.training_step import Batch

    x = tf.constant(np.random.default_rng(1).normal(size=(6, 50, 1)).astype("float32"))
    loss = codec.players[0].loss
    batch = Batch(x, x, tf.ones_like(x), None, True)
    with tf.GradientTape() as tape:
        terms = loss(codec, batch)
    gradients = tape.gradient(terms["reconstruction_loss"], codec.encoder.trainable_variables)
    assert all(gradient is not None for gradient in gradients)
    assert max(float(tf.reduce_max(tf.abs(gradient))) for gradient in gradients) > 0


def test_the_codec_has_a_code_of_all_stages_and_decodes_it(codec):
    x = np.random.default_rng(1).normal(size=(6, 50, 1)).astype("float32")
    codes = np.asarray(codec.encode(x))
    assert codes.shape == (6, 7 * 3) == (6, *codec.code_shape)
    assert (codes.reshape(6, 7, 3) // 8 == np.arange(3)).all()
    assert np.asarray(codec.decode(codes)).shape == (6, 50, 1)


@pytest.mark.thorough
def test_more_codebooks_reconstruct_better_after_training():
    random = np.random.default_rng(0)
    waves = np.sin(random.uniform(0.1, 0.6, (160, 1)) * np.arange(64) + random.uniform(0, 6, (160, 1)))
    data = aenb.load_data(waves[..., None].astype("float32"), kind="signal")
    errors = {}
    for stages in (1, 4):
        run = aenb.train(
            "vqvae", data, filters=(12,), strides=(4,), embedding_dim=8, num_embeddings=8, num_quantizers=stages,
            epochs=25, batch_size=32, prior_units=8, prior_layers=1, verbose=False, seed=0,
        )  # fmt: skip
        errors[stages] = float(np.square(run.reconstruct(data.x_test) - data.x_test).mean())
    assert errors[4] < 0.8 * errors[1]
    assert run.generate(3, seed=0).shape == (3, 64, 1)
    assert "codebook" in run.show()


def test_any_length_and_what_does_not_fit():
    assert waveform_codec.lengths(53, (4, 4)) == [53, 14, 4]
    model = aenb.build_model("vqvae", (53, 2), filters=(4, 4), embedding_dim=2, prior_units=4, prior_layers=1)
    assert model.decoder.output_shape == (None, 53, 2)
    with pytest.raises(AenbError, match="one for each of the 2 filters"):
        aenb.build_model("vqvae", (53, 2), filters=(4, 4), strides=(2,))
    with pytest.raises(AenbError, match="`strides`: expected signals"):
        aenb.build_model("vqvae", (12, 12, 1), strides=(2, 2))
