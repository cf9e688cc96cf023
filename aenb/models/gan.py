"""The generative adversarial network: new items from noise, by a generator that learns to be taken for the data.

Goodfellow et al. (2014), "Generative adversarial networks", arXiv 1406.2661. A discriminator D tells the items of the
data from those that a generator G makes of codes z ~ N(0, I), and G learns from D what would pass. Least squares
(Mao et al. 2016, arXiv 1611.04076) are the default, since their slope does not vanish where D is sure:

    D minimises ½E[(D(x) − 1)²] + ½E[D(G(z))²],     G minimises ½E[(D(G(z)) − 1)²]

`adversarial` has the other losses. D is told how much a batch varies too, so that a G which makes only a part of what
there is is found out (Salimans et al. 2016, arXiv 1606.03498). Items are made by an average of G's weights over its
steps (Yazıcı et al. 2018, arXiv 1806.04498), since G itself wanders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from aenb.core.backend import keras
from aenb.core.fields import Field
from aenb.models import adversarial, backbones, layers
from aenb.models.adversarial import GAMES, Game
from aenb.models.assembly import network
from aenb.models.hyperparameters import (
    Activation,
    Conditional,
    Filters,
    KernelSize,
    LatentDim,
    NumClasses,
    Part,
    classes_of,
)
from aenb.models.inversion import inversion
from aenb.models.parts import beside
from aenb.models.players import Batch, Player
from aenb.models.registry import family

BATCH_FEATURES = 64
CRITIC_STEPS = 5  # of Gulrajani et al. 2017
LATEST = 9  # the average is over this part of the steps: a ninth


@family(
    order=6,
    summary="a generator learns to make items that a discriminator takes for real",
    paper="Goodfellow et al. 2014, Mao et al. 2016",
)
def gan(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 64,
    hidden_units: Annotated[
        tuple[int, ...] | None,
        Field("units of the discriminator's dense layers, which the generator mirrors; None: by the data", low=1,
              high=65536),
    ] = None,
    filters: Filters = None,
    kernel_size: KernelSize = 4,
    activation: Activation = "relu",
    loss: Annotated[str, Field("what the two minimise", choices=tuple(GAMES))] = "lsgan",
    gradient_penalty: Annotated[float, Field("weight of the penalty on the slope, with wgan_gp", low=0)] = 10.0,
    discriminator_steps: Annotated[
        int | None, Field("moves of the discriminator to one of the generator; None: 5 with wgan_gp, else 1", low=1,
                          high=100)
    ] = None,
    discriminator_learning_rate: Annotated[
        float | None, Field("of the discriminator; None: that of the training", above=0)
    ] = None,
    batch_features: Annotated[
        int | None, Field("features whose spread over the batch the discriminator is told; 0: it sees items one by "
                          "one; None: 64 for images, but with wgan_gp 0", low=0, high=4096)
    ] = None,
    spectral_norm: Annotated[bool, Field("whether the discriminator's weights keep a spectral norm of 1")] = False,
    generator_average: Annotated[
        float, Field("decay of the average of the generator's weights; 0: no average", low=0, high=0.99999)
    ] = 0.999,
    conditional: Conditional = False,
    num_classes: NumClasses = 0,
    generator: Part = None,
    discriminator: Part = None,
):  # fmt: skip
    """Build a generative adversarial network, compiled.

    Its parts are "generator", "discriminator" and, with an average, "averaged_generator", which makes the items. What
    a training reports says who is winning: `real_score` and `fake_score` are the means of D(x) and D(G(z)) (with
    nonsaturating as probabilities), and `…_gradient_norm` how hard each is pushed.

    There is no encoder. The code of a given item is found by inversion: a few hundred steps of gradient descent to the
    code whose item comes nearest, which takes seconds for a hundred images, and shows what G can make at all.

    A generator of one's own takes codes (batch, latent_dim), a discriminator items, and gives scores (batch, 1), with
    no last activation. Of a conditional model they take a list of these and of one-hot labels.

    Raises:
        AenbError: A part does not fit the items, or there are no classes to be conditional on.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("gan", (28, 28, 1), latent_dim=16)
        >>> model.get_layer("generator").output_shape
        (None, 28, 28, 1)
    """
    classes = classes_of(conditional, num_classes)
    body = backbones.choose_body(
        input_shape, hidden_units, filters, kernel_size=kernel_size, activation=activation, layer_norm=True
    )
    generator = _generator(generator, body, input_shape, latent_dim, classes)
    if batch_features is None:  # the penalty of wgan_gp is on the slope of each item's own score
        batch_features = BATCH_FEATURES if len(input_shape) == 3 and loss != "wgan_gp" else 0
    discriminator = _discriminator(
        discriminator, body, input_shape, classes, batch_features=batch_features, spectral_norm=spectral_norm
    )
    parts = {"generator": generator, "discriminator": discriminator}
    if generator_average:
        parts["averaged_generator"] = _copy(generator)
    maker = parts.get("averaged_generator", generator)
    match = Match(latent_dim, GAMES[loss], gradient_penalty if loss == "wgan_gp" else 0.0)
    steps = discriminator_steps or (CRITIC_STEPS if loss == "wgan_gp" else 1)
    search = inversion(maker, input_shape, (latent_dim,), classes)
    return network(
        input_shape,
        (latent_dim,),
        parts,
        [
            Player(
                "discriminator", match.discriminator_loss, match.terms, ("discriminator",), discriminator_learning_rate,
                beta_1=0.5, steps=steps, gradient_norm=True,
            ),
            Player("generator", match.generator_loss, ("generator_loss",), ("generator",), beta_1=0.5,
                   gradient_norm=True),
        ],
        encode=lambda net, x, labels: search(x, labels),
        decode=lambda net, codes, labels: maker(beside(codes, labels)),
        after_step=averaging(generator_average) if generator_average else None,
        num_classes=classes,
        name="gan",
    )  # fmt: skip


@dataclass(frozen=True)
class Match:
    """What the two players minimise.

    Attributes:
        latent_dim: Of the codes.
        game: The pair of losses.
        penalty: Weight of the penalty on the discriminator's slope.
    """

    latent_dim: int
    game: Game
    penalty: float = 0.0

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the discriminator's terms."""
        shared = ("discriminator_loss", "real_score", "fake_score")
        return (*shared, "gradient_penalty") if self.penalty else shared

    def discriminator_loss(self, net: Any, batch: Batch) -> dict[str, Any]:
        """Return what D minimises, its mean scores of real and of made items, and the penalty without its weight."""
        ops = keras.ops
        made = ops.stop_gradient(self._make(net, batch))
        real, fake = adversarial.scores(net.discriminator, batch.y, made, labels=batch.labels, training=batch.training)
        terms = [self.game.discriminator(real, fake), ops.mean(self.game.reads(real)), ops.mean(self.game.reads(fake))]
        if self.penalty:
            epsilon = keras.random.uniform(ops.shape(made)[:1], seed=net.seeds)
            slope = adversarial.gradient_penalty(
                lambda x: net.discriminator(beside(x, batch.labels)), batch.y, made, epsilon
            )
            terms = [terms[0] + self.penalty * slope, *terms[1:], slope]
        return dict(zip(self.terms, terms, strict=True))

    def generator_loss(self, net: Any, batch: Batch) -> dict[str, Any]:
        """Return what G minimises."""
        # not in training: spectral normalisation would change D's weights, and they are not G's to change
        (fake,) = adversarial.scores(net.discriminator, self._make(net, batch), labels=batch.labels, training=False)
        return {"generator_loss": self.game.generator(fake)}

    def _make(self, net: Any, batch: Batch) -> Any:
        """Make as many items as the batch has: (batch, *item), of its classes, 0 where it was not observed."""
        z = keras.random.normal((keras.ops.shape(batch.y)[0], self.latent_dim), seed=net.seeds)
        made = net.generator(beside(z, batch.labels), training=batch.training)
        return keras.ops.cast(made, "float32") * batch.observed


def averaging(decay: float) -> Callable[[Any, Batch], None]:
    """Return the move of the average of G's weights, after step t = 1, 2, …: w̄ ← w̄ + max(1 − d, 9 / (8 + t)) (w − w̄).

    At first w̄ = w. Then it goes over the last ninth of the steps or so, and at most over 1 / (1 − d) of them: a short
    training too forgets how the weights began.
    """

    def average(net: Any, batch: Batch) -> None:
        step = keras.ops.maximum(keras.ops.cast(net.optimizers["generator"].iterations, "float32"), 1.0)
        share = keras.ops.maximum(1 - decay, LATEST / (LATEST - 1 + step))
        for mean, weight in zip(net.averaged_generator.weights, net.generator.weights, strict=True):
            mean.assign(mean + keras.ops.cast(share, mean.dtype) * (weight - mean))

    return average


def _generator(given: Any, body: backbones.Body, item_shape: tuple[int, ...], latent_dim: int, classes: int) -> Any:
    code, label = keras.Input((latent_dim,), name="code"), backbones.label_input(classes) if classes else None
    if given is not None:
        return adversarial.fitted(given, beside(code, label), item_shape, "generator")
    made = body.up(code, item_shape, label, layers.output_activation(item_shape, None))
    return keras.Model(beside(code, label), made, name="generator")


def _discriminator(given: Any, body: backbones.Body, item_shape: tuple[int, ...], classes: int, **looks: Any) -> Any:
    if given is None:
        return adversarial.discriminator(body, item_shape, classes, **looks)
    label = backbones.label_input(classes) if classes else None
    return adversarial.fitted(given, beside(body.input(item_shape), label), (1,), "discriminator")


def _copy(generator: Any) -> Any:
    copy = keras.models.clone_model(generator)
    copy.name = "averaged_generator"
    copy.set_weights(generator.get_weights())
    return copy
