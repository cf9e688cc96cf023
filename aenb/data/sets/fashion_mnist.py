"""Fashion-MNIST: 70,000 images of clothing in ten classes (Xiao, Rasul & Vollgraf 2017, arXiv 1708.07747)."""

from __future__ import annotations

from pathlib import Path

from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset
from aenb.data.sets.download import cache, fetch
from aenb.data.sets.idx import read_idx
from aenb.data.values.scaling import add_channel

SYSTEM = Path("/usr/share/datasets/fashion-mnist")  # the Debian and Ubuntu package dataset-fashion-mnist
URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
SHA256 = {
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
CLASSES = (
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def _cached() -> Path:
    return cache() / "fashion-mnist"


def _folder_at_hand() -> Path | None:
    folders = (_cached(), SYSTEM)
    return next((f for f in folders if all((f / name).is_file() for name in SHA256)), None)


@dataset(
    order=3,
    summary="70,000 images of clothing, 28×28, 10 classes",
    where="Keras's cache; package dataset-fashion-mnist; download",
    at_hand=lambda: _folder_at_hand() is not None,
)
def fashion_mnist() -> Data:
    """Load Fashion-MNIST: 60,000 training and 10,000 held-out images of 28×28."""
    folder = _folder_at_hand()
    if folder is None:
        folder, source = _cached(), "downloaded"
        for name, sha256 in SHA256.items():
            fetch(
                URL + name,
                folder / name,
                sha256,
                f"Offline: apt-get install dataset-fashion-mnist, or put {name} in {folder}.",
            )
    else:
        source = "the system's package dataset-fashion-mnist" if folder == SYSTEM else "Keras's cache"
    x_train, y_train, x_test, y_test = (read_idx(folder / name) for name in SHA256)
    return Data(
        add_channel(x_train), add_channel(x_test), y_train.astype("int64"), y_test.astype("int64"),
        name="fashion_mnist", source=source, class_names=CLASSES,
    )  # fmt: skip
