"""The columns of a comparison: which scores, in which format, and whether lower or higher is better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A score, or a cost of training.

    Attributes:
        name: Its key in `Run.evaluate`.
        head: Its heading in the table.
        form: The format of the number and its interval.
        lower: Whether lower is better.
    """

    name: str
    head: str
    form: str
    lower: bool = False


SCORES = [
    Column("mse", "MSE", "{:.4f}", lower=True),
    Column("ssim", "SSIM", "{:.3f}"),
    Column("accuracy", "token accuracy", "{:.3f}"),
    Column("chrf", "chrF", "{:.3f}"),
    Column("bleu", "BLEU", "{:.3f}"),
    Column("top10_accuracy", "in ten candidates", "{:.3f}"),
    Column("nll", "NLL (nats)", "{:.1f}", lower=True),
    Column("linear_probe", "linear probe", "{:.3f}"),
    Column("knn", "5-NN", "{:.3f}"),
    Column("frechet", "Fréchet", "{:.1f}", lower=True),
    Column("precision", "precision", "{:.3f}"),
    Column("recall", "recall", "{:.3f}"),
    Column("coverage", "coverage", "{:.3f}"),
    Column("rarest_class", "rarest class", "{:.3f}"),
    Column("anomaly_auc", "anomaly AUC", "{:.3f}"),
]
COSTS = [
    Column("parameters", "parameters", "{:,.0f}", lower=True),
    Column("epochs", "epochs", "{:,.4g}", lower=True),
    Column("seconds", "seconds", "{:,.1f}", lower=True),
    Column("examples_per_second", "examples/s", "{:,.0f}"),
    Column("memory", "weights and optimiser (MB)", "{:,.1f}", lower=True),
]
DRAWN = (
    "mse",
    "accuracy",
    "chrf",
    "top10_accuracy",
    "knn",
    "frechet",
    "coverage",
    "anomaly_auc",
)  # in the figure: the first four that are present
