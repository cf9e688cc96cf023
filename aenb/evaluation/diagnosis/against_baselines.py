"""Checks of the scores on held-out examples, compared with two baselines: the mean example and PCA."""

from __future__ import annotations

from collections.abc import Iterator

from aenb.data.small import is_small
from aenb.evaluation.diagnosis.finding import Finding
from aenb.evaluation.diagnosis.learning_curves import has_flattened, smaller
from aenb.evaluation.diagnosis.measurements import Measurements

MEAN, PCA = 0.95, 1.05  # multiples of a baseline's error from which a model counts as no better, or as worse
PENALTIES = ("sparsity", "code_penalty", "decoder_penalty")  # hyperparameters that add to the squared error
HIGH = 3  # multiple of the usual learning rate above which it is the likeliest cause


def learned_nothing(measured: Measurements) -> Iterator[Finding]:
    """Check for reconstructions that are no better than the mean example."""
    if measured.run.is_generator:
        return  # without an encoder, each latent code would have to be optimised
    scores = measured.run.evaluate(parts="reconstruction")
    if "mse" in scores and scores["mse"] >= MEAN * scores["mean_mse"]:
        error = f"a mean squared error of {scores['mse']:.4g}, against {scores['mean_mse']:.4g} for the mean example"
    elif "accuracy" in scores and scores["accuracy"] <= scores["mean_accuracy"]:
        error = (
            f"a token accuracy of {scores['accuracy']:.1%}, against {scores['mean_accuracy']:.1%} for the commonest "
            "tokens"
        )
    else:
        return
    yield Finding(
        "learned-nothing",
        "error",
        f"Held-out examples have {error}: the latent codes carry no information about the examples.",
        _remedy(measured),
    )


def _remedy(measured: Measurements) -> str:
    """Return the usual learning rate if a higher one was used; else longer training."""
    is_high = measured.learning_rate > measured.usual_rate
    return f"--learning-rate {measured.usual_rate:g}" if is_high else measured.longer(4)


def no_linear_path(measured: Measurements) -> Iterator[Finding]:
    """Check for an error above that of PCA on small data, by a model that could have begun as PCA and did not."""
    run = measured.run
    if measured.setting("linear_path") is not False or not _is_comparable(measured):
        return
    if run.data.kind == "text" or run.data.table or not is_small(run.data):
        return
    scores = run.evaluate(parts="reconstruction")
    if scores["mse"] > PCA * scores["pca_mse"]:
        yield Finding(
            "no-linear-path",
            "warning",
            f"The squared error on held-out examples is {scores['mse']:.4g}; PCA with as many dimensions has "
            f"{scores['pca_mse']:.4g}. {len(run.data.train):,} training examples are too few for these layers to find "
            "what PCA finds; with a linear path they begin as PCA.",
            "linear_path = True",
        )


def _is_comparable(measured: Measurements) -> bool:
    """Say whether a model minimises the squared error alone, and its code is smaller than an example."""
    loss = getattr(measured.model.loss, "loss", measured.model.loss)
    return loss == "mean_squared_error" and measured.run.compresses and not any(map(measured.setting, PENALTIES))


def behind_pca(measured: Measurements) -> Iterator[Finding]:
    """Check for an error above that of PCA, the best linear model: overfitting, or a local optimum.

    Only models that minimise the squared error alone, and whose code is smaller than an example, are checked: a VAE
    also pays for its prior.
    """
    if not _is_comparable(measured):
        return
    scores = measured.run.evaluate(parts="reconstruction")
    if scores["mse"] > PCA * scores["pca_mse"]:
        cause, remedy = _cause(measured, scores["pca_mse"])
        yield Finding(
            "behind-pca",
            "warning",
            f"The squared error on held-out examples is {scores['mse']:.4g}; PCA with as many dimensions has "
            f"{scores['pca_mse']:.4g}. {cause}",
            remedy,
        )


def _cause(measured: Measurements, pca_mse: float) -> tuple[str, str]:
    """Return why a model has a larger error than PCA, and what to change."""
    loss = measured.history["loss"][-1]
    if loss < pca_mse:
        return (
            f"On its training examples it is {loss:.4g}: there are too few of them for a network of this size.",
            smaller(measured),
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
    """Return wider layers in place of those that are narrower than the code; "" if there are none."""
    units, size = measured.setting("hidden_units") or (), measured.run.latent_dim
    if min(units, default=size) >= size:
        return ""
    return f"hidden_units = {tuple(unit if unit >= size else 4 * size for unit in units)}"
