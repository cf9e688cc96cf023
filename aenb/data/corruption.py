"""Tasks: what goes into a model and what it should give, made of a batch of items in the graph.

A task corrupts what goes in, and the target stays whole: to denoise (Vincent et al. 2008, ICML), to fill holes in
images, to fill in missing values. What was not observed is NaN in a target, which losses pass over, and 0 in an input.
Noise is drawn from a seed and the number of the step, so that a training that goes on draws the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aenb.core.backend import tf
from aenb.core.errors import AenbError, unknown


@dataclass(frozen=True)
class Corruption:
    """A way to spoil items.

    Attributes:
        spoil: (x, seed, amount, kind of data) → x spoilt; x is (batch, ...), seed two integers.
        amount: How much, unless told otherwise.
        means: What the amount is.
        kinds: The kinds of data that it is for.
    """

    spoil: Callable[..., Any]
    amount: float
    means: str
    kinds: tuple[str, ...]


def gaussian(x, seed, amount, kind):
    """Add noise of the standard deviation `amount`; images stay in [0, 1]."""
    noisy = x + amount * tf.random.stateless_normal(tf.shape(x), seed)
    return tf.clip_by_value(noisy, 0.0, 1.0) if kind == "image" else noisy


def salt_and_pepper(x, seed, amount, kind):
    """Make a share of the pixels black or white, all channels alike."""
    draw = tf.random.stateless_uniform(tf.shape(x[..., :1]), seed)
    salted = tf.where(draw < amount / 2, tf.zeros_like(x), x)
    return tf.where(draw > 1 - amount / 2, tf.ones_like(x), salted)


def swap(x, seed, amount, kind):
    """Replace a share of the values by those of another item of the batch, at the same place."""
    seeds, n = tf.random.split(seed, 2), tf.shape(x)[0]
    turn = tf.random.stateless_uniform((), seeds[0], minval=1, maxval=tf.maximum(2, n), dtype="int32")
    other = tf.roll(x, turn, axis=0)  # XLA has no shuffle
    spoilt = tf.random.stateless_uniform(tf.shape(x), seeds[1]) < amount
    return tf.where(spoilt & (other != 0) & (x != 0) if kind == "text" else spoilt, other, x)


def random(x, seed, amount, kind):
    """Hide a share of the values: 0 in their place, of images all channels alike."""
    shape = tf.shape(x[..., :1] if kind == "image" else x)
    return tf.where(tf.random.stateless_uniform(shape, seed) < amount, tf.zeros_like(x), x)


def square(x, seed, amount, kind):
    """Cut a hole out of each image at a place of its own, `amount` of each side long: 0 in its place."""
    seeds = tf.random.split(seed, 2)
    rows = _stretch(tf.shape(x)[0], tf.shape(x)[1], amount, seeds[0])[:, :, None, None]
    columns = _stretch(tf.shape(x)[0], tf.shape(x)[2], amount, seeds[1])[:, None, :, None]
    return tf.where(rows & columns, tf.zeros_like(x), x)


def stretch(x, seed, amount, kind):
    """Hide a stretch of each signal or text at a place of its own, `amount` of its length: 0 in its place."""
    hidden = _stretch(tf.shape(x)[0], tf.shape(x)[1], amount, seed)
    return tf.where(hidden[:, :, None] if kind == "signal" else hidden, tf.zeros_like(x), x)


def _stretch(n, length, amount, seed):
    """Mark a stretch of each of n rows: (n, length), bool."""
    size = tf.maximum(1, tf.cast(tf.round(amount * tf.cast(length, "float32")), "int32"))
    first = tf.random.stateless_uniform((n, 1), seed, maxval=tf.maximum(1, length - size + 1), dtype="int32")
    place = tf.range(length)[None]
    return (place >= first) & (place < first + size)


NUMBERS = ("image", "tabular", "signal")
TASKS: dict[str, dict[str, Corruption]] = {
    "reconstruct": {},
    "denoise": {
        "gaussian": Corruption(gaussian, 0.3, "standard deviation of the noise", NUMBERS),
        "salt_and_pepper": Corruption(salt_and_pepper, 0.25, "share of the pixels", ("image",)),
        "swap": Corruption(swap, 0.15, "share of the values", ("text", "tabular", "signal")),
    },
    "inpaint": {
        "square": Corruption(square, 0.4, "part of each side", ("image",)),
        "random": Corruption(random, 0.5, "share of the values", ("image", "signal", "text")),
        "stretch": Corruption(stretch, 0.25, "part of the length", ("signal", "text")),
    },
    "impute": {"random": Corruption(random, 0.2, "share of the values", NUMBERS)},
}
CORRUPTIONS = tuple(dict.fromkeys(name for ways in TASKS.values() for name in ways))


def make_task(
    task: str, corruption: str | None, amount: float | None, kind: str, *, missing: bool = True
) -> Callable[[Any, Any], tuple]:
    """Return the function of a task: (items in units, seed) → inputs and targets.

    Args:
        task: A name of `TASKS`.
        corruption: One of the task's; None: the first that is for this kind of data.
        amount: Of the corruption; None: its own.
        kind: Of the data: "image", "tabular", "signal", "text".
        missing: Whether values may be missing.

    Raises:
        AenbError: The task has no such corruption, or none for this kind of data.
    """
    way, amount = chosen_corruption(task, corruption, amount, kind)
    spoil = way and partial(way.spoil, amount=amount, kind=kind)
    return partial(_task, spoil=spoil, missing=missing and kind != "text")


def chosen_corruption(task: str, corruption: str | None, amount: float | None, kind: str):
    """Return the corruption of a task and its amount, as `make_task` chooses them; (None, None) for none."""
    ways = {name: way for name, way in TASKS[task].items() if kind in way.kinds}
    if not TASKS[task]:
        if corruption is not None or amount is not None:
            raise AenbError(
                f"`corruption` and `amount`: expected a task that corrupts, {', '.join(t for t in TASKS if TASKS[t])}; "
                f"received the task {task}."
            )
        return None, None
    if not ways:
        others = [name for name in TASKS if any(kind in way.kinds for way in TASKS[name].values())]
        raise AenbError(f"`task`: expected one for {kind} data, {', '.join(others)}; received {task}.")
    if corruption is not None and corruption not in ways:
        raise unknown("corruption", corruption, ways, f" of the task {task} for {kind} data")
    way = ways[corruption] if corruption else next(iter(ways.values()))
    if amount is not None and way.spoil is not gaussian and amount > 1:
        raise AenbError(f"`amount`: expected the {way.means}, at most 1; received {amount:g}.")
    return way, way.amount if amount is None else amount


def _task(x, seed, spoil, missing):
    if not missing:
        return (x if spoil is None else spoil(x, seed)), x
    absent = tf.math.is_nan(x)
    whole = tf.where(absent, tf.zeros_like(x), x)
    return whole if spoil is None else tf.where(absent, whole, spoil(whole, seed)), x


def in_units(batch: Any) -> Any:
    """Bring a batch to a model's units: bytes are 255ths of [0, 1]; tokens are int32; all else is in them already."""
    if batch.dtype == tf.uint8:
        return tf.cast(batch, "float32") * (1 / 255)
    return tf.cast(batch, "int32") if batch.dtype.is_integer else batch
