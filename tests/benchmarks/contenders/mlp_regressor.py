"""scikit-learn's `MLPRegressor`: `partial_fit` is one epoch in batches, with the state of its Adam kept."""

from __future__ import annotations

from tests.benchmarks.works import BATCH

TITLE, NEEDS, BUILDER = "scikit-learn `MLPRegressor`", ("sklearn",), "sklearn"


def prepare(work, x, seed):
    model = work.sklearn()
    model.set_params(batch_size=BATCH, random_state=seed)
    flat = x.reshape(len(x), -1)

    def epoch():
        model.partial_fit(flat, flat)

    def reconstruct(images):
        if not hasattr(model, "coefs_"):  # its weights are made by its first epoch
            return images * 0 + images.mean()
        return model.predict(images.reshape(len(images), -1)).reshape(images.shape)

    return epoch, reconstruct
