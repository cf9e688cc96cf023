"""A whole epoch in one `tf.function` of one's own, without `fit`: no callback, no history, no early stop."""

from __future__ import annotations

from tests.benchmarks.works import BATCH, VALIDATION_BATCH, split

TITLE, NEEDS, BUILDER = "own `tf.function` epoch", ("tensorflow", "keras"), "family"


def prepare(work, data, seed):
    import keras
    import tensorflow as tf

    from aenb.core import backend

    backend.start()
    x, held = split(data)
    full = len(x) // BATCH

    def train(epochs, ended):
        keras.utils.set_random_seed(seed)
        model, items, others = work.keras(), tf.constant(x), tf.constant(held)

        def step(index):
            batch = tf.gather(items, index)
            model.train_step((batch, batch))

        @tf.function(jit_compile=work.xla)
        def run(order):
            for number in tf.range(full):
                step(tf.slice(order, [number * BATCH], [BATCH]))
            if len(x) % BATCH:
                step(order[full * BATCH :])
            return model.get_metrics_result()

        @tf.function(jit_compile=work.xla)
        def validate():
            for begin in range(0, len(held), VALIDATION_BATCH):
                batch = others[begin : begin + VALIDATION_BATCH]
                model.test_step((batch, batch))
            return model.get_metrics_result()

        for _ in range(epochs):
            model.reset_metrics()
            run(tf.random.shuffle(tf.range(len(x))))
            model.reset_metrics()
            ended(float(validate()["loss"]))  # waits for the end
        return lambda images: work.keras_make(model, images)

    return train
