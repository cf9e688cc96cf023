"""`aenb.compare`: runs beside each other, and families at equal budget."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import aenb
from aenb.comparison.compare import compare_in
from aenb.comparison.differing_settings import settings_table
from aenb.comparison.overlaid_curves import are_different, curves_figure, page_curves
from aenb.comparison.result import Comparison
from aenb.comparison.score_columns import Column
from aenb.comparison.score_tables import best_in
from aenb.core.progress import Silent
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


@pytest.mark.thorough
def test_runs_that_differ_in_seeds_are_one_contender(data):
    runs = [aenb.train("deep", data, f"d{seed}", seed=seed, epochs=1, verbose=False) for seed in (0, 1)]
    other = aenb.train("deep", data, "wide", latent_dim=16, epochs=1, verbose=False)
    found = aenb.compare(*runs, other, parts="reconstruction")
    assert {name: len(each) for name, each in found.runs.items()} == {"d0": 2, "wide": 1}
    assert [name for name in found.baselines if "PCA" in name] == ["PCA, 32 dimensions", "PCA, 16 dimensions"]
    best = [line for line in found.to_markdown().splitlines() if "**" in line]
    assert len(best) == 1
    assert best[0].startswith("| PCA, 32 dimensions |")


def test_alike_names_are_told_apart(data):
    found = aenb.compare(
        {"family": "vae", "beta": 1.0}, {"family": "vae", "beta": 4.0}, data=data, epochs=1, seeds=(0,),
        latent_dim=2, parts="reconstruction", verbose=False,
    )  # fmt: skip
    assert list(found.runs) == ["vae, beta=1.0", "vae, beta=4.0"]
    assert "One seed each" in repr(found)


def best_of(lower, baselines=None, **values):
    """Return what is bold of planted scores: a list of one value a seed for each contender."""
    intervals = {name: {"mse": interval(each)} for name, each in values.items()}
    return best_in(Column("mse", "", "", lower=lower), intervals, baselines or {})


def test_the_best_is_stressed_only_where_the_intervals_are_apart():
    apart = {"a": [1.0, 1.1, 0.9], "b": [2.0, 2.1, 1.9]}
    assert (best_of(True, **apart), best_of(False, **apart)) == ("a", "b")
    assert best_of(True, a=[1.0, 1.1, 0.9], b=[1.2, 1.4, 1.0]) is None
    assert best_of(True, **apart, c=[1.1, 1.2, 1.0]) is None
    assert best_of(True, a=[1.0, 1.1]) is None
    assert best_of(True, a=[1.0], b=[2.0]) == "a"  # and the line below says that there is one seed
    assert best_of(True, a=[1.0], b=[1.0]) is None
    assert interval([2.0]) == Interval(2.0, None, 1)


def test_a_baseline_can_be_the_best_but_real_examples_are_only_a_bound():
    assert best_of(True, {"PCA": {"mse": 0.5}}, a=[1.0], b=[2.0]) == "PCA"
    assert best_of(True, {"training examples": {"mse": 0.5}}, a=[1.0], b=[2.0]) == "a"
    assert best_of(True, {"PCA": {"mse": 0.9}}, a=[1.0, 1.1, 0.9], b=[2.0, 2.1, 1.9]) is None


def test_the_table_and_the_report_of_a_run_stress_by_the_same_rule(data):
    few = aenb.train("deep", data, "few", epochs=1, verbose=False)  # PCA of 32 dimensions is far better
    page = few._repr_html_()
    row = page[page.index("PCA, 32 dimensions") :].split("</tr>")[0]
    assert row.count("font-weight:700") == 3
    assert page.count("font-weight:700") == 3
    compared = aenb.compare(few, parts="reconstruction", verbose=False)._repr_html_()
    (row,) = [line for line in compared.split("</tr>") if ">PCA<" in line]
    assert row.count("font-weight:700") == 2


def test_settings_that_differ_are_listed(found):
    rows = {name: cells for name, *cells in settings_table(found.runs)}
    assert rows["family"] == ["shallow", "deep", "vae"]
    assert rows["hidden_units"] == ["–", "64", "automatic"]
    assert not {"latent_dim", "epochs", "seed", "data"} & rows.keys()
    assert "settings that differ" in found.to_markdown()
    same = {name: runs for name, runs in found.runs.items() if name == "deep"}
    assert settings_table(same) == [["settings that differ", "deep"]]


def test_each_seed_is_a_point_beside_its_mean(found):
    axes = found.plot().axes[0]
    drawn = [line.get_xdata().tolist() for line in axes.lines if line.get_gid() == "seeds"]
    assert drawn == [[one["mse"] for one in found.scores[name]] for name in found.runs]
    assert not any(mean.has_xerr for mean in axes.containers)


def test_from_five_seeds_on_the_interval_is_drawn(found):
    (run, *_), (scores, *_) = found.runs["deep"], found.scores["deep"]
    many = [scores | {"mse": scores["mse"] * (1 + seed / 50)} for seed in range(5)]
    figure = Comparison({"deep": [run] * 5}, {"deep": many}, found.data).plot()
    (mean,) = figure.axes[0].containers
    ((low, high),) = (line[:, 0] for line in mean.lines[2][0].get_segments())
    assert (low + high) / 2 == pytest.approx(1.04 * scores["mse"])
    assert (high - low) / 2 == pytest.approx(2.776 * 0.02 * np.sqrt(2.5 / 5) * scores["mse"], rel=1e-3)


def test_curves_of_all_contenders_are_laid_over_each_other(found):
    figure = curves_figure(found.runs)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 3]
    assert len(lines) == 3 * (1 + 2)  # the mean and both seeds of each
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["shallow", "deep", "vae"]
    curves = page_curves(found.runs)
    assert list(curves)[:2] == ["val_loss", "loss"]
    (mean, *_) = (line for line in curves["val_loss"]["lines"] if line["name"] == "deep")
    values = np.mean([run.history["val_loss"] for run in found.runs["deep"]], axis=0)
    assert [value for _, value in mean["points"]] == pytest.approx(values.tolist())
    assert are_different(found.runs)
    assert not are_different({"deep": found.runs["deep"], "shallow": found.runs["shallow"]})


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

    class View(Silent):
        def stage(self, text, control=None):
            said.append(text)

        end = stage

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
    assert "mse" in found.scores["shallow"][0]
    assert found.scores["deep"] == [{}]
    assert "cancelled, so these scores are absent: reconstruction." in repr(found)


def test_scores_come_reconstructions_first_and_cancel_keeps_what_is_there(data):
    runs = [aenb.train(family, data, epochs=1, verbose=False) for family in ("shallow", "deep")]
    seen = []

    class View(Silent):
        """Cancels when the first score after the reconstructions is begun, as a click in the panel does."""

        def stage(self, text, control=None):
            if "latent codes" in text:
                control.stop()

        def result(self, page, part):
            seen.append((part, page()))

    compared = []
    thread = threading.Thread(target=lambda: compared.append(compare_in(View(), runs)))
    thread.start()
    thread.join()
    (found,) = compared
    parts_shown = [part for part, _ in seen]
    assert parts_shown == sorted(parts_shown)
    assert (parts_shown[0], parts_shown[-1]) == (0.0, 1.0)
    assert "MSE" not in seen[0][1]
    assert "parameters" in seen[0][1]
    assert ">…<" in seen[1][1]  # of the second run
    assert ">…<" not in seen[2][1]
    assert "<script" not in seen[2][1]
    assert all("mse" in scores and "knn" not in scores for (scores,) in found.scores.values())
    (note,) = found.notes
    absent = "representation, language, generation, anomaly, generated_table, series_anomaly, translation"
    assert note == f"Scoring was cancelled, so these scores are absent: {absent}."
    assert note in found._repr_html_()


def test_labels_of_which_each_is_another_lose_no_training(data):
    few = aenb.load_data(data.x_train[:12], np.arange(12))
    found = aenb.compare("shallow", data=few, epochs=1, seeds=(0,), verbose=False)
    assert "mse" in found.scores["shallow"][0]
    assert (found.notes, "knn" in found.scores["shallow"][0]) == ((), False)
    assert found._repr_html_()
