"""Tasks: a model's inputs and targets, computed from a batch of examples in the graph.

A task corrupts the inputs and leaves the targets intact: denoising (Vincent et al. 2008, ICML), inpainting, imputation
of missing values. A value that was not observed is NaN in a target, which losses ignore, and 0 in an input. Noise
depends on the seed and the step number, so a resumed training draws the same noise. Of pairs of texts, the target of
some tasks is the other text (`PAIRED`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aenb.core.backend import Tensor, tf
from aenb.core.errors import AenbError, unknown

Owners = tuple[int, ...]  # of a mixed table: the number of the column that each entry belongs to; else ()


@dataclass(frozen=True)
class Corruption:
    """A way to corrupt examples.

    Attributes:
        corrupt: (x, seed, amount, kind of data, owners) → x corrupted; x is (batch, ...), seed is two integers.
        amount: The default amount.
        means: What the amount measures.
        kinds: The kinds of data that it applies to.
    """

    corrupt: Callable[..., Tensor]
    amount: float
    means: str
    kinds: tuple[str, ...]


def gaussian(x: Tensor, seed: Tensor, amount: float, kind: str, owners: Owners = ()) -> Tensor:
    """Add Gaussian noise of standard deviation `amount`; images are clipped to [0, 1]."""
    noisy = x + amount * tf.random.stateless_normal(tf.shape(x), seed)
    return tf.clip_by_value(noisy, 0.0, 1.0) if kind == "image" else noisy


def salt_and_pepper(x: Tensor, seed: Tensor, amount: float, kind: str, owners: Owners = ()) -> Tensor:
    """Set a share of the pixels to black or white, the same in all channels."""
    draw = tf.random.stateless_uniform(tf.shape(x[..., :1]), seed)
    salted = tf.where(draw < amount / 2, tf.zeros_like(x), x)
    return tf.where(draw > 1 - amount / 2, tf.ones_like(x), salted)


def swap(x: Tensor, seed: Tensor, amount: float, kind: str, owners: Owners = ()) -> Tensor:
    """Replace a share of the values with those of another example of the batch, at the same position."""
    seeds, n = tf.random.split(seed, 2), tf.shape(x)[0]
    shift = tf.random.stateless_uniform((), seeds[0], minval=1, maxval=tf.maximum(2, n), dtype="int32")
    other = tf.roll(x, shift, axis=0)  # XLA has no shuffle
    corrupted = _uniform(x, seeds[1], owners) < amount
    return tf.where(corrupted & (other != 0) & (x != 0) if kind == "text" else corrupted, other, x)


def random(x: Tensor, seed: Tensor, amount: float, kind: str, owners: Owners = ()) -> Tensor:
    """Mask a share of the values with 0; in images, all channels of a pixel; in mixed tables, all of a column's."""
    draw = _uniform(x[..., :1] if kind == "image" else x, seed, owners)
    return tf.where(draw < amount, tf.zeros_like(x), x)


def _uniform(x: Tensor, seed: Tensor, owners: Owners) -> Tensor:
    """Draw a number from [0, 1) for each entry, in mixed tables the same for all entries of a column."""
    if not owners:
        return tf.random.stateless_uniform(tf.shape(x), seed)
    draw = tf.random.stateless_uniform((tf.shape(x)[0], max(owners) + 1), seed)
    return tf.gather(draw, list(owners), axis=1)


def square(x: Tensor, seed: Tensor, amount: float, kind: str, owners: Owners = ()) -> Tensor:
    """Mask a square region of each image with 0, at a random place; each side is `amount` of the image's."""
    seeds = tf.random.split(seed, 2)
    rows = _stretch(tf.shape(x)[0], tf.shape(x)[1], amount, seeds[0])[:, :, None, None]
    columns = _stretch(tf.shape(x)[0], tf.shape(x)[2], amount, seeds[1])[:, None, :, None]
    return tf.where(rows & columns, tf.zeros_like(x), x)


def stretch(x: Tensor, seed: Tensor, amount: float, kind: str, owners: Owners = ()) -> Tensor:
    """Mask a stretch of each signal or text with 0, at a random place; it is `amount` of the length."""
    masked = _stretch(tf.shape(x)[0], tf.shape(x)[1], amount, seed)
    return tf.where(masked[:, :, None] if kind == "signal" else masked, tf.zeros_like(x), x)


def _stretch(n: Tensor, length: Tensor, amount: float, seed: Tensor) -> Tensor:
    """Return a mask of one random stretch per row: (n, length), bool."""
    size = tf.maximum(1, tf.cast(tf.round(amount * tf.cast(length, "float32")), "int32"))
    first = tf.random.stateless_uniform((n, 1), seed, maxval=tf.maximum(1, length - size + 1), dtype="int32")
    position = tf.range(length)[None]
    return (position >= first) & (position < first + size)


def delete(x: Tensor, seed: Tensor, amount: float, kind: str, owners: Owners = ()) -> Tensor:
    """Leave out a share of the tokens of each text; the others move up (TSDAE: Wang et al. 2021, arXiv 2104.06979)."""
    length = tf.shape(x)[1]
    is_kept = (tf.random.stateless_uniform(tf.shape(x), seed) >= amount) & (x != 0)
    place = tf.range(length)[None] + tf.where(is_kept, 0, length)  # those that are left out come last
    order = tf.argsort(place, axis=1)
    return tf.gather(tf.where(is_kept, x, 0), order, axis=1, batch_dims=1)


NUMBERS = ("image", "tabular", "signal")
TASKS: dict[str, dict[str, Corruption]] = {
    "reconstruct": {},
    "denoise": {
        "gaussian": Corruption(gaussian, 0.3, "standard deviation of the noise", NUMBERS),
        "salt_and_pepper": Corruption(salt_and_pepper, 0.25, "share of the pixels", ("image",)),
        "swap": Corruption(swap, 0.15, "share of the values", ("text", "tabular", "signal")),
        "delete": Corruption(delete, 0.6, "share of the tokens", ("text",)),
    },
    "inpaint": {
        "square": Corruption(square, 0.4, "part of each side", ("image",)),
        "random": Corruption(random, 0.5, "share of the values", ("image", "signal", "text")),
        "stretch": Corruption(stretch, 0.25, "part of the length", ("signal", "text")),
    },
    "impute": {"random": Corruption(random, 0.2, "share of the values", NUMBERS)},
    "translate": {},
    "summarise": {"delete": Corruption(delete, 0.6, "share of the tokens", ("text",))},
}
PAIRED = ("translate", "summarise")  # the target is another text than the input, if the data has pairs
CORRUPTIONS = tuple(dict.fromkeys(name for ways in TASKS.values() for name in ways))


def learns_targets(task: str, target_length: int) -> bool:
    """Say whether the targets of a task are other texts than its inputs: it can learn pairs, and the data has them."""
    return task in PAIRED and target_length > 0


def make_task(
    task: str,
    corruption: str | None,
    amount: float | None,
    kind: str,
    *,
    missing: bool = True,
    owners: Owners = (),
) -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return the function of a task: (examples in the model's units, seed) → inputs and targets.

    Args:
        task: A name of `TASKS`.
        corruption: One of the task's; None: the first that applies to this kind of data.
        amount: The amount of corruption; None: its default.
        kind: The kind of data: "image", "tabular", "signal", "text".
        missing: Whether values may be missing.
        owners: Of a mixed table: the number of the column that each entry belongs to.

    Raises:
        AenbError: The task has no such corruption, or none that applies to this kind of data.
    """
    way, amount = chosen_corruption(task, corruption, amount, kind)
    corrupt = None if way is None else partial(way.corrupt, amount=amount, kind=kind, owners=owners)
    return partial(_task, corrupt=corrupt, missing=missing and kind != "text")


def chosen_corruption(
    task: str, corruption: str | None, amount: float | None, kind: str
) -> tuple[Corruption, float] | tuple[None, None]:
    """Return the corruption and the amount that `make_task` uses for a task; (None, None) if it has none."""
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
    if amount is not None and way.corrupt is not gaussian and amount > 1:
        raise AenbError(f"`amount`: expected the {way.means}, at most 1; received {amount:g}.")
    return way, way.amount if amount is None else amount


def _task(
    x: Tensor, seed: Tensor, corrupt: Callable[[Tensor, Tensor], Tensor] | None, missing: bool
) -> tuple[Tensor, Tensor]:
    if not missing:
        return (x if corrupt is None else corrupt(x, seed)), x
    absent = tf.math.is_nan(x)
    filled = tf.where(absent, tf.zeros_like(x), x)
    return filled if corrupt is None else tf.where(absent, filled, corrupt(filled, seed)), x
