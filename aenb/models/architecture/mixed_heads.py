"""The heads of a decoder of mixed tables: stock layers that give the parameters of each column's distribution."""

from __future__ import annotations

from aenb.core.backend import Tensor, keras
from aenb.core.layout import Layout
from aenb.models.architecture import layers


def heads(x: Tensor, layout: Layout) -> Tensor:
    """Return the decoder's outputs for a row: (batch, features) → (batch, width), by stock layers.

    They are in the units of the inputs: the means of numbers, probabilities of levels, log(1 + rate) of counts.
    """
    outputs = []
    if "gaussian" in layout.slices:
        outputs.append(layers.dense(sum(block.width for block in layout.of("gaussian")), "linear", "gaussian")(x))
    if (number := len(layout.of("bernoulli"))) > 0:
        outputs.append(layers.dense(number, "tanh", "bernoulli")(x))
    if counts := layout.of("count"):
        shift, scale = [block.shift for block in counts], [block.scale for block in counts]
        log_rate = keras.layers.Rescaling(scale, shift, name="log_rate")(
            layers.dense(len(counts), "linear", "count")(x)
        )
        rate = keras.layers.Activation("softplus", name="log_of_1_and_rate")(log_rate)  # log(1 + λ), λ = e^η
        back = [1 / one for one in scale], [-one / other for one, other in zip(shift, scale, strict=True)]
        outputs.append(keras.layers.Rescaling(*back, name="standardised_rate")(rate))
    outputs += [_levels(x, *run) for run in layout.runs() if run[0] in ("ordinal", "categorical")]
    return keras.layers.Concatenate(name="output")(outputs) if len(outputs) > 1 else outputs[0]


def _levels(x: Tensor, kind: str, width: int, number: int) -> Tensor:
    """Return the outputs of several columns with equally many levels: (batch, number · width)."""
    name = f"{kind}_{width}"
    is_ordinal = kind == "ordinal"
    x = keras.layers.Dense(number * width, "sigmoid" if is_ordinal else None, name=name)(x)
    x = keras.layers.Reshape((number, width), name=f"{name}_columns")(x)
    if is_ordinal:  # 2 p(level > j) − 1
        x = keras.layers.Rescaling(2.0, -1.0, name=f"{name}_levels")(keras.ops.cumprod(x, axis=-1))
    else:
        x = keras.layers.Softmax(name=f"{name}_levels")(x)
    return keras.layers.Reshape((number * width,), name=f"{name}_flat")(x)
