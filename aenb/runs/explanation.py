"""Explanation: why examples are anomalous, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from numbers import Real
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from aenb.core.arguments import checked
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.core.tables import html_table, text_table
from aenb.data.gate import Admitted, admit
from aenb.data.tables import mixed_table
from aenb.evaluation.attribution import feature_parts
from aenb.evaluation.features import feature_labels
from aenb.latent.trained_run import TrainedRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

NAMED, SHOWN = 3, 10  # features of an example, and examples, in the printed table
WORTH_NAMING = 0.05  # of the score: the least part that is named with its values, after the largest
Example = Annotated[int, Field("which example, from 0", low=0)]
Most = Annotated[int, Field("how many bars", low=1, high=100)]


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Each feature's part of the anomaly scores of examples, the result of `Run.explain`; it shows itself as a table.

    Attributes:
        frame: The parts, as `to_frame` returns them.
        scores: (n,), the anomaly scores: the sums of the parts.
        values: (n, features), the examples, in the units that they were given in.
        expected: (n, features), what the model expects in the place of each value, given the others; same units.

    Example:
        >>> import aenb
        >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
        >>> explanation = run.explain(run.data.x_test)
        >>> explanation.to_frame().shape, explanation.scores.shape
        ((36, 13), (36,))
    """

    frame: DataFrame
    scores: np.ndarray
    values: np.ndarray
    expected: np.ndarray

    def to_frame(self) -> DataFrame:
        """Return the parts as a table.

        Returns:
            A `pandas.DataFrame`: a row for each example, with the index that it was given with, a column for each
            feature. The sum of a row is the example's anomaly score.

        Example:
            >>> import aenb, numpy as np
            >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
            >>> x = run.data.x_test
            >>> bool(np.allclose(run.explain(x).to_frame().sum(axis=1), run.score(x)))
            True
        """
        return self.frame

    @checked
    def plot(self, example: Example = 0, most: Most = 10) -> Figure:
        """Draw the largest parts of an example's score, with its value and the expected one.

        Args:
            example: Which one, by its position.
            most: How many features; one more bar has the sum of the rest.

        Returns:
            A `matplotlib.figure.Figure`.

        Raises:
            AenbError: There is no such example.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
            >>> len(run.explain(run.data.x_test).plot(3, most=5).axes[0].patches)  # and the rest
            6
        """
        from aenb.figures.plots.bars import draw_parts

        if example >= len(self.frame):
            raise AenbError(f"`example`: expected a number below {len(self.frame)}; received {example}.")
        parts = self.frame.iloc[example].to_numpy()
        order = np.argsort(-parts, kind="stable")
        shown, rest = order[:most], order[most:]
        names = [str(self.frame.columns[place]) for place in shown]
        pairs = [(self.values[example, place], self.expected[example, place]) for place in shown]
        words = [f"{_worded(value)} (expected {_worded(expected)})" for value, expected in pairs]
        lengths = parts[shown]
        if len(rest):
            names, words = [*names, f"all others ({len(rest)})"], [*words, ""]
            lengths = np.append(lengths, parts[rest].sum())
        title = f"Example {self.frame.index[example]}: anomaly score {self.scores[example]:.4g}"
        return draw_parts(names, lengths, words, title, "part of the anomaly score")

    def reasons(self, example: int, *, with_values: bool = False) -> str:
        """Return the features with the largest parts of an example's score, with their shares.

        Args:
            example: Which one, by its position.
            with_values: Whether to tell each value, and the expected one.

        Returns:
            Text such as "magnesium (71%), ash (12%), hue (4%)", or "magnesium 162, expected 98.4 (71%); …".

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
            >>> run.explain(run.data.x_test).reasons(0).count("%")
            3
        """
        parts = self.frame.iloc[example].to_numpy()
        shares = parts / max(float(parts.sum()), 1e-300)
        words = []
        for number, place in enumerate(np.argsort(-parts, kind="stable")[:NAMED]):
            if number and with_values and shares[place] < WORTH_NAMING:
                break
            values = _compared(self.values[example, place], self.expected[example, place]) if with_values else ""
            words.append(f"{self.frame.columns[place]}{values} ({shares[place]:.0%})")
        return (", " if not with_values else "; ").join(words)

    def _rows(self) -> list[list[str]]:
        kept = range(min(SHOWN, len(self.frame)))
        head = ["example", "anomaly score", "largest parts"]
        return [head, *([str(self.frame.index[k]), f"{self.scores[k]:.4g}", self.reasons(k)] for k in kept)]

    def _rest(self) -> Sequence[str]:
        left = len(self.frame) - SHOWN
        return [f"… and {left:,} more: to_frame() has them all."] if left > 0 else []

    def __repr__(self) -> str:
        return "\n".join([*text_table(self._rows()), *self._rest()])

    def _repr_html_(self) -> str:
        return html_table(self._rows(), values="left") + "".join(f"<div>{escape(line)}</div>" for line in self._rest())


def explain(run: TrainedRun, x: Any, labels: Any = None) -> Explanation:
    """Explain the anomaly scores of examples; see `Run.explain`."""
    return explained(run, admit(x, run.preprocessing), labels)


def explained(run: TrainedRun, given: Admitted, labels: Any = None) -> Explanation:
    """Explain the anomaly scores of examples that are a run's inputs; see `Run.explain`."""
    import pandas as pd

    preprocessing = run.preprocessing
    parts, expected = feature_parts(run, given.inputs, labels)
    expected = expected.reshape(given.inputs.shape)
    if preprocessing.columns:
        frame = mixed_table.by_column(parts, preprocessing.columns)
        rows = preprocessing.to_frame(given.inputs) if given.frame is None else given.frame
        shown = [table[list(frame.columns)].to_numpy() for table in (rows, preprocessing.to_frame(expected))]
    else:
        frame = pd.DataFrame(parts, columns=feature_labels(preprocessing))
        shown = [preprocessing.to_raw(one).reshape(len(one), -1) for one in (given.inputs, expected)]
    if given.index is not None:
        frame.index = given.index
    return Explanation(frame, parts.sum(axis=1), *shown)


def _compared(value: Any, expected: Any) -> str:
    """Return a value and what was expected, if it differs: the most likely level may still be improbable."""
    words = _worded(value), _worded(expected)
    return f" {words[0]}" if words[0] == words[1] else f" {words[0]}, expected {words[1]}"


def _worded(value: Any) -> str:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return f"{value:.4g}" if is_number else str(value)
