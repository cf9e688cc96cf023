"""A language model as the baseline of a text autoencoder: its decoder, trained on the same texts without a code.

    p(x) = ∏ₜ p(xₜ | x₁ … xₜ₋₁)

A variational autoencoder with such a decoder can be as good by ignoring its code; it has learnt something with it if
its own bound on log p(x) is as high, and its KL is not 0 (Bowman et al. 2015, arXiv 1511.06349).
"""

from __future__ import annotations

import numpy as np

from aenb.core.backend import Model, Tensor, keras
from aenb.core.errors import AenbError
from aenb.data.values.scaling import units
from aenb.latent.trained_run import TrainedRun
from aenb.models.architecture.text_body import counted, tokens_before
from aenb.models.autoencoder import interface, parts
from aenb.models.losses.likelihoods import categorical, parameter_of

BATCH = 128  # texts at a time


class LanguageModel:
    """A decoder of texts without a code: it gets zeros in its place.

    Args:
        decoder: The tokens before each position, and codes → probabilities of tokens; its weights are trained in place.

    Example:
        >>> import aenb
        >>> model = aenb.build_model("vae", (6,), vocabulary=9, latent_dim=2, decoder_type="gru", hidden_units=(8,))
        >>> x = np.array([[2, 3, 4, 0, 0, 0]])
        >>> LanguageModel(model.get_layer("decoder")).nll(x).shape
        (1,)
    """

    def __init__(self, decoder: Model):
        from aenb.models.losses.likelihoods import LIKELIHOODS
        from aenb.models.network import Network  # starts TensorFlow
        from aenb.models.players.training_step import Player

        self._logits = parameter_of(decoder, LIKELIHOODS["categorical"])
        self._others = [int(part.shape[-1]) for part in decoder.inputs[1:]]
        player = Player("decoder", lambda net, batch: {"loss": -keras.ops.mean(self._log_p(batch.y))}, ("loss",),
                        ("decoder",))  # fmt: skip
        self.model = Network(
            tuple(decoder.inputs[0].shape[1:]), (self._others[0],), {"decoder": decoder}, [player], prior=False,
            name="language_model",
        )  # fmt: skip

    def fit(
        self, x: np.ndarray, *, epochs: int, batch_size: int, learning_rate: float = 1e-3, validation: int = 0
    ) -> dict[str, list[float]]:
        """Train it, and keep the weights of the best epoch if texts are held out.

        Args:
            x: (n, length), token ids, 0 after the end.
            epochs: Passes over the texts.
            batch_size: Texts of a step.
            learning_rate: Of Adam.
            validation: How many texts, the last ones, to hold out; 0: none.

        Returns:
            The history, in nats for each text.
        """
        self.model.compile(learning_rate=learning_rate, jit_compile=False)
        stopping = keras.callbacks.EarlyStopping("val_loss", patience=epochs, restore_best_weights=True)
        kept = len(x) - validation
        held = {"validation_data": (x[kept:], x[kept:]), "callbacks": [stopping]} if validation else {}
        fitted = self.model.fit(x[:kept], x[:kept], batch_size=batch_size, epochs=epochs, verbose=0, **held)
        return fitted.history

    def nll(self, x: np.ndarray) -> np.ndarray:
        """Return −log p(x) of texts in nats: (n, length), token ids → (n,)."""
        batches = (x[begin : begin + BATCH].astype("int32") for begin in range(0, len(x), BATCH))
        return -np.concatenate([np.asarray(self._log_p(keras.ops.convert_to_tensor(batch))) for batch in batches])

    def _log_p(self, y: Tensor) -> Tensor:
        """Return the log probability of each text: (batch, length) → (batch,)."""
        ops = keras.ops
        nothing = [ops.zeros((ops.shape(y)[0], size)) for size in self._others]
        logits = ops.cast(self._logits([tokens_before(y), *nothing]), "float32")
        return ops.sum(counted(y) * categorical(y, logits), axis=-1)


def fit_language_model(run: TrainedRun, epochs: int | None = None, seed: int = 0) -> LanguageModel:
    """Train a language model of the same size as a run's decoder on the same texts.

    Args:
        run: A run whose decoder is autoregressive.
        epochs: Passes over the texts; None: as many as the run.
        seed: Of its first weights and the order of the texts.

    Returns:
        The `LanguageModel`, with the weights of the epoch that is best on a tenth of the training texts.

    Raises:
        AenbError: The run has no such decoder.
    """
    if interface(run.model).write is None:
        raise AenbError(
            'A language model: expected a run on texts with decoder_type "gru" or "attention", to take its decoder '
            "without a code; received another."
        )
    keras.utils.set_random_seed(seed)
    decoder = keras.models.clone_model(parts(run.model)["decoder"])
    model, x = LanguageModel(decoder), units(run.data.train[:])
    model.fit(
        x, epochs=epochs or run.epochs, batch_size=run.record["batch_size"], learning_rate=run.record["learning_rate"],
        validation=max(1, min(5000, len(x) // 10)),
    )  # fmt: skip
    return model


def perplexity(nll: float, tokens: float) -> float:
    """Return the perplexity for each token: exp(NLL of a text / tokens of a text), at least 1.

    Args:
        nll: The mean NLL of a text, in nats.
        tokens: The mean number of tokens of a text, its end included.

    Example:
        >>> round(perplexity(10 * np.log(50), 10), 6)  # a uniform choice among 50 tokens
        50.0
    """
    return float(np.exp(nll / tokens))


def num_tokens(x: np.ndarray) -> np.ndarray:
    """Return how many tokens are predicted of each text, with its end if it has one: (n, length) → (n,).

    Example:
        >>> num_tokens(np.array([[3, 4, 0, 0], [5, 6, 7, 8]])).tolist()
        [3, 4]
    """
    return np.asarray(counted(np.asarray(x))).sum(axis=-1).astype("int64")
