"""The bound: the matrix products of an epoch and nothing else, forward and the two of each layer's gradient."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "matrix products alone", ("numpy",), "products"


def prepare(work, x, seed):
    draw = np.random.default_rng(seed)
    layers = [[draw.random(s, "float32") for s in ((m, k), (k, n), (m, n))] for m, k, n in work.products()]
    results = [[np.empty_like(array) for array in layer] for layer in layers]

    def epoch():
        for _ in range(-(-len(x) // BATCH)):
            for number, ((a, b, c), (to_a, to_b, to_c)) in enumerate(zip(layers, results, strict=True)):
                np.matmul(a, b, out=to_c)
                np.matmul(a.T, c, out=to_b)
                if number:  # the images themselves have no gradient
                    np.matmul(c, b.T, out=to_a)

    return epoch, None


def operations(products) -> int:
    """Count the floating-point operations of a step."""
    return sum(2 * m * k * n * (3 if number else 2) for number, (m, k, n) in enumerate(products))
