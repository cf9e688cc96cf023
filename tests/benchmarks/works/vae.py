"""The loss of a variational autoencoder around the layers of a work: the cross-entropy's sum over pixels, and the KL.

A body goes down from images to features and up from codes to logits; the heads between them are one dense layer for the
means of the codes, and one for their log variances, which begins at zero.
"""

from __future__ import annotations

from tests.benchmarks.works.layers import jax_layer, torch_dense
from tests.benchmarks.works.steps import jax_move, jax_noise, jax_start, torch_step


def family(code, **body):
    return "vae", {"latent_dim": code, "likelihood": "bernoulli", **body}


def torch_encoder(down, features, code):
    """Put PyTorch's heads on a body: images → (means, log variances)."""
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = down
            (self.mean,), (self.log_var,) = torch_dense(features, code), torch_dense(features, code)
            nn.init.zeros_(self.log_var.weight)

        def forward(self, x):
            h = self.down(x)
            return self.mean(h), self.log_var(h)

    return Encoder()


def torch_loss(encoder, up):
    """Make the loss of a batch."""
    import torch

    def loss(x):
        mean, log_var = encoder(x)
        logits = up(mean + torch.exp(log_var / 2) * torch.randn_like(mean))
        error = torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return (error + 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum()) / len(x)

    return loss


def torch(down, features, code, up):
    import torch

    encoder = torch_encoder(down, features, code)
    loss = torch_loss(encoder, up)
    step = torch_step([*encoder.parameters(), *up.parameters()], loss)
    return step, loss, lambda x: torch.sigmoid(up(encoder(x)[0]))


def jax(draw, features, code, down, up):
    """Make the work of two pairs (weights, function of weights and inputs) and heads between them."""
    import jax
    from jax import nn
    from jax import numpy as jnp

    mean, log_var = jax_layer(draw, features, code, rectified=False), (jnp.zeros((features, code)), jnp.zeros(code))
    start = down[0], (mean, log_var), up[0]
    key = jax.random.key(0)

    def posterior(weights, x):
        h = down[1](weights[0], x)
        return [h @ kernel + bias for kernel, bias in weights[1]]

    def loss(weights, x, number):
        mean, log_var = posterior(weights, x)
        logits = up[1](weights[2], mean + jnp.exp(log_var / 2) * jax_noise(key, number, mean.shape))
        error = jnp.sum(nn.softplus(logits) - x * logits)
        return (error + 0.5 * jnp.sum(mean**2 + jnp.exp(log_var) - 1 - log_var)) / len(x)

    def step(state, x):
        return jax_move(state, lambda weights: loss(weights, x, state[3]))

    def reconstruct(state, x):
        return nn.sigmoid(up[1](state[0][2], posterior(state[0], x)[0]))

    return jax_start(start), step, lambda state, x: loss(state[0], x, state[3]), reconstruct
