"""Each fault is planted in a real training and found; healthy trainings raise no alarm."""

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import aenb
from aenb.evaluation import diagnosis
from aenb.evaluation.diagnosis import Finding, diagnose
from aenb.evaluation.diagnosis.measurements import Measurements
from aenb.runs.spec import Spec
from aenb.training.fitted_defaults import batch_size


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """See to it that no classifier is at hand: neighbours in the space of PCA vote on classes."""
    monkeypatch.setenv("AENB_CACHE", str(tmp_path_factory.getbasetemp() / "no-extractors"))


def train(family, data, **settings):
    return aenb.train(family, data, verbose=False, **{"hidden_units": (64,), "epochs": 10, "xla": "off"} | settings)


def codes(run):
    found = diagnose(run)
    assert [finding.message for finding in found if finding.code == "not-checked"] == []
    return [finding.code for finding in found]


def only(run, code):
    """Return the finding of a code, which must be there once."""
    (found,) = (finding for finding in diagnose(run) if finding.code == code)
    return found


@pytest.fixture(scope="module")
def deep(digits):
    return train("deep", digits, latent_dim=8, epochs=60, learning_rate=3e-3)


@pytest.fixture(scope="module")
def vae(digits):
    return train("vae", digits, latent_dim=8, epochs=60, learning_rate=3e-3)


@pytest.fixture(scope="module")
def conv(digits):
    return aenb.train("conv", digits, latent_dim=8, filters=(16, 32), epochs=30, learning_rate=5e-3, verbose=False)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["deep", "vae", "conv"])
def test_healthy_trainings_raise_no_alarm(name, request):
    run = request.getfixturevalue(name)
    assert [str(finding) for finding in diagnose(run) if finding.code != "still-learning"] == []


def test_a_run_that_has_just_begun_has_nothing_to_be_found(deep):
    new = dataclasses.replace(deep, history={}, status="queued")
    assert diagnose(new) == []


@pytest.fixture(scope="module")
def collapsed(digits):
    return train("vae", digits, latent_dim=8, beta=50.0, batch_size=64)


def test_posterior_collapse(collapsed):
    found = only(collapsed, "posterior-collapse")
    assert found.severity == "error"
    assert found.remedy == "beta = 1.0"
    assert "of the 8 dimensions" in found.message
    assert not {"mode-collapse", "learned-nothing"} & set(codes(collapsed))  # they follow from it


def test_a_collapse_is_not_claimed_of_a_model_that_is_barely_trained(digits):
    run = train("vae", digits, latent_dim=8, beta=50.0, epochs=2)
    assert codes(run) == ["barely-trained"]


@pytest.mark.thorough
def test_the_remedies_of_a_collapse_are_those_of_its_cause(collapsed):
    steps = 10 * 21  # of 64 in 1,293 items
    for given, remedy in (
        ({"capacity": 0.0}, "capacity = None"),
        ({}, f"kl_warmup = {steps // 2}"),
        ({"kl_warmup": 1000}, "free_bits = 0.25"),
        ({"kl_warmup": 1000, "free_bits": 0.1}, "latent_dim = 4"),
        ({"num_samples": 5}, "latent_dim = 4"),
    ):
        asked = dataclasses.replace(collapsed.spec, hyperparameters=given)
        assert only(dataclasses.replace(collapsed, spec=asked), "posterior-collapse").remedy == remedy


def test_the_remedies_of_texts_are_others_since_they_have_free_bits():
    run = train("vae", ["a b c d", "b c d a", "c d a b", "d a b c"] * 8, latent_dim=4, epochs=3, beta=50.0, free_bits=0)
    for given, remedy in (
        ({"kl_warmup": 1}, "latent_dim = 2"),
        ({"kl_warmup": 1, "free_bits": 0.0}, "free_bits = 0.5"),
    ):
        asked = dataclasses.replace(run.spec, hyperparameters=given)
        assert only(dataclasses.replace(run, spec=asked), "posterior-collapse").remedy == remedy


def test_dimensions_that_say_nothing(digits):
    import keras

    x = keras.Input((8, 8, 1))
    three = keras.layers.Dense(3)(keras.layers.Flatten()(x))
    spread = keras.layers.Dense(40, use_bias=False, kernel_initializer="identity", trainable=False)
    encoder = keras.Model(x, [spread(three), keras.layers.Dense(40, kernel_initializer="zeros")(three)])
    run = train("vae", digits, encoder=encoder, epochs=20, learning_rate=1e-2)
    found = only(run, "unused-dimensions")
    assert found.message.startswith("3 of the 40 dimensions of the code are active")
    assert (found.severity, found.remedy) == ("info", "latent_dim = 3")
    asked = dataclasses.replace(run, spec=dataclasses.replace(run.spec, hyperparameters={"beta": 4.0}))
    found = only(asked, "posterior-collapse")
    assert (found.severity, found.remedy) == ("warning", "beta = 1.0")


def test_divergence_is_told_with_its_reason():
    run = train("deep", "wine", learning_rate=10.0, epochs=50)
    assert run.status == "diverged"
    found = diagnose(run)[0]
    assert (found.code, found.severity, found.remedy) == ("diverged", "error", "--learning-rate 1")
    assert run.record["reason"] in found.message


def test_a_model_that_learned_nothing(digits):
    run = train("deep", digits, learning_rate=3.0, epochs=3)
    found = only(run, "learned-nothing")
    assert found.severity == "error"
    assert found.remedy == "--learning-rate 0.001"
    assert f"{run.evaluate(parts='reconstruction')['mse']:.4g}" in found.message


def test_dead_units(digits):
    import keras

    sleepy = keras.Sequential(
        [
            keras.layers.Flatten(),
            keras.layers.Dense(
                40, activation="relu", bias_initializer=keras.initializers.Constant(-4.0), name="asleep"
            ),
            keras.layers.Dense(40, activation="relu"),
            keras.layers.Dense(8),
        ]
    )
    found = only(aenb.train("deep", digits, encoder=sleepy, epochs=5, verbose=False, xla="off"), "dead-units")
    assert "`asleep` of the encoder" in found.message
    assert re.match(r"(100|[89]\d)%", found.message)
    assert found.remedy == 'activation = "leaky_relu"'


def test_dead_units_of_convolutions_are_channels(conv):
    layer = conv.model.get_layer("encoder").get_layer("conv_1")
    kernel, bias = layer.get_weights()
    try:
        layer.set_weights([kernel, np.where(np.arange(16) < 14, -100, bias)])
        assert only(conv, "dead-units").message.startswith("88% of the units of layer `conv_1`")
    finally:
        layer.set_weights([kernel, bias])


def test_over_fitting_of_a_vae_whose_validation_loss_rises(digits):
    run = train("vae", digits, limit=60, latent_dim=16, hidden_units=(256,), epochs=150, batch_size=16)
    found = only(run, "over-fitting")
    assert found.severity == "warning"
    assert found.remedy == "--patience 15"
    patient = dataclasses.replace(run, spec=dataclasses.replace(run.spec, patience=15))
    assert "over-fitting" not in codes(patient)  # its weights would be those of the best epoch


def test_over_fitting_of_an_autoencoder_whose_validation_loss_stays_behind(digits):
    run = train("deep", digits, limit=60, latent_dim=16, hidden_units=(256, 128), epochs=100, batch_size=16)
    found = only(run, "over-fitting")
    assert found.remedy == "hidden_units = (64, 32)"
    assert float(re.search(r"([\d.]+) times", found.message)[1]) > 3
    assert "behind-pca" not in codes(run)


@pytest.fixture(scope="module")
def short(digits):
    return train("deep", digits, epochs=5)


def test_a_training_cut_short(short):
    found = only(short, "still-learning")
    assert found.severity == "info"
    assert found.remedy == "--epochs 10"


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_training_that_has_barely_begun_is_no_local_optimum(short, epochs):
    history = {name: values[:epochs] for name, values in short.history.items()}
    first, *others = diagnose(dataclasses.replace(short, history=history))
    assert (first.code, first.remedy) == ("barely-trained", "--epochs 20")
    assert first.message == f"Barely trained: {epochs} epoch{'s' if epochs > 1 else ''}."
    assert not {"learned-nothing", "behind-pca", "still-learning"} & {finding.code for finding in others}


def test_a_loss_that_still_falls_is_no_local_optimum(short):
    stopped = dataclasses.replace(short, status="stopped early")  # which leaves out that it is still learning
    found = only(stopped, "behind-pca")
    assert "not flattened" in found.message
    assert "--epochs 20" in found.remedy


def test_an_optimum_behind_pca(digits):
    run = train(
        "deep", digits, latent_dim=16, hidden_units=(32, 4), activation="linear", learning_rate=1e-2, epochs=60,
        batch_size=64,
    )  # fmt: skip
    found = only(run, "behind-pca")
    assert f"{run.evaluate(parts='reconstruction')['pca_mse']:.4g}" in found.message
    assert found.remedy == "hidden_units = (32, 64)"
    assert "narrower than the code" in found.message
    wide = dataclasses.replace(run, spec=dataclasses.replace(run.spec, hyperparameters={"hidden_units": (32,)}))
    found = only(wide, "behind-pca")
    assert "10 times the usual" in found.message
    assert found.remedy == "--learning-rate 0.001"
    found = only(dataclasses.replace(wide, record=run.record | {"learning_rate": 1e-3}), "behind-pca")
    assert "local optimum" in found.message
    assert found.remedy == "--restarts 5"


def test_behind_pca_for_want_of_items_is_no_local_optimum(digits):
    run = train("deep", digits, limit=100, latent_dim=16, hidden_units=(256, 128), epochs=20, batch_size=16)
    found = only(dataclasses.replace(run, status="stopped early"), "behind-pca")
    assert "too few of them" in found.message
    assert found.remedy == "hidden_units = (64, 32)"


def test_restarts_that_end_apart(deep, digits):
    run = train("deep", digits, restarts=2, epochs=3)
    record = run.record["restarts"]
    assert len(record) == 2
    near = [one | {"val_loss": 0.1 + 0.001 * n} for n, one in enumerate(record)]
    far = [one | {"val_loss": 0.1 * (n + 1)} for n, one in enumerate(record)]
    assert "local-optima" not in codes(dataclasses.replace(run, record=run.record | {"restarts": near}))
    found = only(dataclasses.replace(run, record=run.record | {"restarts": far}), "local-optima")
    assert found.remedy == "--restarts 4"
    broken = [{"seed": 0, "val_loss": float("inf")}, {"seed": 1, "val_loss": 0.1}]
    assert "local-optima" not in codes(dataclasses.replace(run, record=run.record | {"restarts": broken}))


def constant_generator():
    """Make a generator that can learn one item: its codes are multiplied by 0."""
    import keras

    deaf = keras.layers.Dense(8, kernel_initializer="zeros", use_bias=False, trainable=False)
    return keras.Sequential([deaf, keras.layers.Dense(64, activation="sigmoid"), keras.layers.Reshape((8, 8, 1))])


def test_mode_collapse_of_a_gan(digits):
    run = train("gan", digits, generator=constant_generator(), epochs=20)
    found = only(run, "mode-collapse")
    assert found.severity == "error"
    assert "0.00 times as far" in found.message
    assert re.search(r"none of [89] of 10 classes", found.message)
    assert found.remedy == 'loss = "wgan_gp"'


def test_a_model_that_never_saw_some_classes(vae, digits):
    few = digits.y_train < 2
    some = dataclasses.replace(digits, train=digits.train[few], y_train=digits.y_train[few])
    run = train("vae", some, latent_dim=8, epochs=40, learning_rate=3e-3)
    known = {"mse": 0.02, "mean_mse": 0.07}  # about what it has on digits of the two classes
    found = only(dataclasses.replace(run, _data=digits, scores={"reconstruction": known}), "mode-collapse")
    missing = set(re.search(r"classes \((.*?)\)", found.message)[1].split(", "))
    assert missing <= set("23456789…")
    assert len(missing) >= 4
    assert found.remedy == "beta = 2"


@pytest.mark.thorough
def test_a_discriminator_that_has_won(digits):
    run = train("gan", digits, epochs=30, discriminator_learning_rate=2e-2, learning_rate=1e-6)
    found = only(run, "saturated-discriminator")
    assert found.severity == "warning"
    assert found.remedy == "discriminator_learning_rate = 0.005"


@pytest.mark.thorough
def test_a_game_that_goes_well_raises_no_alarm(digits):
    run = train("gan", digits, epochs=60, hidden_units=(128,), batch_size=64)
    assert codes(run) == []


def test_few_rows_want_smaller_batches(digits):
    wine = aenb.load_data("wine")
    for data, settings, expected in (
        (wine, {"batch_size": 256}, "--batch-size 16"), (wine, {}, "--epochs 4"), (digits, {}, "--epochs 4"),
    ):  # fmt: skip
        record = {"batch_size": batch_size(Spec("deep", **settings), len(data.train))}
        run = SimpleNamespace(model=None, history={}, epochs=2, data=data, record=record)
        assert Measurements(run).longer(2) == expected


@pytest.mark.thorough
def test_dead_codes(digits):
    run = train("vqvae", digits, num_embeddings=2048, embedding_dim=8, epochs=3, batch_size=256)
    found = only(run, "dead-codes")
    used = int(re.match(r"(\d+) of the 2048", found.message)[1])
    size = int(found.remedy.removeprefix("num_embeddings = "))
    assert size / 2 < used <= size


def test_items_in_other_units(deep, digits):
    other = dataclasses.replace(digits, test=units_of(digits.test) / 255)
    found = only(dataclasses.replace(deep, _data=other, scores={}), "other-units")
    assert found.severity == "error"
    factor = float(found.remedy.removeprefix("x_test = x_test * "))
    assert factor == pytest.approx(255, rel=0.1)


def units_of(items):
    return items.astype("float32") / (255 if items.dtype == np.uint8 else 1)


def test_items_beyond_their_range(deep, digits):
    wild = dataclasses.replace(digits, train=units_of(digits.train) * 4 - 2, test=units_of(digits.test) * 4 - 2)
    found = diagnose(dataclasses.replace(deep, _data=wild, scores={}))
    by_code = {finding.code: finding for finding in found}
    assert by_code["input-range"].remedy == "images = (images - -2) / 4"
    assert "out-of-reach" in by_code  # a sigmoid makes none of them


def test_values_that_the_last_activation_cannot_make():
    run = train("deep", "wine", output_activation="sigmoid", epochs=30)
    found = only(run, "out-of-reach")
    assert found.severity == "error"
    assert found.remedy == 'output_activation = "linear"'


def test_a_decoder_of_ones_own_that_makes_no_pixels(digits):
    import keras

    decoder = keras.Sequential([keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    found = only(train("deep", digits, decoder=decoder, latent_dim=16, epochs=20, learning_rate=1e-2), "output-range")
    assert found.severity == "warning"
    assert "sigmoid" in found.remedy
    asked = aenb.train("shallow", digits, output_activation="linear", epochs=1, xla="off", verbose=False)
    assert "output-range" not in codes(asked)


@pytest.mark.parametrize(("family", "data"), [("shallow", "wine"), ("vae", "wordnet"), ("gan", "wine")])
def test_tables_and_texts_can_be_diagnosed(family, data):  # classes, masks and tasks: where they are trained
    run = aenb.train(family, data, limit=300, epochs=1, verbose=False, xla="off")
    assert "not-checked" not in codes(run)


def test_what_cannot_be_checked_is_said(deep):
    elsewhere = dataclasses.replace(deep, _data=None, spec=dataclasses.replace(deep.spec, data="gone"))
    found = diagnose(elsewhere)
    (said,) = (finding for finding in found if finding.code == "not-checked")
    assert "dead units, " in said.message
    assert "not at hand" in said.message


def test_a_finding_is_a_line():
    found = Finding("over-fitting", "warning", "It overfits.", "--patience 5")
    assert str(found) == "It overfits. Try: --patience 5"
    assert str(Finding("x", "info", "Said.")) == "Said."
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.code = "other"


def test_the_gravest_come_first(monkeypatch, deep):
    def check(case):
        yield from (Finding("a", "info", ""), Finding("b", "error", ""), Finding("c", "warning", ""))

    monkeypatch.setattr(diagnosis, "CHECKS", (check,))
    assert codes(deep) == ["b", "c", "a"]


def test_it_is_quick_and_leaves_the_run_alone(deep):
    import time

    before = [np.copy(weight) for weight in deep.model.get_weights()]
    diagnose(deep)
    begin = time.process_time()
    diagnose(deep)
    assert time.process_time() - begin < 5
    for one, other in zip(before, deep.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_case_knows_settings_without_asking_for_the_family(deep, vae):
    assert Measurements(vae).setting("beta") == 1.0
    assert Measurements(deep).setting("beta") is None
    assert Measurements(deep).setting("latent_dim") == 8
    for file in Path(diagnosis.__file__).parent.glob("*.py"):
        assert not re.search(r"family\s*(==|in )", file.read_text(encoding="utf-8"))
