"""Comparison: the results of a comparison, as a table, a picture, a file."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from aenb.comparison.differing_settings import settings_table
from aenb.comparison.score_tables import cost_table, score_table
from aenb.core.arguments import checked
from aenb.core.atomic_write import written_aside
from aenb.core.backend import tf
from aenb.core.files import expanded
from aenb.core.tables import Places, Rows, markdown, markdown_table, text_table
from aenb.data.record import Data
from aenb.engine.state import variables
from aenb.evaluation.metrics.intervals import Interval, interval
from aenb.evaluation.scorers.reconstruction import INVERTED
from aenb.evaluation.scorers.scores import BASELINES, BEFORE, BEHIND, is_own
from aenb.runs.report import MEANS
from aenb.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

Figures = dict[str, float]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Runs side by side, scored on the same held-out examples.

    Attributes:
        runs: Runs by the contender's name, one for each seed.
        scores: The results of `Run.evaluate` for each of them.
        data: The data that they were trained and scored on.
        budget: The budget of each training, in words; empty for runs that existed before.
        notes: Sentences about what could not be trained or scored.

    Example:
        >>> import aenb
        >>> comparison = aenb.compare("shallow", "deep", data="digits", latent_dim=4, epochs=2, seeds=(0,),
        ...                           parts="reconstruction", verbose=False)
        >>> list(comparison.runs), comparison.budget
        (['shallow', 'deep'], '2 epochs each')
    """

    runs: dict[str, list[Run]]
    scores: dict[str, list[Figures]]
    data: Data
    budget: str = ""
    notes: tuple[str, ...] = ()

    @functools.cached_property
    def intervals(self) -> dict[str, dict[str, Interval]]:
        """Each contender's scores and costs over its seeds: by contender, an `Interval` for each score."""
        shared = {name: set.intersection(*map(set, figures)) for name, figures in self.by_seed.items()}
        return {
            name: {key: interval([one[key] for one in figures]) for key in figures[0] if key in shared[name]}
            for name, figures in self.by_seed.items()
        }

    @functools.cached_property
    def by_seed(self) -> dict[str, list[Figures]]:
        """Each run's scores and costs, without those of the baselines: by contender, a dict for each seed."""
        return {name: self._figures(name) for name in self.runs}

    @functools.cached_property
    def baselines(self) -> dict[str, Figures]:
        """Scores of baselines by name: PCA of each code size, the mean example, the raw examples, training examples."""
        baselines: dict[str, Figures] = {}
        sizes = {run.latent_dim for runs in self.runs.values() for run in runs}
        pairs = [pair for name, runs in self.runs.items() for pair in zip(runs, self.scores[name], strict=True)]
        for run, scores in sorted(
            pairs, key=lambda pair: pair[0].is_generator
        ):  # generators are scored on few examples
            pca = "PCA" if len(sizes) == 1 else f"PCA, {run.latent_dim} dimensions"
            labels = BASELINES | {"pca_": pca, "mean_": MEANS[self.data.kind], "raw_": "the raw features"}
            for prefix, label in ((prefix, labels[prefix]) for prefix in BEFORE):
                own = {key.removeprefix(prefix): score for key, score in scores.items() if key.startswith(prefix)}
                baselines[label] = own | baselines.get(label, {})
            floor = {key.removesuffix(BEHIND): score for key, score in scores.items() if key.endswith(BEHIND)}
            baselines["training examples"] = floor | baselines.get("training examples", {})
        ordered = sorted(baselines, key=lambda label: label[:3] != "PCA")
        return {label: baselines[label] for label in ordered if baselines[label]}

    def to_frame(self) -> DataFrame:
        """Return the figures as a table.

        Returns:
            A `pandas.DataFrame`: a row for each contender and baseline, a column for each score. Columns whose names
            end in " ±" hold half the width of the 95% intervals over seeds; `seeds` is their number.

        Example:
            >>> import aenb
            >>> comparison = aenb.compare("shallow", "deep", data="digits", latent_dim=4, epochs=1, seeds=(0,),
            ...                           parts="reconstruction", verbose=False)
            >>> list(comparison.to_frame().columns[:3])
            ['seeds', 'mse', 'psnr']
        """
        import pandas as pd

        rows: dict[str, Figures] = {}
        for name, scores in self.intervals.items():
            rows[name] = {"seeds": len(self.runs[name])}
            for key, score in scores.items():
                rows[name] |= {key: score.mean} | ({} if score.half is None else {f"{key} ±": score.half})
        return pd.DataFrame.from_dict(rows | self.baselines, orient="index")

    def to_markdown(self) -> str:
        """Return the tables, of scores, costs and settings that differ, and the notes below them as Markdown.

        Returns:
            The text.

        Example:
            >>> import aenb
            >>> comparison = aenb.compare("shallow", "deep", data="digits", latent_dim=4, epochs=1, seeds=(0,),
            ...                           parts="reconstruction", verbose=False)
            >>> comparison.to_markdown().startswith("| held-out examples |")
            True
        """
        tables = (markdown_table(rows, stressed) for rows, stressed in self._tables)
        return "\n\n".join([*tables, *map(markdown, self._lines)]) + "\n"

    @checked
    def to_csv(self, path: str | Path) -> Path:
        """Write the scores and costs of every run, a line for each contender and seed.

        Args:
            path: The file; an existing one is overwritten.

        Returns:
            The path.

        Raises:
            AenbError: The file cannot be written.

        Example:
            >>> import aenb, tempfile
            >>> comparison = aenb.compare("shallow", "deep", data="digits", latent_dim=4, epochs=1, seeds=(0,),
            ...                           parts="reconstruction", verbose=False)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     text = comparison.to_csv(f"{folder}/scores.csv").read_text()
            >>> len(text.splitlines())
            3
        """
        import pandas as pd

        lines = [
            {"contender": name, "family": run.spec.family, "seed": run.spec.seed} | figures
            for name, runs in self.runs.items()
            for run, figures in zip(runs, self.by_seed[name], strict=True)
        ]
        return _write(path, lambda aside: pd.DataFrame(lines).to_csv(aside, index=False))

    @checked
    def to_html(self, path: str | Path) -> Path:
        """Write the whole comparison as one HTML file.

        Args:
            path: The file; an existing one is overwritten.

        Returns:
            The path.

        Raises:
            AenbError: The file cannot be written.

        Example:
            >>> import aenb, tempfile
            >>> comparison = aenb.compare("shallow", "deep", data="digits", latent_dim=4, epochs=1, seeds=(0,),
            ...                           parts="reconstruction", verbose=False)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     "<table" in comparison.to_html(f"{folder}/compared.html").read_text(encoding="utf-8")
            True
        """
        title = escape(f"{', '.join(self.runs)} on {self.data.name}")
        page = (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
            '<body style="font-family:system-ui,sans-serif;max-width:75em;margin:2em auto;padding:0 1em">\n'
            f"{self._repr_html_()}\n</body></html>\n"
        )
        return _write(path, lambda aside: aside.write_text(page, encoding="utf-8"))

    def plot(self) -> Figure:
        """Draw the scores of each seed with their means and intervals, and each contender's images.

        For images, below the scores: reconstructions of the same examples, and generated samples.

        Returns:
            A `matplotlib.figure.Figure`.

        Example:
            >>> import aenb
            >>> comparison = aenb.compare("shallow", "deep", data="digits", latent_dim=4, epochs=1, seeds=(0,),
            ...                           parts="reconstruction", verbose=False)
            >>> len(comparison.plot().axes) > 1
            True
        """
        from aenb.comparison.figure import comparison_figure

        return comparison_figure(self)

    def _figures(self, name: str) -> list[Figures]:
        """Return the scores and costs of each run of a contender, without those of the baselines."""
        pairs = zip(self.runs[name], self.scores[name], strict=True)
        return [{key: score for key, score in scores.items() if is_own(key)} | _costs(run) for run, scores in pairs]

    @functools.cached_property
    def _tables(self) -> list[tuple[Rows, Places]]:
        """Lay out the tables: scores with the baselines, costs, and the settings that differ; the best cells."""
        settings = settings_table(self.runs)
        tables = [score_table(self.intervals, self.baselines), (cost_table(self.intervals), frozenset())]
        return [*tables, *([(settings, frozenset())] if len(settings) > 1 else [])]

    @property
    def _lines(self) -> list[str]:
        """The notes below the tables: what was compared, and how to read it."""
        counts = {len(runs) for runs in self.runs.values()}
        seeds = sorted({run.spec.seed for runs in self.runs.values() for run in runs})
        several = counts != {1}
        first = next(iter(self.runs.values()))[0]
        versions = ", ".join(f"{name} {version}" for name, version in first.record["versions"].items())
        lines = [
            self.data.describe() + ".",
            f"{f'{self.budget[0].upper()}{self.budget[1:]}, s' if self.budget else 'S'}eed"
            f"{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}; "
            f"{', '.join(first.record['device'])}; {versions}.",
        ]
        if inverted := [name for name, runs in self.runs.items() if runs[0].is_generator]:
            lines.append(
                f"{', '.join(inverted)}: no encoder, so the reconstructions are those of {INVERTED} held-out examples, "
                "whose latent codes were found by search."
            )
        if several:
            lines.append(
                "Mean ± half the 95% interval over seeds (Student's t); bold where the interval of the best, of model "
                "or baseline, is apart from all others."
            )
        else:
            lines.append(
                "One seed each: differences may be chance (bold: the best of each column). Try seeds=(0, 1, 2)."
            )
        return [*lines, *self.notes]

    def __repr__(self) -> str:
        tables = []
        for rows, stressed in self._tables:
            body = [
                [f"{cell} *" if (row - 1, column) in stressed else f"{cell}  " if column else cell
                 for column, cell in enumerate(cells)]
                for row, cells in enumerate(rows)
            ]  # fmt: skip
            tables += [line.rstrip() for line in text_table(body)]
            tables.append("")
        return "\n".join([*tables, *(line.replace("bold", "*") for line in self._lines)])

    def _repr_html_(self) -> str:
        return self._html

    @functools.cached_property
    def _html(self) -> str:
        from aenb.comparison.interactive import interactive

        return interactive(self, self._tables, self._lines)


def _costs(run: Run) -> Figures:
    """Return the costs of a training."""
    state = variables(run.model)
    return {
        "parameters": run.model.count_params(),
        "epochs": run.epochs,
        "seconds": run.seconds,
        "examples_per_second": run.record["examples_per_second"],
        "memory": sum(tf.as_dtype(one.dtype).size * math.prod(one.shape) for one in state) / 2**20,
    }


def _write(path: str | Path, write: Callable[[Path], object]) -> Path:
    with written_aside(path) as aside:
        write(aside)
    return expanded(path)
