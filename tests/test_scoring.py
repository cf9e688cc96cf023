"""`run.evaluate()`: one scorer for all, and what a bad model gets from it."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

import aenb
from aenb.data.record import Data
from aenb.evaluation.scorers.generation import generation
from aenb.evaluation.scorers.reconstruction import reconstruction
from aenb.evaluation.scorers.representation import representation
from aenb.evaluation.scorers.score_parts import Part, parts

STABLE = {"mse", "psnr", "ssim", "pca_mse", "mean_mse", "linear_probe", "knn", "pca_knn", "raw_knn"}
STABLE |= {"frechet", "frechet_floor", "precision", "recall", "density", "coverage", "novelty", "rarest_class"}
STABLE |= {"frechet_reconstruction"}
SAY = lambda text: None  # noqa: E731


@pytest.fixture(scope="module")
def data() -> Data:
    return aenb.load_data("digits")


@pytest.fixture(scope="module")
def vae(data):
    return aenb.train("vae", data, latent_dim=8, epochs=40, batch_size=64, verbose=False)


class Fake:
    """A run whose model is a function: all that the scorers ask of one."""

    is_conditional = is_generator = translates = False
    latent_dim, spec, scores, is_alive = 8, SimpleNamespace(seed=0), {}, False

    def __init__(self, data, encode=None, rebuild=None, make=None):
        self.data, self.encode, self.generate = data, encode, make
        self.reconstruct = rebuild or (lambda x, labels: x)

    def corrupt(self, x):
        return x


def test_the_names_are_stable_and_floats(vae):
    scores = vae.evaluate(verbose=False)
    assert set(scores) >= STABLE | {"elbo", "nll", "nll_samples", "active_units"}
    assert not [name for name in scores if "anomaly" in name]  # it has learnt from all classes
    assert all(np.isscalar(score) and np.isfinite(score) for score in scores.values())
    assert json.loads(json.dumps(scores)) == scores
    assert -scores["nll"] >= scores["elbo"] == pytest.approx(scores["log_likelihood"] - scores["kl"])
    assert scores["knn"] > 0.7
    assert scores["mse"] < scores["mean_mse"]


def test_scores_are_kept_and_saved_by_part(vae, tmp_path, monkeypatch):
    whole = vae.evaluate(verbose=False)
    monkeypatch.setitem(parts(), "generation", Part("generation", lambda *_: pytest.fail("scored twice")))
    assert vae.evaluate() == whole
    assert set(vae.evaluate(parts="likelihood")) == {
        "elbo",
        "log_likelihood",
        "kl",
        "nll",
        "nll_samples",
        "active_units",
    }
    facts = json.loads((vae.save(tmp_path / "v") / "run.json").read_text())
    assert facts["metrics"] == whole
    again = aenb.load_run(tmp_path / "v")
    assert again.evaluate() == whole
    assert again.evaluate(parts=["reconstruction"]) == vae.evaluate(parts=["reconstruction"])


def test_scores_of_data_that_is_gone_are_those_that_were_saved(data, tmp_path):
    run = aenb.train("deep", data.x_train[..., 0], "r", latent_dim=2, epochs=1, verbose=False)
    quick = run.evaluate(parts="reconstruction")
    again = aenb.load_run(run.save(tmp_path / "r"))
    with pytest.warns(UserWarning, match="saved with the run"):
        assert again.evaluate() == quick


def test_scores_show_themselves_beside_their_baselines(vae):
    page = vae.evaluate(verbose=False)._repr_html_()
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr.*?</tr>", page)]
    head, table = rows[0], {row[0]: row for row in rows[1:]}
    assert head == ["held-out examples", "score", "PCA", "mean example", "raw features", "training examples"]
    scores = vae.evaluate()
    assert table["mse"][1:4] == [f"{scores[name]:.4g}" for name in ("mse", "pca_mse", "mean_mse")]
    assert table["frechet"][-1] == f"{scores['frechet_floor']:.4g}"
    assert "pca_mse" not in table


def test_an_unknown_part_is_named(vae):
    with pytest.raises(aenb.AenbError, match="Did you mean `generation`"):
        vae.evaluate(parts="generator")


def test_what_does_not_apply_is_absent(data):
    deep = aenb.train("deep", data, latent_dim=4, epochs=1, verbose=False)
    assert "elbo" not in deep.evaluate(verbose=False)
    table = aenb.train("deep", data.x_train.reshape(-1, 64), latent_dim=4, epochs=1, verbose=False)
    scores = table.evaluate(verbose=False)  # no labels: features of PCA, no classes
    assert {"mse", "frechet"} <= set(scores)
    assert not {"ssim", "knn", "rarest_class"} & set(scores)
    texts = aenb.train("deep", ["a b c", "b c d e", "c a"] * 10, latent_dim=2, epochs=1, verbose=False)
    assert set(texts.evaluate(verbose=False)) == {"accuracy", "mean_accuracy", "bleu"}


def test_progress_is_shown_and_says_what_is_done(data, capsys):
    run = aenb.train("deep", data, latent_dim=4, epochs=1, verbose=False)
    said = []

    class View:
        stage = end = staticmethod(lambda text: said.append(text))

    from aenb.core.progress import use_view

    use_view(View)
    try:
        run.evaluate()
    finally:
        use_view(None)
    assert len(said) > 5
    assert said[-1] == "Scored on held-out examples."
    assert all(text.startswith("Scoring: ") for text in said[:-1])


# Bad models, each seen by the score that should see it


def test_a_mean_image_is_no_better_than_the_mean(data):
    mean = data.x_train.mean(axis=0)
    scores = reconstruction(Fake(data, rebuild=lambda x, labels: np.tile(mean, (len(x), 1, 1, 1))), data, SAY)
    assert scores["mse"] == pytest.approx(scores["mean_mse"], rel=1e-5)
    assert scores["mse"] > 3 * scores["pca_mse"]


def test_shuffled_codes_tell_nothing(data):
    def flat(x):
        return np.asarray(x).reshape(len(x), -1)

    right = representation(Fake(data, encode=flat), data, SAY)
    draw = np.random.default_rng(0)
    wrong = representation(Fake(data, encode=lambda x: draw.permutation(flat(x))), data, SAY)
    assert right["knn"] == pytest.approx(right["raw_knn"])
    assert right["linear_probe"] > 0.9
    assert wrong["knn"] < 0.2
    assert wrong["linear_probe"] < 0.2
    assert wrong["few_labels_10"] < 0.2
    assert wrong["silhouette"] < 0 < right["silhouette"]


def test_generators_that_cheat_are_seen(data):
    draw = np.random.default_rng(1)
    made = {
        "new": data.x_train[draw.permutation(len(data.x_train))[:360]] * 0.999,
        "one": np.repeat(data.x_train[:1], 360, axis=0),
        "copies": data.x_train[:360],
        "noise": draw.uniform(size=(360, 8, 8, 1)).astype("float32"),
    }
    scores = {what: generation(Fake(data, make=lambda n, seed, x=x: x), data, SAY) for what, x in made.items()}
    floor = scores["copies"]["frechet_floor"]
    assert scores["copies"]["frechet"] < 3 * floor
    assert scores["copies"]["frechet_reconstruction"] < 1e-3 * floor  # the examples themselves
    assert scores["copies"]["novelty"] < 0.01
    assert scores["one"]["frechet"] > 10 * floor
    assert scores["one"]["recall"] < 0.05
    assert scores["one"]["coverage"] < 0.1
    assert scores["one"]["rarest_class"] == 0
    assert scores["noise"]["frechet"] > 10 * floor
    assert scores["noise"]["precision"] < 0.5
    assert scores["noise"]["density"] < 0.5
    assert scores["noise"]["novelty"] > 0.9


# Anomalies


@pytest.fixture(scope="module")
def zeros():
    return aenb.train("deep", "digits:0", latent_dim=4, epochs=60, batch_size=16, verbose=False)


def test_one_class_is_learnt_and_the_others_are_strange(zeros):
    assert set(zeros.data.y_train) == set(zeros.data.y_test) == {0}
    assert zeros.data.name == "digits:0"
    assert "--data digits:0" in zeros.to_cell()
    scores = zeros.evaluate(parts="anomaly")
    assert set(scores) == {"anomaly_auc", "average_precision", "pca_anomaly_auc", "pca_average_precision"}
    assert scores["anomaly_auc"] > 0.9
    anomalies = zeros.data.anomalies
    assert len(anomalies) == 360 - len(zeros.data.test)
    assert np.median(zeros.score(anomalies)) > 2 * np.median(zeros.score(zeros.data.test))


def test_ways_to_score(zeros, vae):
    from sklearn.metrics import roc_auc_score

    x = np.concatenate([zeros.data.test, zeros.data.anomalies])
    is_strange = np.arange(len(x)) >= len(zeros.data.test)
    assert roc_auc_score(is_strange, zeros.score(x, by="density")) > 0.9
    with pytest.raises(aenb.AenbError, match="no evidence lower bound"):
        zeros.score(x, by="evidence")
    with pytest.raises(aenb.AenbError, match="Expected one of: reconstruction"):
        zeros.score(x, by="nonsense")
    noise = np.random.default_rng(0).uniform(size=(50, 8, 8, 1)).astype("float32")
    by_evidence = [vae.score(items, by="evidence").mean() for items in (vae.data.x_test[:50], noise)]
    assert by_evidence[1] > by_evidence[0] + 20


def test_what_is_missing_does_not_make_a_row_strange():
    draw = np.random.default_rng(0)
    table = draw.normal(size=(400, 2)) @ draw.normal(size=(2, 6))
    table[draw.uniform(size=table.shape) < 0.1] = np.nan
    run = aenb.train("deep", table, latent_dim=2, epochs=30, batch_size=32, verbose=False)
    for by in ("reconstruction", "density"):
        assert np.isfinite(run.score(run.data.x_test, by=by)).all()


def test_a_class_that_is_not_there_is_named(data):
    with pytest.raises(aenb.AenbError, match="Unknown class `ten` of digits"):
        data.one_class("ten")
    with pytest.raises(aenb.AenbError, match="Did you mean `Shirt`"):
        aenb.load_data("fashion_mnist:shirts")
    with pytest.raises(aenb.AenbError, match="expected data with labels"):
        aenb.load_data(data.x_train).one_class(1)


def test_scores_of_other_data_are_not_kept(vae, data):
    other = vae.evaluate(data.limit(200), parts="reconstruction")
    assert other["mean_mse"] != vae.evaluate(parts="reconstruction")["mean_mse"]
