"""Anomalies: examples with their anomaly scores, a threshold, and the reason for each, as a table."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd

from aenb.core.errors import AenbError
from aenb.core.html import picture_as_html
from aenb.core.tables import html_table, text_table
from aenb.data.gate import Admitted, admit
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.detection import upper_quantile
from aenb.evaluation.scorers.anomaly import held_out_scores, item_scores
from aenb.latent.trained_run import TrainedRun
from aenb.runs.anomaly_reasons import reasons, thumbnail

SHOWN, EXPLAINED = 10, 500  # examples in the printed table, and examples with a reason, at most


class Anomalies(pd.DataFrame):
    """The table of `Run.anomalies`: a DataFrame, most anomalous example first, that shows pictures of images.

    Its columns are `score`, `threshold`, `flagged` and `reason`; its index is that of the examples: the caller's, the
    names of files, or their positions. What is selected from it is a plain DataFrame.

    Example:
        >>> import aenb
        >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
        >>> table = run.anomalies(run.data.x_test + 5)
        >>> list(table.columns), bool(table["flagged"].all())
        (['score', 'threshold', 'flagged', 'reason'], True)
    """

    _metadata: ClassVar[list[str]] = ["_verdict", "_pictures"]
    _verdict = ""
    _pictures: tuple[bytes, ...] = ()

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    @property
    def verdict(self) -> str:
        """How many examples were flagged, and where the threshold comes from, in a sentence."""
        return self._verdict

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a plain DataFrame.

        Returns:
            A `pandas.DataFrame` with the same columns and index.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
            >>> run.anomalies().to_frame().shape
            (36, 4)
        """
        return pd.DataFrame(self)

    def _rows(self) -> list[list[str]]:
        rows = [[" ".join(map(str, filter(None, self.index.names))) or "example", "anomaly score", "flagged", "reason"]]
        for name, (score, _, flagged, reason) in zip(self.index[:SHOWN], self.to_numpy()[:SHOWN], strict=True):
            shown = ", ".join(map(str, name)) if isinstance(name, tuple) else str(name)
            rows.append([shown, f"{score:.4g}", "yes" if flagged else "no", reason])
        return rows

    @property
    def _rest(self) -> str:
        return f"… and {len(self) - SHOWN:,} more, in order of their scores." if len(self) > SHOWN else ""

    def __repr__(self) -> str:
        return "\n".join([self._verdict, *text_table(self._rows()), *([self._rest] if self._rest else [])])

    def _repr_html_(self) -> str:
        head, *body = self._rows()
        markup = {}
        if self._pictures:
            head, body = [*head, "example, reconstruction"], [[*row, ""] for row in body]
            markup = {
                (number, 4): picture_as_html(f"{row[0]} and its reconstruction", picture, captioned=False)
                for number, (row, picture) in enumerate(zip(body, self._pictures, strict=False))
            }
        table = html_table([head, *body], values="left", markup=markup)
        return f"<div>{self._verdict}</div>{table}<div>{self._rest}</div>"


def find_anomalies(run: TrainedRun, new: Any, labels: Any, false_alarm_rate: float) -> Anomalies:
    """Score examples, flag those above a threshold, and say why; see `Run.anomalies`."""
    if run.is_conditional and labels is None and new is not None:
        raise AenbError(
            "`labels`: expected the classes of the examples, since the model is conditional; received none."
        )
    given, labels = _held_out(run) if new is None else (admit(new, run.preprocessing, "new"), labels)
    classes = None if labels is None or not run.is_conditional else np.asarray(labels)
    scores = item_scores(run, given.inputs, classes, "reconstruction")
    known = held_out_scores(run)
    threshold = upper_quantile(known, false_alarm_rate)
    order = np.argsort(-scores, kind="stable")
    flagged = scores[order] > threshold
    explained = order[: min(EXPLAINED, max(SHOWN, int(flagged.sum())))]
    words, reconstructed = reasons(run, given, explained, classes)
    index = pd.RangeIndex(len(scores)) if given.index is None else given.index
    table = Anomalies(
        {
            "score": scores[order],
            "threshold": threshold,
            "flagged": flagged,
            "reason": [*words, *[""] * (len(order) - len(explained))],
        },
        index=index[order],
    )
    table._verdict = _verdict(flagged, threshold, false_alarm_rate, len(known))
    if run.preprocessing.kind == "image":
        pairs = zip(units(given.inputs[explained[:SHOWN]]), reconstructed, strict=False)
        table._pictures = tuple(thumbnail(*pair) for pair in pairs)
    return table


def _held_out(run: TrainedRun) -> tuple[Admitted, Any]:
    data = run.data
    index = None if data.names_test is None else pd.Index(data.names_test, name="file")
    return Admitted(data.x_test, run.preprocessing, index), data.y_test


def _verdict(flagged: np.ndarray, threshold: float, rate: float, n: int) -> str:
    words = (
        f"{flagged.sum():,} of {len(flagged):,} examples are flagged: their anomaly scores exceed {threshold:.4g}, "
        f"the threshold for a false-alarm rate of {rate:.3g}, set on {n:,} held-out examples."
    )
    if (n + 1) * (1 - rate) <= n:
        return words
    return f"{words} So few allow a rate of {1 / (n + 1):.2g} at least: the threshold is the largest of their scores."
