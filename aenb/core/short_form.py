"""The short form of a notebook: the same cells in seconds, to see that they run.

With `AENB_SHORT=N` in the environment no training takes more than N epochs, no data has more than 4,000 training items
(and as large a part of those held out), a comparison has one seed, and XLA compiles only where it is asked for. The
chapters are tested so; what they find out takes their full form.
"""

from __future__ import annotations

import os

from aenb.core.errors import AenbError

ITEMS = 4000


def most_epochs() -> int | None:
    """Return how many epochs a training may take; None: as many as it is asked for.

    Raises:
        AenbError: The setting is not a whole number above 0.
    """
    said = os.environ.get("AENB_SHORT", "")
    if not said:
        return None
    if not said.isdecimal() or int(said) < 1:
        raise AenbError(f"AENB_SHORT: expected a number of epochs, such as 3, or nothing; received {said!r}.")
    return int(said)


def most_items() -> int | None:
    """Return how many training items data may have; None: all."""
    return ITEMS if most_epochs() else None


def fewer(asked: int | None, most: int | None) -> int | None:
    """Return what was asked for, or the most there may be: None is all."""
    return min((number for number in (asked, most) if number is not None), default=None)
