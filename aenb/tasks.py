"""Tasks: what goes into a model and what it should give, made of a batch of items in the graph."""

from __future__ import annotations

from typing import Any

from aenb.backend import tf


def reconstruct(x: Any) -> tuple[Any, Any]:
    """Give each item as its own target: (batch, ...) → inputs and targets."""
    return x, x


TASKS = {"reconstruct": reconstruct}


def in_units(batch: Any) -> Any:
    """Bring a batch of items to a model's units, float32: bytes are 255ths of [0, 1], all else is in them already."""
    return tf.cast(batch, "float32") * (1 / 255) if batch.dtype == tf.uint8 else batch
