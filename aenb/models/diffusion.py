"""Diffusion: a network learns to remove noise of all strengths, and turns noise into samples step by step.

Sohl-Dickstein et al. (2015), arXiv 1503.03585; Ho, Jain & Abbeel (2020), "Denoising diffusion probabilistic models",
arXiv 2006.11239; Song et al. (2021), arXiv 2011.13456. An example x is mixed with noise ε ~ N(0, I) at a time t
(`noise_schedule`), and a denoiser f predicts a target y from the mixture: the noise, v, or the velocity of a flow.

    x_t = α(t) x + σ(t) ε,     loss = E_t E_ε ‖f(x_t, t) − y(x, ε, t)‖²,     t uniform, a mean over the values

This is denoising score matching (Vincent 2011) with a weight for each t: f gives the score ∇ log p(x_t). Samples are
computed from noise by a few deterministic steps, and the noise of an example by the same steps backwards (`ddim`).
They use an average of f's weights over training steps. With classes, the class of a tenth of the examples is left out,
so that f also learns the score of all, and samples of a class can be guided away from the others by a weight w (Ho &
Salimans 2022, arXiv 2207.12598): f(x_t, t, c) + w (f(x_t, t, c) − f(x_t, t)).

With a `base`, x is the standardised latent code of an example: latent diffusion (Rombach et al. 2022, arXiv
2112.10752). The base is trained already, and stays as it is; its encoder and decoder are parts of the model.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from aenb.core.backend import Model, Tensor, keras
from aenb.core.fields import Field
from aenb.models.architecture.custom_parts import as_part
from aenb.models.denoisers.diffused_space import CodeSpace, ExampleSpace, Space, load_base
from aenb.models.denoisers.diffusion_process import Process
from aenb.models.denoisers.noise_schedule import OBJECTIVES
from aenb.models.denoisers.residual_network import condition_inputs, residual_network
from aenb.models.denoisers.unet import unet
from aenb.models.hyperparameters import Conditional, KernelSize, NumClasses, Part, classes_of
from aenb.models.players.averaging import averaged_copy, averaging
from aenb.models.players.training_step import Player
from aenb.models.registry import family

FILTERS, UNITS = (32, 64, 96), (256, 256, 256)


@family(
    order=10,
    summary="a network that removes noise of all strengths turns noise into samples, step by step",
    paper="Ho et al. 2020, Song et al. 2021",
    batch_size=64,
)
def diffusion(
    input_shape: tuple[int, ...],
    *,
    objective: Annotated[
        str, Field("what the denoiser predicts: v, the noise, or the velocity of a flow", choices=tuple(OBJECTIVES))
    ] = "v",
    sampling_steps: Annotated[int, Field("steps from noise to samples", low=1, high=1000)] = 20,
    filters: Annotated[
        tuple[int, ...] | None,
        Field("filters of each level of the U-Net; None: (32, 64, 96) for images; (): a dense network", low=1,
              high=4096),
    ] = None,
    kernel_size: KernelSize = 3,
    hidden_units: Annotated[
        tuple[int, ...] | None,
        Field("units of the blocks of a dense network; None: three of 256", low=1, high=65536),
    ] = None,
    weights_average: Annotated[
        float, Field("decay of the average of the weights, which samples use; 0: no average", low=0, high=0.99999)
    ] = 0.999,
    conditional: Conditional = False,
    num_classes: NumClasses = 0,
    guidance: Annotated[
        float, Field("how much samples are guided towards what is typical of their class", low=0, high=100)
    ] = 0.0,
    base: Annotated[
        Any, Field("a run, or the folder of a saved one, whose latent codes are learnt instead of examples",
                   optional=True, of_run=True)
    ] = None,
    denoiser: Part = None,
) -> Model:  # fmt: skip
    """Build a diffusion model, compiled.

    Without a `base`, it works on the examples themselves, and there is no encoder: the code of an example is the noise
    from which sampling leads to it, found by the same steps backwards, and has as many values as the example. It
    reconstructs nearly everything, also what is unlike the training data, so its reconstruction error is no anomaly
    score. With a `base`, codes and reconstructions are those of the base, and samples are drawn from the learnt
    distribution of its codes. The base must have been trained on the same data; it is copied.

    Without a GPU, pixels take time: of images of 28×28, a training step of 64 took 0.20 s of one core, and a sample of
    20 steps 0.02 s. Two minutes are then about 600 steps, less than one pass over Fashion-MNIST; Ho et al. trained for
    800,000. The denoiser of codes is smaller by far.

    Its parts are "denoiser", "averaged_denoiser", which computes the samples, and those of the base. A custom denoiser
    takes a list of noisy examples, eight features of the time (`time_features` of
    `aenb.models.denoisers.residual_network`), and in a conditional model one-hot classes, of which the last is none; it
    returns what has the shape of an example.

    Raises:
        AenbError: The base has no encoder, has discrete codes, is conditional, or takes other examples; a custom part
            does not fit; there are no classes to condition on.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("diffusion", (8, 8, 1), hidden_units=(32, 32))
        >>> model.get_layer("denoiser").output_shape, model.code_shape
        ((None, 64), (64,))
    """
    from aenb.models.network import Network  # starts TensorFlow

    classes = classes_of(conditional, num_classes)
    base = None if base is None else load_base(base, input_shape)
    if filters is None and base is None and len(input_shape) == 3 and hidden_units is None:
        filters = FILTERS
    of_codes = None if base is None else CodeSpace(base)
    of_examples = ExampleSpace(input_shape, _is_flat(denoiser, filters))
    space: Space = of_codes or of_examples
    if denoiser is None and filters:
        denoiser = unet(space.shape, filters, classes, kernel_size=kernel_size, name="denoiser")
    elif denoiser is None:
        denoiser = residual_network(math.prod(space.shape), hidden_units or UNITS, classes, name="denoiser")
    inputs = [keras.Input(space.shape, name="x"), *condition_inputs(classes)]
    denoiser = as_part(denoiser, inputs, "denoiser", space.shape)
    average = {"averaged_denoiser": averaged_copy(denoiser)} if weights_average else {}
    sampler = average.get("averaged_denoiser", denoiser)
    process = Process(space, OBJECTIVES[objective], sampling_steps, sampler, classes, guidance)
    return Network(
        input_shape,
        (math.prod(space.shape),),
        {**(of_codes.parts if of_codes else {}), "denoiser": denoiser, **average},
        [Player("denoiser", process.loss, ("loss",), ("denoiser",))],
        **(_over_codes(process, of_codes) if of_codes else _over_examples(process, of_examples)),
        after_step=averaging(weights_average, "denoiser") if average else None,
        guided=process.generate if classes else None,
        num_classes=classes,
        name="diffusion",
    )


def _over_examples(process: Process, space: ExampleSpace) -> dict[str, Any]:
    """Return how a network encodes and decodes whose codes are the noise of examples."""

    def encode(net: Model, x: Tensor, labels: Tensor | None) -> Tensor:
        return keras.ops.reshape(process.invert(space.enter(x), labels), (-1, math.prod(space.shape)))

    def fill(net: Model, x: Tensor, missing: Tensor, labels: Tensor | None) -> Tensor:
        return space.leave(net, process.fill(space.enter(x), missing, labels))

    return {
        "encode": encode,
        "decode": lambda net, codes, labels: space.leave(net, process.free(codes, labels)),
        "fill": fill,
    }


def _over_codes(process: Process, space: CodeSpace) -> dict[str, Any]:
    """Return how a network encodes and decodes whose codes are those of its base."""
    return {
        "encode": space.encode,
        "decode": space.decode,
        "prior": process.draw,
        "weights": space.weights,
        "notes": space.notes,
    }


def _is_flat(denoiser: Model | None, filters: tuple[int, ...] | None) -> bool:
    """Say whether a denoiser takes vectors: a custom one decides itself."""
    if denoiser is None:
        return not filters
    inputs = getattr(denoiser, "inputs", None)
    return bool(inputs) and len(inputs[0].shape) == 2
