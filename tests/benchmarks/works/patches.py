"""A transformer over the 16 patches of an image, to a code and back; masked, its encoder is given some of them only.

The blocks are PyTorch's own: the normalisation first, four heads, a dense layer of twice the width.
"""

from __future__ import annotations

from tests.benchmarks.works.products import Product
from tests.benchmarks.works.steps import torch_step

PATCH, WIDTH, HEADS, LAYERS, CODE = 7, 64, 4, 2, 32
ACROSS = 28 // PATCH
PATCHES, PIXELS = ACROSS**2, PATCH**2


def family(mask_ratio=0.0):
    sizes = {"patch_size": PATCH, "embed_dim": WIDTH, "num_heads": HEADS, "num_layers": LAYERS, "latent_dim": CODE}
    return "attention", {**sizes, "mask_ratio": mask_ratio}


def visible(mask_ratio):
    """Return how many patches the encoder is given in training."""
    return round(PATCHES * (1 - mask_ratio))


def products(batch, mask_ratio=0.0):
    """List what a step multiplies: dense layers, and in each head tokens by tokens."""

    def blocks(n):
        rows, square = batch * n, (batch * n, WIDTH, WIDTH)
        heads = [(rows * HEADS, WIDTH // HEADS, n), (rows * HEADS, n, WIDTH // HEADS)]
        return [square, square, square, *heads, square, (rows, WIDTH, 2 * WIDTH), (rows, 2 * WIDTH, WIDTH)] * LAYERS

    sizes = [
        *blocks(visible(mask_ratio)),
        (batch, PATCHES * WIDTH, CODE),
        (batch, CODE, PATCHES * WIDTH),
        *blocks(PATCHES),
        (batch * PATCHES, WIDTH, PIXELS),
    ]
    return [Product(batch * PATCHES, PIXELS, WIDTH, gradients=1), *(Product(*size) for size in sizes)]


def torch(mask_ratio=0.0):
    import torch
    from torch import nn

    def blocks():
        layer = {"dropout": 0.0, "activation": "gelu", "layer_norm_eps": 1e-6, "batch_first": True, "norm_first": True}
        return [nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, **layer) for _ in range(LAYERS)]

    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Linear(PIXELS, WIDTH, bias=False)
            self.places = nn.Parameter(0.02 * torch.randn(PATCHES, WIDTH))

        def forward(self, x):
            return self.embed(cut(x)) + self.places

    tokens, body = Tokens(), nn.Sequential(*blocks(), nn.LayerNorm(WIDTH, 1e-6))
    code = nn.Sequential(nn.Flatten(), nn.Linear(PATCHES * WIDTH, CODE))
    decoder = nn.Sequential(
        nn.Linear(CODE, PATCHES * WIDTH), nn.Unflatten(1, (PATCHES, WIDTH)), *blocks(), nn.LayerNorm(WIDTH, 1e-6),
        nn.Linear(WIDTH, PIXELS), nn.Sigmoid(),
    )  # fmt: skip
    whole = nn.ModuleList([tokens, body, code, decoder])
    for module in whole.modules():  # as Keras begins
        for name, weight in module.named_parameters(recurse=False):
            if "bias" in name:
                nn.init.zeros_(weight)
            elif weight.dim() > 1 and name != "places":
                nn.init.xavier_uniform_(weight)

    def loss(x):
        return nn.functional.mse_loss(decoder(code(body(tokens(x)))), cut(x))

    def masked_loss(x):
        shown, order = visible(mask_ratio), torch.rand(len(x), PATCHES).argsort(1)[..., None].expand(-1, -1, WIDTH)
        seen = body(tokens(x).gather(1, order[:, :shown])) * (PATCHES / shown)
        made = decoder(code(torch.zeros(len(x), PATCHES, WIDTH).scatter(1, order[:, :shown], seen)))
        hidden = order[:, shown:, :PIXELS]
        return nn.functional.mse_loss(made.gather(1, hidden), cut(x).gather(1, hidden))

    minimised = masked_loss if mask_ratio else loss
    return (
        torch_step(whole.parameters(), minimised),
        minimised,
        lambda x: joined(decoder(code(body(tokens(x))))),
    )


def cut(x):
    """Cut images into patches: (batch, 28, 28, 1) → (batch, 16, 49)."""
    return x.reshape(-1, ACROSS, PATCH, ACROSS, PATCH).transpose(2, 3).reshape(-1, PATCHES, PIXELS)


def joined(x):
    """Put patches together again."""
    return x.reshape(-1, ACROSS, ACROSS, PATCH, PATCH).transpose(2, 3).reshape(-1, 28, 28, 1)
