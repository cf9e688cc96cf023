"""Autoregressive decoders of texts: which body they have, and the part that is built of it: see `text_body`."""

from __future__ import annotations

from aenb.core.backend import Model, keras
from aenb.core.errors import AenbError
from aenb.models.architecture.aligning_body import AligningBody
from aenb.models.architecture.attending_body import AttendingBody
from aenb.models.architecture.causal_body import CausalBody
from aenb.models.architecture.custom_parts import as_part, is_part
from aenb.models.architecture.recurrent_body import RecurrentBody
from aenb.models.architecture.text_body import TextBody

UNITS = (256,)  # default width of each layer


def text_body(kind: str, hidden_units: tuple[int, ...] | None, vocabulary: int) -> TextBody:
    """Return the body of an autoregressive decoder.

    Args:
        kind: "gru" or "attention".
        hidden_units: The width of each layer; None: one of 256.
        vocabulary: How many different tokens there are.

    Raises:
        AenbError: The data is no text.
    """
    if not vocabulary:
        raise AenbError(f'`decoder_type`: expected "parallel" for data other than texts; received "{kind}".')
    widths = hidden_units or UNITS
    return RecurrentBody(widths, vocabulary) if kind == "gru" else CausalBody(widths, vocabulary)


def source_body(kind: str, hidden_units: tuple[int, ...] | None, vocabulary: int, dropout: float = 0.0) -> TextBody:
    """Return the body of a decoder that attends to another text: see `text_body`."""
    body = text_body(kind, hidden_units, vocabulary)
    if kind == "gru":
        return AligningBody(body.hidden_units, vocabulary, dropout)
    return AttendingBody(body.hidden_units, vocabulary, body.num_heads, dropout)  # type: ignore[attr-defined]


def text_decoder(
    body: TextBody, code_shape: tuple[int, ...], length: int, last: str, given: Model | None = None, classes: int = 0
) -> Model:
    """Build an autoregressive decoder, or check a custom one.

    Args:
        body: Its layers.
        code_shape: The shape of a code: (latent_dim,), or (source length, size) if it attends to another text.
        length: The length of a text, in tokens.
        last: The last activation.
        given: A decoder with the same inputs, outputs and layers as one that is built, such as one that was saved.
        classes: How many classes the model is conditional on; 0: none.

    Returns:
        A `keras.Model` named "decoder": the tokens before each position (batch, length), and codes (batch,
        *code_shape), and one-hot labels if there are classes → (batch, length, vocabulary).

    Raises:
        AenbError: A custom decoder lacks one of the layers, or does not fit the data.
    """
    inputs = [keras.Input((length,), name="before", dtype="int32"), keras.Input(code_shape, name="code")]
    inputs += [keras.Input((classes,), name="label")] if classes else []
    if given is not None:
        if not is_part(given, inputs, "decoder") or body.needed - {layer.name for layer in given.layers}:
            raise AenbError(
                "`decoder`: expected one that this decoder_type builds, since a text is written by its layers "
                f'{", ".join(sorted(body.needed))}; received another model. Your own takes decoder_type = "parallel".'
            )
        return as_part(given, inputs, "decoder", (length, body.vocabulary))
    code = keras.layers.Concatenate(name="with_label")(inputs[1:]) if classes else inputs[1]
    logits = keras.layers.Dense(body.vocabulary, name="output")(body.up(inputs[0], code, length))
    return keras.Model(inputs, keras.layers.Activation(last, name="mean")(logits), name="decoder")
