"""Regularised autoencoders: deterministic codes near the origin, and a smooth decoder, to be sampled by a density.

Ghosh, Sajjadi, Vergari, Black & Schölkopf (2020), "From variational to deterministic autoencoders", ICLR, arXiv
1903.12436: in place of the noise of a VAE, two penalties, on codes and on the decoder's weights θ, the paper's RAE-L2:

    loss = reconstruction + β ½ E‖z‖² + λ ‖θ‖²

Here the reconstruction is the mean over the values of an example; the paper has the sum, so that its weights are as
many times larger. Both penalties are stock Keras, or one layer. The paper's gradient penalty is left out: it needs a
training step of its own.
"""

from __future__ import annotations

from typing import Annotated

from aenb.core.backend import Layer, Model, keras
from aenb.core.fields import Field

CodePenalty = Annotated[
    float, Field("weight of ½‖z‖² in the loss, which keeps codes near 0 (Ghosh et al. 2020)", low=0)
]
DecoderPenalty = Annotated[
    float, Field("weight of the decoder's squared weights in the loss (Ghosh et al. 2020)", low=0)
]


def code_penalty(weight: float) -> Layer | None:
    """Return the layer between code and decoder that adds weight · ½ E‖z‖² to the loss; None without weight."""
    from aenb.models.losses.sparsity import Sparsity  # starts TensorFlow

    return Sparsity("l2", weight, 0.0, name="code_penalty") if weight else None


def penalise_kernels(decoder: Model, weight: float) -> None:
    """Add weight · the sum of the squared kernels of a decoder's layers to the loss; biases are free."""
    for layer in decoder.layers if weight else ():
        kernel = getattr(layer, "kernel", None)
        if kernel is not None and hasattr(layer, "kernel_regularizer"):
            layer.kernel_regularizer = kernel.regularizer = keras.regularizers.L2(weight)


def reported(*weights: float) -> list[keras.metrics.Metric]:
    """Return the metrics to report in addition to the loss: the error alone, if there are penalties."""
    return [keras.metrics.MeanSquaredError("reconstruction_loss")] if any(weights) else []
