"""How fast a training runs: contenders interleaved in one process, ratios to naive Keras, medians of the rounds.

A machine that others use is noisy: figures of one round hold to about 30 %, the ratios within a round to less. So each
round runs every contender, and what is compared is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np

import aenb
from aenb.backend import keras, tf
from aenb.engine import Engine

BATCH = 256


def work_a():
    """Build work A: a dense autoencoder, 784-64-32-32-32-64-784."""
    return aenb.build_model("deep", (28, 28, 1), hidden_units=(64, 32), latent_dim=32)


def work_b():
    """Build work B's size as a plain autoencoder: 784-512-256-16-256-512-784."""
    return aenb.build_model("deep", (28, 28, 1), hidden_units=(512, 256), latent_dim=16)


def work_c():
    """Build work C's size as a plain autoencoder: two levels of convolutions."""
    return aenb.build_model("conv", (28, 28, 1), filters=(32, 64))


def naive(model, x: np.ndarray) -> Callable[[], object]:
    """Train as one would without knowing better: arrays handed to `fit`."""
    return lambda: model.fit(x, x, batch_size=BATCH, epochs=1, verbose=0)


def pipelined(model, x: np.ndarray) -> Callable[[], object]:
    """Train by `fit` on a `tf.data` pipeline of ready batches, ten steps an execution."""
    model.compile("adam", "mse", steps_per_execution=10)
    items = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).batch(BATCH)
    pairs = items.map(lambda batch: (batch, batch)).prefetch(2)
    return lambda: model.fit(pairs, epochs=1, shuffle=False, verbose=0)


def engine(model, x: np.ndarray) -> Callable[[], object]:
    """Train by aenb's engine."""
    run = Engine(model, (x, x), np.arange(len(x)), batch_size=BATCH)
    return lambda: run.fit(epochs=1, callbacks=[])


WORKS = {"A": work_a, "B": work_b, "C": work_c}
CONTENDERS = {"naive Keras `fit`": naive, "Keras `fit`, tf.data": pipelined, "aenb": engine}


def measure(build: Callable, x: np.ndarray, rounds: int) -> dict[str, tuple[float, list[float]]]:
    """Return, by contender, the seconds of its first epoch and the items a second of each round after it."""
    epochs = {name: contender(build(), x) for name, contender in CONTENDERS.items()}
    first = {name: _seconds(epoch) for name, epoch in epochs.items()}
    rates = {name: [] for name in epochs}
    for _ in range(rounds):
        for name, epoch in epochs.items():
            rates[name].append(len(x) / _seconds(epoch))
    return {name: (first[name], rates[name]) for name in epochs}


def _seconds(epoch: Callable) -> float:
    begin = time.perf_counter()
    epoch()
    return time.perf_counter() - begin


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("works", nargs="*", default=list(WORKS), help=f"of {', '.join(WORKS)}")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    x = aenb.load_data("fashion_mnist").x_train
    print(f"Fashion-MNIST, {len(x):,} images, batch {BATCH}; TensorFlow {tf.version.VERSION}, Keras {keras.version()},")
    print(f"Python {platform.python_version()}, {platform.machine()}; {asked.rounds} rounds\n")
    print("| work | contender | first epoch, s | images a second, median | × naive, median | lowest | highest |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for work in asked.works:
        measured = measure(WORKS[work], x, asked.rounds)
        base = measured["naive Keras `fit`"][1]
        for name, (first, rates) in measured.items():
            ratios = [rate / other for rate, other in zip(rates, base, strict=True)]
            print(
                f"| {work} | {name} | {first:.1f} | {statistics.median(rates):,.0f} | {statistics.median(ratios):.2f} "
                f"| {min(ratios):.2f} | {max(ratios):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
