"""What a step multiplies: the matrix products of its layers, forward and for the gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Product(NamedTuple):
    """A layer's product forward, (rows, inner) × (inner, columns), and how many of its two gradients a step takes.

    They are two as a rule, of the same size: that of the weights and that of what goes in. A first layer has one, since
    its items are given; a layer that is only passed through has one, since its weights stay; or none.
    """

    rows: int
    inner: int
    columns: int
    gradients: int = 2


def layers(sizes: Iterable[tuple[int, int, int]]) -> list[Product]:
    """List the products of layers that a player trains, the first of which takes items."""
    return [Product(*size, gradients=2 if number else 1) for number, size in enumerate(sizes)]


def operations(products: Iterable[Product]) -> int:
    """Count the floating-point operations of a step."""
    return sum(2 * m * k * n * (1 + gradients) for m, k, n, gradients in products)
