"""Sequence to sequence: an encoder of one text, and an autoregressive decoder of another.

Sutskever, Vinyals & Le (2014), arXiv 1409.3215, translate through one vector: `bottleneck`, what an autoencoder can do.
With attention over the source (Bahdanau, Cho & Bengio 2014, arXiv 1409.0473; Vaswani et al. 2017, arXiv 1706.03762),
the code has a vector for each of its tokens.

    loss = −Σₜ log p(yₜ | y₁ … yₜ₋₁, x) / T,   over the T tokens of the targets of a batch, their ends included
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from aenb.core.backend import Model, keras
from aenb.core.fields import Field
from aenb.models.architecture import backbones
from aenb.models.architecture.custom_parts import as_part
from aenb.models.architecture.text_body import TextBody
from aenb.models.autoregressive.text_autoencoder import TeacherForcing
from aenb.models.autoregressive.text_bound import writing
from aenb.models.autoregressive.text_decoder import text_decoder
from aenb.models.autoregressive.writing import Writer
from aenb.models.players.training_step import Player

Bottleneck = Annotated[
    bool,
    Field(
        "of pairs of texts: decode the target from one latent code, without attention over the source", only_for="text"
    ),
]
Dropout = Annotated[
    float,
    Field(
        "of pairs of texts: share of values that training sets to 0, for few pairs", low=0, high=0.9, only_for="text"
    ),
]
TargetLength = Annotated[
    int, Field("tokens of the target, of pairs of texts; 0: none (found in the data)", low=0, high=10**5, of_data=True)
]


class Code(NamedTuple):
    """The code of a source: its size and activation, through a bottleneck; None: a vector for each of its tokens."""

    latent_dim: int
    activation: str = "linear"


def translator(
    name: str, body: TextBody, lengths: tuple[int, int], code: Code | None, word_dropout: float, parts: dict[str, Any]
) -> Model:
    """Build a model from texts to other texts, compiled.

    Args:
        name: The family's name.
        body: The layers of its parts; without a bottleneck, one whose decoder attends to sequences.
        lengths: The lengths of a source and a target, in tokens.
        code: The code through a bottleneck; None: there is none.
        word_dropout: As for `TeacherForcing`.
        parts: A custom "encoder", and a "decoder" that was built by this function; None: new ones.
    """
    from aenb.models.network import Network  # starts TensorFlow

    source, target = lengths
    encoder = parts["encoder"]
    if encoder is None and code is not None:
        encoder = backbones.encoder(body, (source,), *code)
    elif encoder is None:
        x = body.input((source,))
        encoder = keras.Model(x, body.down(x), name="encoder")
    encoder = as_part(encoder, body.input((source,)), "encoder", (None,) if code else (source, None))
    code_shape = tuple(encoder.output_shape[1:])
    decoder = text_decoder(body, code_shape, target, "softmax", parts["decoder"])
    forcing = TeacherForcing(decoder, word_dropout)
    return Network(
        (source,), code_shape, {"encoder": encoder, "decoder": decoder},
        [Player("translator", forcing.loss, ("loss",), ("encoder", "decoder"))], prior=False, name=name,
        **writing(Writer(body, decoder)),
    )  # fmt: skip
