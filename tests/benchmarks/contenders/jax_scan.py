"""JAX: an epoch is one compiled `lax.scan` over batches of resident data; where it convolves, one compiled step."""

from __future__ import annotations

from functools import partial

import numpy as np

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "JAX `lax.scan`", ("jax", "jaxlib"), "jax"


def prepare(work, x, seed):
    import jax

    draw = np.random.default_rng(seed)
    state, step, make = work.jax()
    items, full = jax.device_put(x), len(x) // BATCH

    @partial(jax.jit, donate_argnums=0)
    def one(state, items, index):
        return step(state, items[index])[0]

    @partial(jax.jit, donate_argnums=0)
    def scan(state, items, order):
        batches = order[: full * BATCH].reshape(full, BATCH)
        state, _ = jax.lax.scan(lambda state, index: step(state, items[index]), state, batches)
        return one(state, items, order[full * BATCH :]) if len(x) % BATCH else state

    def steps(state, items, order):
        for begin in range(0, len(order), BATCH):
            state = one(state, items, order[begin : begin + BATCH])
        return state

    def epoch():
        nonlocal state
        order = draw.permutation(len(x)).astype("int32")
        state = jax.block_until_ready((scan if work.xla else steps)(state, items, order))

    return epoch, lambda images: np.asarray(make(state, images))
