"""The vector-quantised variational autoencoder: codes are entries of a learnt codebook, and a learnt prior draws them.

Van den Oord, Vinyals & Kavukcuoglu (2017), "Neural discrete representation learning", arXiv 1711.00937. The encoder
gives a vector z at each position of a grid, each is replaced by the nearest vector e of the codebook (`quantiser`), and
the decoder makes an item of these:

    x → z = E(x) → kₚ = argminᵢ ‖zₚ − eᵢ‖² → x̂ = D(e_k₁ … e_kₙ)

    loss = −log p(x|e) + β Σₚ ‖zₚ − sg[e_kₚ]‖²,     p(x|e) = N(x; x̂, σ²),     sg: the gradient stops here

The gradient of e at the decoder's input is given to z as it is, and the codebook follows the z by moving averages. The
posterior q(k|x) is one code for each item, so −log p(x|e) − log p(k) bounds −log p(x), with a prior p(k) that is learnt
along with the codes (`code_prior`): its loss is −log p(k) in nats. The paper weighs the squared error by the variance
of the data; so does the fixed σ² here, which is about that of pixels, or that of standardised values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from aenb.core.backend import keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models import backbones, code_prior, layers, quantiser
from aenb.models.assembly import network
from aenb.models.hyperparameters import Activation, BodyUnits, Filters, KernelSize, Part
from aenb.models.likelihoods import gaussian
from aenb.models.players import Batch, Player
from aenb.models.quantiser import Codebook
from aenb.models.registry import family

OF_PIXELS, STANDARDISED = 0.1, 1.0  # variances
# Images begin dark, at a sigmoid of 0.12: from grey ones, mostly black images drive it to where it has no slope, all
# black, before the codes mean anything.
DARK = -2.0
POSITIONS = 8  # where there is no grid
PRIOR_STRIDE = 4  # the prior, whose step costs more than the autoencoder's, learns from each fourth item of a batch
TERMS = ("loss", "reconstruction_loss", "commitment_loss", "perplexity")
CODEBOOK = ("codebook", "codebook_sizes", "codebook_sums")  # the network's weights that are no part's


@family(
    order=9,
    summary="each code some entries of a learnt codebook: discrete, with a learnt prior that draws new ones",
    paper="van den Oord et al. 2017",
    learning_rate=2e-3,
)
def vqvae(
    input_shape: tuple[int, ...],
    *,
    num_embeddings: Annotated[int, Field("vectors in the codebook", low=2, high=65536)] = 128,
    embedding_dim: Annotated[int, Field("dimensions of each of them", low=1, high=4096)] = 64,
    commitment_cost: Annotated[float, Field("weight of the distance of the encoder's vectors to theirs", low=0)] = 0.25,
    decay: Annotated[float, Field("what the codebook's moving averages keep at each step", low=0, high=1)] = 0.99,
    variance: Annotated[
        float | None, Field("of the items about what the decoder makes; None: 0.1 for images, else 1", above=0)
    ] = None,
    positions: Annotated[
        int | None, Field("vectors that stand for an item; None: as many as the grid has, or 8", low=1, high=4096)
    ] = None,
    hidden_units: BodyUnits = None,
    filters: Filters = None,
    kernel_size: KernelSize = 4,
    activation: Activation = "relu",
    prior_units: Annotated[int, Field("numbers that stand for a code in the prior", low=4, high=4096)] = 64,
    prior_layers: Annotated[int, Field("blocks of self-attention in the prior", low=1, high=64)] = 2,
    encoder: Part = None,
    decoder: Part = None,
):
    """Build a vector-quantised autoencoder with its prior, compiled.

    An encoder of one's own gives vectors of any number of dimensions, (…, embedding_dim), and the decoder takes them.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("vqvae", (28, 28, 1), num_embeddings=64)
        >>> model.get_layer("encoder").output_shape, model.code_shape
        ((None, 7, 7, 64), (49,))
    """
    body = backbones.choose_body(input_shape, hidden_units, filters, kernel_size=kernel_size, activation=activation)
    encoder = layers.as_part(encoder or _encoder(body, input_shape, positions, embedding_dim), input_shape, "encoder")
    grid = encoder.output_shape[1:]
    decoder = layers.as_part(decoder or _decoder(body, grid, input_shape), grid, "decoder")
    if decoder.output_shape[1:] != tuple(input_shape):
        raise AenbError(
            f"`decoder`: expected to give {tuple(input_shape)}; received {tuple(decoder.output_shape[1:])}."
        )
    variance = variance or (OF_PIXELS if len(input_shape) == 3 else STANDARDISED)
    codes = Codes(grid, num_embeddings, commitment_cost, decay, variance)
    bits = codes.positions * math.log2(num_embeddings)
    prior_model = code_prior.build(codes.positions, num_embeddings, prior_units, prior_layers)
    sample = code_prior.sampler(prior_model)
    return network(
        input_shape,
        (codes.positions,),
        {"encoder": encoder, "decoder": decoder, "prior_model": prior_model},
        [
            Player("autoencoder", codes.loss, TERMS, ("encoder", "decoder")),
            Player("prior", codes.prior_loss, ("prior_loss",), ("prior_model",)),
        ],
        encode=codes.encode,
        decode=codes.decode,
        prior=lambda net, n, generator: sample(n, int(generator.integers(2**31))),
        weights=codes.weights(),
        notes=[
            f"The code of an item is {codes.positions} of {num_embeddings} vectors: {bits:.0f} bits.",
            f"The likelihood is gaussian, with the variance {variance:g}.",
        ],
        name="vqvae",
    )


@dataclass(frozen=True)
class Codes:
    """How items become codes and codes items, and what that costs.

    Attributes:
        grid: The shape of what the encoder gives of an item, (…, embedding_dim).
        num_embeddings: How many vectors the codebook has.
        commitment_cost: β.
        decay: Of the codebook's moving averages.
        variance: σ².
    """

    grid: tuple[int, ...]
    num_embeddings: int
    commitment_cost: float
    decay: float
    variance: float

    @property
    def positions(self) -> int:
        """How many vectors stand for an item."""
        return math.prod(self.grid[:-1])

    def weights(self) -> dict[str, np.ndarray]:
        """Return the codebook's first values: nothing was used yet, so the first batch gives it its vectors."""
        vectors = np.zeros((self.num_embeddings, self.grid[-1]), "float32")
        return dict(zip(CODEBOOK, (vectors, vectors[:, 0], vectors), strict=True))

    def loss(self, net: Any, batch: Batch) -> dict[str, Any]:
        """Return the autoencoder's terms; in training the codebook goes along."""
        ops = keras.ops
        z = self._vectors(net, batch.x)
        fixed, codebook = ops.stop_gradient(z), Codebook(*(net.own[name].value for name in CODEBOOK))
        if batch.training:
            codebook = quantiser.restart(codebook, fixed, net.seeds)
        indices = quantiser.nearest(fixed, codebook.vectors)
        e = ops.take(codebook.vectors, indices, axis=0)
        made = ops.cast(net.decoder(self._on_grid(quantiser.straight_through(z, e))), "float32")
        log_likelihood = batch.observed * gaussian(batch.y, made, math.log(self.variance))
        reconstruction = self._mean_of_items(batch, -log_likelihood)
        commitment = self._mean_of_items(batch, self.commitment_cost * ops.square(z - e))
        if batch.training:
            for name, value in zip(CODEBOOK, quantiser.update(codebook, fixed, indices, self.decay), strict=True):
                net.own[name].assign(value)
        return {
            "loss": reconstruction + commitment,
            "reconstruction_loss": reconstruction,
            "commitment_loss": commitment,
            "perplexity": quantiser.perplexity(indices, self.num_embeddings),
        }

    def prior_loss(self, net: Any, batch: Batch) -> dict[str, Any]:
        """Return the prior's term, −log p(k) in nats, for the codes as they are now; in training of some items."""
        x = batch.x[::PRIOR_STRIDE] if batch.training else batch.x
        codes = self.encode(net, x)
        return {"prior_loss": keras.ops.mean(code_prior.cross_entropy(net.prior_model(codes), codes))}

    def encode(self, net: Any, x: Any, labels: Any = None) -> Any:
        """Return the codes of items: (batch, *item_shape) → (batch, positions), int32."""
        indices = quantiser.nearest(self._vectors(net, x), net.own["codebook"].value)
        return keras.ops.reshape(indices, (-1, self.positions))

    def decode(self, net: Any, codes: Any, labels: Any = None) -> Any:
        """Return the items that codes stand for: (batch, positions), int → (batch, *item_shape)."""
        return net.decoder(self._on_grid(keras.ops.take(net.own["codebook"].value, codes, axis=0)))

    def _vectors(self, net: Any, x: Any) -> Any:
        """Return the encoder's vectors: (batch, *item_shape) → (batch · positions, embedding_dim), float32."""
        return keras.ops.reshape(keras.ops.cast(net.encoder(x), "float32"), (-1, self.grid[-1]))

    def _on_grid(self, vectors: Any) -> Any:
        return keras.ops.reshape(vectors, (-1, *self.grid))

    def _mean_of_items(self, batch: Batch, values: Any) -> Any:
        """Sum over what belongs to an item, and take the mean over the items of the batch."""
        return keras.ops.sum(values) / keras.ops.cast(keras.ops.shape(batch.x)[0], "float32")


def _encoder(body: backbones.Body, item_shape: tuple[int, ...], positions: int | None, embedding_dim: int) -> Any:
    """Build the way to the grid: strided convolutions and a plain one, or dense layers to a few positions.

    Raises:
        AenbError: What is for dense layers is given beside convolutions.
    """
    inputs = body.input(item_shape)
    if body.filters:
        if positions or body.hidden_units:
            raise AenbError(
                "`positions` and `hidden_units`: expected none beside convolutions, whose grid is the code; received "
                f"{positions} and {body.hidden_units}. For dense layers pass filters=()."
            )
        z = keras.layers.Conv2D(embedding_dim, 3, padding="same", name="vectors")(body.shrink(inputs))
    else:
        positions = positions or POSITIONS
        z = layers.dense(positions * embedding_dim, "linear", "vectors")(body.down(inputs))
        z = keras.layers.Reshape((positions, embedding_dim), name="positions")(z)
    return keras.Model(inputs, z, name="encoder")


def _decoder(body: backbones.Body, grid: tuple[int, ...], item_shape: tuple[int, ...]) -> Any:
    """Build the way back from the grid."""
    vectors, last = keras.Input(grid, name="vectors"), layers.output_activation(item_shape, None)
    if body.filters:
        x = keras.layers.Conv2D(
            body.filters[-1], 3, padding="same", activation=body.activation, kernel_initializer="he_normal", name="conv"
        )(vectors)
        return keras.Model(vectors, body.grow(x, item_shape, last, DARK), name="decoder")
    x = keras.layers.Flatten(name="flat")(vectors)
    return keras.Model(vectors, body.up(x, item_shape, last=last), name="decoder")
