"""Every family and every chapter in a small machine's memory: what each took, and whether anything was killed.

    python -m tests.benchmarks.limited [vae gan notebooks/03_variational_autoencoders.ipynb …] [--megabytes 2048]

A family is trained for an epoch on Fashion-MNIST and evaluated, a chapter is run from top to bottom in full, each in a
fresh process with the limit of a control group. Where none can be made, that is said, and what was held is compared
with the limit afterwards.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import aenb
from tests import limits
from tests.benchmarks import machine

MEGABYTE = 2**20
SCORED = "import aenb; aenb.train({family!r}, 'fashion_mnist', epochs=1, verbose=False).evaluate(verbose=False)"


def command(what: str) -> list[str]:
    """Return the command that trains and scores a family, or runs a chapter."""
    if what.endswith(".ipynb"):
        return [sys.executable, ".ci/notebooks.py", what]
    return [sys.executable, "-c", SCORED.format(family=what)]


def row(what: str, outcome: limits.Outcome, seconds: float, limit: int) -> str:
    """Return a row of the table."""
    held = [outcome.largest, outcome.together, outcome.group]
    sizes = " | ".join("–" if size is None else f"{size / MEGABYTE:,.0f}" for size in held)
    killed = "not told" if outcome.killed is None else outcome.killed
    word = "yes" if outcome.within(limit) else f"**no** (exit code {outcome.code})"
    return f"| {what} | {sizes} | {killed} | {word} | {seconds:,.0f} s |"


def main() -> int:
    """Read the command line, run all of it and print the table."""
    chapters = [str(path.relative_to(limits.ROOT)) for path in sorted(limits.ROOT.glob("notebooks/[0-9]*.ipynb"))]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=[*aenb.families(), *chapters], help="families and notebooks")
    parser.add_argument("--megabytes", type=int, default=2048, help="the limit")
    asked = parser.parse_args()
    limit, way = asked.megabytes * MEGABYTE, limits.way()
    by = f"limited by {way}" if way else "NOT limited, since no control group can be made here: compared afterwards"
    print(f"Peak memory with {asked.megabytes:,} MB, {by}; {machine.describe()}\n")
    print("| what | largest process, MB | all processes | group, with cached files | killed | within | took |")
    print("| --- | ---: | ---: | ---: | ---: | --- | ---: |")
    troubles = []
    for what in asked.what:
        begin = time.perf_counter()
        outcome = limits.run(command(what), limit, limited=way is not None)
        print(row(Path(what).stem, outcome, time.perf_counter() - begin, limit), flush=True)
        if not outcome.within(limit):
            troubles.append(f"\n{what} ended with {outcome.code}:\n{outcome.output[-2000:]}")
    print("\n".join(troubles))
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
