"""scikit-learn's `MLPRegressor`: `partial_fit` is one epoch in batches, with the state of its Adam kept."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.works import BATCH, split

TITLE, NEEDS, BUILDER = "scikit-learn `MLPRegressor`", ("sklearn",), "sklearn"


def prepare(work, data, seed):
    import sklearn.neural_network  # noqa: F401 — an import is not timed

    flat, held = (images.reshape(len(images), -1) for images in split(data))

    def train(epochs, ended):
        model = work.sklearn()
        model.set_params(batch_size=BATCH, random_state=seed)
        for _ in range(epochs):
            model.partial_fit(flat, flat)
            ended(float(np.mean((model.predict(held) - held) ** 2)))
        return lambda images: model.predict(images.reshape(len(images), -1)).reshape(images.shape)

    return train
