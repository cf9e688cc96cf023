"""One step of training a reconstruction by Adam, as Keras does it, in tools that leave the step to their user."""

from __future__ import annotations

LEARNING_RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7  # Keras's own


def torch_step(model):
    """Make `step(x)`: the mean squared error, its gradients, and PyTorch's one-pass Adam."""
    import torch

    adam = torch.optim.Adam(model.parameters(), LEARNING_RATE, (BETA_1, BETA_2), EPSILON, fused=True)

    def step(x):
        adam.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), x)
        loss.backward()
        adam.step()
        return loss

    return step


def jax_steps(weights, reconstruct):
    """Make (state, step, reconstruct) from initial weights and `reconstruct(weights, x)`."""
    import jax
    from jax import numpy as jnp

    def step(state, x):
        weights, first, second, count = state
        loss, gradients = jax.value_and_grad(lambda w: jnp.mean((reconstruct(w, x) - x) ** 2))(weights)
        count = count + 1
        rate = LEARNING_RATE * jnp.sqrt(1 - BETA_2**count) / (1 - BETA_1**count)
        first = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, first, gradients)
        second = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, second, gradients)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + EPSILON), weights, first, second)
        return (weights, first, second, count), loss

    state = weights, jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights), jnp.float32(0)
    return state, step, lambda state, x: reconstruct(state[0], x)
