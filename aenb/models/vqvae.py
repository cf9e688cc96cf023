"""The vector-quantised variational autoencoder: latent codes are entries of a learnt codebook, with a learnt prior.

Van den Oord, Vinyals & Kavukcuoglu (2017), "Neural discrete representation learning", arXiv 1711.00937. The encoder
computes a vector z at each position of a grid, each vector is replaced by the nearest entry e of the codebook
(`quantiser`), and the decoder reconstructs the example from these:

    x → z = E(x) → kₚ = argminᵢ ‖zₚ − eᵢ‖² → x̂ = D(e_k₁ … e_kₙ)

    loss = −log p(x|e) + β Σₚ ‖zₚ − sg[e_kₚ]‖²,     p(x|e) = N(x; x̂, σ²),     sg: stop-gradient

The gradient of e at the decoder's input is copied to z (the straight-through estimator), and the codebook follows z by
moving averages. The posterior q(k|x) is a single code, so −log p(x|e) − log p(k) is a bound on −log p(x), with a prior
p(k) that is learnt along with the codes (`code_prior`): its loss is −log p(k) in nats. The paper divides the squared
error by the variance of the data; so does the fixed σ² here, which is about that of pixels, or of standardised values.

With finite scalar quantisation (`finite_scalars`; Mentzer et al. 2023, arXiv 2309.15505), vectors have few dimensions,
each is rounded to one of a few levels, and the codebook is the grid of all levels. Then β = 0; all else is the same.

With `perceptual` = λ, the perceptual distance d of images (`perceptual`) joins the squared error: λ D d(x, x̂) / 2σ² is
added to the loss, with D entries, as in the first stage of Rombach et al. (2022), arXiv 2112.10752.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.models.architecture import backbones, layers
from aenb.models.architecture.custom_parts import as_part
from aenb.models.codes import code_prior, finite_scalars, quantiser
from aenb.models.codes.quantiser import Codebook
from aenb.models.hyperparameters import Activation, BodyUnits, Filters, KernelSize, Part
from aenb.models.losses.likelihoods import gaussian
from aenb.models.losses.perceptual import Perceptual, check_images, distance
from aenb.models.players.training_step import Batch, Player
from aenb.models.registry import check_unused, family

OF_PIXELS, STANDARDISED = 0.1, 1.0  # σ² of the likelihood
# Images are dark initially, at a sigmoid of 0.12: from grey, training on mostly black images would saturate the sigmoid
# before the codes carry information.
DARK = -2.0
POSITIONS = 8  # if there is no grid
PRIOR_STRIDE = 4  # the prior, whose steps are expensive, is trained on every fourth example of a batch
TERMS = ("loss", "reconstruction_loss", "commitment_loss", "perplexity")
FSQ_TERMS = ("loss", "reconstruction_loss", "perplexity")
CODEBOOK = ("codebook", "codebook_sizes", "codebook_sums")  # weights of the network that belong to no part


@family(
    order=9,
    summary="discrete latent codes from a learnt codebook, with a learnt prior over them: generative",
    paper="van den Oord et al. 2017",
    learning_rate=2e-3,
)
def vqvae(
    input_shape: tuple[int, ...],
    *,
    num_embeddings: Annotated[int, Field("entries of the codebook", low=2, high=65536)] = 128,
    quantizer: Annotated[
        str,
        Field(
            "a learnt codebook, or finite scalars: the grid of a few levels in each dimension (Mentzer et al. 2023)",
            choices=("codebook", "fsq"),
        ),
    ] = "codebook",
    embedding_dim: Annotated[int, Field("dimensions of each entry of a learnt codebook", low=1, high=4096)] = 64,
    commitment_cost: Annotated[
        float, Field("weight of the distance between the encoder's vectors and their entries", low=0)
    ] = 0.25,
    decay: Annotated[float, Field("decay of the codebook's moving averages", low=0, high=1)] = 0.99,
    variance: Annotated[
        float | None, Field("variance of the Gaussian likelihood; None: 0.1 for images, else 1", above=0)
    ] = None,
    positions: Annotated[
        int | None, Field("vectors per example; None: as many as the grid has, or 8", low=1, high=4096)
    ] = None,
    hidden_units: BodyUnits = None,
    filters: Filters = None,
    kernel_size: KernelSize = 4,
    activation: Activation = "relu",
    perceptual: Perceptual = 0.0,
    prior_units: Annotated[int, Field("size of the embedding of a code in the prior", low=4, high=4096)] = 64,
    prior_layers: Annotated[int, Field("blocks of self-attention in the prior", low=1, high=64)] = 2,
    encoder: Part = None,
    decoder: Part = None,
) -> Model:
    """Build a vector-quantised autoencoder with its prior, compiled.

    A custom encoder returns vectors of any number of dimensions, (…, embedding_dim), and the decoder takes them. With
    `quantizer="fsq"`, there are at most `num_embeddings` entries, and each has as many dimensions as there are levels.

    Raises:
        AenbError: A part does not fit, or a setting of a learnt codebook is given for finite scalars.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("vqvae", (28, 28, 1), num_embeddings=64)
        >>> model.get_layer("encoder").output_shape, model.code_shape
        ((None, 7, 7, 64), (49,))
    """
    from aenb.models.network import Network  # starts TensorFlow

    check_images(perceptual, input_shape)
    body = backbones.choose_body(input_shape, hidden_units, filters, kernel_size=kernel_size, activation=activation)
    levels: tuple[int, ...] = ()
    if quantizer == "fsq":
        given = {"embedding_dim": embedding_dim, "commitment_cost": commitment_cost, "decay": decay}
        check_unused("vqvae", given, 'quantizer="fsq", whose codebook is not learnt')
        levels = finite_scalars.choose_levels(num_embeddings)
        num_embeddings, embedding_dim, commitment_cost = math.prod(levels), len(levels), 0.0
    encoder = encoder or _encoder(body, input_shape, positions, embedding_dim)
    encoder = as_part(encoder, keras.Input(input_shape, name="input"), "encoder")
    grid = encoder.output_shape[1:]
    if levels and grid[-1] != len(levels):
        raise AenbError(
            f"`encoder`: expected vectors of {len(levels)} dimensions, one for each of the levels {levels}; received "
            f"{grid}."
        )
    decoder = as_part(
        decoder or _decoder(body, grid, input_shape), keras.Input(grid, name="input"), "decoder", input_shape
    )
    variance = variance or (OF_PIXELS if len(input_shape) == 3 else STANDARDISED)
    quantisation = Quantisation(grid, num_embeddings, commitment_cost, decay, variance, levels, perceptual)
    bits = quantisation.positions * math.log2(num_embeddings)
    prior_model = code_prior.build(quantisation.positions, num_embeddings, prior_units, prior_layers)
    sample = code_prior.sampler(prior_model)
    return Network(
        input_shape,
        (quantisation.positions,),
        {"encoder": encoder, "decoder": decoder, "prior_model": prior_model},
        [
            Player("autoencoder", quantisation.loss, quantisation.terms, ("encoder", "decoder")),
            Player("prior", quantisation.prior_loss, ("prior_loss",), ("prior_model",)),
        ],
        encode=quantisation.encode,
        decode=quantisation.decode,
        prior=lambda net, n, generator: sample(n, int(generator.integers(2**31))),
        weights=quantisation.weights(),
        notes=[
            f"The code of an example is {quantisation.positions} of {num_embeddings} vectors: {bits:.0f} bits.",
            *([f"The dimensions of a vector have {', '.join(map(str, levels))} levels."] if levels else []),
            f"The likelihood is gaussian, with the variance {variance:g}.",
        ],
        name="vqvae",
    )


@dataclass(frozen=True)
class Quantisation:
    """Encoding and decoding with a codebook, and the losses.

    Attributes:
        grid: The shape of the encoder's output for one example, (…, embedding_dim).
        num_embeddings: How many entries the codebook has.
        commitment_cost: β.
        decay: The decay of the codebook's moving averages.
        variance: σ².
        levels: The levels of each dimension, for finite scalars; empty: the codebook is learnt.
        perceptual: The weight of the perceptual distance.
    """

    grid: tuple[int, ...]
    num_embeddings: int
    commitment_cost: float
    decay: float
    variance: float
    levels: tuple[int, ...] = ()
    perceptual: float = 0.0

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of what `loss` returns."""
        own = FSQ_TERMS if self.levels else TERMS
        return (*own, "perceptual_loss") if self.perceptual else own

    @property
    def positions(self) -> int:
        """How many vectors represent an example."""
        return math.prod(self.grid[:-1])

    def weights(self) -> dict[str, np.ndarray]:
        """Return the initial codebook: all entries are unused, so the first batch initialises them; or the grid."""
        if self.levels:
            return {"codebook": finite_scalars.entries(self.levels)}
        vectors = np.zeros((self.num_embeddings, self.grid[-1]), "float32")
        return dict(zip(CODEBOOK, (vectors, vectors[:, 0], vectors), strict=True))

    def loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the terms of the autoencoder's loss; in training, also update the codebook."""
        ops = keras.ops
        z = self._vectors(net, batch.x)
        if self.levels:
            e = finite_scalars.quantise(z, self.levels)
            indices, commitment = finite_scalars.indices(ops.stop_gradient(e), self.levels), None
        else:
            e, indices, commitment = self._nearest(net, z, batch)
        mean = ops.cast(net.decoder(self._on_grid(e)), "float32")
        log_likelihood = batch.observed * gaussian(batch.y, mean, math.log(self.variance))
        reconstruction = self._mean_of_examples(batch, -log_likelihood)
        perplexity = quantiser.perplexity(indices, self.num_embeddings)
        loss = reconstruction if commitment is None else reconstruction + commitment
        values = [loss, reconstruction, *([] if commitment is None else [commitment]), perplexity]
        if self.perceptual:
            found = ops.mean(distance(batch.y, batch.observed * mean))
            values.append(found)
            values[0] += self.perceptual * math.prod(mean.shape[1:]) / (2 * self.variance) * found
        return dict(zip(self.terms, values, strict=True))

    def _nearest(self, net: Model, z: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return the nearest entries with the straight-through gradient, their indices, and the commitment loss."""
        ops = keras.ops
        fixed, codebook = ops.stop_gradient(z), Codebook(*(net.own[name].value for name in CODEBOOK))
        if batch.training:
            codebook = quantiser.restart(codebook, fixed, net.seeds)
        indices = quantiser.nearest(fixed, codebook.vectors)
        e = ops.take(codebook.vectors, indices, axis=0)
        if batch.training:
            for name, value in zip(CODEBOOK, quantiser.update(codebook, fixed, indices, self.decay), strict=True):
                net.own[name].assign(value)
        commitment = self._mean_of_examples(batch, self.commitment_cost * ops.square(z - e))
        return quantiser.straight_through(z, e), indices, commitment

    def prior_loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of the prior, −log p(k) in nats, for the current codes; in training, of some examples."""
        x = batch.x[::PRIOR_STRIDE] if batch.training else batch.x
        codes = self.encode(net, x)
        return {"prior_loss": keras.ops.mean(code_prior.cross_entropy(net.prior_model(codes), codes))}

    def encode(self, net: Model, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the latent codes of examples: (batch, *item_shape) → (batch, positions), int32."""
        z = self._vectors(net, x)
        if self.levels:
            indices = finite_scalars.indices(finite_scalars.quantise(z, self.levels), self.levels)
        else:
            indices = quantiser.nearest(z, net.own["codebook"].value)
        return keras.ops.reshape(indices, (-1, self.positions))

    def decode(self, net: Model, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """Decode latent codes: (batch, positions), int → (batch, *item_shape)."""
        return net.decoder(self._on_grid(keras.ops.take(net.own["codebook"].value, codes, axis=0)))

    def _vectors(self, net: Model, x: Tensor) -> Tensor:
        """Return the encoder's vectors: (batch, *item_shape) → (batch · positions, embedding_dim), float32."""
        return keras.ops.reshape(keras.ops.cast(net.encoder(x), "float32"), (-1, self.grid[-1]))

    def _on_grid(self, vectors: Tensor) -> Tensor:
        return keras.ops.reshape(vectors, (-1, *self.grid))

    def _mean_of_examples(self, batch: Batch, values: Tensor) -> Tensor:
        """Sum over the values of each example, and average over the batch."""
        return keras.ops.sum(values) / keras.ops.cast(keras.ops.shape(batch.x)[0], "float32")


def _encoder(body: backbones.Body, item_shape: tuple[int, ...], positions: int | None, embedding_dim: int) -> Model:
    """Build the encoder: strided convolutions and a plain one, or dense layers to a few positions.

    Raises:
        AenbError: Settings of dense layers are given for convolutions.
    """
    inputs = body.input(item_shape)
    if body.filters:
        if positions or body.hidden_units:
            raise AenbError(
                "`positions` and `hidden_units`: expected none with convolutions, whose grid is the code; received "
                f"{positions} and {body.hidden_units}. For dense layers pass filters=()."
            )
        z = keras.layers.Conv2D(embedding_dim, 3, padding="same", name="vectors")(body.shrink(inputs))
    else:
        positions = positions or POSITIONS
        z = layers.dense(positions * embedding_dim, "linear", "vectors")(body.down(inputs))
        z = keras.layers.Reshape((positions, embedding_dim), name="positions")(z)
    return keras.Model(inputs, z, name="encoder")


def _decoder(body: backbones.Body, grid: tuple[int, ...], item_shape: tuple[int, ...]) -> Model:
    """Build the decoder, from the grid."""
    vectors, last = keras.Input(grid, name="vectors"), layers.output_activation(item_shape, None)
    if body.filters:
        x = keras.layers.Conv2D(
            body.filters[-1], 3, padding="same", activation=body.activation, kernel_initializer="he_normal", name="conv"
        )(vectors)
        return keras.Model(vectors, body.grow(x, item_shape, last, DARK), name="decoder")
    x = keras.layers.Flatten(name="flat")(vectors)
    return keras.Model(vectors, body.up(x, item_shape, last=last), name="decoder")
