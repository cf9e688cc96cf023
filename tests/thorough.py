"""Parameters that repeat what another one shows: only `make thorough` runs them."""

from __future__ import annotations

from typing import Any

import pytest


def thorough(*values: Any) -> list[Any]:
    """Return values of `pytest.mark.parametrize` or of a fixture's `params`, marked."""
    return [pytest.param(value, marks=pytest.mark.thorough) for value in values]
