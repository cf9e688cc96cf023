"""pythae's trainer, its autoencoders with our layers, and its progress bar, which is written to a log."""

from __future__ import annotations

import os
import tempfile

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "pythae's trainer", ("pythae", "torch", "pydantic"), "pythae"


def prepare(work, x, seed):
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    torch.manual_seed(seed)
    torch.set_num_threads(os.cpu_count())
    model = work.pythae()
    folder = tempfile.TemporaryDirectory()
    config = BaseTrainerConfig(
        folder.name, per_device_train_batch_size=BATCH, learning_rate=1e-3, optimizer_params={"eps": 1e-7}, seed=seed
    )
    trainer = BaseTrainer(model, BaseDataset(torch.from_numpy(x), torch.zeros(len(x))), training_config=config)
    trainer.prepare_training()  # what `train` does before its epochs, which are `train_step`s
    done = 0

    def epoch():
        nonlocal done
        done += 1
        trainer.train_step(done)

    def reconstruct(images, kept=folder):
        with torch.no_grad():
            return model.decoder(model.encoder(torch.from_numpy(images)).embedding).reconstruction.numpy()

    return epoch, reconstruct
