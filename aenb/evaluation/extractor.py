"""Feature extractors: they turn examples into features and class probabilities, to score generated samples.

For labelled data, the extractor is a small classifier, trained once with a fixed recipe and cached on disk; its
features are those before the last layer. Without labels, it is PCA. Distances between features are comparable only for
the same data and version: these are not the Inception features of the FID.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.atomic_write import written_aside
from aenb.core.backend import Layer, Model, Tensor, keras, start, tf
from aenb.core.errors import AenbError, failure
from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.engine import Engine

if TYPE_CHECKING:
    from sklearn.neighbors import KNeighborsClassifier

VERSION = 1  # of the recipe, which is in `_build` and `_train`
FEATURES, FILTERS, DROPOUT = 128, (32, 64), 0.3
SIDE = 32  # larger images are downsampled to sides of 32 to 63 pixels
BATCH, RATE, SEEN, EPOCHS = 128, 2e-3, 300_000, (5, 20)  # SEEN: examples in training; EPOCHS: least and most
SAMPLE, ROOM = 10_000, 2**25  # examples to fit PCA on, and the largest number of values in them
AXES, NEIGHBOURS = 64, 5  # principal components; neighbours that vote on a class
AT_ONCE = 250  # examples: the feature maps take thirty times their memory

Extract = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]


@dataclass(frozen=True, eq=False)
class Extractor:
    """A feature extractor with class probabilities.

    Attributes:
        name: A description with the version: "classifier features, version 1".
        data: The data that it was trained on.
        extract: Examples (n, ...) → features (n, dimensions) and the probabilities of classes (n, classes), or None.
    """

    name: str
    data: Data
    extract: Extract

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return features and class probabilities of examples.

        Args:
            x: (n, *input_shape), in a model's units; pixels outside [0, 1] are clipped, and NaN counts as 0.

        Returns:
            (n, dimensions) and (n, classes), in the order of `data.classes`; None without labels.
        """
        parts = [self._extract(x[begin : begin + AT_ONCE]) for begin in range(0, len(x), AT_ONCE)]
        features, probabilities = zip(*parts, strict=True)
        return np.concatenate(features), None if probabilities[0] is None else np.concatenate(probabilities)

    def _extract(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        x = np.nan_to_num(np.asarray(x, "float32"))
        return self.extract(x.clip(0, 1) if self.data.kind == "image" else x)

    def features(self, x: np.ndarray) -> np.ndarray:
        """Return the features of examples: (n, *input_shape) → (n, dimensions)."""
        return self(x)[0]

    def probabilities(self, x: np.ndarray) -> np.ndarray | None:
        """Return the class probabilities of examples: (n, *input_shape) → (n, classes), or None without labels."""
        return self(x)[1]

    @functools.cached_property
    def accuracy(self) -> float | None:
        """Its accuracy on held-out examples, in [0, 1]; None without labels."""
        if not has_classes(self.data):
            return None
        probabilities = self.probabilities(units(self.data.test))
        right = np.asarray(self.data.classes)[probabilities.argmax(axis=1)] == self.data.y_test
        return float(right.mean())


def load_extractor(data: Data, progress: Callable[[float], object] = lambda share: None) -> Extractor:
    """Return the extractor of a data set: the cached one, or a new one.

    A new one takes under a minute for 60,000 images of 28×28 on two cores, and is cached in the user's cache
    folder, or in the folder of the environment variable `AENB_CACHE`. Without labels it is PCA, which is quick and not
    cached.

    Args:
        data: The data; with labels, the extractor is a classifier.
        progress: Called during training with the share that is done, in [0, 1].

    Raises:
        AenbError: The data is texts.

    Example:
        >>> import aenb
        >>> extractor = load_extractor(aenb.load_data("wine"))
        >>> extractor.features(extractor.data.x_test).shape
        (36, 128)
    """
    kept = _kept(data, lambda text: warnings.warn(text, stacklevel=2))
    if kept is not None or not has_classes(data):
        return kept or _principal(data)
    model = _train(data, progress)
    _keep(model, _file(data))
    return _classifier(data, model)


def quick_extractor(data: Data) -> Extractor:
    """Return an extractor within a second or two: the classifier if it is cached, else PCA.

    With PCA, the class of an example is that of most of its neighbours in the PCA space.

    Raises:
        AenbError: The data is texts.
    """
    return _kept(data) or _principal(data)


def has_classes(data: Data) -> bool:
    """Say whether there are classes to learn: at least two, with at least five examples each on average."""
    return data.y_test is not None and 1 < len(data.classes) <= len(data.train) / 5


def _file(data: Data) -> Path:
    from platformdirs import user_cache_path

    labels = np.ascontiguousarray(data.class_numbers(data.y_train)).tobytes()
    key = hashlib.sha256(data.fingerprint.encode() + labels).hexdigest()[:16]
    root = os.environ.get("AENB_CACHE") or user_cache_path("aenb")
    return Path(root).expanduser() / "extractors" / f"{key}-version-{VERSION}.keras"


def _kept(data: Data, warn: Callable[[str], object] = lambda text: None) -> Extractor | None:
    """Return the cached classifier; None if there is none, or its file is broken.

    Only weights are read, into the classifier of this version: the file can't change the architecture.

    Raises:
        AenbError: The data is texts.
    """
    if data.kind == "text":
        raise AenbError(f"Features of examples: expected images, tables or signals; {data.name} is texts.")
    if not has_classes(data) or not (file := _file(data)).exists():
        return None
    start()
    try:
        if not file.is_file():  # reading a pipe would never end
            raise OSError("it is no regular file")
        model = _build(data)
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # for a layer that is not in the file
            model.load_weights(file)
        if not all(np.isfinite(weight).all() for weight in model.get_weights()):
            raise ValueError("it has weights that are not finite")
    except Exception as error:  # a damaged file can raise anything: zip, HDF5 and Keras have their own errors
        warn(failure(f"The classifier in {file} is broken, so it is trained again", error))
        return None
    return _classifier(data, model)


def _keep(model: Model, file: Path) -> None:
    """Write a classifier to a temporary file, and rename it, so that it is never there in part."""
    try:
        if file.is_dir():
            shutil.rmtree(file)
        with written_aside(file) as aside:
            model.save(aside)
    except AenbError as error:
        warnings.warn(
            f"The classifier can't be kept, and will be trained again: name another folder in AENB_CACHE. {error}",
            stacklevel=3,
        )


def _classifier(data: Data, model: Model) -> Extractor:
    def extract(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        features, probabilities = model(x)
        return np.asarray(features), np.asarray(probabilities)

    return Extractor(f"classifier features, version {VERSION}", data, extract)


def _build(data: Data) -> Model:
    """Build the classifier: examples → features and class probabilities. Nothing in it depends on the global seed."""
    layers = keras.layers
    seeds = iter(range(100))

    def relu(kind: Callable, *arguments: Any, **keywords: Any) -> Layer:
        initial = keras.initializers.HeNormal(seed=next(seeds))
        return kind(*arguments, activation="relu", kernel_initializer=initial, **keywords)

    x = inputs = keras.Input(data.input_shape)
    if data.kind == "image":
        factor = max(1, min(data.input_shape[:2]) // SIDE)
        x = layers.AveragePooling2D(factor, padding="same")(x) if factor > 1 else x
        for filters in FILTERS:
            x = relu(layers.Conv2D, filters, 3, strides=2, padding="same")(x)
    x = layers.Flatten()(x) if len(x.shape) > 2 else x
    if data.kind != "image":
        x = relu(layers.Dense, FEATURES)(x)
    x = layers.Dropout(DROPOUT, seed=next(seeds))(x)
    features = relu(layers.Dense, FEATURES, name="features")(x)
    last = keras.initializers.GlorotUniform(seed=next(seeds))
    classes = layers.Dense(len(data.classes), "softmax", kernel_initializer=last, name="classes")(features)
    return keras.Model(inputs, [features, classes], name=f"extractor_version_{VERSION}")


def _train(data: Data, progress: Callable[[float], object]) -> Model:
    """Train the classifier with Adam; the learning rate falls to 0 along a cosine."""
    start()
    whole, n = _build(data), len(data.train)
    epochs = int(np.clip(SEEN // n, *EPOCHS))
    model = keras.Model(whole.input, whole.output[1])
    schedule = keras.optimizers.schedules.CosineDecay(RATE, epochs * -(-n // BATCH))
    model.compile(keras.optimizers.Adam(schedule), loss="sparse_categorical_crossentropy")

    def prepare(x: Tensor, label: Tensor) -> tuple[Any, Any]:
        x = units(x)
        return tf.where(tf.math.is_nan(x), tf.zeros_like(x), x), label

    labels = data.class_numbers(data.y_train)
    engine = Engine(model, (data.train, labels), np.arange(n), batch_size=BATCH, prepare=prepare)
    engine.fit(
        epochs=epochs, callbacks=[],
        on_chunk=lambda engine: progress((engine.epoch + engine.step / engine.steps) / epochs),
    )  # fmt: skip
    return whole


def _principal(data: Data) -> Extractor:
    """Fit PCA on a sample of the training examples; classes are predicted by nearest neighbours."""
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier

    count = min(SAMPLE, max(AXES, ROOM // math.prod(data.input_shape)))
    index = spread(len(data.train), count)
    sample = np.nan_to_num(units(data.train[index])).reshape(len(index), -1)
    with np.errstate(divide="ignore", invalid="ignore"):  # identical examples have no variance to explain
        pca = PCA(min(AXES, *sample.shape), random_state=0).fit(sample)
    classifier = None
    if has_classes(data):
        classifier = KNeighborsClassifier(NEIGHBOURS).fit(
            pca.transform(sample), data.class_numbers(data.y_train[index])
        )

    def extract(x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        features = pca.transform(x.reshape(len(x), -1)).astype("float32")
        return features, None if classifier is None else _votes(classifier, features, len(data.classes))

    return Extractor(f"PCA features of {pca.n_components_} dimensions", data, extract)


def _votes(classifier: KNeighborsClassifier, features: np.ndarray, classes: int) -> np.ndarray:
    """Return the neighbours' votes for each class, also for classes that are not in the sample."""
    votes = np.zeros((len(features), classes), "float32")
    votes[:, classifier.classes_] = classifier.predict_proba(features)
    return votes
