"""The path between two latent codes as an animation: a GIF file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from aenb.core.errors import AenbError, shown, unknown
from aenb.runs.run import Run

SIDE = 196  # pixels that small images are enlarged to, by a whole number


def end_code(
    name: str, end: Any, codes: np.ndarray, indices: np.ndarray, marks: Sequence[dict[str, Any]]
) -> np.ndarray:
    """Return the latent code of an end of the path.

    Args:
        name: "a" or "b".
        end: A code, the index of an example, or the name of a placed one; None: it is not set.
        codes: (n, latent_dim), of the examples.
        indices: (n,), of the examples.
        marks: The placed examples.

    Returns:
        (latent_dim,), float32.

    Raises:
        AenbError: It is not set, unknown, or no code.
    """
    if end is None:
        raise AenbError(
            f"`{name}`: expected {name.upper()} to be set in the explorer, or given; received none. Press "
            f'"Set {name.upper()}", or pass `{name}`: a latent code, an index, or the name of a placed example.'
        )
    if isinstance(end, str):
        placed = {mark["name"]: mark["code"] for mark in marks}
        if end not in placed:
            raise unknown("placed example", end, placed)
        return np.frombuffer(placed[end], "<f4")
    if isinstance(end, int | np.integer) and not isinstance(end, bool):
        place = np.flatnonzero(indices == end)
        if not len(place):
            raise AenbError(
                f"`{name}`: expected the index of one of the {len(indices):,} examples that the explorer shows; "
                f"received {shown(int(end))}."
            )
        return codes[place[0]]
    return _checked(name, end, codes.shape[1])


def _checked(name: str, end: Any, size: int) -> np.ndarray:
    try:
        code = np.asarray(end if len(end) == size else (), "float32")
    except Exception:  # a user's object may raise anything when it is read
        code = np.zeros(0, "float32")
    if code.shape != (size,) or not np.isfinite(code).all():
        raise AenbError(f"`{name}`: expected a latent code, {size} finite numbers; received {shown(end)}.")
    return code


def path_frames(run: Run, a: np.ndarray, b: np.ndarray, steps: int, number: int = 0) -> np.ndarray:
    """Decode the straight line between two codes.

    Args:
        run: The `Run`, of a model of images.
        a: The first code, (latent_dim,).
        b: The last one.
        steps: How many images, both ends included.
        number: The class to generate, if the model is conditional.

    Returns:
        (steps, height, width, channels), float32.

    Raises:
        AenbError: The examples are no images.
    """
    kind = run.preprocessing.kind
    if kind != "image":
        raise AenbError(
            f"`animation`: expected a run on images; received one on {kind} data. Decode the path instead: "
            f"run.decode(np.linspace(a, b, {steps}))."
        )
    labels = [run.preprocessing.classes[number]] * steps if run.is_conditional else None
    return run.decode(np.linspace(a, b, steps, dtype="float32"), labels)


def to_gif(images: np.ndarray, seconds: float) -> bytes:
    """Return images as a GIF file that plays them forwards and back, without end.

    Args:
        images: (n, height, width, channels), in [0, 1].
        seconds: From the first to the last one.
    """
    from PIL import Image

    enlarged = max(1, SIDE // max(images.shape[1:3]))
    pixels = np.round(np.clip(images, 0, 1) * 255).astype("u1").repeat(enlarged, axis=1).repeat(enlarged, axis=2)
    there = [Image.fromarray(one if one.shape[-1] == 3 else one[..., 0]) for one in pixels]
    frames, file = [*there, *there[-2:0:-1]], io.BytesIO()
    frames[0].save(
        file,
        "gif",
        save_all=True,
        append_images=frames[1:],
        loop=0,
        duration=max(20, round(1000 * seconds / len(there))),
    )
    return file.getvalue()
