"""How much memory a training takes: the peak of a fresh process, and where it comes from, printed as tables."""

from __future__ import annotations

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
STAGES = {
    "Python and `import aenb`": "import aenb",
    "starting TensorFlow": "from aenb import backend; backend.start()",
    "loading the images": "data = aenb.load_data('fashion_mnist')",
    "training an epoch": "run = aenb.train('deep', data, epochs=1, verbose=False)",
    "evaluating": "run.evaluate()",
}


def peaks(code: str) -> list[float]:
    """Run code in a fresh process; return the megabytes that it printed after "peak"."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("peak ")]


def main() -> None:
    """Print the tables."""
    print(f"Peak memory of a fresh process; {machine.describe()}; {REPEATS} repeats\n")
    print("| what | peak memory, MB, median | lowest | highest |\n| --- | ---: | ---: | ---: |")
    for what, code in WHOLE.items():
        measured = [peaks(code + PEAK)[0] for _ in range(REPEATS)]
        print(
            f"| {what} | {statistics.median(measured):,.0f} | {min(measured):,.0f} | {max(measured):,.0f} |", flush=True
        )
    print("\n| in one process, after | peak memory so far, MB |\n| --- | ---: |")
    for what, peak in zip(STAGES, peaks("\n".join(code + PEAK for code in STAGES.values())), strict=True):
        print(f"| {what} | {peak:,.0f} |")


if __name__ == "__main__":
    main()
