"""The bound: the matrix products of an epoch and nothing else, forward and for the gradients."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "matrix products alone", ("numpy",), "products"


def prepare(work, x, seed):
    draw = np.random.default_rng(seed)
    products = work.products()
    layers = [[draw.random(s, "float32") for s in ((m, k), (k, n), (m, n))] for m, k, n, _ in products]
    results = [[np.empty_like(array) for array in layer] for layer in layers]

    def epoch():
        for _ in range(-(-len(x) // BATCH)):
            for product, (a, b, c), (to_a, to_b, to_c) in zip(products, layers, results, strict=True):
                np.matmul(a, b, out=to_c)
                if product.gradients > 0:
                    np.matmul(a.T, c, out=to_b)
                if product.gradients > 1:
                    np.matmul(c, b.T, out=to_a)

    return epoch, None
