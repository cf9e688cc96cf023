"""What a run has that is shown, beyond what is measured of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from aenb.latent.trained_run import TrainedRun

if TYPE_CHECKING:  # at run time they would import matplotlib and scikit-learn, for which no run should wait
    from matplotlib.figure import Figure

    from aenb.evaluation.diagnosis.finding import Finding


class ShownRun(TrainedRun, Protocol):
    """A trained run that finds its problems and draws its figure; `Run` documents the members."""

    def diagnose(self) -> list[Finding]:
        """Return the problems that were found, most severe first."""

    def plot(self) -> Figure:
        """Draw learning curves and reconstructions."""

    def attention(self, x: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
        """Return attention maps: (n, layers, heads, queries, keys)."""
