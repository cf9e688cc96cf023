"""Keras as most call it: arrays handed to one `fit`, with its progress bar, which is written to nowhere."""

from __future__ import annotations

from tests.benchmarks.works import BATCH, split

TITLE, NEEDS, BUILDER = "Keras `fit(x, x)`", ("keras", "tensorflow"), "family"


def prepare(work, data, seed):
    import keras

    from aenb.core import backend

    backend.start()
    x, held = split(data)

    def train(epochs, ended):
        keras.utils.set_random_seed(seed)
        model = work.keras()
        clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ended(logs["val_loss"]))
        model.fit(x, x, batch_size=BATCH, epochs=epochs, validation_data=(held, held), callbacks=[clock])
        return lambda images: work.keras_make(model, images)

    return train
