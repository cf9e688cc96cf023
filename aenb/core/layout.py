"""The layout of a mixed table's inputs: which entries of a row's vector belong to which column, and its loss.

A model sees a row as a vector. A column has one entry of it or several, its block: a number has one, a category one for
each level. Blocks are sorted by the kind of their distribution, then by width, so that each kind is one slice:

    gaussian      numbers, dates        any number of entries, real
    bernoulli     two levels            one entry, −1 or 1
    count         counts                one entry, (log(1 + count) − shift) / scale
    ordinal       K levels in order     K − 1 entries, 1 if the level is above the j-th, else −1
    categorical   K levels              K entries, one-hot

In inputs, 0 stands for a missing value, and NaN in targets.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass

from aenb.core.errors import AenbError

KINDS = ("gaussian", "bernoulli", "count", "ordinal", "categorical")


@dataclass(frozen=True)
class Block:
    """The entries of a column.

    Attributes:
        kind: One of `KINDS`.
        width: How many entries it has.
        weight: The weight of its loss.
        shift: Of a count: the mean of log(1 + count).
        scale: Of a count: the standard deviation of log(1 + count).
        dispersion: Of a count: α of a negative binomial with the variance λ + α λ²; 0: Poisson.
    """

    kind: str
    width: int
    weight: float = 1.0
    shift: float = 0.0
    scale: float = 1.0
    dispersion: float = 0.0


@dataclass(frozen=True)
class Layout:
    """The blocks of a table, in the order of their entries.

    Example:
        >>> layout = Layout((Block("gaussian", 1), Block("categorical", 3)))
        >>> layout.width, layout.owners, layout.slices["categorical"]
        (4, (0, 1, 1, 1), slice(1, 4, None))
        >>> Layout.from_text(layout.to_text()) == layout
        True
    """

    blocks: tuple[Block, ...]

    @property
    def width(self) -> int:
        """How many entries a row has."""
        return sum(block.width for block in self.blocks)

    @property
    def owners(self) -> tuple[int, ...]:
        """The number of the block of each entry: (width,)."""
        return tuple(number for number, block in enumerate(self.blocks) for _ in range(block.width))

    @property
    def weights(self) -> tuple[float, ...]:
        """The weight of each entry: that of its column."""
        return tuple(block.weight for block in self.blocks for _ in range(block.width))

    @property
    def slices(self) -> dict[str, slice]:
        """The entries of each kind that occurs."""
        found, start = {}, 0
        for kind, blocks in itertools.groupby(self.blocks, lambda block: block.kind):
            width = sum(block.width for block in blocks)
            found[kind] = slice(start, start + width)
            start += width
        return found

    def of(self, kind: str) -> list[Block]:
        """Return the blocks of a kind."""
        return [block for block in self.blocks if block.kind == kind]

    def runs(self) -> Iterator[tuple[str, int, int]]:
        """Yield runs of blocks of the same kind and width: (kind, width, how many)."""
        for (kind, width), blocks in itertools.groupby(self.blocks, lambda block: (block.kind, block.width)):
            yield kind, width, len(list(blocks))

    def to_text(self) -> str:
        """Return it as a line of text, for a hyperparameter."""
        return json.dumps([list(vars(block).values()) for block in self.blocks])

    @classmethod
    def from_text(cls, text: str) -> Layout:
        """Read what `to_text` returned.

        Raises:
            AenbError: It is no layout.
        """
        try:
            layout = cls(tuple(Block(*values) for values in json.loads(text)))
            order = [(KINDS.index(block.kind), block.width) for block in layout.blocks]
            is_right = bool(order) and order == sorted(order) and min(block.width for block in layout.blocks) > 0
        except (TypeError, ValueError, RecursionError):
            is_right = False
        if not is_right:
            raise AenbError(
                "`layout`: expected that of a mixed table, which is found in the data; received another text."
            )
        return layout
