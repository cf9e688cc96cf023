"""scikit-learn's digits: 1,797 images of 8×8, from Alpaydin & Kaynak 1998 (UCI)."""

from __future__ import annotations

from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset
from aenb.data.split import hold_out
from aenb.data.values.scaling import add_channel


@dataset(order=2, summary="1,797 handwritten digits, 8×8, 10 classes", where="scikit-learn, offline")
def digits() -> Data:
    """Load scikit-learn's digits, in a stratified split of 1,437 and 360."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = add_channel((bunch.images / 16).astype("float32"))  # 17 grey levels
    train, test = hold_out(len(images), 360, bunch.target)
    return Data(
        images[train], images[test], bunch.target[train], bunch.target[test],
        name="digits", source="scikit-learn", class_names=tuple("0123456789"),
    )  # fmt: skip
