"""A least-squares GAN of convolutions, as DCGAN has them: two of 4×4 that halve an image, two transposed that double.

A step is two moves, each on its own noise: the discriminator's, of ½E[(D(x) − 1)²] + ½E[D(G(z))²], and the
generator's, of ½E[(D(G(z)) − 1)²]. No average of the generator's weights is kept.
"""

from __future__ import annotations

from tests.benchmarks.works.layers import torch_dense, torch_double, torch_halve, torch_reshape
from tests.benchmarks.works.products import Product, layers
from tests.benchmarks.works.steps import torch_step

FILTERS, CODE, FLAT = (32, 64), 64, 7 * 7 * 64
LEARNING_RATE, BETA_1 = 2e-4, 0.5


def family():
    from aenb.core import backend
    from aenb.models.architecture import backbones

    code = backend.keras.Input((CODE,), name="code")
    body = backbones.Body((), FILTERS, 4, "leaky_relu")  # without the normalisation that the family's own has
    generator = backend.keras.Model(code, body.up(code, (28, 28, 1), last="sigmoid"), name="generator")
    return "gan", {
        "filters": FILTERS, "kernel_size": 4, "latent_dim": CODE, "loss": "lsgan", "generator": generator,
        "batch_features": 0, "generator_average": 0.0, "learning_rate": LEARNING_RATE,
    }  # fmt: skip


def keras_make(model, images):
    import numpy as np

    codes = np.random.default_rng(0).standard_normal((len(images), CODE), "float32")
    return model.generator.predict(codes, batch_size=len(images), verbose=0)


def products(batch):
    """List what each of the two moves multiplies: a convolution is positions × patch × filters."""
    generator = [(batch, CODE, FLAT), (batch * 49, 64, 16 * 32), (batch * 196, 32, 16 * 1)]

    def discriminator(n):
        return [(n * 196, 16 * 1, 32), (n * 49, 16 * 32, 64), (n, FLAT, 1)]

    return [
        *(Product(*size, gradients=0) for size in generator),
        *layers(discriminator(2 * batch)),
        *layers(generator),
        *(Product(*size, gradients=1) for size in discriminator(batch)),
    ]


def torch():
    import torch
    from torch import nn

    leaky = nn.LeakyReLU(0.2)
    generator = nn.Sequential(
        *torch_dense(CODE, FLAT, leaky), nn.Unflatten(1, (64, 7, 7)),
        *torch_double(64, 32, 4, leaky), *torch_double(32, 1, 4, nn.Sigmoid()), *torch_reshape(28, 28, 1),
    )  # fmt: skip
    body = nn.Sequential(
        *torch_reshape(1, 28, 28), *torch_halve(1, 32, 4, leaky), *torch_halve(32, 64, 4, leaky),
        nn.Flatten(), *torch_dense(FLAT, 1),
    )  # fmt: skip
    generator, body = (model.to(memory_format=torch.channels_last) for model in (generator, body))

    def discriminator(x):
        return body(2 * x - 1)

    def discriminator_loss(x):
        made = generator(torch.randn(len(x), CODE)).detach()
        real, fake = discriminator(torch.cat([x, made])).chunk(2)
        return 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()

    def generator_loss(x):
        return 0.5 * ((discriminator(generator(torch.randn(len(x), CODE))) - 1) ** 2).mean()

    moves = [
        torch_step(model.parameters(), loss, LEARNING_RATE, BETA_1)
        for model, loss in ((body, discriminator_loss), (generator, generator_loss))
    ]
    noise = torch.Generator().manual_seed(0)
    return (
        lambda x: [move(x) for move in moves],
        lambda x: discriminator_loss(x) + generator_loss(x),
        lambda images: generator(torch.randn(len(images), CODE, generator=noise)),
    )
