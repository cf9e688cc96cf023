"""`aenb.compare`: runs beside each other, and families at equal budget."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import aenb
from aenb.comparison.result import Comparison
from aenb.comparison.score_columns import Column
from aenb.evaluation.metrics.intervals import Interval, interval
from aenb.evaluation.scorers.score_parts import Part, parts


@pytest.fixture(scope="module")
def data():
    return aenb.load_data("digits")


@pytest.fixture(scope="module")
def found(data) -> Comparison:
    return aenb.compare(
        "shallow", {"family": "deep", "hidden_units": (64,)}, "vae",
        data=data, epochs=3, seeds=(0, 1), latent_dim=8, parts=("reconstruction", "representation"), verbose=False,
    )  # fmt: skip


def test_each_is_trained_from_each_seed_at_the_same_budget(found, data):
    assert list(found.runs) == ["shallow", "deep", "vae"]
    for runs in found.runs.values():
        assert [run.spec.seed for run in runs] == [0, 1]
        assert all(run.epochs == 3 and run.latent_dim == 8 and run.data is data for run in runs)
    assert found.runs["deep"][0].spec.hyperparameters["hidden_units"] == (64,)


def test_the_frame_has_means_intervals_and_baselines(found):
    frame = found.to_frame()
    assert list(frame.index) == ["shallow", "deep", "vae", "PCA", "mean image", "the raw features"]
    own = [run.evaluate(parts="reconstruction")["mse"] for run in found.runs["deep"]]
    assert frame.loc["deep", "mse"] == pytest.approx(np.mean(own))
    low, high = stats.t.interval(0.95, 1, loc=np.mean(own), scale=stats.sem(own))
    assert frame.loc["deep", "mse ±"] == pytest.approx((high - low) / 2)
    assert frame.loc["PCA", "mse"] == found.scores["deep"][0]["pca_mse"]
    assert frame.loc["deep", "parameters"] == found.runs["deep"][0].model.count_params()
    assert not [name for name in frame.columns if name.startswith(("pca_", "mean_", "raw_"))]
    model = found.runs["shallow"][0].model
    weights = sum(int(np.prod(weight.shape)) for weight in model.weights)
    assert 3 * 4 * weights / 2**20 == pytest.approx(frame.loc["shallow", "memory"], rel=0.01)  # Adam keeps two of each


def test_it_shows_itself(found):
    text, page = repr(found), found._repr_html_()
    for word in ("shallow", "deep", "vae", "PCA", "mean image", "MSE", "±", "parameters", "3 epochs each, seeds 0, 1"):
        assert word.lower() in text.lower()
        assert word.lower() in page.lower()
    assert found.plot().axes[0].get_title("left") == "MSE (lower is better)"
    assert len(found.plot().axes) == 2 + 2 * 4  # two scores; the originals and three contenders, twice


def test_files(found, tmp_path):
    page = found.to_html(tmp_path / "new" / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "data:image/png;base64," in page
    assert "http" not in page.replace("http-equiv", "")  # all of it is in the one file
    table = pd.read_csv(found.to_csv(tmp_path / "seeds.csv"))
    assert list(table["contender"]) == ["shallow"] * 2 + ["deep"] * 2 + ["vae"] * 2
    assert table["mse"].tolist() == pytest.approx([one["mse"] for each in found.scores.values() for one in each])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "seeds.csv"]
    lines = found.to_markdown().splitlines()
    assert lines[0].startswith("| held-out examples | MSE |")
    assert lines[1].startswith("| --- | ---: |")


def test_runs_that_differ_in_seeds_are_one_contender(data):
    runs = [aenb.train("deep", data, f"d{seed}", seed=seed, epochs=1, verbose=False) for seed in (0, 1)]
    other = aenb.train("deep", data, "wide", latent_dim=16, epochs=1, verbose=False)
    found = aenb.compare(*runs, other, parts="reconstruction")
    assert {name: len(each) for name, each in found.runs.items()} == {"d0": 2, "wide": 1}
    assert [name for name in found.baselines if "PCA" in name] == ["PCA, 32 dimensions", "PCA, 16 dimensions"]
    assert "bold" not in found.to_markdown().replace("bold where", "")


def test_alike_names_are_told_apart(data):
    found = aenb.compare(
        {"family": "vae", "beta": 1.0}, {"family": "vae", "beta": 4.0}, data=data, epochs=1, seeds=(0,),
        latent_dim=2, parts="reconstruction", verbose=False,
    )  # fmt: skip
    assert list(found.runs) == ["vae, beta=1.0", "vae, beta=4.0"]
    assert "One seed each" in repr(found)


def planted(**values):
    """Make a comparison whose scores are given, a list of one value a seed for each contender."""
    made = object.__new__(Comparison)
    object.__setattr__(made, "intervals", {name: {"mse": interval(each)} for name, each in values.items()})
    return made


def test_the_best_is_stressed_only_where_the_intervals_are_apart():
    lower, higher = Column("mse", "", "", lower=True), Column("mse", "", "")
    apart = planted(a=[1.0, 1.1, 0.9], b=[2.0, 2.1, 1.9])
    assert (apart.best(lower), apart.best(higher)) == ("a", "b")
    assert planted(a=[1.0, 1.1, 0.9], b=[1.2, 1.4, 1.0]).best(lower) is None
    assert planted(a=[1.0], b=[2.0]).best(lower) is None  # by chance, for all one knows
    assert planted(a=[1.0, 1.1, 0.9], b=[2.0, 2.1, 1.9], c=[1.1, 1.2, 1.0]).best(lower) is None
    assert planted(a=[1.0, 1.1]).best(lower) is None
    assert interval([2.0]) == Interval(2.0, None, 1)


@pytest.mark.parametrize(("budget", "steps"), [({"steps": 13}, 13), ({"epochs": 2}, 12)])
def test_a_budget_of_steps_or_epochs_is_kept_exactly(data, budget, steps):
    found = aenb.compare(
        "shallow", "vae", data=data, **budget, seeds=(0,), batch_size=256, parts="reconstruction", verbose=False
    )
    for (run,) in found.runs.values():
        optimizers = getattr(run.model, "optimizers", None) or {"": run.model.optimizer}
        assert [int(optimizer.iterations) for optimizer in optimizers.values()] == [steps]
        assert len(run.history["loss"]) == -(-steps // 6)


def test_a_budget_of_seconds(data):
    found = aenb.compare("shallow", "deep", data=data, seconds=2, seeds=(0,), parts="reconstruction", verbose=False)
    for (run,) in found.runs.values():
        assert 2 <= run.seconds < 10
        assert run.epochs > 1
    assert "2 seconds each" in repr(found).lower()


def test_what_is_wrong_is_said(data, found):
    other = aenb.train("shallow", "wine", epochs=1, verbose=False)
    run = found.runs["vae"][0]
    for wrong, message in (
        (lambda: aenb.compare(), "received none"),
        (lambda: aenb.compare(run, other), "expected the same data for all; received digits and wine"),
        (lambda: aenb.compare("deep", data=data, epochs=1, steps=2), "expected one budget; received epochs and steps"),
        (lambda: aenb.compare("deep", data=data, seconds=0), "expected a number above 0"),
        (lambda: aenb.compare("deep", data=data, beta=2.0, epochs=1), "no family here has `beta`"),
        (lambda: aenb.compare("depp", data=data), "Did you mean `deep`"),
        (lambda: aenb.compare(3), "received int"),
        (lambda: aenb.compare("deep", data=data, seeds=()), "expected at least one"),
    ):
        with pytest.raises(aenb.AenbError, match=message):
            wrong()


def test_progress_names_what_is_trained(data):
    from aenb.core.progress import use_view

    said = []

    class View:
        end = staticmethod(said.append)

        def stage(self, text, control=None):
            said.append(text)

    use_view(View)
    try:
        aenb.compare("shallow", data=data, epochs=2, seeds=(5,), parts="reconstruction")
    finally:
        use_view(None)
    assert any(text.startswith("shallow, seed 5 (1 of 1): epoch 1 of 2") for text in said)
    assert said[-1].startswith("Compared on digits")


def test_names_are_escaped(data):
    run = aenb.train("shallow", data.x_train, epochs=1, verbose=False)
    made = Comparison({"<b>": [run]}, {"<b>": [run.evaluate(parts="reconstruction")]}, run.data)
    assert "<b>" not in made._repr_html_()
    assert "&lt;b&gt;" in made._repr_html_()
    assert "| \\<b> |" in made.to_markdown()


# What fails


def test_a_training_that_fails_is_named_and_the_others_are_kept(data, monkeypatch):
    broken = {"family": "deep", "hidden_units": (4,), "name": "broken", "task": "inpaint", "corruption": "stretch"}
    found = aenb.compare(broken, "shallow", data=data, epochs=1, seeds=(0,), parts="reconstruction", verbose=False)
    assert list(found.runs) == ["shallow"]
    assert "broken, seed 0 could not be trained (AenbError: Unknown corruption `stretch`" in repr(found)
    assert "could not be trained" in found._repr_html_()
    with pytest.raises(aenb.AenbError, match="Unknown corruption `stretch`"):
        aenb.compare(broken, data=data, epochs=1, seeds=(0,), parts="reconstruction", verbose=False)


def test_a_score_that_fails_is_an_empty_cell_and_a_note(data, monkeypatch):
    runs = [aenb.train(family, data, epochs=1, verbose=False) for family in ("shallow", "deep")]

    def broken(run, data, say):
        if run.spec.family == "deep":
            raise ZeroDivisionError("planted")
        return {"knn": 0.5, "pca_knn": 0.5, "raw_knn": 0.5}

    monkeypatch.setitem(parts(), "representation", Part("representation", broken))
    found = aenb.compare(*runs, parts=("reconstruction", "representation"), verbose=False)
    assert list(found.runs) == ["shallow", "deep"]
    assert "knn" not in found.scores["deep"][0]
    assert found.scores["shallow"][0]["knn"] == 0.5
    assert found.notes == ("deep, seed 0: the part representation could not be scored (ZeroDivisionError: planted).",)
    assert found.notes[0] in found.to_markdown()
    with pytest.raises(aenb.AenbError, match="Unknown part"):
        aenb.compare("deep", data=data, parts="generations", verbose=False)  # before anything is trained


def test_an_interrupt_of_the_scoring_keeps_the_trainings(data, monkeypatch):
    def interrupted(run, data, say):
        if run.spec.family == "deep":
            raise KeyboardInterrupt
        return {"mse": 0.1, "pca_mse": 0.1, "mean_mse": 0.2}

    monkeypatch.setitem(parts(), "reconstruction", Part("reconstruction", interrupted))
    found = aenb.compare("shallow", "deep", data=data, epochs=1, seeds=(0,), parts="reconstruction", verbose=False)
    assert list(found.runs) == ["shallow", "deep"]
    assert "interrupted at deep, seed 0" in repr(found)


def test_labels_of_which_each_is_another_lose_no_training(data):
    few = aenb.load_data(data.x_train[:12], np.arange(12))
    found = aenb.compare("shallow", data=few, epochs=1, seeds=(0,), verbose=False)
    assert "mse" in found.scores["shallow"][0]
    assert (found.notes, "knn" in found.scores["shallow"][0]) == ((), False)
    assert found._repr_html_()
