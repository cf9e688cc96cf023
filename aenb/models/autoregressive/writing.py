"""Writing texts from codes, one token at a time: the most probable tokens, samples, or a beam search.

    p(xₜ | x₁ … xₜ₋₁, z) ∝ exp(η / T),   T = `temperature`

Samples may be drawn from the `top_k` most probable tokens only (Fan et al. 2018, arXiv 1805.04833), or from the fewest
whose probabilities add up to `top_p` (Holtzman et al. 2019, arXiv 1904.09751). A beam search keeps the most probable
beginnings, `beams` of them, at each step. All texts of a batch are written together, in one compiled loop, which ends
when all of them have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aenb.core.backend import Model, Tensor, keras, tf
from aenb.core.errors import AenbError
from aenb.models.architecture.text_body import TextBody

NEVER = -1e9  # logit of what is excluded


@dataclass(frozen=True)
class Choice:
    """How each token is chosen.

    Attributes:
        temperature: Of samples, above 0; None: the most probable token is taken, unless `top_k` or `top_p` is given.
        top_k: Sample from so many of the most probable tokens; None: from all.
        top_p: Sample from the fewest tokens with this probability together, in (0, 1]; None: from all.
        beams: Beginnings that a beam search keeps; 1: no beam search.
        every: Whether a beam search returns all that it kept, the most probable first, not only the first one.

    Raises:
        AenbError: A beam search is asked for together with sampling; all beginnings are, without a beam search.

    Example:
        >>> Choice(top_p=0.9).samples
        True
    """

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    beams: int = 1
    every: bool = False

    def __post_init__(self) -> None:
        if self.every and self.beams == 1:
            raise AenbError("`beams`: expected at least 2, to return all of them; received 1.")
        if self.beams > 1 and self.samples:
            raise AenbError(
                f"`beams`: expected 1 together with temperature, top_k or top_p, since a beam search draws nothing; "
                f"received {self.beams}."
            )

    @property
    def samples(self) -> bool:
        """Whether tokens are drawn at random."""
        return any(value is not None for value in (self.temperature, self.top_k, self.top_p))


class Writer:
    """Writes texts with an autoregressive decoder.

    Args:
        body: Its layers.
        decoder: The decoder, (tokens before, codes) → probabilities of tokens.
    """

    def __init__(self, body: TextBody, decoder: Model):
        self._body, self._decoder = body, decoder
        self.length = decoder.output_shape[1]
        self._compiled: dict[Choice, Callable[..., Tensor]] = {}

    def write(self, codes: Any, choice: Choice | None = None, seed: Any = 0) -> Tensor:
        """Write a text for each code.

        Args:
            codes: (n, *code_shape), with one-hot labels appended for a conditional model.
            choice: How each token is chosen; None: the most probable one.
            seed: Of samples: two integers, or one.

        Returns:
            (n, length), int32, token ids, 0 after the end; (n, beams, length) for every beginning of a beam search.
        """
        choice = choice or Choice()
        kind = replace(choice, temperature=1.0 if choice.samples else None)  # one function for all temperatures
        codes = tf.cast(codes, "float32")
        if kind not in self._compiled:
            given = [tf.TensorSpec([None, *codes.shape[1:]]), tf.TensorSpec((2,), "int32"), tf.TensorSpec(())]
            self._compiled[kind] = tf.function(
                lambda codes, seed, temperature: (
                    self._searched(codes, kind) if kind.beams > 1 else self._drawn(codes, kind, seed, temperature)
                ),
                input_signature=given,
                autograph=False,
            )
        seeds = np.broadcast_to(np.asarray(seed, "int64"), (2,)).astype("int32")
        temperature = tf.constant(choice.temperature or 1.0, "float32")
        return self._compiled[kind](codes, tf.constant(seeds), temperature)

    def _drawn(self, codes: Tensor, choice: Choice, seed: Tensor, temperature: Tensor) -> Tensor:
        """Choose one token after the other: (n, code_size) → (n, length)."""

        def go_on(position: Tensor, token: Tensor, is_over: Tensor, texts: Tensor, *memory: Tensor) -> Any:
            logits, new = self._body.step(self._decoder, token, position, [*memory])
            token = tf.where(
                is_over, 0, self._chosen(logits / temperature, choice, tf.stack([seed[0], seed[1] + position]))
            )
            here = tf.range(self.length)[None] == position
            texts = tf.where(here, token[:, None], texts)
            return (position + 1, token, is_over | (token == 0), texts, *new)

        n = tf.shape(codes)[0]
        none = tf.zeros((n,), "int32")
        begin = (0, none, tf.zeros((n,), "bool"), tf.zeros((n, self.length), "int32"),
                 *self._body.start(self._decoder, codes))  # fmt: skip
        return tf.while_loop(lambda position, token, is_over, *rest: ~tf.reduce_all(is_over), go_on, begin,
                             maximum_iterations=self.length)[3]  # fmt: skip

    def _chosen(self, logits: Tensor, choice: Choice, seed: Tensor) -> Tensor:
        """Choose a token of each row: (n, vocabulary) → (n,), int32."""
        if not choice.samples:
            return tf.argmax(logits, axis=-1, output_type="int32")
        allowed = restricted(logits, choice.top_k, choice.top_p)
        uniform = tf.random.stateless_uniform(tf.shape(allowed), seed, minval=1e-20)
        return tf.argmax(allowed - tf.math.log(-tf.math.log(uniform)), axis=-1, output_type="int32")  # Gumbel noise

    def _searched(self, codes: Tensor, choice: Choice) -> Tensor:
        """Search for the most probable text of each code: (n, *code_shape) → (n, length), or (n, beams, length)."""
        n, size, beams = tf.shape(codes)[0], self._body.vocabulary, choice.beams

        def go_on(position: Tensor, tokens: Tensor, scores: Tensor, texts: Tensor, *memory: Tensor) -> Any:
            logits, new = self._body.step(self._decoder, tf.reshape(tokens, (-1,)), position, [*memory])
            steps = tf.reshape(tf.nn.log_softmax(logits), (n, beams, size))
            is_over = (tokens == 0) & (position > 0)
            only_end = tf.where(tf.range(size) == 0, 0.0, NEVER)
            steps = tf.where(is_over[..., None], only_end, steps)
            scores, best = tf.math.top_k(tf.reshape(scores[..., None] + steps, (n, beams * size)), beams)
            source, tokens = best // size, best % size  # (n, beams)
            texts = tf.gather(texts, source, batch_dims=1)
            texts = tf.where(tf.range(self.length) == position, tokens[..., None], texts)
            rows = tf.reshape(source + tf.range(n)[:, None] * beams, (-1,))
            return (position + 1, tokens, scores, texts, *(tf.gather(part, rows) for part in new))

        only_first = tf.where(tf.range(beams) == 0, 0.0, NEVER)
        begin = (0, tf.zeros((n, beams), "int32"), tf.tile(only_first[None], (n, 1)),
                 tf.zeros((n, beams, self.length), "int32"),
                 *self._body.start(self._decoder, tf.repeat(codes, beams, axis=0)))  # fmt: skip

        def is_unfinished(position: Tensor, tokens: Tensor, *rest: Tensor) -> Tensor:
            return (position == 0) | ~tf.reduce_all(tokens == 0)

        texts = tf.while_loop(is_unfinished, go_on, begin, maximum_iterations=self.length)[3]
        return texts if choice.every else texts[:, 0]


def restricted(logits: Tensor, top_k: int | None = None, top_p: float | None = None) -> Tensor:
    """Exclude all but the most probable tokens.

    Args:
        logits: (n, vocabulary).
        top_k: How many tokens to keep; None: all.
        top_p: Keep the fewest tokens whose probabilities add up to this, in (0, 1]; None: all.

    Returns:
        (n, vocabulary), with a logit of −10⁹ for excluded tokens. Tokens that are as probable as the last kept one are
        kept too.

    Example:
        >>> import numpy as np
        >>> kept = restricted(np.log([[0.5, 0.3, 0.2]]).astype("float32"), top_p=0.6)
        >>> (np.asarray(kept) > NEVER).tolist()
        [[True, True, False]]
    """
    if top_k is None and top_p is None:
        return logits
    ordered = tf.sort(logits, axis=-1, direction="DESCENDING")
    is_kept = tf.ones_like(ordered, "bool")
    if top_k is not None:
        is_kept &= tf.range(ordered.shape[-1]) < top_k
    if top_p is not None:
        shares = tf.nn.softmax(tf.where(is_kept, ordered, NEVER))
        is_kept &= tf.cumsum(shares, axis=-1, exclusive=True) < top_p
    least = tf.reduce_min(tf.where(is_kept, ordered, ordered[:, :1]), axis=-1, keepdims=True)
    return tf.where(logits >= least, logits, NEVER)


def with_classes(codes: Tensor, labels: Tensor | None) -> Tensor:
    """Append one-hot labels to codes, if there are any: (n, latent_dim) → (n, code_size)."""
    return codes if labels is None else keras.ops.concatenate([codes, keras.ops.cast(labels, codes.dtype)], axis=-1)
