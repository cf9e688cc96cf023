"""An equal budget: epochs, seconds or steps."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from aenb.core.backend import keras
from aenb.core.errors import AenbError, shown

MAX_EPOCHS = 100_000  # if seconds or steps end a training


@dataclass(frozen=True)
class Budget:
    """What each training may use: one of the three; if all are None, each spec's own epochs."""

    epochs: int | None = None
    seconds: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        given = {name: value for name, value in vars(self).items() if value is not None}
        if len(given) > 1:
            raise AenbError(f"`compare`: expected one budget; received {' and '.join(given)}.")
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
                raise AenbError(f"`{name}`: expected a number above 0; received {shown(value)}.")

    @property
    def words(self) -> str:
        """The budget in words."""
        given = [f"{value:g} {name}" for name, value in vars(self).items() if value is not None]
        return f"{given[0]} each" if given else "each its own number of epochs"

    @property
    def most_epochs(self) -> int | None:
        """How many epochs to train at most; None: as many as the spec says."""
        return MAX_EPOCHS if self.seconds or self.steps else self.epochs

    def callbacks(self) -> list[Any]:
        """Return the callbacks that end a training after a step; the time includes tracing and compiling."""
        if not self.seconds and not self.steps:
            return []
        begun, done, limit = 0.0, 0, self.seconds or math.inf

        def on_train_begin(logs: dict[str, Any] | None = None) -> None:
            nonlocal begun, done
            begun, done = time.perf_counter(), 0

        def on_train_batch_begin(batch: int, logs: dict[str, Any] | None = None) -> None:
            nonlocal done
            done += 1
            is_last = done >= self.steps if self.steps else time.perf_counter() - begun >= limit
            if is_last:
                callback.model.stop_training = True  # takes effect after this step

        callback = keras.callbacks.LambdaCallback(
            on_train_begin=on_train_begin, on_train_batch_begin=on_train_batch_begin
        )
        return [callback]
