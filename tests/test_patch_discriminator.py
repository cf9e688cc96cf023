"""The discriminator on patches: its losses against NumPy, the balance of the gradients, and who trains what."""

import numpy as np
import pytest

import aenb
from aenb.core import backend
from aenb.core.backend import keras, tf
from aenb.models.players import patch_discriminator
from aenb.models.players.patch_discriminator import Patches
from aenb.models.players.training_step import batch_of
from tests.thorough import thorough

FAMILIES = {
    "conv": {"filters": (4,)},
    "vae": {"filters": (4,), "hidden_units": (8,), "latent_dim": 3, "likelihood": "gaussian"},
    "vqvae": {"filters": (4,), "num_embeddings": 8, "embedding_dim": 4, "prior_units": 8, "prior_layers": 1},
}


@pytest.fixture(scope="module", autouse=True)
def _started():
    backend.start()


def examples(n=6, seed=0):
    return np.random.default_rng(seed).random((n, 12, 12, 1), "float32")


def build(family, **settings):
    keras.utils.set_random_seed(0)
    return aenb.build_model(family, (12, 12, 1), **FAMILIES[family] | {"adversarial_weight": 0.5} | settings)


def test_each_patch_of_an_image_has_a_score_that_depends_on_it_alone():
    model = patch_discriminator.build((64, 48, 3))
    x = np.random.default_rng(0).random((1, 64, 48, 3)).astype("float32")
    moved = x.copy()
    moved[:, :4, :4] = 0
    scores, others = np.array(model(x)), np.array(model(moved))
    assert scores.shape == (1, 16, 12, 1)
    changed = np.abs(scores - others)[0, :, :, 0] > 1e-7
    assert changed[0, 0]
    assert not changed[6:].any()
    assert not changed[:, 6:].any()


def test_the_losses_are_those_of_the_hinge():
    model = patch_discriminator.build((12, 12, 1))
    x, y = examples(), examples(seed=1)
    s, t = (np.array(model(one), "float64") for one in (x, y))
    found = patch_discriminator.discriminator_loss(model, x, y)
    expected = 0.5 * np.mean(np.maximum(0, 1 - s)) + 0.5 * np.mean(np.maximum(0, 1 + t))
    assert float(found["discriminator_loss"]) == pytest.approx(expected, rel=1e-5)
    assert float(found["real_score"]) == pytest.approx(s.mean(), rel=1e-4)
    assert float(found["fake_score"]) == pytest.approx(t.mean(), rel=1e-4)
    assert float(patch_discriminator.generator_loss(model, y)) == pytest.approx(-t.mean(), rel=1e-4)


class Net:
    """A network as far as the loss needs one."""

    def __init__(self, discriminator, step):
        self.discriminator, self.step = discriminator, tf.constant(step)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_gradients_are_balanced_whatever_the_scale_of_the_error(scale):
    slope = np.random.default_rng(2).normal(size=(12, 12, 1)).astype("float32")
    net = Net(lambda x: tf.reduce_sum(x * slope, axis=(1, 2, 3)), 10)  # linear: its gradient is known
    output, target = tf.constant(examples()), examples(seed=1)

    def error(x):
        return scale * tf.reduce_mean((x - target) ** 2)

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(output)
        found = Patches(0.5, begin=10).loss(net, output, error, lambda x: x)
        reconstruction = error(output)
    ours, theirs = (tape.gradient(value, output).numpy() for value in (found, reconstruction))
    assert np.linalg.norm(ours) == pytest.approx(0.5 * np.linalg.norm(theirs), rel=1e-3)
    direction = -np.broadcast_to(slope, ours.shape)
    cosine = np.sum(ours * direction) / np.linalg.norm(ours) / np.linalg.norm(direction)
    assert cosine == pytest.approx(1, abs=1e-5)
    assert float(Patches(0.5, begin=11).loss(net, output, error, lambda x: x)) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_it_joins_the_loss_after_its_first_steps(family):
    model = build(family)
    model.optimizer.iterations.assign(patch_discriminator.BEGIN)
    x = tf.constant(examples())
    model.seeds.state.assign(np.uint32([1, 2]))
    if family == "vqvae":
        model.own["codebook"].assign(examples(8)[:, :4, 0, 0])
    terms = {name: float(value) for name, value in model.players[0].loss(model, batch_of(model, (x, x), False)).items()}
    added = terms["reconstruction_loss"] + terms.get("kl_loss", 0.0) + terms.get("commitment_loss", 0.0)
    assert terms["loss"] == pytest.approx(added + terms["adversarial_loss"], rel=1e-4)
    assert abs(terms["adversarial_loss"]) > 1e-9


@pytest.mark.parametrize("family", ["conv", *thorough(*sorted(FAMILIES.keys() - {"conv"}))])
def test_each_player_trains_its_own_parts(family):
    model, x = build(family), examples(32)
    before = {name: [w.copy() for w in model.get_layer(name).get_weights()] for name in model.part_names}
    for name, optimizer in model.optimizers.items():
        optimizer.learning_rate = 1e-3 if name == "discriminator" else 0.0
    history = model.fit(x, x, epochs=1, validation_data=(x, x), verbose=0).history
    changed = {
        name for name, old in before.items()
        if not all(map(np.array_equal, old, model.get_layer(name).get_weights()))
    }  # fmt: skip
    assert changed == {"discriminator"}
    assert {"adversarial_loss", "discriminator_loss", "val_real_score"} <= set(history)
    assert np.isfinite([values[-1] for values in history.values()]).all()


def test_a_conv_with_it_is_saved_and_loaded_and_trains_as_before(digits, tmp_path):
    run = aenb.train("conv", digits, epochs=2, limit=300, filters=(4,), adversarial_weight=0.2, verbose=False)
    loaded = aenb.load_run(run.save(tmp_path / "run"))
    x = digits.x_test[:4]
    np.testing.assert_allclose(loaded.reconstruct(x), run.reconstruct(x), atol=1e-6)
    assert run.generate(3).shape == (3, 8, 8, 1)


def test_what_has_no_patches_or_another_loss_is_refused():
    with pytest.raises(aenb.AenbError, match=r"`adversarial_weight`: expected 0 for examples.*received .*\(13,\)"):
        aenb.build_model("vae", (13,), adversarial_weight=1.0)
    with pytest.raises(aenb.AenbError, match="`loss`: expected its default, mse, together with `adversarial_weight`"):
        build("conv", loss="mae")
