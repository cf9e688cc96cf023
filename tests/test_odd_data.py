"""Small and odd data: what can't be scored is absent, and what fails is a note."""

from __future__ import annotations

import dataclasses
import threading

import matplotlib as mpl
import numpy as np
import pytest

import aenb
from aenb.core.backend import keras
from aenb.data.record import Data
from aenb.evaluation.metrics.probes import linear_probe, silhouette
from aenb.evaluation.scorers.reconstruction import reconstruction
from aenb.evaluation.scorers.representation import representation
from aenb.evaluation.scorers.score_parts import Part, parts
from aenb.figures.views.latent_plane import principal_plane
from aenb.runs import report
from tests.test_scoring import SAY, Fake
from tests.thorough import thorough


def train(family, data, **settings):
    return aenb.train(family, data, verbose=False, **{"latent_dim": 2, "epochs": 1, "xla": "off"} | settings)


# Missing values


@pytest.fixture(scope="module")
def gappy():
    """Return a VAE of a table with missing values."""
    draw = np.random.default_rng(0)
    table = draw.normal(size=(200, 2)) @ draw.normal(size=(2, 5))
    table[draw.uniform(size=table.shape) < 0.3] = np.nan
    return train("vae", table, hidden_units=(8,), epochs=4)


def test_the_evidence_of_rows_with_missing_values_is_that_of_what_was_observed(gappy):
    x = gappy.data.x_test
    assert np.isnan(x).any(axis=1).sum() > 20
    mean, log_var = (np.asarray(part, "float64") for part in gappy.model.encoder(np.nan_to_num(x)))
    variance = float(np.exp(gappy.model.own["log_var"].numpy()))
    draws = np.random.default_rng(1).normal(size=(2000, *mean.shape))
    z = (mean + np.exp(log_var / 2) * draws).astype("float32")
    made = np.asarray(gappy.model.decoder(z.reshape(-1, 2)), "float64").reshape(2000, *x.shape)
    entries = -0.5 * (np.log(2 * np.pi * variance) + (x - made) ** 2 / variance)
    log_px = np.nansum(entries, axis=2).mean(axis=0)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1)
    scores = gappy.evaluate(parts="likelihood", verbose=False)
    assert scores["log_likelihood"] == pytest.approx(log_px.mean(), abs=0.15)
    assert scores["kl"] == pytest.approx(kl.mean(), abs=0.1)
    assert scores["elbo"] == pytest.approx((log_px - kl).mean(), abs=0.2)
    assert scores["elbo"] <= -scores["nll"]
    found = gappy.score(x, by="evidence")
    assert found == pytest.approx(kl - log_px, abs=1.0 + 0.1 * np.abs(log_px).max())
    assert np.corrcoef(found, kl - log_px)[0, 1] > 0.97
    nothing = np.full((1, 5), np.nan, "float32")
    assert np.isfinite(gappy.score(nothing, by="evidence")).all()


# What is derived of weights


@pytest.mark.thorough
def test_looking_during_a_training_changes_no_later_score(digits):
    looked, holder = threading.Event(), []

    def look(epoch, logs):
        if epoch == 0 and holder:
            holder[0].generate(5)
            holder[0].evaluate(parts="reconstruction")
            holder[0].score(digits.x_test[:3], by="density")
            holder[0].diagnose()
            looked.set()

    def started(logs):
        assert bound.wait(60)

    bound = threading.Event()
    callback = keras.callbacks.LambdaCallback(on_epoch_end=look, on_train_begin=started)
    run = aenb.train("deep", digits, latent_dim=2, epochs=3, background=True, callbacks=[callback], verbose=False)
    holder.append(run)
    bound.set()
    run.wait()
    assert looked.is_set()
    assert (run.densities, run.scores) == ({}, {})
    assert "findings" not in run.record
    fresh = aenb.train("deep", digits, latent_dim=2, epochs=3, verbose=False)
    assert np.array_equal(run.generate(20), fresh.generate(20))
    assert np.array_equal(run.score(digits.x_test, by="density"), fresh.score(digits.x_test, by="density"))
    assert run.evaluate(parts="reconstruction") == fresh.evaluate(parts="reconstruction")


def test_what_was_found_is_dropped_when_the_user_trains_on(digits, tmp_path):
    run = aenb.load_run(train("deep", digits).save(tmp_path / "run"))
    before, made = run.evaluate(parts="reconstruction"), run.generate(5)
    assert run.evaluate(parts="reconstruction") == before
    picture = run._repr_png_()
    run.model.fit(digits.x_train, digits.x_train, epochs=5, verbose=0)
    assert run.evaluate(parts="reconstruction")["mse"] < before["mse"]
    assert not np.array_equal(run.generate(5), made)
    assert run._repr_png_() != picture


# Labels


def labelled(train_labels, test_labels) -> Data:
    draw, (n, m) = np.random.default_rng(0), map(len, (train_labels, test_labels))
    return Data(draw.normal(size=(n, 3)).astype("float32"), draw.normal(size=(m, 3)).astype("float32"),
                np.asarray(train_labels), np.asarray(test_labels), kind="tabular")  # fmt: skip


PROBES = {"linear_probe", "knn", "few_labels_1", "raw_knn", "pca_linear_probe"}


@pytest.mark.parametrize(
    ("train_labels", "test_labels", "scored", "clustered"),
    [
        ([0, 1] * 10, [1] * 5, True, False),  # held-out items of one class
        ([0, 1] * 10, [0, 1], True, True),  # and each of another
        (list(range(20)), list(range(5)), False, False),  # all labels distinct
        ([0.0, 1.0] * 10, [1.0, 0.0, 0.0], True, True),
        ([0.5, 1.0] * 10, [1.0, 1.0, 1.0], False, False),  # measurements
        ([0] * 20, [0] * 5, False, False),
        (["a", ""] * 10, ["", "a", "a"], True, True),
        ([False] * 19 + [True], [False] * 5, True, False),  # one rare label
        ([0, 1, 2, 3, 3], [3, 9], True, True),  # one that no training item has
    ],
)
def test_labels_that_are_no_classes_are_not_scored(train_labels, test_labels, scored, clustered):
    data = labelled(train_labels, test_labels)
    scores = representation(Fake(data, encode=lambda x: np.asarray(x)), data, SAY)
    assert all(0 <= score <= 1 for name, score in scores.items() if name != "silhouette")
    assert (set(scores) >= PROBES) == scored
    assert bool(scores) == scored
    assert ("clustering" in scores) == clustered


def test_metrics_of_one_class_are_none():
    codes, one = np.random.default_rng(0).normal(size=(6, 2)), np.zeros(6)
    assert linear_probe(codes, one, codes, one) is None
    assert silhouette(codes, one) is None
    assert silhouette(codes, np.arange(6)) is None
    assert silhouette(codes, np.array([0, 0, 0, 1, 1, 1])) is not None


# What fails


def test_a_picture_and_a_score_that_fail_are_notes_and_stop_nothing(trained, tmp_path, monkeypatch):
    def broken(*arguments, **keywords):
        raise RuntimeError("planted\nof two lines")

    run = dataclasses.replace(trained, record=trained.record | {"notes": []}, scores={}, _pictures=None)
    run.record.pop("findings", None)
    monkeypatch.setattr("aenb.figures.plots.run_figure", broken)
    monkeypatch.setattr("aenb.figures.views.latent_scatter.scatter", broken)
    monkeypatch.setitem(parts(), "reconstruction", Part("reconstruction", broken))
    page = run._repr_html_()
    assert "The run&#x27;s figure could not be drawn (RuntimeError: planted)." in page
    assert "The view `codes` could not be drawn (RuntimeError: planted)." in page
    assert "Its reconstructions could not be scored (RuntimeError: planted)." in repr(run)
    again = aenb.load_run(run.save(tmp_path / "run"))
    assert len(again.record["notes"]) == len(set(again.record["notes"])) == 3
    assert run.encode(run.data.x_test).tolist() == again.encode(run.data.x_test).tolist()
    gallery = run.show("codes", "filters")
    assert "could not be drawn" in gallery._repr_html_()
    assert gallery._repr_html_().count("<img") == 1


@pytest.mark.slow
def test_settings_of_matplotlib_change_no_picture(trained, monkeypatch):
    from aenb.figures.plots import to_png

    plain = to_png(trained.plot())
    for name, value in {"text.usetex": True, "axes.grid": True, "image.origin": "lower", "savefig.bbox": "tight",
                        "axes.spines.left": False, "path.sketch": (1, 100, 2)}.items():  # fmt: skip
        monkeypatch.setitem(mpl.rcParams, name, value)
    assert to_png(trained.plot()) == plain
    assert len(trained.show().pictures()) == len(trained.show())


def test_numpy_that_raises_breaks_no_score(digits):
    run = train("vae", digits, hidden_units=(16,))
    with np.errstate(all="raise"):
        assert run.evaluate(verbose=False)
        assert np.isfinite(run.score(digits.x_test, by="density")).all()
        assert run._repr_html_()
        assert "not-checked" not in [finding.code for finding in run.diagnose()]
        assert "could not" not in " ".join(run.record["notes"])


@pytest.mark.parametrize(
    ("name", "other", "expected"),
    [("floatx", "float64", "float32"), ("image_data_format", "channels_first", "channels_last")],
)
def test_settings_of_keras_that_break_models_are_refused(digits, name, other, expected):
    set_to = getattr(keras.config, f"set_{name}")
    set_to(other)
    try:
        with pytest.raises(aenb.AenbError, match=f'received "{other}". Call keras.config.set_{name}\\("{expected}"'):
            train("vae", digits)
    finally:
        set_to(expected)


# Small data


@pytest.mark.parametrize("family", [*thorough("deep"), "vae"])
@pytest.mark.parametrize("shape", [(4, 1), (4, 5), (12, 1, 1)])
def test_few_examples_one_feature_and_one_pixel(family, shape, tmp_path):
    run = train(family, np.random.default_rng(0).uniform(size=shape), hidden_units=(4,), latent_dim=3)
    run.evaluate(verbose=False)
    assert run._repr_html_()
    run.save(tmp_path / "run")
    assert not [note for note in run.record["notes"] if "could not" in note]
    gallery = run.show()
    assert len(gallery.pictures()) == len(gallery)


def test_the_plane_of_a_single_code():
    plane = principal_plane(np.array([[1.0, 2.0, 3.0]]))
    assert plane.points(np.array([[1.0, 2.0, 3.0]])).tolist() == [[0, 0]]
    assert plane.axes @ plane.axes.T == pytest.approx(np.eye(2))


# Words


def test_words_of_few_and_of_exact():
    record = {"device": ["CPU"], "examples_per_second": 10.0}
    assert report.ending("complete", 1, 1, 2.0, record).startswith("Trained 1 epoch in")
    assert report.ending("stopped", 1, 1, 2.0, record).startswith("Stopped after 1 of 1 epoch,")
    assert report.ending("stopped", 0, 5000, 0.0, record | {"examples_per_second": 0.0}) == "Cancelled before it began."
    exact = {"mse": 0.02, "pca_mse": 1e-15, "mean_mse": 1.0}
    said = report.verdict(exact, "deep", 32, compresses=True)
    assert said == "PCA reconstructs this data exactly: 32 dimensions are enough."
    assert "1 dimension is enough" in report.verdict(exact, "deep", 1, compresses=True)
    assert "2.00 times" in report.verdict(exact | {"pca_mse": 0.01}, "deep", 32, compresses=True)
    constant = {"mse": 0.0, "pca_mse": 0.0, "mean_mse": 0.0}
    assert "exactly" in report.verdict(constant, "deep", 2, compresses=True)


@pytest.mark.parametrize(("shape", "kind"), [((26, 5, 1), "signal"), ((14, 1, 1), None)])
def test_attention_over_constant_signals_and_over_a_single_patch_is_drawn(shape, kind):
    data = aenb.load_data(np.full(shape, 0.5), kind=kind)
    run = train("attention", data, embed_dim=4, num_heads=1, num_layers=1)
    gallery = run.show("attention")
    assert len(gallery.pictures()) == 1


def test_scores_of_held_out_examples_of_which_nothing_was_observed_are_absent():
    table = np.random.default_rng(0).random((40, 3))
    run = aenb.train("deep", table, latent_dim=2, epochs=1, verbose=False)
    data = dataclasses.replace(run.data, test=np.full((8, 3), np.nan, "float32"), y_test=None)
    assert dict(reconstruction(run, data, lambda text: None)) == {}
