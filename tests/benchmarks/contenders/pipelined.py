"""Keras `fit` on a `tf.data` pipeline of ready batches, ten steps an execution, no progress bar, XLA where it helps."""

from __future__ import annotations

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "Keras `fit`, tf.data", ("keras", "tensorflow"), "keras"


def prepare(work, x, seed):
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    model = work.keras()
    model.steps_per_execution, model.jit_compile = 10, work.xla
    index = tf.data.Dataset.range(len(x)).shuffle(len(x), seed).batch(BATCH)  # shuffles numbers, not images
    items = tf.constant(x)
    batches = index.map(lambda some: (tf.gather(items, some),) * 2, num_parallel_calls=2).prefetch(tf.data.AUTOTUNE)

    def epoch():
        model.fit(batches, epochs=1, shuffle=False, verbose=0)  # they are

    return epoch, lambda images: work.keras_make(model, images)
