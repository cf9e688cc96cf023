"""PyTorch as its users write it: data resident, batches by index, eager, with the one-pass Adam."""

from __future__ import annotations

import os

from tests.benchmarks.works import BATCH, VALIDATION_BATCH, split

TITLE, NEEDS, BUILDER = "PyTorch loop", ("torch",), "torch"


def prepare(work, data, seed):
    import torch
    import torch._dynamo  # as the first optimiser would, and an import is not timed

    torch.set_num_threads(os.cpu_count())
    x, held = split(data)

    def train(epochs, ended):
        torch.manual_seed(seed)
        step, loss, make = work.torch()
        items, others = torch.from_numpy(x), torch.from_numpy(held)
        for _ in range(epochs):
            for index in torch.randperm(len(items)).split(BATCH):
                step(items[index])
            with torch.no_grad():
                total = sum(len(batch) * float(loss(batch)) for batch in others.split(VALIDATION_BATCH))
            ended(total / len(others))

        def made(images):
            with torch.no_grad():
                return make(torch.from_numpy(images)).numpy()

        return made

    return train
