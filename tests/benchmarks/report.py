"""From whole trainings to a table, a CSV file and a picture."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.rounds import Training

NAIVE, BOUND = "naive", "bound"
HEAD = (
    "| contender | version | {half} epochs, s | {epochs} epochs, s | × naive, median (lowest–highest) | first epoch, s "
    "| steady images/s | × naive, steady | × bound, steady | peak memory, MB | test MSE |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)
Spread = tuple[float, float, float]  # median, lowest, highest


@dataclass(frozen=True)
class Row:
    """A contender's figures: medians over the rounds; ratios are taken within a round."""

    contender: str
    half: float  # seconds until half of the epochs were over
    whole: float  # seconds of the whole call
    naive: Spread | None  # how many times faster than naive the whole call is
    first: float
    rate: float  # images a second of an epoch, the first left out
    steady: Spread | None  # how many times naive's that is
    bound: Spread | None  # how much of the bound's
    peak: float
    mse: float | None


def spread(ratios: list[float]) -> Spread | None:
    """Return median, lowest and highest; None if there are no ratios."""
    return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def ratios(trained: list[Training], contender: str, base: str, figure: Callable[[Training], float]) -> list[float]:
    """Divide, round by round, a contender's figure by that of another in the same round."""
    of, others = ({t.round: figure(t) for t in trained if t.contender == name} for name in (contender, base))
    return [of[number] / others[number] for number in sorted(of.keys() & others.keys())]


def rows(trained: list[Training]) -> list[Row]:
    """Make a row a contender, the quickest whole training first."""
    made = [_row(trained, name) for name in dict.fromkeys(training.contender for training in trained)]
    return sorted(made, key=lambda row: row.whole)


def _row(trained: list[Training], name: str) -> Row:
    own = [training for training in trained if training.contender == name]

    def middle(figure: Callable[[Training], float]) -> float:
        return statistics.median(map(figure, own))

    def against(base: str, figure: Callable[[Training], float]) -> Spread | None:
        return spread(ratios(trained, name, base, figure))

    return Row(
        name,
        half=middle(lambda t: t.until(len(t.ends) // 2)),
        whole=middle(lambda t: t.seconds),
        naive=against(NAIVE, lambda t: 1 / t.seconds),
        first=middle(lambda t: t.first),
        rate=middle(lambda t: t.rate),
        steady=against(NAIVE, lambda t: t.rate),
        bound=against(BOUND, lambda t: t.rate),
        peak=middle(lambda t: t.peak),
        mse=own[-1].mse,
    )


def table(made: list[Row], epochs: int, title: Callable[[str], str], version: Callable[[str], str]) -> str:
    """Write the rows as a Markdown table."""

    def written(ratios: Spread | None) -> str:
        return "–" if ratios is None else "{:.2f} ({:.2f}–{:.2f})".format(*ratios)

    lines = [HEAD.format(half=epochs // 2, epochs=epochs)]
    for row in made:
        bound = "–" if row.bound is None else f"{row.bound[0]:.2f}"
        mse = "–" if row.mse is None else f"{row.mse:.4f}"
        lines.append(
            f"| {title(row.contender)} | {version(row.contender)} | {row.half:.2f} | {row.whole:.2f} "
            f"| {written(row.naive)} | {row.first:.2f} | {row.rate:,.0f} | {written(row.steady)} | {bound} "
            f"| {row.peak:,.0f} | {mse} |"
        )
    return "\n".join(lines)


def doubts(trained: list[Training], title: Callable[[str], str], tolerance: float = 0.25) -> list[str]:
    """Say which contenders did not learn, or ended far from the others: their speed would mean little."""
    ends = {training.contender: training for training in trained if training.mse is not None}
    middle = statistics.median(training.mse for training in ends.values()) if ends else 0.0
    said = [f"{title(name)}: no better than the mean image." for name, end in ends.items() if not end.mse < end.before]
    far = [(name, end) for name, end in ends.items() if abs(end.mse / middle - 1) > tolerance]
    return said + [f"{title(name)}: test MSE {end.mse:.4f}, the middle is {middle:.4f}." for name, end in far]


def write_csv(trained: list[Training], path: Path) -> None:
    """Write a row a training: work × contender × round."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*Training.__dataclass_fields__, "rate"])
        writer.writeheader()
        for training in trained:
            lists = {name: " ".join(map(str, getattr(training, name))) for name in ("ends", "losses")}
            writer.writerow({**asdict(training), **lists, "rate": training.rate})


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
        panel.set_title(f"{work}: whole trainings, median and range of the rounds", loc="left", size=10)
    panels[-1].set_xlabel("speed of the whole training, as a multiple of one Keras fit(x, x) in the same round")
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
