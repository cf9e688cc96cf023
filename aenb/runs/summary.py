"""Showing a run: its examples, its figure, its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import failure
from aenb.core.numerics import usual_errors
from aenb.core.tables import number_of
from aenb.evaluation.scorers.reconstruction import INVERTED
from aenb.figures.shown_run import ShownRun
from aenb.latent.sampling import samples
from aenb.models.autoencoder import interface
from aenb.runs import report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOSSES = {"sparse_categorical_crossentropy": "cross-entropy of a word (nats)"}
MARKS = {"error": "✗", "warning": "⚠", "info": "→"}


def examples(run: ShownRun) -> dict[str, Any]:
    """Return rows of examples to show, by name: held-out ones, corrupted as the task does, and reconstructed.

    For a generator: held-out ones, and samples generated from fixed latent codes.

    Args:
        run: The `Run`.

    Returns:
        Arrays (n, *input_shape) by name; for texts, lists of them.
    """
    data = run.data
    x, labels = data.examples(), data.y_test[data.shown] if run.is_conditional else None
    if run.is_generator:
        return {"held out": x, "generated": _generated(run)}
    if run.translates:
        rows = {"source": x, "reference": data.targets_test[data.shown], "translation": run.reconstruct(x)}
        return {name: run.preprocessing.texts(row) for name, row in rows.items()}
    corrupted = run.corrupt(x)
    rows = {"original": x} if corrupted is x else {"original": x, "corrupted": corrupted}
    rows["reconstruction"] = run.reconstruct(corrupted, labels)
    return {name: data.texts(row) for name, row in rows.items()} if data.kind == "text" else rows


def _generated(run: ShownRun) -> np.ndarray:
    """Generate as many samples as there are shown examples; if the model is conditional, of the same classes."""
    shown = run.data.shown
    return samples(run, len(shown), labels=run.data.y_test[shown] if run.is_conditional else None)


@usual_errors
def figure(run: ShownRun) -> Figure:
    """Draw the loss of a run, its examples, and generated images: a `matplotlib.figure.Figure`."""
    from aenb.figures.plots import run_figure

    rows = examples(run)
    if run.data.kind == "image" and interface(run.model).sample_prior and "generated" not in rows:
        rows["generated"] = _generated(run)
    baselines, loss = (
        {},
        getattr(run.model.loss, "loss", run.model.loss),
    )  # a loss over observed values is named for its inner loss
    if loss == "mean_squared_error" and run.compresses and run.spec.task == "reconstruct":
        metrics = run.evaluate(parts="reconstruction")
        if not report.is_exact(metrics):  # on a log axis, rounding is far below any loss
            baselines[f"PCA, {number_of(run.latent_dim, 'dimension')}"] = metrics["pca_mse"]
    words = LOSSES.get(loss, loss.replace("_", " ")) if isinstance(loss, str) else "loss"
    return run_figure(run.history, rows, loss=words, baselines=baselines)


def scores(run: ShownRun) -> tuple[dict[str, float], list[str]]:
    """Return the reconstruction scores of a run; if they can't be computed, none and a note."""
    try:
        return run.evaluate(parts="reconstruction"), []
    except Exception as error:
        return {}, [failure("Its reconstructions could not be scored", error)]


def words(run: ShownRun) -> tuple[str, list[list[str]], list[str]]:
    """Return a run's report: a title, a table of scores, and sentences."""
    spec, (metrics, notes) = run.spec, scores(run)
    title = f"{run.name}: {spec.family} on {spec.data}" if run.name else f"{spec.family} on {spec.data}"
    state = "" if run.status == "complete" else f" ({run.status})"
    verdict = report.verdict(metrics, spec.family, run.latent_dim, compresses=run.compresses) if metrics else ""
    if verdict and run.translates:
        verdict = f"Given the source and the tokens before, {verdict[0].lower()}{verdict[1:]}"
    lines = [
        *([verdict] if verdict else []),
        f"Code of {number_of(run.latent_dim, 'dimension')}, {run.model.count_params():,} parameters, "
        f"{run.epochs} of {number_of(spec.num_epochs, 'epoch')}{state}, seed {spec.seed}.",
        *dict.fromkeys([*run.record.get("notes", ()), *notes]),
        *(f"{MARKS[finding.severity]} {finding}" for finding in ([] if run.is_alive else run.diagnose())),
    ]
    if run.is_generator:
        lines.insert(
            len(metrics) > 0,
            f"It has no encoder: the latent codes of {INVERTED} held-out examples were found by search.",
        )
    rows = report.score_rows(metrics, spec.family, run.latent_dim, run.record["data"]["kind"]) if metrics else []
    return title, rows, lines
