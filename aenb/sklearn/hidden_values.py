"""What an imputer is trained on: rows of which more values are hidden, and how much its corrections are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aenb.latent.conditional_gaussian import ROOM, WIDEST, ConditionalGaussian

MOST, ENTRIES = 2**13, 2**23  # examples, and their values
FEWEST, DRAWS = 256, 64  # examples, and of each row, at most


@dataclass(frozen=True)
class Examples:
    """Examples for an imputer, in as many equal parts as it has members; each part has rows that no other part has.

    Attributes:
        inputs: (n, features), float32: rows as the Gaussian fills them in.
        targets: (n, features), float32: hidden values less what the Gaussian expects; NaN elsewhere.
        parts: How many.
    """

    inputs: np.ndarray
    targets: np.ndarray
    parts: int

    def held_out(self, part: int) -> np.ndarray:
        """Return the numbers of the examples of a part."""
        return np.arange(len(self.inputs)).reshape(self.parts, -1)[part]

    def training(self) -> np.ndarray:
        """Return the numbers of the examples that each member is trained on, those of the other parts."""
        every = np.arange(len(self.inputs))
        return np.stack([np.setdiff1d(every, self.held_out(part)) for part in range(self.parts)])


def hide(
    x: np.ndarray, gaussian: ConditionalGaussian, share: float, parts: int, generator: np.random.Generator
) -> Examples:
    """Draw rows, and hide some of their observed values: between none and twice the share.

    Args:
        x: (n, features), standardised; NaN for missing values.
        gaussian: Fills in missing and hidden values.
        share: Of the values that is hidden on average.
        parts: How many parts.
        generator: Draws rows and values.
    """
    n, features = x.shape
    cost = ROOM * 5 / features**3 if features <= WIDEST else MOST
    size = int(max(FEWEST, min(MOST, DRAWS * n, ENTRIES / features, cost))) // parts
    order = generator.permutation(n)
    groups = [order[part::parts] if n >= parts else order for part in range(parts)]
    rows = np.concatenate([np.resize(generator.permutation(group), size) for group in groups])
    hidden = generator.uniform(size=(len(rows), features)) < generator.uniform(0, 2 * share, (len(rows), 1))
    known = x[rows]
    inputs = gaussian.fill(np.where(hidden, np.nan, known)).astype("float32")
    targets = np.where(hidden, known - inputs, np.nan).astype("float32")
    return Examples(inputs, targets, parts)


def worth(targets: np.ndarray, corrections: np.ndarray) -> float:
    """Return the factor, in [0, 1], by which corrections are multiplied to be nearest to the targets.

    Args:
        targets: (n, features); NaN where there is none.
        corrections: (n, features), of rows that the corrections were not trained on.

    Example:
        >>> worth(np.array([[1.0, np.nan]]), np.array([[2.0, 5.0]]))
        0.5
    """
    there = ~np.isnan(targets)
    size = float(np.square(corrections[there]).sum())
    return float(np.clip((targets[there] * corrections[there]).sum() / size, 0, 1)) if size > 0 else 0.0
