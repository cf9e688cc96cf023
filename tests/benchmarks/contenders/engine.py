"""aenb's engine, inside Keras's `fit`, with a callback that notes how long it was not called."""

from __future__ import annotations

import time

TITLE, NEEDS, BUILDER = "aenb", ("aenb", "tensorflow", "keras"), "keras"


def prepare(work, x, seed):
    import numpy as np

    from aenb.backend import keras
    from aenb.engine import Engine
    from aenb.tasks import in_units, make_task
    from tests.benchmarks.works import BATCH

    keras.utils.set_random_seed(seed)
    model = work.keras()
    pictures = np.round(x * 255).astype("uint8")  # as the data set has them, and as `aenb.train` holds them
    task = make_task("reconstruct", None, None, "image", missing=False)
    run = Engine(
        model, (pictures,), np.arange(len(x)), batch_size=BATCH, seed=seed, prepare=lambda b: task(in_units(b), None)
    )
    called = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda step, logs=None: called.append(time.perf_counter())
    )
    done = 0

    def epoch():
        nonlocal done
        called[:] = [time.perf_counter()]
        run.fit(initial_epoch=done, epochs=done + 1, callbacks=[watch])
        done += 1
        return {"longest_gap": max(np.diff(called))}

    return epoch, lambda images: work.keras_make(model, images)
