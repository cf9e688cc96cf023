"""How long a user waits at the start: each figure the median of fresh processes, printed as a table."""

from __future__ import annotations

import functools
import statistics
import subprocess
import sys
import time

from tests.kernels import VERSIONS, LiveKernel

REPEATS = 5
CLOCK = "import time; begin = time.perf_counter(); {work}; print(time.perf_counter() - begin)"
SHELL = "import IPython, ipywidgets; shell = IPython.InteractiveShell.instance()"
MEASURES = {
    "`import aenb`": CLOCK.format(work="import aenb"),
    "`%load_ext aenb`, beyond IPython and ipywidgets": SHELL
    + "\n"
    + CLOCK.format(work="shell.run_line_magic('load_ext', 'aenb')"),
    "the list of families and of data sets": CLOCK.format(work="import aenb; aenb.families(); aenb.datasets()"),
    "loading `mnist_5k`": CLOCK.format(work="import aenb; aenb.load_data()"),
    "starting TensorFlow and Keras": CLOCK.format(work="from aenb.core import backend; backend.start()"),
    "`import tensorflow, keras` alone": CLOCK.format(work="import tensorflow, keras"),
    "from nothing to a trained and scored model (1 epoch)": CLOCK.format(
        work="import aenb; aenb.train('deep', epochs=1, verbose=False).evaluate()"
    ),
}


def seconds(code: str) -> float:
    """Run code in a fresh process; return the seconds that it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def first_number() -> float:
    """Measure the time from a `%%autoencoder` cell to the first loss on the page, in a kernel that has TensorFlow."""
    with LiveKernel(VERSIONS[-1], AENB_LIVE="1") as kernel:
        kernel.run("%load_ext aenb\nimport aenb.core.backend\naenb.core.backend.start()", seconds=60)
        begin = time.perf_counter()
        cell = kernel.submit("%%autoencoder deep d --data fashion_mnist --epochs 2")
        kernel.wait_for(lambda message: "loss 0." in str(message["content"]), seconds=60)
        waited = time.perf_counter() - begin
        kernel.wait_idle(cell, 120)
        return waited


def main() -> None:
    """Print the table."""
    print("| what | seconds, median | lowest | highest |\n| --- | --- | --- | --- |")
    measures = {what: functools.partial(seconds, code) for what, code in MEASURES.items()}
    measures["from `%%autoencoder` to the first number, warm kernel, Fashion-MNIST"] = first_number
    for what, measure in measures.items():
        measured = [measure() for _ in range(REPEATS)]
        print(f"| {what} | {statistics.median(measured):.3f} | {min(measured):.3f} | {max(measured):.3f} |", flush=True)


if __name__ == "__main__":
    main()
