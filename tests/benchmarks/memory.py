"""How much memory a training takes: the peak of a fresh process, and where it comes from, printed as tables."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from tests.benchmarks import machine
from tests.benchmarks.rounds import ROOT

REPEATS = 3
PEAK = "; from tests.benchmarks.machine import peak_megabytes; print('peak', peak_megabytes())"
WHOLE = {
    "`aenb.train('deep', 'fashion_mnist', epochs=1)`": (
        "import aenb; aenb.train('deep', 'fashion_mnist', epochs=1, verbose=False)"
    ),
    "the same, with `evaluate()`": (
        "import aenb; aenb.train('deep', 'fashion_mnist', epochs=1, verbose=False).evaluate()"
    ),
    "naive Keras `fit(x, x)`, the same model and images": (
        "import aenb, keras; data = aenb.load_data('fashion_mnist'); x = data.x_train; "
        "aenb.build_model('deep', data.input_shape).fit(x, x, batch_size=128, verbose=0)"
    ),
}
PHASES = """
import json
from tests.benchmarks.machine import Phases
phases = Phases()
phases.begin("Python and `import aenb`")
import aenb
phases.begin("starting TensorFlow")
from aenb.core import backend
backend.start()
phases.begin("loading the images")
data = aenb.load_data("fashion_mnist")
phases.begin("training an epoch")
run = aenb.train({family!r}, data, epochs=1, verbose=False)
from aenb.evaluation.scorers import evaluate
evaluate(run, say=lambda text: phases.begin("`evaluate()`: " + text.split(" (")[0]))
phases.begin("the end")
print("phases", json.dumps(phases.found))
"""


def said(code: str, word: str) -> list[str]:
    """Run code in a fresh process; return what it printed after a word."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return [line.removeprefix(f"{word} ") for line in done.stdout.splitlines() if line.startswith(f"{word} ")]


def peaks(code: str) -> list[float]:
    """Run code in a fresh process; return the megabytes that it printed after "peak"."""
    return [float(words.split()[0]) for words in said(code, "peak")]


def phases(family: str) -> list[list]:
    """Train and score a family in a fresh process; return what it held before each phase, at most in it, and after."""
    (found,) = said(PHASES.format(family=family), "phases")
    return json.loads(found)


def table(found: list[list]) -> str:
    """Return the table of a process's phases, with the peaks above what it held when TensorFlow had started."""
    start = next((after for what, _, _, after in found if "TensorFlow" in what), 0.0)
    above = lambda peak: f"+{peak - start:,.0f}" if peak > start else ""  # noqa: E731
    rows = [
        f"| {what} | {before:,.0f} | {peak:,.0f} | {after:,.0f} | {above(peak)} |"
        for what, before, peak, after in found
    ]
    return "\n".join([
        "| in one process, MB | before | at most | after | above TensorFlow's start |",
        "| --- | ---: | ---: | ---: | ---: |",
        *rows,
    ])  # fmt: skip


def main() -> None:
    """Print the tables."""
    print(f"Peak memory of a fresh process; {machine.describe()}; {REPEATS} repeats\n")
    print("| what | peak memory, MB, median | lowest | highest |\n| --- | ---: | ---: | ---: |")
    for what, code in WHOLE.items():
        measured = [peaks(code + PEAK)[0] for _ in range(REPEATS)]
        print(
            f"| {what} | {statistics.median(measured):,.0f} | {min(measured):,.0f} | {max(measured):,.0f} |", flush=True
        )
    for family in sys.argv[1:] or ["deep"]:
        print(f"\n`{family}`, a phase after the other:\n\n{table(phases(family))}", flush=True)


if __name__ == "__main__":
    main()
