"""Adam in one pass over the weights: TensorFlow's fused kernel instead of Keras's eight.

For large models a step is limited by memory bandwidth, and Keras's update reads and writes each weight several times.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from aenb.core.backend import Model, Tensor, Variable, keras, tf
from aenb.engine.state import optimizers

MIN_WEIGHTS = 1_000_000  # from which it pays


@contextlib.contextmanager
def one_pass_adam(model: Model) -> Iterator[bool]:
    """Let a model's Adam (Kingma & Ba 2014, arXiv 1412.6980) update its weights in one pass within a block.

    The optimiser is still Keras's, with its variables and its configuration; only its update step is replaced. This
    applies to plain Adam, in models of a million weights or more.

    Yields:
        Whether it applies.
    """
    adams = [o for o in optimizers(model) if type(o) is keras.optimizers.Adam and not o.amsgrad]
    chosen = adams if model.count_params() >= MIN_WEIGHTS else []
    for optimizer in chosen:
        optimizer.update_step = _update_step.__get__(optimizer)
    try:
        yield bool(chosen)
    finally:
        for optimizer in chosen:
            del optimizer.update_step


def _update_step(self: keras.optimizers.Adam, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
    """Do what `keras.optimizers.Adam.update_step` does, in one kernel."""
    index = self._get_variable_index(variable)
    step = tf.cast(self.iterations + 1, variable.dtype)
    tf.raw_ops.ResourceApplyAdam(
        var=_handle(variable),
        m=_handle(self._momentums[index]),
        v=_handle(self._velocities[index]),
        beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
        beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
        lr=tf.cast(learning_rate, variable.dtype),
        beta1=self.beta_1,
        beta2=self.beta_2,
        epsilon=self.epsilon,
        grad=tf.cast(gradient, variable.dtype),
    )


def _handle(variable: Variable) -> Tensor:
    """Return the resource handle of a Keras or TensorFlow variable."""
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
