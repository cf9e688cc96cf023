"""Events: the runs of anomalous steps of a series, as a table."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd

from aenb.core.errors import AenbError
from aenb.core.tables import html_table, text_table
from aenb.data.gate import admit
from aenb.data.preprocessing import Preprocessing
from aenb.data.series.recording import Recording
from aenb.evaluation.metrics.detection import upper_quantile
from aenb.evaluation.metrics.range_curves import labelled_ranges
from aenb.evaluation.scorers.anomaly import held_out_scores
from aenb.evaluation.step_errors import step_parts
from aenb.figures.series_page import series_page
from aenb.latent.trained_run import TrainedRun

SHOWN, NAMED = 10, 3  # events in the printed table; channels in a reason
COLUMNS = ("start", "end", "peak", "score", "threshold", "steps", "reason")


class Events(pd.DataFrame):
    """The table of `Run.anomalies` for a series: a DataFrame of events, in the order of time.

    Its columns are `start` and `end`, the first and the last anomalous step; `peak`, the step with the highest score;
    `score`, that score; `threshold`; `steps`, how many; `reason`, the channels with the largest parts of the scores,
    and whether the values are higher or lower than expected. Steps are named by the caller's index, or by their
    position. In a notebook it also shows the series to scroll and zoom, with its score and the events.

    Example:
        >>> import aenb, numpy as np
        >>> x = np.sin(np.arange(600) / 4)
        >>> run = aenb.train("shallow", x, latent_dim=2, epochs=5, verbose=False)
        >>> x[300:305] += 4
        >>> events = run.anomalies(x, false_alarm_rate=0.01)
        >>> bool(((events["start"] <= 304) & (events["end"] >= 300)).any())
        True
    """

    _metadata: ClassVar[list[str]] = ["_verdict", "_scores", "_page"]
    _verdict = ""
    _scores: Any = None
    _page = ""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    @property
    def verdict(self) -> str:
        """How many events there are, and where the threshold comes from, in sentences."""
        return self._verdict

    @property
    def scores(self) -> pd.Series:
        """The anomaly score of each row of the series, with its index."""
        return self._scores

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a plain DataFrame.

        Returns:
            A `pandas.DataFrame` with the same columns.

        Example:
            >>> import aenb, numpy as np
            >>> run = aenb.train("shallow", np.sin(np.arange(600) / 4), latent_dim=2, epochs=1, verbose=False)
            >>> list(run.anomalies().to_frame().columns)
            ['start', 'end', 'peak', 'score', 'threshold', 'steps', 'reason']
        """
        return pd.DataFrame(self)

    def _rows(self) -> list[list[str]]:
        rows = [["start", "end", "peak score", "steps", "reason"]]
        best = self.sort_values("score", ascending=False).head(SHOWN).sort_index()
        for start, end, _, score, _, steps, reason in best.to_numpy().tolist():
            rows.append([str(start), str(end), f"{score:.4g}", f"{steps:,}", reason])
        return rows

    @property
    def _rest(self) -> list[str]:
        left = len(self) - SHOWN
        return [f"… and {left:,} more with lower peaks."] if left > 0 else []

    def __repr__(self) -> str:
        table = text_table(self._rows()) if len(self) else []
        return "\n".join([self._verdict, *table, *self._rest])

    def _repr_html_(self) -> str:
        table = html_table(self._rows(), values="left") if len(self) else ""
        rest = "".join(f"<div>{line}</div>" for line in self._rest)
        return f"<div>{self._verdict}</div>{self._page}{table}{rest}"


def find_events(run: TrainedRun, new: Any, false_alarm_rate: float) -> Events:
    """Flag the steps of a series whose scores exceed the threshold, and join neighbours; see `Run.anomalies`.

    Args:
        run: The `Run`, of a model of windows.
        new: The series; None: the held-out part of the run's own.
        false_alarm_rate: The share of the validation part's steps that may be flagged.
    """
    if run.is_conditional:
        raise AenbError("Expected a model that is not conditional, to find events in a series; received one that is.")
    x = run.data.series.held if new is None and run.data.series is not None else new
    given = admit(x, run.preprocessing, "new")
    if given.series is None:
        raise AenbError("`new`: expected a series, (steps,) or (steps, channels); received windows.")
    parts, expected = step_parts(run, given)
    known = held_out_scores(run)
    threshold = upper_quantile(known, false_alarm_rate)
    table = _table(given.series.recording, run.preprocessing, (parts, expected), threshold)
    flagged, rows = int((table.scores > threshold).sum()), len(table.scores)
    table._verdict = (
        f"{len(table):,} events, {flagged:,} of {rows:,} steps: their anomaly scores exceed {threshold:.4g}, the "
        f"threshold for a false-alarm rate of {false_alarm_rate:.3g}, set on {len(known):,} steps for validation."
    )
    return table


def _table(
    recording: Recording, preprocessing: Preprocessing, found: tuple[np.ndarray, np.ndarray], threshold: float
) -> Events:
    """Return the events of a series, from the parts of its rows' scores and what the model expects there."""
    parts, expected = found
    order = np.argsort(recording.places, kind="stable")  # of the rows, in time
    index = pd.RangeIndex(len(order)) if recording.index is None else pd.Index(recording.index)
    scores = np.where(np.isnan(parts).all(axis=1), np.nan, np.nansum(parts, axis=1))
    deviations = preprocessing.scaled(recording.rows(recording.values)) - expected
    flagged = (scores > threshold)[order]
    names = recording.channels or [f"channel {number}" for number in range(parts.shape[1])]
    rows = []
    for first, last in joined_ranges(flagged, np.isnan(scores[order])):
        inside = order[first : last + 1]
        inside = inside[scores[inside] > threshold]
        peak = inside[scores[inside].argmax()]
        reason = _reason(np.nansum(parts[inside], axis=0), np.nan_to_num(deviations[inside]).sum(axis=0), names)
        rows.append((index[inside[0]], index[inside[-1]], index[peak], scores[peak], threshold, len(inside), reason))
    table = Events(rows, columns=list(COLUMNS))
    table._page = series_page(
        recording.rows(recording.values)[order], scores[order], threshold, names=names,
        index=None if recording.index is None else index[order],
        expected=preprocessing.to_raw(expected)[order],
    )  # fmt: skip
    table._scores = pd.Series(scores, index=index, name="score")
    return table


def joined_ranges(flagged: np.ndarray, is_missing: np.ndarray) -> np.ndarray:
    """Return the first and the last step of each run of flagged steps: (events, 2); steps without a score join runs.

    Example:
        >>> import numpy as np
        >>> flags, missing = np.array([1, 0, 1, 0, 1], bool), np.array([0, 1, 0, 0, 0], bool)
        >>> joined_ranges(flags, missing).tolist()
        [[0, 2], [4, 4]]
    """
    places = np.arange(len(flagged))
    observed = places[~is_missing]
    return observed[labelled_ranges(flagged[~is_missing])].reshape(-1, 2)


def _reason(parts: np.ndarray, deviations: np.ndarray, names: Any) -> str:
    """Return the channels with the largest parts of an event's scores, and the side on which their values are."""
    total, words = max(float(parts.sum()), 1e-300), []
    for place in np.argsort(-parts, kind="stable")[:NAMED]:
        side = "above" if deviations[place] > 0 else "below"
        share = f" ({parts[place] / total:.0%})" if len(parts) > 1 else ""
        words.append(f"{names[place]} {side} what is expected{share}")
    return "; ".join(words)
