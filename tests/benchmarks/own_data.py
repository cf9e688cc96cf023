"""The cases of `tests.benchmarks.defaults`: data as people have it, from the packages at hand.

A case is a family and a function that makes what is passed to `aenb.train`: a table, an array, a folder of photos,
series, or texts. All are small: what a default does on them is seen in seconds.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks import odds


class Case(NamedTuple):
    """A family, and what it is trained on: a function from an empty folder to data for `aenb.train`."""

    family: str
    make: Callable[[Path], Any]


TABLES = ("iris", "wine", "breast_cancer", "diabetes", "linnerud")
FRAMES = ("iris", "wine")  # with their target, a column of a few whole numbers
ODDS = ("cardio", "glass", "ionosphere", "letter", "lympho", "pima", "vertebral", "wbc")
SERIES = ("ArrowHead", "GunPoint", "ItalyPowerDemand", "OSULeaf")
SCENES = ("astronaut", "coffee", "chelsea", "rocket", "camera", "brick", "grass", "gravel")


def table(name: str, _: Path) -> np.ndarray:
    """Return a table of scikit-learn; of linnerud, exercises and physiology side by side."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    return np.hstack([bunch.data, bunch.target]) if name == "linnerud" else bunch.data


def frame(name: str, _: Path) -> Any:
    """Return a table of scikit-learn as a data frame, with its target."""
    from sklearn import datasets

    return getattr(datasets, f"load_{name}")(as_frame=True).frame


def digits(rows: bool, limit: int | None, _: Path) -> np.ndarray:
    """Return scikit-learn's digits: rows (n, 64), or images (n, 8, 8)."""
    from sklearn import datasets

    bunch = datasets.load_digits()
    return (bunch.data if rows else bunch.images)[:limit]


def of_odds(name: str, _: Path) -> np.ndarray:
    """Return a table of PyOD's benchmark, as it is."""
    from scipy.io import loadmat

    return loadmat(odds.local(f"{name}.mat", f"{odds.SOURCE}/data/{name}.mat", odds.TABLES[name]))["X"]


def patches(n: int, side: int, _: Path) -> Iterator[np.ndarray]:
    """Cut n patches (side, side, 3), uint8, at random places of the sample photos of two packages."""
    from skimage import data
    from sklearn.datasets import load_sample_images

    draw = np.random.default_rng(0)
    photos = [*load_sample_images().images, *(getattr(data, name)() for name in SCENES)]
    for number in range(n):
        photo = photos[number % len(photos)]
        photo = np.repeat(photo[..., None], 3, axis=2) if photo.ndim == 2 else photo[..., :3]
        top, left = (draw.integers(size - side + 1) for size in photo.shape[:2])
        yield photo[top : top + side, left : left + side]


def photos(n: int, side: int, mode: str, folder: Path) -> Path:
    """Write a folder of photos, "RGB" or "L" (grey)."""
    from PIL import Image

    for number, patch in enumerate(patches(n, side, folder)):
        Image.fromarray(patch).convert(mode).save(folder / f"{number:04}.png")
    return folder


def faces(folder: Path) -> Path:
    """Write a folder of the 100 faces of scikit-image, 25×25."""
    from PIL import Image
    from skimage.data import lfw_subset

    for number, face in enumerate(lfw_subset()[:100]):
        Image.fromarray((255 * face).round().astype("uint8")).save(folder / f"{number:04}.png")
    return folder


def series(name: str, _: Path) -> Any:
    """Return the series of a data set of the package aeon: `Data`, (n, length, 1)."""
    from aenb import load_data
    from aenb.data.sets.vowels import read_ts

    (root,) = importlib.util.find_spec("aeon").submodule_search_locations
    folder = Path(root, "datasets", "data", name)
    parts = [read_ts(folder / f"{name}_{part}.ts")[0] for part in ("TRAIN", "TEST")]
    return load_data(np.array([*parts[0], *parts[1]])[..., 0], kind="signal", name=name)


def texts(n: int, _: Path) -> list[str]:
    """Return n short texts: example phrases of WordNet."""
    from aenb.data.sets.wordnet import _sample

    return _sample()[:n]


CASES: dict[str, Case] = {
    **{f"table {name}": Case("deep", partial(table, name)) for name in TABLES},
    **{f"frame {name}": Case("deep", partial(frame, name)) for name in FRAMES},
    "table digits": Case("deep", partial(digits, True, None)),
    **{f"table {name}": Case("deep", partial(of_odds, name)) for name in ODDS},
    "images digits": Case("deep", partial(digits, False, 400)),
    "photos 128 deep": Case("deep", partial(photos, 160, 128, "L")),
    "photos 128 conv": Case("conv", partial(photos, 160, 128, "L")),
    "photos 64 deep": Case("deep", partial(photos, 160, 64, "RGB")),
    "photos 64 conv": Case("conv", partial(photos, 160, 64, "RGB")),
    "photos 32 conv": Case("conv", partial(photos, 400, 32, "RGB")),
    "faces deep": Case("deep", faces),
    "faces conv": Case("conv", faces),
    **{f"series {name}": Case("deep", partial(series, name)) for name in SERIES},
    "texts 20": Case("deep", partial(texts, 20)),
    "texts 500": Case("deep", partial(texts, 500)),
}
