"""The generative adversarial network: a generator turns noise into samples that a discriminator can't tell from data.

Goodfellow et al. (2014), "Generative adversarial networks", arXiv 1406.2661. A discriminator D distinguishes real
examples from samples that a generator G computes from latent codes z ~ N(0, I), and G is trained to fool D; the
solution is a Nash equilibrium. Least squares (Mao et al. 2016, arXiv 1611.04076) are the default loss, since their
gradient does not vanish if D is certain:

    D minimises ½E[(D(x) − 1)²] + ½E[D(G(z))²],     G minimises ½E[(D(G(z)) − 1)²]

`adversarial` has the other losses. D also sees how much a batch varies, so that it detects mode collapse (Salimans et
al. 2016, arXiv 1606.03498). Samples are generated with an average of G's weights over training steps (Yazıcı et al.
2018, arXiv 1806.04498), since the weights of G themselves oscillate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from aenb.core.backend import Model, Tensor, keras
from aenb.core.fields import Field
from aenb.models.architecture import backbones, layers
from aenb.models.architecture.custom_parts import as_part
from aenb.models.architecture.parts import with_labels
from aenb.models.codes.inversion import inversion
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
from aenb.models.players import adversarial
from aenb.models.players.adversarial import ADVERSARIAL_LOSSES, AdversarialLoss
from aenb.models.players.averaging import averaged_copy, averaging
from aenb.models.players.training_step import Batch, Player
from aenb.models.registry import family

BATCH_FEATURES = 64
CRITIC_STEPS = 5  # as in Gulrajani et al. 2017


@family(
    order=6,
    summary="a generator learns to fool a discriminator, and turns noise into samples",
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
    loss: Annotated[str, Field("adversarial loss", choices=tuple(ADVERSARIAL_LOSSES))] = "lsgan",
    gradient_penalty: Annotated[float, Field("weight of the gradient penalty, with wgan_gp", low=0)] = 10.0,
    discriminator_steps: Annotated[
        int | None, Field("discriminator steps per generator step; None: 5 with wgan_gp, else 1", low=1,
                          high=100)
    ] = None,
    discriminator_learning_rate: Annotated[
        float | None, Field("learning rate of the discriminator; None: that of the training", above=0)
    ] = None,
    batch_features: Annotated[
        int | None, Field("minibatch features, by which the discriminator sees mode collapse; 0: none; None: 64 for "
                          "images, but 0 with wgan_gp", low=0, high=4096)
    ] = None,
    spectral_norm: Annotated[bool, Field("normalise the discriminator's weights to a spectral norm of 1")] = False,
    generator_average: Annotated[
        float, Field("decay of the average of the generator's weights; 0: no average", low=0, high=0.99999)
    ] = 0.999,
    conditional: Conditional = False,
    num_classes: NumClasses = 0,
    generator: Part = None,
    discriminator: Part = None,
) -> Model:  # fmt: skip
    """Build a generative adversarial network, compiled.

    Its parts are "generator", "discriminator" and, with an average, "averaged_generator", which generates the samples.
    Training reports `real_score` and `fake_score`, the means of D(x) and D(G(z)) (probabilities for the nonsaturating
    loss), which show whether D is winning, and `…_gradient_norm`, the norms of the gradients.

    There is no encoder. The latent code of an example is found by inversion: a few hundred steps of gradient descent
    towards the code with the closest sample. It takes seconds for a hundred images, and shows what G can generate.

    A custom generator takes latent codes (batch, latent_dim). A custom discriminator takes examples, and returns scores
    (batch, 1) without an activation. In a conditional model, both take a list of these and one-hot labels.

    Raises:
        AenbError: A part does not fit the examples, or there are no classes to condition on.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("gan", (28, 28, 1), latent_dim=16)
        >>> model.get_layer("generator").output_shape
        (None, 28, 28, 1)
    """
    from aenb.models.network import Network  # starts TensorFlow

    classes = classes_of(conditional, num_classes)
    body = backbones.choose_body(
        input_shape, hidden_units, filters, kernel_size=kernel_size, activation=activation, layer_norm=True
    )
    is_critic = loss == "wgan_gp"
    if batch_features is None:  # the penalty of wgan_gp is on the gradient of each example's own score
        batch_features = BATCH_FEATURES if len(input_shape) == 3 and not is_critic else 0
    generator = _generator(generator, body, input_shape, latent_dim, classes)
    discriminator = _discriminator(
        discriminator, body, input_shape, classes, batch_features=batch_features, spectral_norm=spectral_norm
    )
    average = {"averaged_generator": averaged_copy(generator)} if generator_average else {}
    sampler = average.get("averaged_generator", generator)
    search = inversion(sampler, input_shape, (latent_dim,), classes)
    losses = Losses(latent_dim, ADVERSARIAL_LOSSES[loss], gradient_penalty if is_critic else 0.0)
    steps = discriminator_steps or (CRITIC_STEPS if is_critic else 1)
    return Network(
        input_shape,
        (latent_dim,),
        {"generator": generator, "discriminator": discriminator, **average},
        losses.players(discriminator_learning_rate, steps),
        encode=lambda net, x, labels: search(x, labels),
        decode=lambda net, codes, labels: sampler(with_labels(codes, labels)),
        after_step=averaging(generator_average, "generator") if average else None,
        num_classes=classes,
        name="gan",
    )


@dataclass(frozen=True)
class Losses:
    """The losses of discriminator and generator.

    Attributes:
        latent_dim: The size of the latent codes.
        adversarial: The adversarial loss.
        penalty: The weight of the gradient penalty.
    """

    latent_dim: int
    adversarial: AdversarialLoss
    penalty: float = 0.0

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the terms of the discriminator's loss."""
        shared = ("discriminator_loss", "real_score", "fake_score")
        return (*shared, "gradient_penalty") if self.penalty else shared

    def players(self, discriminator_learning_rate: float | None, steps: int) -> list[Player]:
        """Return the players: D, with so many updates in a training step, then G."""
        return [
            Player(
                "discriminator", self.discriminator_loss, self.terms, ("discriminator",), discriminator_learning_rate,
                beta_1=0.5, steps=steps, gradient_norm=True,
            ),
            Player("generator", self.generator_loss, ("generator_loss",), ("generator",), beta_1=0.5,
                   gradient_norm=True),
        ]  # fmt: skip

    def discriminator_loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of D, its mean scores of real examples and of samples, and the unweighted penalty."""
        ops = keras.ops
        samples = ops.stop_gradient(self._generate(net, batch))
        real, fake = adversarial.scores(
            net.discriminator, batch.y, samples, labels=batch.labels, training=batch.training
        )
        terms = [
            self.adversarial.discriminator(real, fake),
            ops.mean(self.adversarial.reported(real)),
            ops.mean(self.adversarial.reported(fake)),
        ]
        if self.penalty:
            epsilon = keras.random.uniform(ops.shape(samples)[:1], seed=net.seeds)
            slope = adversarial.gradient_penalty(
                lambda x: net.discriminator(with_labels(x, batch.labels)), batch.y, samples, epsilon
            )
            terms = [terms[0] + self.penalty * slope, *terms[1:], slope]
        return dict(zip(self.terms, terms, strict=True))

    def generator_loss(self, net: Model, batch: Batch) -> dict[str, Tensor]:
        """Return the loss of G."""
        # training=False: spectral normalisation must not change D's weights in a step of G
        (fake,) = adversarial.scores(net.discriminator, self._generate(net, batch), labels=batch.labels, training=False)
        return {"generator_loss": self.adversarial.generator(fake)}

    def _generate(self, net: Model, batch: Batch) -> Tensor:
        """Generate samples of the classes of the batch: (batch, *item_shape), with 0 for missing values."""
        z = keras.random.normal((keras.ops.shape(batch.y)[0], self.latent_dim), seed=net.seeds)
        samples = net.generator(with_labels(z, batch.labels), training=batch.training)
        return keras.ops.cast(samples, "float32") * batch.observed


def _generator(
    given: Model | None, body: backbones.Body, item_shape: tuple[int, ...], latent_dim: int, classes: int
) -> Model:
    code, label = keras.Input((latent_dim,), name="code"), backbones.label_input(classes) if classes else None
    if given is not None:
        return as_part(given, with_labels(code, label), "generator", item_shape)
    output = body.up(code, item_shape, label, layers.output_activation(item_shape, None))
    return keras.Model(with_labels(code, label), output, name="generator")


def _discriminator(
    given: Model | None, body: backbones.Body, item_shape: tuple[int, ...], classes: int, **options: Any
) -> Model:
    if given is None:
        return adversarial.discriminator(body, item_shape, classes, **options)
    label = backbones.label_input(classes) if classes else None
    return as_part(given, with_labels(body.input(item_shape), label), "discriminator", (1,))
