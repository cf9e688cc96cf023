"""A layout: the positions of a run's latent codes in a plane, and which part of it is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aenb.core.errors import AenbError
from aenb.figures.views.latent_plane import umap_points
from aenb.figures.views.view_inputs import ViewInputs

MARGIN = 0.06  # around the points, as a fraction of the plane


@dataclass(frozen=True)
class Layout:
    """Points that represent latent codes.

    Attributes:
        inputs: The run, its examples and their latent codes.
        points: (n, 2), the position of each code.
        bounds: Left, right, bottom and top of the visible part.
        is_flat: Whether every point of the plane corresponds to a code; else only those of the examples do.
    """

    inputs: ViewInputs
    points: np.ndarray
    bounds: tuple[float, float, float, float]
    is_flat: bool

    @property
    def classes(self) -> np.ndarray | None:
        """The class number of each point, (n,); None without classes, as for draws from a prior."""
        return None if self.inputs.run.is_generator else self.inputs.classes

    @property
    def class_words(self) -> tuple[str, ...]:
        """The names of the classes; empty if points have none."""
        return () if self.classes is None else self.inputs.data.class_words

    @property
    def names(self) -> tuple[str, str]:
        """The names of the two coordinates."""
        return self.inputs.plane.names if self.is_flat else ("UMAP of the latent codes", "")

    @property
    def title(self) -> str:
        """What is shown, in a line."""
        run = self.inputs.run
        content = "draws from the prior" if run.is_generator else "the latent codes of held-out examples"
        return f"{run.name or run.spec.family}: {content}, {self.inputs.codes.shape[1]} dimensions"


def lay_out(inputs: ViewInputs, plane: str) -> Layout:
    """Lay latent codes out in a plane.

    Args:
        inputs: The run with its examples.
        plane: "pca", the principal axes of the codes, or their own two dimensions; or "umap".

    Raises:
        AenbError: The codes are discrete, the plane is unknown, or the package for it is missing.
    """
    if plane not in ("pca", "umap"):
        raise AenbError(f'`plane`: expected "pca" or "umap"; received {plane!r}.')
    if inputs.run.translates and not inputs.has_plane:
        raise AenbError(
            "`run`: expected one latent code for each text; this run has one for each token, to which its "
            'decoder attends. run.show("alignment") shows that; bottleneck = True gives one code.'
        )
    if not inputs.has_plane:
        raise AenbError(
            f"`run`: expected a continuous latent space; the codes of "
            f'{inputs.run.spec.family} are discrete. run.show("codebook") shows what they stand for.'
        )
    flat = plane == "pca"
    points = inputs.plane.points(inputs.codes) if flat else umap_points(inputs.codes, inputs.run.spec.seed)
    return Layout(inputs, points, _bounds(points), flat)


def _bounds(points: np.ndarray) -> tuple[float, float, float, float]:
    """Return the part of the plane to show: nearly all points, with a margin around them."""
    low, high = np.quantile(points, 0.002, axis=0), np.quantile(points, 0.998, axis=0)
    room = np.maximum(high - low, 1e-3) * MARGIN
    (x0, y0), (x1, y1) = low - room, high + room
    return float(x0), float(x1), float(y0), float(y1)
