"""What the scores on held-out items tell, beside the mean item and PCA."""

from __future__ import annotations

from collections.abc import Iterator

from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.learning_curves import has_flattened, smaller
from aenb.evaluation.diagnosis.measurements import Measurements

MEAN, PCA = 0.95, 1.05  # shares of the baselines' errors from which a model counts as no better, or as worse
HIGH = 3  # times the usual learning rate, from which too long steps are the likeliest cause


def learned_nothing(measured: Measurements) -> Iterator[Finding]:
    """Reconstructions no better than one item for all."""
    if measured.run.is_generator:
        return  # the codes of held-out items would have to be searched for
    scores = measured.run.evaluate(parts="reconstruction")
    if "mse" in scores and scores["mse"] >= MEAN * scores["mean_mse"]:
        seen = f"squared error of {scores['mse']:.4g}, that of the mean item {scores['mean_mse']:.4g}"
    elif "accuracy" in scores and scores["accuracy"] <= scores["mean_accuracy"]:
        seen = (
            f"share of tokens that came back of {scores['accuracy']:.1%}, the commonest {scores['mean_accuracy']:.1%}"
        )
    else:
        return
    yield Finding(
        "learned-nothing",
        "error",
        f"Held-out items have a {seen}: the code tells the decoder nothing about its item.",
        _remedy(measured),
    )


def _remedy(measured: Measurements) -> str:
    """Take the usual rate where it was higher; else train for longer."""
    is_high = measured.learning_rate > measured.usual_rate
    return f"--learning-rate {measured.usual_rate:g}" if is_high else measured.longer(4)


def behind_pca(measured: Measurements) -> Iterator[Finding]:
    """An error above that of PCA, which is the best linear model: learnt by heart, or a local optimum.

    Only where the squared error alone is minimised, of a code that is shorter than an item: a VAE pays for its prior.
    """
    loss = getattr(measured.model.loss, "loss", measured.model.loss)
    if loss != "mean_squared_error" or not measured.run.compresses or measured.setting("sparsity") is not None:
        return
    scores = measured.run.evaluate(parts="reconstruction")
    if scores["mse"] > PCA * scores["pca_mse"]:
        why, remedy = _why_behind(measured, scores["pca_mse"])
        yield Finding(
            "behind-pca",
            "warning",
            f"The squared error on held-out items is {scores['mse']:.4g}; PCA with as many dimensions has "
            f"{scores['pca_mse']:.4g}. {why}",
            remedy,
        )


def _why_behind(measured: Measurements, pca_mse: float) -> tuple[str, str]:
    """Say what keeps a model behind PCA, and what to change."""
    loss = measured.history["loss"][-1]
    if loss < pca_mse:
        return f"On its training items it has {loss:.4g}: too few of them, for a network of this size.", smaller(
            measured
        )
    if wider := _wider(measured):
        return "A layer is narrower than the code: the model cannot do what PCA does.", wider
    if measured.learning_rate > HIGH * measured.usual_rate:
        times = measured.learning_rate / measured.usual_rate
        return f"The learning rate is {times:.3g} times the usual: its steps may be too long.", _remedy(measured)
    if not has_flattened(measured):
        return "The training loss has not flattened yet: more training would bring it down.", measured.longer(4)
    optimum = "A model that could do what PCA does has found a poor local optimum."
    return optimum, f"--restarts {max(5, 2 * measured.run.spec.restarts)}"


def _wider(measured: Measurements) -> str:
    """Widen the layers that are narrower than the code."""
    units, size = measured.setting("hidden_units") or (), measured.run.latent_dim
    if min(units, default=size) >= size:
        return ""
    return f"hidden_units = {tuple(unit if unit >= size else 4 * size for unit in units)}"
