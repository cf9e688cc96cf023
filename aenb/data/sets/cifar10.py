"""CIFAR-10: 60,000 colour photographs in ten classes (Krizhevsky 2009, "Learning multiple layers of features").

This is the binary version: the one that `keras.datasets` downloads contains pickles, which aenb never loads.
"""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset
from aenb.data.sets.download import cache, fetch

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TRAIN = tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6))
TEST = ("cifar-10-batches-bin/test_batch.bin",)


def _file() -> Path:
    return cache() / "cifar-10-binary.tar.gz"


@dataset(
    order=5,
    summary="60,000 colour photographs, 32×32×3, 10 classes",
    where="Keras's cache (the binary version); download",
    at_hand=lambda: _file().is_file(),
)
def cifar10() -> Data:
    """Load CIFAR-10: 50,000 training and 10,000 held-out images of 32×32×3."""
    source = "Keras's cache" if _file().is_file() else "downloaded"
    path = fetch(URL, _file(), SHA256, f"Offline: put {_file().name} in {_file().parent}.")
    try:
        with tarfile.open(path) as archive:
            (x_train, y_train), (x_test, y_test) = (_read(archive, names) for names in (TRAIN, TEST))
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise AenbError(f"Expected CIFAR-10 in {path}; received a broken file: {error}. Delete it.") from error
    return Data(
        x_train, x_test, y_train, y_test,
        name="cifar10", source=source, class_names=CLASSES,
    )  # fmt: skip


def _read(archive: tarfile.TarFile, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read records of a label byte and 3,072 pixel bytes: red, green and blue planes of 32×32."""
    content = b"".join(archive.extractfile(name).read() for name in names)
    rows = np.frombuffer(content, np.uint8).reshape(-1, 3073)
    images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (n, 32, 32, 3)
    return images, rows[:, 0].astype("int64")
