"""Augmentation measured: what generated examples add to a few labelled ones, for a classifier.

A classifier is trained on a few labelled examples of each class, on these and generated ones of a conditional model,
and on these and as many more labelled examples, which is what generated ones could add at best. All three see the same
few labels, so their accuracies are compared seed by seed.

A run that was trained with all labels knows more than the classifier: then the comparison shows how well its samples
stand for labelled examples. To measure what augmentation adds when there are no more labels, give a function that
trains a run on the few labelled examples alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.record import Data
from aenb.data.values.numeric import is_frame
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.intervals import Interval, interval
from aenb.latent.trained_run import TrainedRun

if TYPE_CHECKING:
    from pandas import DataFrame

PER_CLASS, GENERATED, SEEDS = (5, 10, 50), 50, 5
SCORES = ("few", "generated", "more")
WORDS = {
    "few": "few labels",
    "generated": "and generated",
    "more": "and as many more labels",
    "gain": "gain by generated",
}

Train = Callable[[Data, int], TrainedRun]


@dataclass(frozen=True)
class Augmentation:
    """Accuracies on held-out examples, with and without generated examples.

    Attributes:
        accuracies: One row for each number of labels and each seed: `per_class`, `seed`, and the accuracies `few`,
            `generated` and `more`, in [0, 1]; `more` is NaN if there are not enough labelled examples.
        generated: How many examples of each class were generated.
    """

    accuracies: DataFrame
    generated: int

    def intervals(self) -> dict[int, dict[str, Interval]]:
        """Return 95 % confidence intervals of the means over seeds, by labels per class.

        `gain` is that of the difference of `generated` and `few`, seed by seed.
        """
        found = {}
        for count, rows in self.accuracies.groupby("per_class"):
            values = {name: rows[name].to_numpy() for name in SCORES}
            values["gain"] = values["generated"] - values["few"]
            found[int(count)] = {name: interval(some) for name, some in values.items() if not np.isnan(some).any()}
        return found

    def to_frame(self) -> DataFrame:
        """Return the mean accuracies and half their intervals' widths, in per cent, with a row per number of labels."""
        from pandas import DataFrame

        rows = {
            count: {WORDS[name]: _words(scores[name], signed=name == "gain") for name in WORDS if name in scores}
            for count, scores in self.intervals().items()
        }
        return DataFrame.from_dict(rows, orient="index").rename_axis("labels per class").fillna("")

    def _repr_html_(self) -> str:
        return self.to_frame().to_html()


def _words(score: Interval, *, signed: bool) -> str:
    mean = f"{100 * score.mean:+.1f} %" if signed else f"{100 * score.mean:.1f} %"
    return mean if score.half is None else f"{mean} ± {100 * score.half:.1f}"


def measure_augmentation(
    source: TrainedRun | Train,
    data: Data,
    *,
    per_class: Iterable[int] = PER_CLASS,
    generated: int = GENERATED,
    seeds: int = SEEDS,
    classifier: Callable[[int], Any] | None = None,
) -> Augmentation:
    """Measure a classifier's accuracy with a few labels per class, with and without generated examples.

    Args:
        source: A conditional run; or a function (few labelled examples, seed) → conditional run, which is called for
            each number of labels and each seed.
        data: Examples with labels; the accuracy is on its held-out examples.
        per_class: How many labelled training examples of each class there are.
        generated: How many examples of each class are generated.
        seeds: How often the labelled examples are chosen anew, from seed 0.
        classifier: A seed → a scikit-learn classifier for (n, features); None: a layer of 128 units, trained by L-BFGS.

    Returns:
        The accuracies; shown as a table of means with 95 % confidence intervals over the seeds.

    Raises:
        AenbError: The data has no classes, or too few examples of one; or a run is not conditional.

    Example:
        >>> import aenb
        >>> data = aenb.load_data("digits")
        >>> run = aenb.train("vae", data, conditional=True, latent_dim=4, epochs=2, verbose=False)
        >>> found = measure_augmentation(run, data, per_class=[5], generated=10, seeds=2)
        >>> list(found.accuracies.columns)
        ['per_class', 'seed', 'few', 'generated', 'more']
    """
    from pandas import DataFrame

    counts = [int(count) for count in per_class]
    _check(data, counts, seeds)
    make = classifier or _network
    rows = [
        {"per_class": count, "seed": seed, **_accuracies(source, data, count, generated, seed, make)}
        for count in counts
        for seed in range(seeds)
    ]
    return Augmentation(DataFrame(rows), generated)


def _accuracies(
    source: TrainedRun | Train, data: Data, count: int, generated: int, seed: int, make: Callable[[int], Any]
) -> dict[str, float]:
    """Return the accuracies of one seed: with few labels, with generated examples, and with as many more labels."""
    few, more = _chosen(data.y_train, count, generated, seed)
    x, y = units(data.train[few]), data.y_train[few]
    run: Any = source if hasattr(source, "generate") else source(_only(data, few), seed)
    if not run.is_conditional:
        raise AenbError("`source`: expected a run trained with conditional=True; received one that is not.")
    labels = np.repeat(np.asarray(data.classes), generated)
    samples = run.generate(len(labels), seed=seed, labels=labels)
    samples = run.preprocessing.inputs(samples) if is_frame(samples) else samples
    sets: dict[str, tuple[np.ndarray, np.ndarray]] = {
        "few": (x, y), "generated": (np.concatenate([x, samples]), np.concatenate([y, labels]))
    }  # fmt: skip
    if more is not None:
        sets["more"] = units(data.train[more]), data.y_train[more]
    test = _flat(units(data.test))
    fitted = {name: _fitted(make(seed), _flat(some), known) for name, (some, known) in sets.items()}
    found = {name: float(np.mean(one.predict(test) == data.y_test)) for name, one in fitted.items()}
    return {name: found.get(name, float("nan")) for name in SCORES}


def _chosen(labels: np.ndarray, count: int, extra: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Choose a few examples of each class, and as many more: sorted indices; None if there are not enough of them."""
    draw = np.random.default_rng(seed)
    shuffled = [draw.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    few = np.sort(np.concatenate([some[:count] for some in shuffled]))
    if min(map(len, shuffled)) < count + extra:
        return few, None
    return few, np.sort(np.concatenate([some[: count + extra] for some in shuffled]))


def _only(data: Data, index: np.ndarray) -> Data:
    """Return data with only these training examples."""
    names = None if data.names_train is None else data.names_train[index]
    return replace(data, train=data.train[index], y_train=data.y_train[index], names_train=names)


def _flat(x: np.ndarray) -> np.ndarray:
    return np.nan_to_num(x.reshape(len(x), -1))


def _fitted(classifier: Any, x: np.ndarray, y: np.ndarray) -> Any:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # all have the same number of steps
        warnings.filterwarnings("ignore", "The number of unique classes")  # a few examples of each are intended
        return classifier.fit(x, y)


def _network(seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((128,), solver="lbfgs", alpha=0.01, max_iter=200, random_state=seed)


def _check(data: Data, counts: Sequence[int], seeds: int) -> None:
    if data.y_train is None or data.y_test is None or len(data.classes) < 2 or data.kind == "text":
        raise AenbError(f"`data`: expected images, tables or signals of at least two classes; received {data.name}.")
    fewest = min(int(np.count_nonzero(data.y_train == label)) for label in data.classes)
    if not counts or min(counts) < 1 or max(counts) > fewest:
        raise AenbError(f"`per_class`: expected numbers from 1 to {fewest}, the size of the smallest class; "
                        f"received {counts}.")  # fmt: skip
    if seeds < 1:
        raise AenbError(f"`seeds`: expected at least 1; received {seeds}.")
