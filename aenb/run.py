"""Run: what happened. The model with its history, scores and provenance, and what one asks of it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aenb import folder, latent, report
from aenb.control import Control
from aenb.data.load import load_data
from aenb.data.record import Data
from aenb.data.scaling import units
from aenb.engine.turns import Turns
from aenb.errors import AenbError
from aenb.jobs import Job
from aenb.spec import Spec


@dataclass(eq=False, repr=False)
class Run:
    """A trained model, with all that is known about how it came to be.

    Attributes:
        spec: What was asked for.
        model: The compiled `keras.Model`, with the layers "encoder" and "decoder".
        history: Lists by name, one value for each epoch: "loss", "val_loss".
        status: "complete", "stopped early", "stopped", "interrupted", "diverged" or "failed"; "queued" or "training"
            while it is under way.
        seconds: How long the training took.
        record: What the training ran on: device, precision, XLA, versions, data, notes.
        job: The training under way, or what it was; None for a loaded run.
        turns: Taken by whoever uses the weights: a training changes them between two turns only.
    """

    spec: Spec
    model: Any
    history: dict[str, list[float]]
    status: str = "complete"
    seconds: float = 0.0
    record: dict[str, Any] = field(default_factory=dict)
    job: Job | None = None
    turns: Turns = field(default_factory=Turns)
    _data: Data | None = None
    _metrics: dict[str, float] | None = None
    _picture: bytes | None = None

    @property
    def name(self) -> str | None:
        """What the run is called."""
        return self.spec.name

    @property
    def epochs(self) -> int:
        """How many epochs were finished."""
        return len(self.history.get("loss", ()))

    @property
    def latent_dim(self) -> int:
        """The size of the code."""
        return latent.part(self.model, "encoder").output_shape[-1]

    @property
    def summary(self) -> str:
        """How the training ended, how long it took and on what, in a line."""
        said = report.ending(self.status, self.epochs, self.spec.epochs, self.seconds, self.record)
        return " ".join([said, *self._remedy])

    @property
    def is_alive(self) -> bool:
        """Whether its training waits or runs."""
        return self.job is not None and self.job.alive

    def wait(self, poll: Callable[[], object] = lambda: None) -> Run:
        """Wait for the end of a training in the background, calling `poll` meanwhile.

        Returns:
            The run itself.

        Raises:
            BaseException: What the training raised, where it failed.
        """
        if self.job is not None:
            self.job.wait(poll)
        return self

    def pause(self) -> None:
        """Pause the training, within a second; `resume` goes on."""
        self._under_way().pause()

    def resume(self) -> None:
        """Go on with a training that is paused."""
        self._under_way().resume()

    def stop(self) -> Run:
        """Stop the training, and keep what was learnt."""
        self._under_way().stop()
        self.job.over()
        return self

    def _under_way(self) -> Control:
        if not self.is_alive:
            raise AenbError(f"Expected a training that is under way; received a run that is {self.status}.")
        return self.job.control

    @property
    def _remedy(self) -> list[str]:
        """What broke a training that diverged, and what to try."""
        return [report.remedy(self.record["reason"], self.spec.learning_rate)] if self.status == "diverged" else []

    @functools.cached_property
    def data(self) -> Data:
        """The data it was trained on; that of a loaded run is loaded when first asked for.

        Raises:
            AenbError: The data is not at hand any more, or is not the same.
        """
        if self._data is not None:
            return self._data
        try:
            data = load_data(self.spec.data, limit=self.spec.limit)
        except AenbError as error:
            raise AenbError(
                f"The data of this run, `{self.spec.data}`, is not at hand: pass it as `data`. {error}"
            ) from None
        if data.fingerprint != self.record.get("data", {}).get("fingerprint"):
            raise AenbError(f"The data `{self.spec.data}` is not what this run was trained on: pass it as `data`.")
        return data

    def encode(self, x: Any) -> np.ndarray:
        """Return the codes of items.

        Args:
            x: (n, *input_shape) in the units of `run.data.x_train`; a DataFrame or images as bytes are brought to them.

        Returns:
            (n, latent_dim), float32.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> run.encode(run.data.x_test).shape
            (360, 2)
        """
        with self.turns:
            return latent.encode(self.model, self._units(x))

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Return the items that codes stand for: (n, latent_dim) → (n, *input_shape), float32."""
        with self.turns:
            return latent.decode(self.model, z)

    def reconstruct(self, x: Any) -> np.ndarray:
        """Return what items become through the code and back: (n, *input_shape), float32."""
        with self.turns:
            return latent.reconstruct(self.model, self._units(x))

    def interpolate(self, a: np.ndarray, b: np.ndarray, steps: int = 8) -> np.ndarray:
        """Return `steps` items on the line between the codes of two items: (steps, *input_shape)."""
        with self.turns:
            return latent.interpolate(self.model, a, b, steps)

    def evaluate(self, data: Any = None) -> dict[str, float]:
        """Score the model on held-out items, beside PCA with as many dimensions and the mean item.

        Args:
            data: Other data than the run's own, as `aenb.load_data` takes it.

        Returns:
            `mse`, for images `psnr` (decibels) and `ssim`; the same with `pca_` and `mean_` before. Computed once.

        Raises:
            AenbError: The data is not at hand, or does not fit the model.
        """
        if data is None and self._metrics is not None:
            return dict(self._metrics)
        from aenb.metrics.evaluation import reconstruction_scores

        chosen = self.data if data is None else load_data(data)
        x = units(chosen.test)
        scores = reconstruction_scores(
            chosen.blocks, x, self.reconstruct(x), self.latent_dim, images=chosen.kind == "image"
        )
        if data is None and not self.is_alive:
            self._metrics = scores
        return dict(scores)

    def plot(self):
        """Draw loss curves and reconstructions.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        from aenb.plots import run_figure

        x = self.data.examples()
        baselines = {}
        if self.model.loss == "mean_squared_error" and self._compresses:
            baselines[f"PCA, {self.latent_dim} dimensions"] = self.evaluate()["pca_mse"]
        return run_figure(
            self.history,
            x,
            self.reconstruct(x),
            loss=str(self.model.loss).replace("_", " "),
            baselines=baselines,
        )

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Save the run as a folder: `run.json`, `model.keras`, `encoder.keras`, `decoder.keras`, history and figure.

        The Keras files open in plain Keras. The folder is written aside and renamed, so that it is there whole or not.

        Args:
            path: The folder to make.
            overwrite: Put it in the place of a saved run that is there.

        Raises:
            AenbError: The folder exists, or cannot be written; the run is still in training.
        """
        if self.is_alive:
            raise AenbError(
                "Expected a run whose training is over; received one that is under way: wait() or stop() it."
            )
        scores, picture = self.evaluate(), self._png()
        facts = {
            "spec": self.spec.to_dict(),
            "status": self.status,
            "seconds": self.seconds,
            "metrics": scores,
            "history": self.history,
            "record": self.record,
        }
        parts = {
            "model": self.model,
            **{name: latent.part(self.model, name) for name in ("encoder", "decoder")},
        }
        return folder.write(Path(path), facts, parts, picture, overwrite=overwrite)

    def to_cell(self) -> str:
        """Return the `%%autoencoder` cell that reproduces the run."""
        return self.spec.to_cell()

    @property
    def _compresses(self) -> bool:
        """Whether a code is shorter than an item."""
        return self.latent_dim < math.prod(self.model.input_shape[1:])

    def _units(self, x: Any) -> Any:
        """Bring raw tables and byte images to the model's units, and leave arrays of numbers as they are."""
        raw = hasattr(x, "columns") or getattr(x, "dtype", None) == np.uint8
        return self.data.prepare(x) if raw else x

    def _png(self) -> bytes:
        from aenb.plots import to_png

        if self.is_alive:
            return to_png(self.plot())
        if self._picture is None:
            self._picture = to_png(self.plot())
        return self._picture

    def _report(self, render: Callable, *pictures) -> str:
        family, images = self.spec.family, len(self.model.input_shape) == 4
        scores = self.evaluate()
        title = f"{self.name}: {family} on {self.spec.data}" if self.name else f"{family} on {self.spec.data}"
        state = "" if self.status == "complete" else f" ({self.status})"
        lines = [
            report.verdict(scores, family, compresses=self._compresses),
            f"Code of {self.latent_dim} dimensions, {self.model.count_params():,} parameters, "
            f"{self.epochs} of {self.spec.epochs} epochs{state}, seed {self.spec.seed}.",
            *self._remedy,
            *self.record.get("notes", ()),
        ]
        return render(title, report.score_rows(scores, family, self.latent_dim, images), lines, *pictures)

    def __repr__(self) -> str:
        return self._report(report.as_text)

    def _repr_html_(self) -> str:
        alt = f"Loss by epoch of {self.spec.family}, and held-out items over their reconstructions"
        return self._report(report.as_html, self._png(), alt)

    def _repr_png_(self) -> bytes:
        return self._png()


def load_run(path: str | Path) -> Run:
    """Load a run that `Run.save` wrote.

    Args:
        path: The folder.

    Raises:
        AenbError: There is no such folder, or it is not a saved run, or it is broken.

    Example:
        >>> import aenb
        >>> run = aenb.load_run("runs/v2")  # doctest: +SKIP
    """
    facts, model, picture = folder.read(Path(path))
    return Run(
        spec=Spec.from_dict(facts["spec"]),
        model=model,
        history=facts["history"],
        status=facts["status"],
        seconds=facts["seconds"],
        record=facts["record"],
        _metrics=facts["metrics"],
        _picture=picture,
    )
