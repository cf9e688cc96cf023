"""JAX: an epoch is one compiled `lax.scan` over batches of resident data; where it convolves, one compiled step."""

from __future__ import annotations

from functools import partial

import numpy as np

from tests.benchmarks.works import BATCH, split

TITLE, NEEDS, BUILDER = "JAX `lax.scan`", ("jax", "jaxlib"), "jax"


def prepare(work, data, seed):
    import jax

    jax.devices()  # its start, as an import is
    x, held = split(data)

    def train(epochs, ended):
        draw = np.random.default_rng(seed)
        state, step, loss, make = work.jax()
        items, others, full = jax.device_put(x), jax.device_put(held), len(x) // BATCH
        validate = jax.jit(loss)

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

        for _ in range(epochs):
            order = draw.permutation(len(x)).astype("int32")
            state = (scan if work.xla else steps)(state, items, order)
            ended(float(validate(state, others)))
        return lambda images: np.asarray(make(state, images))

    return train
