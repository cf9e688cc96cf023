"""One step of training by Adam, as Keras does it, in tools that leave the step to their user."""

from __future__ import annotations

LEARNING_RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7  # Keras's own


def torch_step(parameters, loss, learning_rate=LEARNING_RATE, beta_1=BETA_1):
    """Make `step(x)`: the loss of a batch, its gradients for these parameters, and PyTorch's one-pass Adam."""
    import torch

    moved = list(parameters)
    adam = torch.optim.Adam(moved, learning_rate, (beta_1, BETA_2), EPSILON, fused=True)

    def step(x):
        adam.zero_grad()
        found = loss(x)
        found.backward(inputs=moved)
        adam.step()
        return found

    return step


def jax_start(weights):
    """Make Adam's state of weights: themselves, both moments and the number of steps."""
    import jax
    from jax import numpy as jnp

    return weights, jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights), jnp.float32(0)


def jax_move(state, loss, learning_rate=LEARNING_RATE, beta_1=BETA_1):
    """Move weights by one step of Adam: (state, weights → loss) → (state, loss)."""
    import jax
    from jax import numpy as jnp

    weights, first, second, count = state
    found, gradients = jax.value_and_grad(loss)(weights)
    count = count + 1
    rate = learning_rate * jnp.sqrt(1 - BETA_2**count) / (1 - beta_1**count)
    first = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, first, gradients)
    second = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, second, gradients)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), weights, first, second)
    return (weights, first, second, count), found


def jax_noise(key, number, shape):
    """Draw the normal noise of a step: its number is folded into a key."""
    import jax
    from jax import numpy as jnp

    return jax.random.normal(jax.random.fold_in(key, number.astype(jnp.int32)), shape)
