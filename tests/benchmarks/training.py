"""How fast a whole training runs in aenb and in other tools: a table, a CSV file and a picture in build/bench.

What is timed is one call that trains some epochs, validating after each: from building the model to the last epoch,
tracing and compiling included, imports not. Half of the epochs is read off the same call. A machine that others use is
noisy: a figure of one round holds to about 30 %. So whole trainings are interleaved, one of each contender a round,
each in a new process, and what is compared is the ratio within a round. Only one computes at a time, and all see the
same images.

    python -m tests.benchmarks.training [A B C …] [--rounds 5] [--epochs 20] [--contenders naive …] [--limit 6000]
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import machine, report
from tests.benchmarks.contenders import CONTENDERS, contender, missing, version
from tests.benchmarks.rounds import QUIET, Training, run
from tests.benchmarks.works import BATCH, WORKS
from tests.benchmarks.works.products import operations

NOTES = (
    "Each training is a process of its own; contenders take turns, a whole training a round, and ratios are taken "
    "within a round. All validate on the same images after each epoch. `fit(x, x)` is one call, with its progress "
    "bar, written to nowhere; aenb is one call of `aenb.train`, with its bar, its validation and a checkpoint. The "
    "seconds are those of the whole call, from building the model, tracing and compiling included, imports not; "
    "those of half the epochs are read off the same call. Steady is the median of the epochs after the first, each "
    "with its validation. scikit-learn's network has a rectified code and a linear end. Where a work convolves, JAX "
    "runs a compiled step at a time: XLA on a CPU is slow at convolutions in a loop. A family with a loss of its "
    "own is a Keras model too, and `fit(x, x)` and the epoch of one's own call its `train_step`. Peak memory is "
    "that of the whole process, the images in it, as bytes for aenb and as float32 for the others. The bound is the "
    "matrix products of the training's layers alone, by NumPy. Test MSE: on 1,000 images that were not trained on; "
    "of a GAN that to the nearest of 1,000 made from noise."
)


def measure(asked: argparse.Namespace, say: Callable = print) -> tuple[str, dict[str, list[Training]]]:
    """Measure the works asked for.

    Returns:
        The report in Markdown, and the trainings of each work.
    """
    said: list[str] = [f"Left out: {title(n)}, {', '.join(missing(n))} not installed." for n in left_out(asked)]
    for line in said:
        say(line)
    measured = {}
    for work in asked.works:
        names = [n for n in asked.contenders if n not in left_out(asked) and getattr(WORKS[work], contender(n).BUILDER)]
        trained = run(
            work, names, asked.rounds, seed=asked.seed, epochs=asked.epochs, limit=asked.limit,
            logs=asked.out / "logs", say=lambda line: (said.append(line), say(line)),
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


def preamble(asked: argparse.Namespace, measured: dict[str, list[Training]]) -> str:
    """Say what was measured, how, and on what."""
    images = max((one.images for trained in measured.values() for one in trained), default=0)
    what = f"Fashion-MNIST, {images:,} images, {asked.epochs} epochs, batch {BATCH}"
    how = f"Adam 1e-3 unless a work says otherwise, seed {asked.seed}, {asked.rounds} rounds"
    packages = sorted({version(name) for name in asked.contenders if not missing(name)} | {version("loop")})
    return f"{what}, {how}; {machine.describe()}; {', '.join(packages)}.\n\n{NOTES}"


def part(work: str, trained: list[Training]) -> str:
    """Write what is to be said of one work."""
    made = report.rows(trained)
    epochs = max(len(training.ends) for training in trained)
    lines = [f"## {work}: {WORKS[work].title}", report.table(made, epochs, title, version)]
    bound = [row.rate for row in made if row.contender == report.BOUND]
    if bound:
        speed = bound[0] * operations(WORKS[work].products()) / BATCH / 1e9
        lines.append(f"Bound: {speed:,.0f} GF/s in float32 matrix products of these layers, {bound[0]:,.0f} images/s.")
    gaps = [training.longest_gap for training in trained if training.longest_gap is not None]
    if gaps:
        lines.append(
            f"In aenb callbacks were at most {1000 * max(gaps):.0f} ms apart within an epoch, after the first."
        )
    others = [training.others for training in trained]
    lines.append(
        f"Other processes took {statistics.median(others):.0%} of the cores at the median; in "
        f"{sum(share > QUIET for share in others)} of {len(others)} trainings more than {QUIET:.0%}."
    )
    lines += [f"To look into: {doubt}" for doubt in report.doubts(trained, title)]
    return "\n\n".join(lines)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", help=f"of {', '.join(WORKS)}; all unless given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="NAME")
    parser.add_argument("--limit", type=int, help="train on so many images only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    asked = parser.parse_args(given)
    asked.works = asked.works or list(WORKS)
    if unknown := set(asked.works) - WORKS.keys():
        parser.error(f"works: expected some of {', '.join(WORKS)}; received {', '.join(sorted(unknown))}")
    for name, least in (("rounds", 1), ("epochs", 2)):
        if getattr(asked, name) < least:
            parser.error(f"--{name}: expected at least {least}; received {getattr(asked, name)}")
    return asked


def main() -> None:
    """Measure, print and write."""
    asked = arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    text, measured = measure(asked, say=lambda line: print(line, end="\n\n", flush=True))
    (asked.out / "training.md").write_text(text, encoding="utf-8")
    report.write_csv([training for trained in measured.values() for training in trained], asked.out / "training.csv")
    report.picture({work: report.rows(t) for work, t in measured.items()}, title, asked.out / "training.png")
    print(f"Written: {asked.out / 'training.md'}, training.csv, training.png")


if __name__ == "__main__":
    main()
