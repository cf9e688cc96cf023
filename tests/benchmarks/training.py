"""How fast a training runs in aenb and in other tools: a table, a CSV file and a picture in build/bench.

A machine that others use is noisy: a figure of one round holds to about 30 %. So contenders take turns, an epoch each a
round, and what is compared is the median of the ratios within a round. Each is a process of its own, since the tools
would compete for threads in one; only one computes at a time, and all see the same images.

    python -m tests.benchmarks.training [A B C …] [--rounds 7] [--contenders naive engine …] [--limit 6000]
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import machine, report
from tests.benchmarks.contenders import CONTENDERS, contender, missing, version
from tests.benchmarks.rounds import Epoch, run
from tests.benchmarks.works import BATCH, WORKS
from tests.benchmarks.works.products import operations

NOTES = (
    "Each contender is a process of its own and trains an epoch a round, in turn; ratios are taken within a round. "
    "`fit(x, x)` has its progress bar, written to nowhere. scikit-learn's network has a rectified code and a linear "
    "end. Where a work convolves, JAX runs a compiled step at a time: XLA on a CPU is slow at convolutions in a loop. "
    "A family with a loss of its own is a Keras model too, and `fit(x, x)` and the epoch of one's own call its "
    "`train_step`. The first epoch includes tracing and compilation, not imports; peak memory is that of the whole "
    "process, the images in it. The bound is the matrix products of the layers alone, by NumPy. Test MSE: on 1,000 "
    "images that were not trained on, after the last round; of a GAN that to the nearest of 1,000 made from noise."
)


def measure(asked: argparse.Namespace, say: Callable = print) -> tuple[str, dict[str, list[Epoch]]]:
    """Measure the works asked for.

    Returns:
        The report in Markdown, and the epochs of each work.
    """
    said: list[str] = [f"Left out: {title(n)}, {', '.join(missing(n))} not installed." for n in left_out(asked)]
    for line in said:
        say(line)
    measured = {}
    for work in asked.works:
        names = [n for n in asked.contenders if n not in left_out(asked) and getattr(WORKS[work], contender(n).BUILDER)]
        trained = run(
            work, names, asked.rounds, seed=asked.seed, limit=asked.limit, logs=asked.out / "logs",
            say=lambda line: (said.append(line), say(line)),
        )  # fmt: skip
        if trained:
            measured[work] = trained
            say(part(work, trained))
    parts = [part(work, trained) for work, trained in measured.items()]
    return "\n\n".join(["# Training speed", preamble(asked, measured), *said, *parts]) + "\n", measured


def left_out(asked: argparse.Namespace) -> list[str]:
    """List the contenders whose packages are not installed."""
    return [name for name in asked.contenders if missing(name)]


def title(name: str) -> str:
    """Say a contender's name in words."""
    return contender(name).TITLE


def preamble(asked: argparse.Namespace, measured: dict[str, list[Epoch]]) -> str:
    """Say what was measured, how, and on what."""
    images = max((epoch.images for trained in measured.values() for epoch in trained), default=0)
    what = f"Fashion-MNIST, {images:,} images, batch {BATCH}, Adam 1e-3 unless a work says otherwise"
    how = f"seed {asked.seed}, {asked.rounds} rounds"
    packages = sorted({version(name) for name in asked.contenders if not missing(name)} | {version("loop")})
    return f"{what}, {how}; {machine.describe()}; {', '.join(packages)}.\n\n{NOTES}"


def part(work: str, trained: list[Epoch]) -> str:
    """Write what is to be said of one work."""
    lines = [f"## {work}: {WORKS[work].title}", report.table(report.rows(trained), title, version)]
    products, rates = WORKS[work].products(), report.rates(trained, report.BOUND)
    if rates:
        rate = statistics.median(rates.values())
        speed = rate * operations(products) / BATCH / 1e9
        lines.append(f"Bound: {speed:,.0f} GF/s in float32 matrix products of these layers, {rate:,.0f} images/s.")
    gaps = [epoch.longest_gap for epoch in trained if epoch.longest_gap is not None and epoch.round]
    if gaps:
        lines.append(f"In aenb callbacks were at most {1000 * max(gaps):.0f} ms apart within an epoch.")
    others = [epoch.others for epoch in trained if epoch.round]
    disturbed = sum(share > report.QUIET for share in others)
    lines.append(
        f"Other processes took {statistics.median(others):.0%} of the cores at the median; {disturbed} of "
        f"{len(others)} epochs had more than {report.QUIET:.0%} taken, and are left out where the contender has others."
    )
    lines += [f"To look into: {doubt}" for doubt in report.doubts(trained, title)]
    return "\n\n".join(lines)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", help=f"of {', '.join(WORKS)}; all unless given")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="NAME")
    parser.add_argument("--limit", type=int, help="train on so many images only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    asked = parser.parse_args(given)
    asked.works = asked.works or list(WORKS)
    if unknown := set(asked.works) - WORKS.keys():
        parser.error(f"works: expected some of {', '.join(WORKS)}; received {', '.join(sorted(unknown))}")
    if asked.rounds < 1:
        parser.error(f"--rounds: expected at least 1; received {asked.rounds}")
    return asked


def main() -> None:
    """Measure, print and write."""
    asked = arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    text, measured = measure(asked, say=lambda line: print(line, end="\n\n", flush=True))
    (asked.out / "training.md").write_text(text, encoding="utf-8")
    report.write_csv([epoch for trained in measured.values() for epoch in trained], asked.out / "training.csv")
    report.picture({work: report.rows(t) for work, t in measured.items()}, title, asked.out / "training.png")
    print(f"Written: {asked.out / 'training.md'}, training.csv, training.png")


if __name__ == "__main__":
    main()
