"""pythae's trainer, its autoencoders with our layers, and its progress bar, which is written to a log."""

from __future__ import annotations

import os
import tempfile

from tests.benchmarks.works import BATCH, VALIDATION_BATCH, split

TITLE, NEEDS, BUILDER = "pythae's trainer", ("pythae", "torch", "pydantic"), "pythae"


def prepare(work, data, seed):
    import torch
    import torch._dynamo  # as the first optimiser would, and an import is not timed
    from pythae.data.datasets import BaseDataset
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    torch.set_num_threads(os.cpu_count())
    x, held = split(data)

    class Clock(TrainingCallback):
        def __init__(self, ended):
            self.ended = ended

        def on_log(self, training_config, logs, **kwargs):
            self.ended(float(logs["eval_epoch_loss"]))

    def train(epochs, ended):
        torch.manual_seed(seed)
        model = work.pythae()
        sets = [BaseDataset(torch.from_numpy(images), torch.zeros(len(images))) for images in (x, held)]
        with tempfile.TemporaryDirectory() as folder:
            config = BaseTrainerConfig(
                folder, per_device_train_batch_size=BATCH, per_device_eval_batch_size=VALIDATION_BATCH,
                num_epochs=epochs, learning_rate=1e-3, optimizer_params={"eps": 1e-7}, seed=seed,
            )  # fmt: skip
            BaseTrainer(model, *sets, training_config=config, callbacks=[Clock(ended)]).train()

        def make(images):
            with torch.no_grad():
                return model.decoder(model.encoder(torch.from_numpy(images)).embedding).reconstruction.numpy()

        return make

    return train
