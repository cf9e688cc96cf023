"""Models that were saved when our Keras classes stood in other modules load, and compute the same."""

from __future__ import annotations

import re
import zipfile

import numpy as np
import pytest

import aenb
from aenb.core.model_files import load_model


def with_old_modules(file, target):
    """Copy a `.keras` file, with the modules of our classes as they were: all at the top of `aenb.models`."""
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(target, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "config.json":
                old = re.sub(rb'"module": "aenb\.models\.\w+\.(\w+)"', rb'"module": "aenb.models.\1"', content)
                assert old != content
                content = old
            copy.writestr(name, content)
    return target


@pytest.mark.parametrize(
    ("family", "hyperparameters", "module"),
    [
        ("shallow", {"sparsity": "l1", "latent_dim": 4}, "sparsity"),
        ("conv", {"perceptual": 0.5, "latent_dim": 4, "filters": (4,)}, "perceptual_loss"),
    ],
)
def test_a_model_saved_before_its_classes_moved_loads_and_computes_the_same(family, hyperparameters, module, tmp_path):
    model = aenb.build_model(family, (8, 8, 1), **hyperparameters)
    model.save(tmp_path / "new.keras")
    old = with_old_modules(tmp_path / "new.keras", tmp_path / "old.keras")
    assert f'"aenb.models.{module}"'.encode() in zipfile.ZipFile(old).read("config.json")
    loaded, x = load_model(old), np.random.default_rng(0).random((3, 8, 8, 1), "float32")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert loaded.evaluate(x, x, verbose=0) == model.evaluate(x, x, verbose=0)
