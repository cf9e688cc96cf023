"""The short form of a notebook: the same cells in seconds, to check that they run.

With `AENB_SHORT=N` in the environment a training has at most N epochs, data has at most 4,000 training examples (and
the same fraction of the held-out ones), a comparison has one seed, and XLA compiles only if it is asked to. The
chapters are tested in this form; their results need the full form.
"""

from __future__ import annotations

import os

from aenb.core.errors import AenbError

MAX_EXAMPLES = 4000


def most_epochs() -> int | None:
    """Return the maximum number of epochs of a training; None: no maximum.

    Raises:
        AenbError: The setting is not a whole number above 0.
    """
    setting = os.environ.get("AENB_SHORT", "")
    if not setting:
        return None
    if not setting.isdecimal() or int(setting) < 1:
        raise AenbError(f"AENB_SHORT: expected a number of epochs, such as 3, or nothing; received {setting!r}.")
    return int(setting)


def max_examples() -> int | None:
    """Return the maximum number of training examples; None: no maximum."""
    return MAX_EXAMPLES if most_epochs() else None


def smaller(asked: int | None, maximum: int | None) -> int | None:
    """Return what was asked for, but at most the maximum; None means no limit."""
    return min((number for number in (asked, maximum) if number is not None), default=None)
