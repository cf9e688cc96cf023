"""A whole epoch in one `tf.function` of one's own, without `fit`: no callback, no history, no early stop."""

from __future__ import annotations

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "own `tf.function` epoch", ("tensorflow", "keras"), "keras"


def prepare(work, x, seed):
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    model, items = work.keras(), tf.constant(x)
    full = len(x) // BATCH

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

    def epoch():
        model.reset_metrics()
        float(run(tf.random.shuffle(tf.range(len(x))))["loss"])  # waits for the end

    return epoch, lambda images: work.keras_make(model, images)
