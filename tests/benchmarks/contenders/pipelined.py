"""Keras `fit` on a `tf.data` pipeline of ready batches, ten steps an execution, no progress bar, XLA where it helps."""

from __future__ import annotations

from tests.benchmarks.works import BATCH, VALIDATION_BATCH, split

TITLE, NEEDS, BUILDER = "Keras `fit`, tf.data", ("keras", "tensorflow"), "family"


def prepare(work, data, seed):
    import keras
    import tensorflow as tf

    from aenb.core import backend

    backend.start()
    x, held = split(data)

    def train(epochs, ended):
        keras.utils.set_random_seed(seed)
        model = work.keras()
        model.steps_per_execution, model.jit_compile = 10, work.xla
        index = tf.data.Dataset.range(len(x)).shuffle(len(x), seed).batch(BATCH)  # shuffles numbers, not images
        items = tf.constant(x)
        batches = index.map(lambda some: (tf.gather(items, some),) * 2, num_parallel_calls=2).prefetch(tf.data.AUTOTUNE)
        others = tf.data.Dataset.from_tensor_slices((held, held)).batch(VALIDATION_BATCH).cache()
        clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ended(logs["val_loss"]))
        model.fit(
            batches, epochs=epochs, validation_data=others, callbacks=[clock], shuffle=False, verbose=0,
        )  # fmt: skip
        return lambda images: work.keras_make(model, images)

    return train
