"""The benchmark's own arithmetic, and a small run of it with what every installation has."""

import csv
import json
import math
from collections import Counter

import numpy as np
import pytest

from aenb import backend
from aenb.backend import keras
from tests.benchmarks import machine, memory, report, rounds, training
from tests.benchmarks.contenders import CONTENDERS, contender, missing
from tests.benchmarks.rounds import Epoch
from tests.benchmarks.works import WORKS, scores
from tests.benchmarks.works.products import Product, operations


def epoch(name, number, seconds, **changed):
    figures = {"images": 600, "others": 0.0, "peak": 100.0 + number, "mse": 0.05 / (number + 1), "before": 0.2}
    return Epoch("A", name, number, seconds=seconds, **{**figures, **changed})


MADE_UP = [
    epoch("naive", 0, 9.0), epoch("engine", 0, 3.0),
    epoch("naive", 1, 2.0), epoch("engine", 1, 1.0),
    epoch("naive", 2, 8.0), epoch("engine", 2, 2.0),
    epoch("naive", 3, 3.0), epoch("engine", 3, 1.0),
    epoch("bound", 1, 0.5, mse=None, before=None),
]  # fmt: skip


def test_rates_leave_the_first_epoch_out():
    assert report.rates(MADE_UP, "engine") == {1: 600, 2: 300, 3: 600}


def test_rates_leave_disturbed_epochs_out_where_there_are_others():
    disturbed = [epoch("engine", 1, 1.0), epoch("engine", 2, 9.0, others=0.5)]
    assert report.rates(disturbed, "engine") == {1: 600}
    assert report.rates(disturbed[1:], "engine") == {2: pytest.approx(600 / 9)}


def test_ratios_are_taken_within_a_round():
    assert report.ratios(MADE_UP, "engine", "naive") == [2.0, 4.0, 3.0]
    assert report.ratios(MADE_UP, "engine", "bound") == [0.5]
    assert report.ratios(MADE_UP, "engine", "pytorch") == []


def test_a_row_has_medians_and_the_last_state():
    row = next(row for row in report.rows(MADE_UP) if row.contender == "engine")
    assert (row.first, row.rate, row.naive, row.bound) == (3.0, 600, (3.0, 2.0, 4.0), 0.5)
    assert (row.peak, row.mse) == (103.0, 0.0125)


def test_the_table_says_what_is_not_known():
    text = report.table(report.rows(MADE_UP), str.upper, lambda name: f"{name} 1")
    assert "| ENGINE | engine 1 | 3.0 | 600 | 3.00 (2.00–4.00) | 3 | 0.50 | 103 | 0.0125 |" in text
    assert "| BOUND | bound 1 | 0.5 | 1,200 | 4.00 (4.00–4.00) | 1 | 1.00 | 101 | – |" in text
    alone = report.table(report.rows([epoch("engine", 0, 1.0), epoch("engine", 1, 1.0)]), str, str)
    assert "| 600 | – | – | – |" in alone
    assert {line.count("|") for line in text.splitlines()} == {10}


def test_doubts_name_who_did_not_learn_and_who_ended_elsewhere():
    ends = [epoch("naive", 1, 1.0), epoch("engine", 1, 1.0), epoch("pytorch", 1, 1.0, mse=0.3)]
    assert report.doubts(ends[:2], str) == []
    assert [said.split(":")[0] for said in report.doubts(ends, str)] == ["pytorch", "pytorch"]


def test_files_have_a_row_an_epoch_and_a_picture(tmp_path):
    report.write_csv(MADE_UP, tmp_path / "epochs.csv")
    with (tmp_path / "epochs.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [(row["contender"], row["round"]) for row in read] == [(e.contender, str(e.round)) for e in MADE_UP]
    assert float(read[3]["rate"]) == 600
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


@pytest.mark.parametrize("name", ["pipelined", "loop", "engine"])
def test_a_contender_trains_a_family_with_a_loss_of_its_own(name):
    images = np.tile(np.linspace(0, 1, 28, dtype="float32")[None, :, None, None], (256, 1, 28, 1))
    epoch, make = contender(name).prepare(WORKS["B"], images, 0)
    before = scores.squared_error(make(images), images)
    for _ in range(3):
        epoch()
    assert scores.squared_error(make(images), images) < 0.9 * before


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


@pytest.mark.parametrize("given", [["Z"], ["A", "--rounds", "0"], ["A", "--contenders", "nobody"]])
def test_wrong_arguments_are_refused(given, capsys):
    with pytest.raises(SystemExit):
        training.arguments(given)
    assert "expected" in (said := capsys.readouterr().err) or "choose from" in said


def test_a_small_run_with_what_every_installation_has(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "PATIENCE", 0)
    given = ["A", "--rounds", "1", "--limit", "512", "--contenders", "naive", "engine", "bound", "--out", str(tmp_path)]
    text, measured = training.measure(training.arguments(given), lambda line: None)
    trained = measured["A"]
    assert {(e.contender, e.round) for e in trained} == {(n, r) for n in ("naive", "engine", "bound") for r in (0, 1)}
    assert {e.images for e in trained} == {512}
    for own in trained:
        assert own.peak > 20
        assert own.mse is None or own.mse < own.before
    ends = {e.contender: e.mse for e in trained if e.round == 1}
    assert ends["engine"] == pytest.approx(ends["naive"], rel=0.2)
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
