"""A compact U-Net over images that depends on a time: convolutions at several sizes, with paths between them.

Ronneberger, Fischer & Brox (2015), arXiv 1505.04597, with the residual blocks of Ho, Jain & Abbeel (2020), arXiv
2006.11239, and group normalisation (Wu & He 2018, arXiv 1803.08494). Larger images are halved by the first layer, and
doubled by the last: on a processor the convolutions at full size would take most of the time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from aenb.core.backend import Model, Tensor, keras
from aenb.models.architecture import layers
from aenb.models.denoisers.residual_network import condition_inputs

LARGE = 20  # pixels of the shorter side from which the first layer halves an image
GROUPS = 8


def unet(
    item_shape: Sequence[int], filters: Sequence[int], classes: int = 0, *, kernel_size: int = 3, name: str
) -> Model:
    """Build the network from stock layers. Its output is 0 at first.

    Args:
        item_shape: (height, width, channels), of any height and width.
        filters: Filters of each level; each level halves height and width of the one before.
        classes: How many classes there are; 0: none.
        kernel_size: Side of the filters.
        name: The name of the model.

    Returns:
        A `keras.Model` of x (batch, height, width, channels), features of the time (batch, 8) and, with classes,
        (batch, classes + 1), one-hot → (batch, height, width, channels).
    """
    first = 2 if min(item_shape[:2]) >= LARGE else 1
    image, *conditions = inputs = [keras.Input(tuple(item_shape), name="x"), *condition_inputs(classes)]
    block = _Blocks(_condition(conditions, 4 * filters[0]), kernel_size)
    x, kept = block.convolution(image, filters[0], strides=first), []
    for level, count in enumerate(filters):
        x = block.convolution(x, count, strides=2) if level else x
        x = block(x, count)
        kept.append(x)
    x = block(x, filters[-1])
    for count, across in list(zip(filters, kept, strict=True))[-2::-1]:
        x = _cropped(keras.layers.UpSampling2D()(x), across)
        x = block(keras.layers.Concatenate()([x, across]), count)
    x = block.normalised(x)
    x = keras.layers.Conv2DTranspose(
        item_shape[-1], 2 * first if first > 1 else kernel_size, strides=first, padding="same",
        kernel_initializer="zeros", name="output",
    )(x)  # fmt: skip
    return keras.Model(inputs, _cropped(x, image), name=name)


class _Blocks:
    """Residual blocks, into each of which the time and the class are added.

    Args:
        condition: Features of both, (batch, units).
        kernel_size: Side of the filters.
    """

    def __init__(self, condition: Tensor, kernel_size: int):
        self._condition, self._kernel_size = condition, kernel_size

    def __call__(self, x: Tensor, count: int) -> Tensor:
        """Return the output of the next block: (batch, H, W, channels) → (batch, H, W, count)."""
        inner = self.convolution(self.normalised(x), count)
        shift = layers.dense(count, "linear", None)(self._condition)
        inner = keras.layers.Add()([inner, keras.layers.Reshape((1, 1, count))(shift)])
        inner = self.convolution(self.normalised(inner), count, kernel_initializer="zeros")
        if x.shape[-1] != count:
            x = keras.layers.Conv2D(count, 1)(x)
        return keras.layers.Add()([x, inner])

    def normalised(self, x: Tensor) -> Tensor:
        """Return normalised and activated features."""
        x = keras.layers.GroupNormalization(math.gcd(GROUPS, x.shape[-1]))(x)
        return keras.layers.Activation("silu")(x)

    def convolution(self, x: Tensor, count: int, strides: int = 1, kernel_initializer: str = "he_normal") -> Tensor:
        """Return a convolution, which halves an odd side up: (batch, H, W, channels) → (batch, H, W, count)."""
        return keras.layers.Conv2D(
            count, self._kernel_size, strides=strides, padding="same", kernel_initializer=kernel_initializer
        )(x)


def _condition(inputs: Sequence[Tensor], units: int) -> Tensor:
    """Return features of the time and the class: (batch, units)."""
    embedded = [layers.dense(units, "linear", None)(x) for x in inputs]
    x = keras.layers.Activation("silu")(embedded[0] if len(embedded) == 1 else keras.layers.Add()(embedded))
    return layers.dense(units, "silu", None)(x)


def _cropped(x: Tensor, like: Tensor) -> Tensor:
    """Crop what was doubled to the height and width of another tensor."""
    spare = tuple((0, x.shape[axis] - like.shape[axis]) for axis in (1, 2))
    return keras.layers.Cropping2D(spare)(x) if any(over for _, over in spare) else x
