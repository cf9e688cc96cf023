"""`aenb.train` as it is called: with its bar (written to nowhere), its validation and a checkpoint."""

from __future__ import annotations

import tempfile
import time

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "aenb", ("aenb", "tensorflow", "keras"), "family"


def prepare(work, data, seed):
    import filelock  # noqa: F401 — these four are imported by a first `aenb.train`, and an import is not timed
    import sklearn.model_selection  # noqa: F401
    import tqdm  # noqa: F401

    import aenb
    import aenb.training.train
    from aenb.core import backend

    backend.start()

    class Watch(backend.keras.callbacks.Callback):
        """Notes the ends of epochs, and the longest time without a call since the first of them."""

        def __init__(self, ended):
            super().__init__()
            self.ended, self.longest, self.last = ended, 0.0, None

        def on_train_batch_end(self, batch, logs=None):
            now = time.perf_counter()
            self.longest, self.last = max(self.longest, now - (self.last or now)), now if self.last else None

        on_test_batch_end = on_train_batch_end

        def on_epoch_end(self, epoch, logs=None):
            self.ended(logs["val_loss"], longest_gap=self.longest)
            self.last = time.perf_counter()

    def train(epochs, ended):
        name, settings = work.family()
        with tempfile.TemporaryDirectory() as folder:  # a named run in a notebook has one, elsewhere
            run = aenb.train(
                name, data, "bench", epochs=epochs, batch_size=BATCH, seed=seed, checkpoint=folder,
                callbacks=[Watch(ended)], **settings,
            )  # fmt: skip
        return lambda images: work.keras_make(run.model, images)

    return train
