"""scikit-learn's tables: breast tumours and Italian wines."""

from __future__ import annotations

from collections.abc import Callable

from aenb.data.own.arrays import from_arrays
from aenb.data.record import Data
from aenb.data.sets.data_sets import dataset


@dataset(order=6, summary="569 tumours, 30 features of cell nuclei, 2 classes", where="scikit-learn, offline")
def breast_cancer() -> Data:
    """Load the Wisconsin breast cancer table (Street, Wolberg & Mangasarian 1993), every fifth row held out."""
    from sklearn.datasets import load_breast_cancer

    return _table("breast_cancer", load_breast_cancer)


@dataset(order=7, summary="178 wines, 13 chemical measures, 3 growers", where="scikit-learn, offline")
def wine() -> Data:
    """Load the wine table (Aeberhard & Forina 1992, UCI), every fifth row held out."""
    from sklearn.datasets import load_wine

    return _table("wine", load_wine)


def _table(name: str, load: Callable) -> Data:
    bunch = load(as_frame=True)
    names = tuple(str(label) for label in bunch.target_names)
    return from_arrays(bunch.data, bunch.target.to_numpy(), name, "scikit-learn", class_names=names)
