"""Assembly of a model from named parts and players, without importing TensorFlow before the first call."""

from __future__ import annotations

from typing import Any

from aenb.core.backend import Model


def network(*arguments: Any, **keywords: Any) -> Model:
    """Return a `Network` with these arguments. It is imported here, since the import starts TensorFlow."""
    from aenb.models.network import Network

    return Network(*arguments, **keywords)
