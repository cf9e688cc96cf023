"""The bound: the matrix products of the epochs and nothing else, forward and for the gradients."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.works import BATCH, split

TITLE, NEEDS, BUILDER = "matrix products alone", ("numpy",), "products"


def prepare(work, data, seed):
    draw = np.random.default_rng(seed)
    steps = -(-len(split(data)[0]) // BATCH)

    def train(epochs, ended):
        products = work.products()
        layers = [[draw.random(s, "float32") for s in ((m, k), (k, n), (m, n))] for m, k, n, _ in products]
        results = [[np.empty_like(array) for array in layer] for layer in layers]
        for _ in range(epochs):
            for _ in range(steps):
                for product, (a, b, c), (to_a, to_b, to_c) in zip(products, layers, results, strict=True):
                    np.matmul(a, b, out=to_c)
                    if product.gradients > 0:
                        np.matmul(a.T, c, out=to_b)
                    if product.gradients > 1:
                        np.matmul(c, b.T, out=to_a)
            ended(None)

    return train
