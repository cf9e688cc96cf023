"""PyTorch as its users write it: data resident, batches by index, eager, with the one-pass Adam."""

from __future__ import annotations

import os

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "PyTorch loop", ("torch",), "torch"


def prepare(work, x, seed):
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(os.cpu_count())
    step, make = work.torch()
    items = torch.from_numpy(x)

    def epoch():
        for index in torch.randperm(len(items)).split(BATCH):
            step(items[index])

    def made(images):
        with torch.no_grad():
            return make(torch.from_numpy(images)).numpy()

    return epoch, made
