"""Keras as most call it: arrays handed to `fit`, with its progress bar, which is written to nowhere."""

from __future__ import annotations

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "Keras `fit(x, x)`", ("keras", "tensorflow"), "keras"


def prepare(work, x, seed):
    import keras

    keras.utils.set_random_seed(seed)
    model = work.keras()

    def epoch():
        model.fit(x, x, batch_size=BATCH, epochs=1)

    return epoch, lambda images: work.keras_make(model, images)
