"""How alike generated and held-out rows of a table are: by column, in pairs of columns, and for a classifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.numeric import is_frame
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.table_similarity import association_difference, classifier_auc, marginal_distance
from aenb.evaluation.scorers.data_cache import known
from aenb.evaluation.scorers.score_parts import score
from aenb.latent.trained_run import TrainedRun

if TYPE_CHECKING:
    from pandas import DataFrame

MOST, FEWEST = 1000, 20  # rows
WIDEST = 500  # columns


@score(order=7)
def generated_table(run: TrainedRun, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return how alike generated and held-out rows of a table are; for all three, see `metrics.table_similarity`.

    `marginal_distance`, the mean over columns of the distance of their distributions, in [0, 1]; `worst_marginal`, the
    largest; `association_difference`, the mean over pairs of columns of how much their correlation or association
    differs; `classifier_auc`, how well a random forest tells generated from real rows, 0.5 if it can't. There are as
    many generated rows as held-out ones, at most 1,000, with the same values missing. The suffix `_floor` marks the
    scores of as many training rows.

    Args:
        run: The `Run`.
        data: A table; others have no such scores.
        say: Called with a progress message.
    """
    n = min(len(data.test), len(data.train), MOST)
    if data.kind != "tabular" or n < FEWEST or data.input_shape[0] > WIDEST:
        return {}
    say("columns of generated rows")
    held_out = units(data.test[spread(len(data.test), n)])
    real = run.preprocessing.to_frame(held_out)
    generated = run.generate(n, seed=run.spec.seed)
    if not is_frame(generated):
        generated = run.preprocessing.to_frame(np.asarray(generated))
    scores = compare_tables(real, generated)

    def floor() -> dict[str, float]:
        return compare_tables(real, run.preprocessing.to_frame(units(data.train[spread(len(data.train), n)])))

    found = known(data, "generated table floor", floor)
    return scores | {f"{name}_floor": score for name, score in found.items()}


def compare_tables(real: DataFrame, generated: DataFrame) -> dict[str, float]:
    """Return the scores of a generated table: (n, columns) and (n, columns), in the original units.

    Example:
        >>> import pandas as pd
        >>> real = pd.DataFrame({"a": range(60), "b": range(60)}, dtype=float)
        >>> compare_tables(real, real)["association_difference"]
        0.0
    """
    generated = generated.mask(real.isna().to_numpy()) if real.isna().to_numpy().any() else generated
    distances = [marginal_distance(real.iloc[:, place], generated.iloc[:, place]) for place in range(real.shape[1])]
    scores = {"marginal_distance": float(np.mean(distances)), "worst_marginal": float(np.max(distances))}
    if real.shape[1] > 1:
        scores["association_difference"] = association_difference(real, generated)
    return scores | {"classifier_auc": classifier_auc(real, generated)}
