"""From rounds to a table, a CSV file and a picture."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.rounds import QUIET, Epoch

NAIVE, BOUND = "naive", "bound"
HEAD = (
    "| contender | version | first epoch, s | images/s, median | × naive, median (lowest–highest) | of rounds "
    "| × bound | peak memory, MB | test MSE |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


@dataclass(frozen=True)
class Row:
    """A contender's figures: medians over the rounds."""

    contender: str
    first: float
    rate: float
    naive: tuple[float, float, float] | None  # median, lowest, highest of the rounds' ratios
    rounds: int  # how many ratios these are of
    bound: float | None
    peak: float
    mse: float | None


def rates(epochs: list[Epoch], contender: str) -> dict[int, float]:
    """Return a contender's images a second by round, its first epoch left out, and rounds that others disturbed.

    Where two threads wait for each other, another process can make an epoch thirty times longer.
    """
    own = [epoch for epoch in epochs if epoch.contender == contender and epoch.round]
    quiet = [epoch for epoch in own if epoch.others <= QUIET]
    return {epoch.round: epoch.rate for epoch in quiet or own}


def ratios(epochs: list[Epoch], contender: str, base: str) -> list[float]:
    """Divide, round by round, a contender's rate by that of another in the same round."""
    of, others = rates(epochs, contender), rates(epochs, base)
    return [of[number] / others[number] for number in sorted(of.keys() & others.keys())]


def rows(epochs: list[Epoch]) -> list[Row]:
    """Make a row a contender, the fastest first."""
    made = [_row(epochs, name) for name in dict.fromkeys(epoch.contender for epoch in epochs)]
    return sorted(made, key=lambda row: -row.rate)


def _row(epochs: list[Epoch], name: str) -> Row:
    own = sorted((epoch for epoch in epochs if epoch.contender == name), key=lambda epoch: epoch.round)
    to_naive, to_bound = ratios(epochs, name, NAIVE), ratios(epochs, name, BOUND)
    spread = (statistics.median(to_naive), min(to_naive), max(to_naive)) if to_naive else None
    rate = statistics.median(rates(epochs, name).values())
    bound = statistics.median(to_bound) if to_bound else None
    return Row(name, own[0].seconds, rate, spread, len(to_naive), bound, own[-1].peak, own[-1].mse)


def table(made: list[Row], title: Callable[[str], str], version: Callable[[str], str]) -> str:
    """Write the rows as a Markdown table."""
    lines = [HEAD]
    for row in made:
        naive = "–" if row.naive is None else "{:.2f} ({:.2f}–{:.2f})".format(*row.naive)
        bound = "–" if row.bound is None else f"{row.bound:.2f}"
        mse = "–" if row.mse is None else f"{row.mse:.4f}"
        lines.append(
            f"| {title(row.contender)} | {version(row.contender)} | {row.first:.1f} | {row.rate:,.0f} | {naive} "
            f"| {row.rounds or '–'} | {bound} | {row.peak:,.0f} | {mse} |"
        )
    return "\n".join(lines)


def doubts(epochs: list[Epoch], title: Callable[[str], str], tolerance: float = 0.25) -> list[str]:
    """Say which contenders did not learn, or ended far from the others: their speed would mean little."""
    ends = {epoch.contender: epoch for epoch in sorted(epochs, key=lambda epoch: epoch.round) if epoch.mse is not None}
    middle = statistics.median(epoch.mse for epoch in ends.values()) if ends else 0.0
    said = [f"{title(name)}: the error did not fall." for name, end in ends.items() if not end.mse < end.before]
    far = [(name, end) for name, end in ends.items() if abs(end.mse / middle - 1) > tolerance]
    return said + [f"{title(name)}: test MSE {end.mse:.4f}, the middle is {middle:.4f}." for name, end in far]


def write_csv(epochs: list[Epoch], path: Path) -> None:
    """Write a row an epoch: work × contender × round."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*Epoch.__dataclass_fields__, "rate"])
        writer.writeheader()
        writer.writerows({**asdict(epoch), "rate": epoch.rate} for epoch in epochs)


def picture(works: dict[str, list[Row]], title: Callable[[str], str], path: Path) -> None:
    """Draw a bar a contender, as multiples of naive Keras, with a line from the lowest round to the highest."""
    from matplotlib.figure import Figure

    works = {work: [row for row in made if row.naive and row.contender != BOUND] for work, made in works.items()}
    works = {work: made for work, made in works.items() if made}
    if not works:
        return
    heights = [len(made) for made in works.values()]
    figure = Figure(figsize=(8, 1.2 * len(works) + 0.38 * sum(heights)), layout="constrained")
    panels = figure.subplots(len(works), squeeze=False, height_ratios=heights)[:, 0]
    for panel, (work, made) in zip(panels, works.items(), strict=True):
        _bars(panel, made[::-1], title)
        panel.set_title(f"{work}: training speed, median and range of the rounds", loc="left", size=10)
    panels[-1].set_xlabel("images a second, as a multiple of Keras fit(x, x) in the same round")
    figure.savefig(path, dpi=130)


def _bars(panel, made: list[Row], title: Callable[[str], str]) -> None:
    middles = [row.naive[0] for row in made]
    spread = [[row.naive[0] - row.naive[1] for row in made], [row.naive[2] - row.naive[0] for row in made]]
    colours = ["#d1495b" if row.contender == "engine" else "#8d99ae" for row in made]
    names = [title(row.contender).replace("`", "") for row in made]
    panel.barh(names, middles, xerr=spread, color=colours, error_kw={"capsize": 3, "elinewidth": 1})
    for number, row in enumerate(made):
        panel.text(row.naive[2], number, f"  {row.naive[0]:.2f} ×", va="center", size=9)
    panel.axvline(1, color="black", linewidth=0.8, linestyle=":")
    panel.set_xlim(0, 1.15 * max(row.naive[2] for row in made))
    panel.spines[["top", "right"]].set_visible(False)
