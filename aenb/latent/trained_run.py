"""What a trained run has, for the rooms below `runs`: its `Run` has all of it, and can't be imported there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from aenb.core.backend import Model
from aenb.data.preprocessing import Preprocessing
from aenb.data.record import Data
from aenb.engine.fair_lock import FairLock


class Asked(Protocol):
    """What was asked for: a `Spec`."""

    @property
    def family(self) -> str:
        """The kind of model."""

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The family's hyperparameters that were given."""

    @property
    def data(self) -> str:
        """The name of the data."""

    @property
    def task(self) -> str:
        """What the model learnt to do: "reconstruct", …."""

    @property
    def epochs(self) -> int | None:
        """Passes over the training examples; None: the default."""

    @property
    def num_epochs(self) -> int:
        """How many passes: as asked for, or the default."""

    @property
    def seed(self) -> int:
        """The seed of the training."""

    @property
    def patience(self) -> int | None:
        """After how many epochs without a better validation loss it stops, or None."""

    @property
    def restarts(self) -> int:
        """How many models were trained, to keep the best."""


class TrainedRun(Protocol):
    """A trained model, with its training and its data; `Run` documents the members."""

    model: Model
    history: dict[str, list[float]]
    status: str
    record: dict[str, Any]
    turns: FairLock
    timeline: dict[int, np.ndarray]
    densities: dict[str, Any]
    scores: dict[str, dict[str, float]]

    @property
    def spec(self) -> Asked:
        """What was asked for."""

    @property
    def data(self) -> Data:
        """What it was trained on."""

    @property
    def preprocessing(self) -> Preprocessing:
        """How raw examples become the model's inputs."""

    @property
    def mean(self) -> np.ndarray:
        """The mean training example: (*input_shape)."""

    @property
    def name(self) -> str | None:
        """Its name, or None."""

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""

    @property
    def latent_dim(self) -> int:
        """The number of dimensions of a latent code."""

    @property
    def compresses(self) -> bool:
        """Whether a latent code is shorter than an example."""

    @property
    def is_generator(self) -> bool:
        """Whether the model has no encoder."""

    @property
    def is_conditional(self) -> bool:
        """Whether the model is conditioned on class labels."""

    @property
    def translates(self) -> bool:
        """Whether what it decodes are other texts than those it encodes."""

    @property
    def is_alive(self) -> bool:
        """Whether its training is queued or running."""

    def keeps(self) -> bool:
        """Say whether results computed from the current weights may be kept."""

    def class_numbers(self, labels: np.ndarray | None) -> np.ndarray | None:
        """Return the class numbers of labels, if the model is conditional."""

    def corrupt(self, x: np.ndarray) -> np.ndarray:
        """Corrupt examples as its task does: (n, *input_shape)."""

    def encode(self, x: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Return the latent codes of examples: (n, *code_shape)."""

    def decode(self, z: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Decode latent codes: (n, *code_shape) → (n, *input_shape)."""

    def reconstruct(self, x: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Encode and decode examples: (n, *input_shape)."""

    def generate(self, n: int = 10, seed: int = 0, *, labels: np.ndarray | None = None) -> np.ndarray:
        """Generate samples: (n, *input_shape)."""

    def score(self, x: np.ndarray) -> np.ndarray:
        """Return anomaly scores: (n,)."""

    def evaluate(self, *, parts: str | Sequence[str] | None = None) -> dict[str, float]:
        """Return scores on the held-out examples, by name."""
