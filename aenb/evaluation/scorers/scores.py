"""Scores by name, shown as a table in a notebook."""

from __future__ import annotations

from aenb.core.tables import html_table

BEHIND = "_floor"  # suffix of scores of training examples
BASELINES = {
    "pca_": "PCA", "mean_": "mean example", "raw_": "raw features", "nearest_": "nearest example",
    "word_": "word for word", BEHIND: "training examples",
}  # fmt: skip
BEFORE = tuple(BASELINES)[:-1]  # prefixes of the baselines' scores


class Scores(dict):
    """A dict of floats by name; in a notebook, a table of the scores and those of the baselines.

    Example:
        >>> Scores(mse=0.5, pca_mse=1.0)["pca_mse"]
        1.0
    """

    def _repr_html_(self) -> str:
        own = [name for name in self if is_own(name)]
        shown = [key for key in BASELINES if any(self._of(key, name) in self for name in own)]
        rows = [["held-out examples", "score", *(BASELINES[key] for key in shown)]]
        for name in own:
            cells = (self.get(self._of(key, name)) for key in shown)
            rows.append([name, _written(self[name]), *("" if cell is None else _written(cell) for cell in cells)])
        return html_table(rows)

    @staticmethod
    def _of(key: str, name: str) -> str:
        """Return the name of a baseline's score."""
        return name + key if key.startswith("_") else key + name


def is_own(name: str) -> bool:
    """Say whether a score is the model's, not a baseline's."""
    return not name.startswith(BEFORE) and not name.endswith(BEHIND)


def _written(score: float) -> str:
    return f"{score:,}" if isinstance(score, int) else f"{score:,.4g}"
