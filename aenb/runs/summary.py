"""Showing a run: which items, which figure, which words."""

from __future__ import annotations

from typing import Any

from aenb.core.errors import failure
from aenb.core.numerics import usual_errors
from aenb.core.tables import number_of
from aenb.evaluation.scorers.reconstruction import INVERTED
from aenb.runs import report

LOSSES = {"sparse_categorical_crossentropy": "cross-entropy of a word (nats)"}
MARKS = {"error": "✗", "warning": "⚠", "info": "→"}


def examples(run: Any) -> dict[str, Any]:
    """Return rows of items to show, by what they are: held-out ones, as the task spoils them, and what they become.

    Of a model that makes items, held-out ones and some that it made, always from the same codes.

    Args:
        run: The `Run`.

    Returns:
        Arrays (n, *input_shape) by name; of texts, lists of them.
    """
    data = run.data
    x, labels = data.examples(), data.y_test[data.shown] if run.is_conditional else None
    if run.is_generator:
        return {"held out": x, "generated": _generated(run)}
    spoilt = run.spoil(x)
    rows = {"original": x} if spoilt is x else {"original": x, "corrupted": spoilt}
    rows["reconstruction"] = run.reconstruct(spoilt, labels)
    return {name: data.texts(row) for name, row in rows.items()} if data.kind == "text" else rows


def _generated(run: Any) -> Any:
    """Make as many items as are shown, of a conditional model of the same classes."""
    shown = run.data.shown
    return run.generate(len(shown), labels=run.data.y_test[shown] if run.is_conditional else None)


@usual_errors
def figure(run: Any):
    """Draw the loss of a run, its examples, and images that it made: a `matplotlib.figure.Figure`."""
    from aenb.figures.plots import run_figure

    rows = examples(run)
    if run.data.kind == "image" and hasattr(run.model, "sample_prior") and "generated" not in rows:
        rows["generated"] = _generated(run)
    baselines, loss = {}, getattr(run.model.loss, "loss", run.model.loss)  # that of what was observed, by its name
    if loss == "mean_squared_error" and run.compresses and run.spec.task == "reconstruct":
        found = run.evaluate(parts="reconstruction")
        if not report.is_exact(found):  # on a log axis, rounding is far below any loss
            baselines[f"PCA, {number_of(run.latent_dim, 'dimension')}"] = found["pca_mse"]
    words = LOSSES.get(loss, loss.replace("_", " ")) if isinstance(loss, str) else "loss"
    return run_figure(run.history, rows, loss=words, baselines=baselines)


def scores(run: Any) -> tuple[dict[str, float], list[str]]:
    """Return how well a run reconstructs held-out items; none, and a note, where that can't be scored."""
    try:
        return run.evaluate(parts="reconstruction"), []
    except Exception as error:
        return {}, [failure("Its reconstructions could not be scored", error)]


def words(run: Any) -> tuple[str, list[list[str]], list[str]]:
    """Say what a run is and what it is worth: a title, a table of scores, and sentences."""
    spec, (found, notes) = run.spec, scores(run)
    title = f"{run.name}: {spec.family} on {spec.data}" if run.name else f"{spec.family} on {spec.data}"
    state = "" if run.status == "complete" else f" ({run.status})"
    lines = [
        *([report.verdict(found, spec.family, run.latent_dim, compresses=run.compresses)] if found else []),
        f"Code of {number_of(run.latent_dim, 'dimension')}, {run.model.count_params():,} parameters, "
        f"{run.epochs} of {number_of(spec.epochs, 'epoch')}{state}, seed {spec.seed}.",
        *dict.fromkeys([*run.record.get("notes", ()), *notes]),
        *(f"{MARKS[finding.severity]} {finding}" for finding in ([] if run.is_alive else run.diagnose())),
    ]
    if run.is_generator:
        lines.insert(len(found) > 0, f"It has no encoder: the codes of {INVERTED} held-out items were searched for.")
    rows = report.score_rows(found, spec.family, run.latent_dim, run.record["data"]["kind"]) if found else []
    return title, rows, lines
