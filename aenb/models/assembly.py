"""Assembling a model of named parts and players, without starting TensorFlow before the first is assembled."""

from __future__ import annotations

from typing import Any


def network(*arguments: Any, **keywords: Any) -> Any:
    """Return a `Network`, whose arguments these are: it is imported here, since that starts TensorFlow."""
    from aenb.models.network import Network

    return Network(*arguments, **keywords)
