"""What keeps a discriminator from getting ahead: the R1 penalty, and the hyperparameters that GANs share.

Mescheder, Geiger & Nowozin (2018), "Which training methods for GANs do actually converge?", arXiv 1801.04406. The
gradient of a discriminator D at real examples is penalised, so that D has no slope where the generator has arrived:

    D minimises its loss + γ/2 E[‖∇D(x)‖²],   x real

Heusel et al. (2017), arXiv 1706.08500, give the two players learning rates of their own (two time scales).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from aenb.core.backend import Tensor, keras, tf
from aenb.core.fields import Field

R1 = Annotated[
    float, Field("weight γ of the R1 penalty on the discriminator's gradient (Mescheder et al. 2018)", low=0)
]
SpectralNorm = Annotated[bool, Field("normalise the discriminator's weights to a spectral norm of 1")]
DiscriminatorSteps = Annotated[int, Field("discriminator steps per step of the other parts", low=1, high=100)]
DecoderAverage = Annotated[
    float,
    Field("decay of the average of the decoder's weights, which decodes in place of the latest ones; 0: no average",
          low=0, high=0.99999),
]  # fmt: skip


def r1_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Return E[‖∇D(x)‖²], without γ/2: a scalar, float32.

    Args:
        discriminator: (batch, *item_shape) → scores (batch, 1).
        real: (batch, *item_shape), real examples.

    Example:
        >>> import keras
        >>> float(r1_penalty(lambda x: 3 * x, keras.ops.ones((5, 1))))
        9.0
    """
    ops = keras.ops
    with tf.GradientTape() as tape:
        tape.watch(real)
        score = ops.sum(ops.cast(discriminator(real), "float32"))
    slope = ops.cast(tape.gradient(score, real), "float32")
    return ops.mean(ops.sum(ops.square(slope), axis=tuple(range(1, len(real.shape)))))
