"""The benchmark's own arithmetic, and a small run of it with what every installation has."""

import csv
import json
import math
from collections import Counter

import numpy as np
import pytest

import aenb
from aenb.core import backend
from aenb.core.backend import keras
from tests.benchmarks import machine, memory, report, rounds, training
from tests.benchmarks.contenders import CONTENDERS, contender, missing
from tests.benchmarks.rounds import Training
from tests.benchmarks.works import VALIDATION_BATCH, WORKS, scores, split, training_images
from tests.benchmarks.works.products import Product, operations


def training_of(name, number, *ends, **changed):
    figures = {
        "images": 600, "seconds": ends[-1] + 0.5, "losses": (0.1,) * len(ends), "others": 0.0, "peak": 100.0 + number,
        "mse": 0.05, "before": 0.2,
    }  # fmt: skip
    return Training("A", name, number, ends=ends, **{**figures, **changed})


MADE_UP = [
    training_of("naive", 1, 3.0, 5.0, 7.0, 9.5), training_of("engine", 1, 2.0, 3.0, 4.0, 4.5),
    training_of("naive", 2, 3.0, 5.0, 7.0, 11.5), training_of("engine", 2, 1.0, 1.5, 2.0, 2.5),
    training_of("naive", 3, 3.0, 5.0, 7.0, 8.5), training_of("engine", 3, 1.0, 1.5, 2.0, 2.5),
    training_of("bound", 1, 0.25, 0.5, 0.75, 1.0, mse=None),
]  # fmt: skip


def test_a_training_knows_its_first_epoch_its_steady_ones_and_the_time_until_an_epoch():
    one = MADE_UP[0]
    assert (one.first, one.epoch, one.rate) == (3.0, 2.0, 300)
    assert [one.until(epochs) for epochs in (1, 2, 4, 9)] == [3.0, 5.0, 10.0, 10.0]  # the end is that of the call


def test_ratios_are_taken_within_a_round():
    def speed(training):
        return 1 / training.seconds

    assert report.ratios(MADE_UP, "engine", "naive", speed) == [2.0, 4.0, 3.0]
    assert report.ratios(MADE_UP, "engine", "bound", lambda training: training.rate) == [0.25]
    assert report.ratios(MADE_UP, "engine", "pytorch", speed) == []


def test_a_row_has_medians_over_the_rounds():
    row = next(row for row in report.rows(MADE_UP) if row.contender == "engine")
    assert (row.half, row.whole, row.naive) == (1.5, 3.0, (3.0, 2.0, 4.0))
    assert (row.first, row.rate, row.steady, row.bound) == (1.0, 1200, (4.0, 2.0, 4.0), (0.25, 0.25, 0.25))
    assert (row.peak, row.mse) == (102.0, 0.05)


def test_the_table_says_what_is_not_known():
    text = report.table(report.rows(MADE_UP), 4, str.upper, lambda name: f"{name} 1")
    row = (
        "| ENGINE | engine 1 | 1.50 | 3.00 | 3.00 (2.00–4.00) | 1.00 | 1,200 | 4.00 (2.00–4.00) | 0.25 | 102 | 0.0500 |"
    )
    assert row in text
    assert "| BOUND | bound 1 | 0.50 | 1.50 | 6.67 (6.67–6.67) |" in text
    assert text.splitlines()[0].startswith("| contender | version | 2 epochs, s | 4 epochs, s |")
    alone = report.table(report.rows([training_of("engine", 1, 1.0, 2.0)]), 2, str, str)
    assert "| 1.00 | 2.50 | – | 1.00 | 600 | – | – | 101 | 0.0500 |" in alone
    assert {line.count("|") for line in text.splitlines()} == {12}


def test_doubts_name_who_did_not_learn_and_who_ended_elsewhere():
    ends = [training_of("naive", 1, 1.0), training_of("engine", 1, 1.0), training_of("pytorch", 1, 1.0, mse=0.3)]
    assert report.doubts(ends[:2], str) == []
    assert [said.split(":")[0] for said in report.doubts(ends, str)] == ["pytorch", "pytorch"]


def test_files_have_a_row_a_training_and_a_picture(tmp_path):
    report.write_csv(MADE_UP, tmp_path / "trainings.csv")
    with (tmp_path / "trainings.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [(row["contender"], row["round"]) for row in read] == [(t.contender, str(t.round)) for t in MADE_UP]
    assert (float(read[3]["rate"]), read[3]["ends"]) == (1200, "1.0 1.5 2.0 2.5")
    report.picture({"A": report.rows(MADE_UP), "B": report.rows(MADE_UP[2:4])}, str, tmp_path / "bars.png")
    assert (tmp_path / "bars.png").read_bytes().startswith(b"\x89PNG")


def test_a_contender_whose_package_is_missing_is_left_out_and_named(monkeypatch, tmp_path):
    monkeypatch.setattr(contender("pytorch"), "NEEDS", ("no_such_package",))
    assert missing("pytorch") == ["no_such_package"]
    said = []
    text, measured = training.measure(
        training.arguments(["A", "--contenders", "pytorch", "--out", str(tmp_path)]), said.append
    )
    assert said == ["Left out: PyTorch loop, no_such_package not installed."]
    assert said[0] in text
    assert measured == {}


@pytest.mark.parametrize("name", CONTENDERS)
def test_a_contender_says_what_it_is_without_importing_its_tool(name):
    module = contender(name)
    assert module.TITLE
    assert any(getattr(work, module.BUILDER) for work in WORKS.values())


@pytest.fixture(scope="module", params=WORKS)
def built(request):
    """Return a work and its Keras model."""
    backend.start()
    keras.utils.set_random_seed(0)
    return WORKS[request.param], WORKS[request.param].keras()


def test_a_work_multiplies_by_each_kernel_of_its_keras_model(built):
    work, model = built
    kernels = Counter(math.prod(w.shape) for w in model.trainable_variables if w.name == "kernel")
    sizes = Counter(product.inner * product.columns for product in work.products())
    assert kernels
    assert kernels <= sizes


@pytest.mark.slow
def test_a_step_of_a_work_moves_all_weights_and_its_score_is_finite(built):
    work, model = built
    images = np.random.default_rng(0).random((16, 28, 28, 1), "float32")
    before = [w.numpy().copy() for w in model.trainable_variables]
    for _ in range(2):  # in the first the heads of a VAE, whose kernels begin at zero, hold others still
        logs = model.train_step((keras.ops.convert_to_tensor(images),) * 2)
    assert np.isfinite(float(logs["loss"]))
    still = [
        w.path
        for old, w in zip(before, model.trainable_variables, strict=True)
        if (old == w.numpy()).all() and not w.path.endswith("key/bias")  # softmax does not see what it adds
    ]
    assert still == []
    made = work.keras_make(model, images)
    assert made.shape == images.shape
    assert 0 < work.score(made, images) < 1


def gradients(limit=1024):
    """Return images that a model learns at once: a few hundred that are alike."""
    rng = np.random.default_rng(0)
    images = np.linspace(0, 255, 28)[None, :, None, None] + rng.normal(0, 2, (limit + 64, 28, 28, 1))
    return aenb.load_data(np.clip(images, 0, 255).astype("uint8"))


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.parametrize("work", ["A", "B"])
@pytest.mark.parametrize("name", CONTENDERS)
def test_every_contender_trains_all_epochs_in_one_call_and_validates_after_each(name, work):
    if missing(name) or not getattr(WORKS[work], contender(name).BUILDER):
        pytest.skip("not installed, or not for this work")
    data, losses = gradients(), []
    test = data.x_test[:64]
    make = contender(name).prepare(WORKS[work], data, 0)(4, lambda loss, **noted: losses.append(loss))
    assert len(losses) == 4
    if name == "bound":
        assert losses == [None] * 4
        return
    assert losses[-1] < losses[0]
    assert scores.squared_error(make(test), test) < scores.squared_error(np.full_like(test, test.mean()), test)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["naive", "pipelined", "engine"])
def test_a_contender_validates_on_the_same_images_by_the_same_loss(name, monkeypatch):
    """The validation loss that it reports is that of its model on the images held out for all."""
    data, losses = gradients(), []
    kept, held = split(data)
    assert (len(kept), len(held)) == (training_images(data), len(data.train) - training_images(data))
    models = []
    built = keras.Model.compile
    monkeypatch.setattr(keras.Model, "compile", lambda self, *a, **k: (models.append(self), built(self, *a, **k))[1])
    contender(name).prepare(WORKS["A"], data, 0)(2, lambda loss, **noted: losses.append(loss))
    again = models[-1].evaluate(held, held, batch_size=VALIDATION_BATCH, verbose=0)
    assert losses[-1] == pytest.approx(again, rel=1e-4)


@pytest.mark.slow
def test_naive_is_one_call_of_fit_with_validation(monkeypatch):
    calls, fit = [], keras.Model.fit
    monkeypatch.setattr(keras.Model, "fit", lambda self, *a, **k: (calls.append(k), fit(self, *a, **k))[1])
    data = gradients()
    contender("naive").prepare(WORKS["A"], data, 0)(3, lambda loss: None)
    assert [(call["epochs"], len(call["validation_data"][0])) for call in calls] == [(3, len(split(data)[1]))]
    assert "verbose" not in calls[0]  # its bar, as it is called


def test_the_engine_is_one_call_of_train_and_notes_how_long_callbacks_waited(monkeypatch):
    calls, train, gaps = [], aenb.train, []
    monkeypatch.setattr(aenb, "train", lambda *a, **k: (calls.append(k), train(*a, **k))[1])
    contender("engine").prepare(WORKS["A"], gradients(), 0)(3, lambda loss, longest_gap: gaps.append(longest_gap))
    assert [call["epochs"] for call in calls] == [3]
    assert "verbose" not in calls[0]
    assert calls[0]["checkpoint"]
    assert gaps[0] == 0  # the first epoch compiles
    assert 0 < gaps[2] < 5


def test_a_dense_work_costs_six_operations_a_weight_less_the_gradient_of_the_images():
    for name, first in (("A", 784 * 64), ("B", 784 * 512)):
        weights = [w for w in WORKS[name].keras().trainable_variables if w.name == "kernel"]
        expected = 256 * (6 * sum(math.prod(w.shape) for w in weights) - 2 * first)
        assert operations(WORKS[name].products()) == expected


def test_masking_saves_the_encoder_three_quarters_of_its_blocks():
    masked, whole = (operations(WORKS[name].products()) for name in ("D-MAE", "D"))
    assert 0.55 < masked / whole < 0.7


def test_operations_count_a_product_and_its_gradients():
    assert operations([Product(2, 3, 4, 1), Product(2, 4, 5)]) == 2 * (2 * 3 * 4) * 2 + 2 * (2 * 4 * 5) * 3
    assert operations([Product(2, 3, 4, 0)]) == 2 * (2 * 3 * 4)


def test_what_is_made_from_noise_is_scored_by_the_nearest():
    made, images = np.array([[[0.0]], [[1.0]]]), np.array([[[0.1]], [[0.2]], [[0.8]]])
    assert scores.nearest(made, images) == pytest.approx((0.01 + 0.04 + 0.04) / 3)
    assert scores.squared_error(made, images[:2]) == pytest.approx((0.01 + 0.64) / 2)


@pytest.mark.parametrize(
    "given", [["Z"], ["A", "--rounds", "0"], ["A", "--epochs", "1"], ["A", "--contenders", "nobody"]]
)
def test_wrong_arguments_are_refused(given, capsys):
    with pytest.raises(SystemExit):
        training.arguments(given)
    assert "expected" in (said := capsys.readouterr().err) or "choose from" in said


@pytest.mark.thorough
@pytest.mark.slow
def test_a_small_run_with_what_every_installation_has(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "PATIENCE", 0)
    names = ["naive", "engine", "bound"]
    given = ["A", "--rounds", "1", "--epochs", "2", "--limit", "640", "--contenders", *names, "--out", str(tmp_path)]
    text, measured = training.measure(training.arguments(given), lambda line: None)
    trained = {one.contender: one for one in measured["A"]}
    assert set(trained) == set(names)
    assert {(one.round, one.images, len(one.ends), len(one.losses)) for one in measured["A"]} == {(1, 576, 2, 2)}
    for own in trained.values():
        assert own.peak > 20
        assert own.ends[0] < own.ends[1] <= own.seconds
    assert trained["engine"].mse == pytest.approx(trained["naive"].mse, rel=0.2)
    for part in ("## A: dense autoencoder 784-64-32-32-32-64-784", "GF/s", "seed 0", "ms apart", "tensorflow "):
        assert part in text


def test_a_contender_that_fails_is_left_out_and_its_error_named(tmp_path):
    said = []
    given = ["A", "--rounds", "1", "--seed", "-1", "--limit", "512", "--contenders", "bound", "--out", str(tmp_path)]
    _, measured = training.measure(training.arguments(given), said.append)
    assert measured == {}
    assert "bound failed" in said[0]
    assert "non-negative" in said[0]


def test_memory_is_read_stage_by_stage():
    first, second = memory.peaks("import json" + memory.PEAK + "\nx = bytearray(50_000_000)" + memory.PEAK)
    assert 40 < second - first < 60
    assert first < 100  # not what the parent held


def test_the_machine_is_described():
    assert "cores" in machine.describe()
    shares = machine.Watch().stop()
    assert shares["seconds"] > 0
    assert 0 <= shares["others"] <= 1
    assert json.dumps(shares)
