"""Run: what happened. The model with its history, scores and provenance, and the methods that use it."""

from __future__ import annotations

import dataclasses
import functools
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from aenb.core import backend
from aenb.core.arguments import checked
from aenb.core.backend import Model
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.core.progress import open_view
from aenb.core.queue import Job
from aenb.data.conversion import have_same_units
from aenb.data.corruption import learns_targets, make_task
from aenb.data.gate import Admitted, admit
from aenb.data.load import load_data
from aenb.data.preprocessing import Preprocessing
from aenb.data.record import Data
from aenb.data.series.given import is_given_series
from aenb.data.tables.mixed_table import asked_again
from aenb.data.values.numeric import is_frame
from aenb.data.values.signals import after_end
from aenb.engine.fair_lock import FairLock
from aenb.latent import coding
from aenb.latent.flow import STEPS
from aenb.latent.restoration import masked_entries, restored
from aenb.latent.sampling import decoded, default_density, fitted_flow, samples
from aenb.models.autoencoder import interface, parts
from aenb.models.autoregressive.writing import Choice
from aenb.runs import fitted, folder, report, summary
from aenb.runs.raw_pipeline import pipeline
from aenb.runs.spec import Spec

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from aenb.evaluation.diagnosis import Finding
    from aenb.evaluation.drift import Drift
    from aenb.figures.views import Gallery
    from aenb.runs.anomalies import Anomalies
    from aenb.runs.events import Events
    from aenb.runs.explanation import Explanation

Count = Annotated[int, Field("how many", low=1, high=10**7)]
Steps = Annotated[int, Field("how many", low=2, high=10**5)]
Guidance = Annotated[float | None, Field("strength", low=0.0, high=100.0)]
Temperature = Annotated[float | None, Field("of samples", above=0, high=100)]
TopK = Annotated[int | None, Field("how many tokens", low=1, high=10**6)]
TopP = Annotated[float | None, Field("their probability", above=0, high=1)]
Beams = Annotated[int, Field("how many", low=1, high=100)]
Seed = Annotated[int, Field("of the draw", low=0, high=2**64 - 1)]
Smoothing = Annotated[int, Field("of the scores of a series, in rows", low=1, high=10**6)]
Rate = Annotated[float, Field("of false alarms", above=0, high=0.5)]


@dataclass(eq=False, repr=False)
class Run:
    """A trained model, with all that is known about its training.

    Attributes:
        spec: What was asked for.
        model: The compiled `keras.Model`, with the layers "encoder" and "decoder" (or "generator").
        history: Lists by name, one value per epoch: "loss", "val_loss", ….
        status: "complete", "stopped early", "stopped", "interrupted", "diverged" or "failed"; "queued" or "training"
            while it is under way.
        seconds: How long the training took.
        record: The provenance: device, precision, XLA, versions, data, notes.
        job: The training, under way or over; None for a loaded run.
        densities: Densities fitted to the latent codes, by kind. `keeps` drops them when the weights change, like
            scores, pictures and findings.
        scores: What `evaluate` computed, by part.
        timeline: Samples by epoch, all of the same latent codes; only of adversarial training.
        turns: The lock to hold while the weights are used: a training changes them only between two turns.

    Example:
        >>> import aenb
        >>> run = aenb.train("deep", "digits", name="d", latent_dim=4, epochs=1, verbose=False)
        >>> run.name, run.epochs, run.latent_dim, run.status
        ('d', 1, 4, 'complete')
        >>> run.model.get_layer("encoder").output_shape
        (None, 4)
    """

    spec: Spec
    model: Model
    history: dict[str, list[float]]
    status: str = "complete"
    seconds: float = 0.0
    record: dict[str, Any] = field(default_factory=dict)
    job: Job | None = None
    turns: FairLock = field(default_factory=FairLock)
    _data: Data | None = None
    timeline: dict[int, np.ndarray] = field(default_factory=dict)
    _pictures: dict[str, bytes] | None = None
    densities: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    _preprocessing: Preprocessing | None = None
    _mean: np.ndarray | None = None
    _weights: tuple[int, int] = field(init=False, default=(0, 0))  # that kept results belong to

    def __post_init__(self) -> None:
        self._weights = self._weights_now()

    @property
    def name(self) -> str | None:
        """The name of the run, or None."""
        return self.spec.name

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""
        return len(self.history.get("loss", ()))

    @property
    def latent_dim(self) -> int:
        """The number of dimensions of a latent code."""
        return math.prod(coding.code_shape(self.model))

    @property
    def is_generator(self) -> bool:
        """Whether the model only generates and has no encoder: codes of given examples are found by inversion."""
        return "encoder" not in parts(self.model)

    @property
    def is_conditional(self) -> bool:
        """Whether the model is conditioned on class labels."""
        return interface(self.model).num_classes > 0

    @property
    def translates(self) -> bool:
        """Whether it learnt pairs of texts: what it decodes are other texts than those it encodes."""
        return learns_targets(self.spec.task, self.preprocessing.target_length)

    @property
    def summary(self) -> str:
        """How the training ended, how long it took, and on which device, in a line of text."""
        ending = report.ending(self.status, self.epochs, self.spec.num_epochs, self.seconds, self.record)
        return " ".join([ending, *self.remedy])

    @property
    def is_alive(self) -> bool:
        """Whether its training is queued or running."""
        return self.job is not None and self.job.alive

    def keeps(self) -> bool:
        """Say whether results computed from the current weights may be kept, and drop those from other weights.

        Nothing is kept while a training is under way. A change of weights is recognised by the model and its
        optimiser's step count.
        """
        is_alive, now = self.is_alive, self._weights_now()
        if is_alive or now != self._weights:
            self.densities, self.scores, self._pictures = {}, {}, None
            self.record.pop("findings", None)
        self._weights = now
        return not is_alive

    def _weights_now(self) -> tuple[int, int]:
        optimizer = getattr(self.model, "optimizer", None)
        return id(self.model), int(getattr(optimizer, "iterations", 0))

    def wait(self, poll: Callable[[], object] = lambda: None) -> Run:
        """Wait for a background training to end, calling `poll` meanwhile.

        Args:
            poll: A function without arguments, called several times a second.

        Returns:
            The run itself.

        Raises:
            AenbError: The training itself waits for the caller, which is its own callback or holds its `turns`.
            BaseException: What the training raised, if it failed.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", epochs=2, background=True, verbose=False)
            >>> run.wait().status
            'complete'
        """
        if self.is_alive and self.turns.mine:
            raise AenbError(
                "Expected wait() outside of `with run.turns`; received it inside, where the training waits."
            )
        if self.job is not None:
            self.job.wait(poll)
        return self

    def pause(self) -> None:
        """Pause the training, within a second; `resume` continues it.

        Raises:
            AenbError: No training is under way.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", epochs=10_000, background=True, verbose=False)
            >>> run.pause()
            >>> run.stop().status
            'stopped'
        """
        self._under_way().control.pause()

    def resume(self) -> None:
        """Continue a training that is paused.

        Raises:
            AenbError: No training is under way.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", epochs=2, background=True, verbose=False)
            >>> run.pause()
            >>> run.resume()
            >>> run.wait().epochs
            2
        """
        self._under_way().control.resume()

    def stop(self) -> Run:
        """Stop the training, and keep what was learnt.

        This waits for the end, unless the training itself waits for the caller, which is its own callback or holds
        its `turns`: then it only requests the stop.

        Returns:
            The run itself.

        Raises:
            AenbError: No training is under way.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", epochs=10_000, background=True, verbose=False)
            >>> run.stop().epochs < 10_000
            True
        """
        job = self._under_way()
        job.control.stop()
        if not self.turns.mine:
            job.over()
        return self

    def _under_way(self) -> Job:
        if self.job is None or not self.is_alive:
            raise AenbError(f"Expected a training that is under way; received a run that is {self.status}.")
        return self.job

    @property
    def remedy(self) -> list[str]:
        """What broke a training that diverged, and what to try."""
        return [report.remedy(self.record["reason"], self.record["learning_rate"])] if self.status == "diverged" else []

    @functools.cached_property
    def data(self) -> Data:
        """The data it was trained on; for a loaded run it is loaded on first use.

        Raises:
            AenbError: The data is no longer at hand, or has changed.
        """
        if self._data is not None:
            return self._data
        try:
            data = load_data(self.spec.data, limit=self.spec.limit, tokens=self._tokens, kind=self._pairs)
        except AenbError as error:
            raise AenbError(
                f"The data of this run, `{self.spec.data}`, is not at hand: pass it to run.adopt(data). {error}"
            ) from None
        if not self.learnt_from(data):
            raise AenbError(
                f"The data `{self.spec.data}` is not what this run was trained on: pass that to run.adopt(data)."
            )
        return data

    def adopt(self, data: Any, labels: Any = None) -> Run:
        """Give a loaded run the data that it was trained on, which figures, diagnosis and `evaluate` need.

        Encoding, scoring and generating work without: what they need was saved.

        Args:
            data: What the run was trained on, as `aenb.load_data` takes it.
            labels: Labels of the examples, as for `aenb.load_data`.

        Returns:
            The run itself.

        Raises:
            AenbError: It is other data.

        Example:
            >>> import aenb, tempfile
            >>> x = aenb.load_data("digits").x_train
            >>> run = aenb.train("shallow", x, latent_dim=2, epochs=1, verbose=False)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     loaded = aenb.load_run(run.save(f"{folder}/d"))
            >>> loaded.adopt(x).data.n
            1437
        """
        is_signal = self.record.get("data", {}).get("kind") == "signal" and not isinstance(data, Data)
        asked = asked_again(self._preprocessing.columns, every=False) if self._preprocessing else None
        stride = self.record.get("data", {}).get("stride")
        window = self.preprocessing.input_shape[0] if stride and not isinstance(data, Data) else None
        loaded = load_data(
            data, labels, limit=self.spec.limit, name=self.spec.data,
            kind="signal" if is_signal and not stride else self._pairs,
            columns=asked if is_frame(data) else None, tokens=self._tokens, window=window,
            stride=None if window is None else stride,
        )  # fmt: skip
        if not self.learnt_from(loaded):
            raise AenbError(
                f"`data`: expected what this run was trained on, `{self.spec.data}`; received {loaded.describe()}. "
                "To score the run on other data pass it to run.evaluate(data)."
            )
        if self._data is None:
            self._data = loaded
            self.__dict__.pop("data", None)
        return self

    def learnt_from(self, data: Data) -> bool:
        """Say whether data has the same examples that the run was trained on, in the same units."""
        if data.fingerprint != self.record.get("data", {}).get("fingerprint"):
            return False
        return self._preprocessing is None or have_same_units(data.preprocessing, self._preprocessing)

    @property
    def _tokens(self) -> str | None:
        """What the texts of a loaded run were split into, if that is not words."""
        tokens = None if self._preprocessing is None else self._preprocessing.tokens
        return None if tokens == "words" else tokens

    @property
    def _pairs(self) -> str | None:
        """The kind of data of a loaded run that has pairs of texts."""
        return "pairs" if self._preprocessing is not None and self._preprocessing.target_length else None

    @property
    def preprocessing(self) -> Preprocessing:
        """How raw examples become the model's inputs; a loaded run has it from its folder."""
        return self._preprocessing or self.data.preprocessing

    @property
    def mean(self) -> np.ndarray:
        """The mean training example, in the model's units: (*input_shape)."""
        return self.data.mean if self._mean is None else self._mean

    def encode(self, x: Any, labels: Any = None) -> Any:
        """Return the latent codes of examples.

        Args:
            x: (n, *input_shape), anything that training accepts, preprocessed as the training data was: a DataFrame
                (its columns are matched by name, others are ignored with a warning), texts, a list of series, a file or
                a folder, an array of integers (for texts these are word ids). Arrays of floats are in the model's
                units, like `run.data.x_train`, unless these units are implausible for them: images far outside of
                [0, 1] that are in the range of the training images, and rows or signals that are far more likely in the
                training data's units, count as raw. NaN and masked values are missing.
            labels: (n,), the classes of the examples, if the model is conditional.

        Returns:
            (n, latent_dim), float32; for a table or a folder, a DataFrame of that shape with its index or the names of
            its files. For a VAE, the means of q(z|x). For a GAN, which has no encoder, the codes whose samples are
            nearest to the examples, found by gradient descent.

        Raises:
            AenbError: The examples have another shape, range or dtype, or a table has other columns.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> run.encode(run.data.x_test).shape
            (360, 2)
        """
        given = self._admit(x)
        with self.turns:
            return given.codes(coding.encode(self.model, given.inputs, self.class_numbers(labels)))

    def decode(self, z: Any, labels: Any = None) -> Any:
        """Decode latent codes.

        Args:
            z: (n, latent_dim), floats, or a DataFrame of them; indices into the codebook for a `vqvae`.
            labels: (n,), the classes to decode, if the model is conditional.

        Returns:
            (n, *input_shape), float32, in the model's units; for texts, int32 token ids. For a mixed table, and for a
            table if the codes are a DataFrame, a DataFrame in the original units.

        Raises:
            AenbError: The codes have another shape, or a label is not a class of the data.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> run.decode([[0.0, 0.0], [1.0, 2.0]]).shape
            (2, 8, 8, 1)
        """
        index, codes = (z.index, z.to_numpy()) if is_frame(z) else (None, z)
        return self._shown(decoded(self, codes, labels), index)

    def reconstruct(self, x: Any, labels: Any = None) -> Any:
        """Encode and decode examples.

        Args:
            x: (n, *input_shape), as for `encode`.
            labels: (n,), the classes of the examples, if the model is conditional.

        Returns:
            The reconstructions, (n, *input_shape), float32, in the model's units; of a run that learnt pairs of texts,
            the translations. Those of texts are texts, a list or a
            Series with their index, and those of token ids are token ids, int32. Those of a DataFrame or a table's file
            are a DataFrame in its own units, with its index; those of a raw array of rows or signals have its units
            too.

        Raises:
            AenbError: As for `encode`.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> run.reconstruct(run.data.x_test).shape
            (360, 8, 8, 1)
        """
        given = self._admit(x)
        with self.turns:
            return given.examples(coding.reconstruct(self.model, given.inputs, self.class_numbers(labels)))

    @checked
    def interpolate(self, a: Any, b: Any, steps: Steps = 8, labels: Any = None) -> Any:
        """Decode points on the line between the latent codes of two examples.

        Args:
            a: An example, (*input_shape), in units as for `encode`; a row of a DataFrame, or a text.
            b: Another.
            steps: How many, both ends included, at least 2.
            labels: (2,), the classes of the two examples, if the model is conditional.

        Returns:
            (steps, *input_shape), float32, from the reconstruction of `a` to that of `b`; a list of texts between two
            texts, and int32 token ids between token ids; for a mixed table, a DataFrame.

        Raises:
            AenbError: An example does not fit the model, or `steps` is below 2.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> a, b = run.data.x_test[:2]
            >>> run.interpolate(a, b, steps=5).shape
            (5, 8, 8, 1)
        """
        first, last = self.preprocessing.input(a, "a"), self.preprocessing.input(b, "b")
        with self.turns:
            path = coding.interpolate(self.model, first, last, steps, self.class_numbers(labels))
        is_text = self.preprocessing.kind == "text" and isinstance(a, str) and isinstance(b, str)
        return self.texts(path) if is_text else self._shown(path)

    @checked
    def generate(
        self,
        n: Count = 10,
        seed: Seed = 0,
        *,
        density: str | None = None,
        labels: Any = None,
        guidance: Guidance = None,
        temperature: Temperature = None,
        top_k: TopK = None,
        top_p: TopP = None,
        beams: Beams = 1,
    ) -> Any:
        """Generate samples: draw latent codes, and decode them.

        Args:
            n: How many.
            seed: Of the draw; the same seed gives the same samples.
            density: Where codes are drawn from: "prior", the model's own; "flow", which `fit_flow` fits to the codes
                of the training examples, now if it has not been called; "gmm", a mixture of Gaussians fitted to them
                (Ghosh et al. 2020, arXiv 1903.12436), 10 or 30, as held-out codes are likelier under;
                "gaussian", one Gaussian. None: a flow that was fitted, else the prior if the model has one, else the
                mixture.
            labels: (n,), or one for all: the classes to generate, for a conditional model, or from a flow that was
                fitted on labelled data; None: all in turn for a conditional model, else as frequent as in training.
            guidance: For a flow that was fitted on labelled data, or a conditional diffusion: how much samples are
                pushed towards what is typical of their class (Ho & Salimans 2022, arXiv 2207.12598), at least 0. None:
                the model's own, else 0.
            temperature: For texts that are written one token at a time: each is drawn from its distribution, whose
                logits are divided by this. None, without `top_k` or `top_p`: the most probable token is taken.
            top_k: Draw each token from so many of the most probable ones.
            top_p: Draw each token from the fewest whose probabilities add up to this, in (0, 1].
            beams: Search for the most probable text of a code: so many beginnings are kept at each step. 1: none.

        Returns:
            (n, *input_shape), float32; texts are int32 token ids, which `run.texts` reads. For a mixed table, a
            DataFrame in the original units: levels and counts are drawn from their distributions given the code, and so
            are numbers, if the model has learnt their variances; otherwise numbers are the means.

        Raises:
            AenbError: The model has no prior, or no encoder to fit a density on.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=4, epochs=1, verbose=False)
            >>> run.generate(3).shape
            (3, 8, 8, 1)
        """
        if self.translates:
            raise AenbError(
                "`generate`: expected a run that reconstructs; one of pairs of texts has run.translate(texts)."
            )
        density = default_density(self) if density is None else density
        if density == "flow" and "flow" not in self.densities:
            self.fit_flow()
        choice = Choice(temperature, top_k, top_p, beams)
        return self._shown(samples(self, n, seed, density, labels, guidance, None if choice == Choice() else choice))

    def texts(self, tokens: Any) -> list[str]:
        """Return the texts of token ids, such as those that `generate` returns.

        Args:
            tokens: (n, length), token ids.

        Returns:
            n texts.

        Raises:
            AenbError: The run is not on texts.

        Example:
            >>> import aenb
            >>> texts = ["a red cat", "a dog", "a red dog", "the cat", "a cat"]
            >>> run = aenb.train("deep", texts, latent_dim=2, epochs=1, verbose=False)
            >>> run.texts(run.preprocessing.inputs(["The dog!"]))
            ['the dog']
        """
        if self.preprocessing.kind != "text":
            raise AenbError(f"`texts`: expected a run on texts; received one on {self.preprocessing.what}.")
        return self.preprocessing.texts(tokens)

    @checked
    def fit_flow(
        self,
        *,
        steps: Annotated[int, Field("training steps", low=1)] = STEPS,
        seed: Seed = 0,
        verbose: bool = True,
    ) -> Run:
        """Fit a flow to the latent codes of the training examples, from which `generate` then draws its codes.

        A small network learns it by conditional flow matching (Lipman et al. 2023, arXiv 2210.02747); of labelled data
        it learns the codes of each class. It takes a minute or two by default, and is saved along with the run.

        Args:
            steps: Training steps, of 256 codes each.
            seed: Of the network, and of the noise.
            verbose: Whether to show the progress.

        Returns:
            The run itself.

        Raises:
            AenbError: The model has no encoder, or its codes are discrete; the data is not at hand; the training is
                under way.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=4, epochs=1, verbose=False)
            >>> run.fit_flow(steps=20, verbose=False).generate(3, labels=7, guidance=1.0).shape
            (3, 8, 8, 1)
        """
        if self.is_alive:
            raise AenbError("Expected a training that is over, to fit a flow; received one that is under way.")
        self.densities.pop("flow", None)
        with open_view(verbose) as view, self.turns:

            def show(part: float, logs: dict[str, float]) -> None:
                view.stage(f"Fitting a flow to the latent codes: {part:.0%}, loss {logs.get('loss', math.nan):.4g}")

            begin = time.perf_counter()
            fitted_flow(self, steps, seed, show)
            view.end(f"Fitted a flow to the latent codes in {time.perf_counter() - begin:.0f} s.")
        return self

    @checked
    def translate(self, x: Any, *, beams: Beams = 1) -> Any:
        """Write the other text of pairs, such as a translation, as a model trained with `task="translate"` has learnt.

        Args:
            x: Texts, (n, ), of the kind of the sources, a list or a column, or one text; or token ids, (n, length).
            beams: Search for the most probable translation: so many beginnings are kept at each step. 1: each token is
                the most probable one.

        Returns:
            n texts, a list or a Series with their index; for one text, a text; for token ids, token ids.

        Raises:
            AenbError: The run did not learn pairs of texts.

        Example:
            >>> import aenb
            >>> pairs = [("a cat", "un gato"), ("a dog", "un perro"), ("the sea", "el mar")] * 4
            >>> run = aenb.train("attention", pairs, task="translate", tokens="bytes", embed_dim=16, num_layers=1,
            ...                  epochs=1, verbose=False)
            >>> len(run.translate(["the dog", "a cat"], beams=2))
            2
        """
        from aenb.runs.written_texts import translate

        return translate(self, x, beams)

    @checked
    def candidates(self, x: Any, n: Beams = 10) -> Any:
        """Return the most probable texts for each source, found by a beam search.

        Args:
            x: Texts as for `translate`, or token ids, (n, length).
            n: How many.

        Returns:
            For each source, a list of texts, the most probable first.

        Raises:
            AenbError: The run did not learn pairs of texts.

        Example:
            >>> import aenb
            >>> pairs = [("a cat", "un gato"), ("a dog", "un perro"), ("the sea", "el mar")] * 4
            >>> run = aenb.train("deep", pairs, task="translate", tokens="bytes", hidden_units=(8,), epochs=1,
            ...                  verbose=False)
            >>> len(run.candidates("the dog", n=3))
            3
        """
        from aenb.runs.written_texts import candidates

        return candidates(self, x, n)

    @checked
    def summarise(self, x: Any, length: Annotated[int, Field("words", low=1, high=10_000)] = 8) -> Any:
        """Shorten texts to at most so many words.

        A run that learnt pairs writes the most probable text that is short enough, of eight found by a beam search.
        Any other run on texts has seen no summary: it keeps the words whose latent code is nearest to that of the whole
        text (`aenb.latent.summaries`). They are words of the text, in its order, not a sentence. A training with
        `task="summarise"` reconstructs texts from a part of their words, so that the codes of parts mean something.

        Args:
            x: Texts, (n, ), a list or a column; or one text.
            length: The most words of a summary.

        Returns:
            A list of n texts; for one text, a text.

        Raises:
            AenbError: The run is not on texts, or its codes are discrete.

        Example:
            >>> import aenb
            >>> texts = ["a red cat", "a dog", "a red dog", "the cat", "a cat", "the red sea"]
            >>> run = aenb.train("deep", texts, task="summarise", latent_dim=4, epochs=1, verbose=False)
            >>> len(run.summarise("the red cat", length=2).split())
            2
        """
        from aenb.runs.written_texts import summarise

        return summarise(self, x, length)

    def denoise(self, x: Any, labels: Any = None) -> Any:
        """Remove noise from examples, as a model trained with `task="denoise"` has learnt.

        Args:
            x: Noisy examples, (n, *input_shape), as for `encode`.
            labels: (n,), the classes of the examples, if the model is conditional.

        Returns:
            (n, *input_shape), float32; for texts, int32 token ids; for a DataFrame, a DataFrame.

        Raises:
            AenbError: As for `encode`.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", task="denoise", epochs=1, verbose=False)
            >>> run.denoise(run.corrupt(run.data.x_test)).shape
            (360, 8, 8, 1)
        """
        return self.reconstruct(x, labels)

    def inpaint(self, x: Any, mask: np.ndarray, labels: Any = None) -> np.ndarray:
        """Fill in the masked regions of examples, and leave all else unchanged.

        Args:
            x: (n, *input_shape).
            mask: (n, *input_shape), or what broadcasts to it, such as (height, width, 1); True where x is unknown.
            labels: (n,), the classes of the examples, if the model is conditional.

        Returns:
            (n, *input_shape), float32; tokens are int32.

        Raises:
            AenbError: The examples do not fit the model, or the mask does not fit the examples.

        Example:
            >>> import aenb, numpy as np
            >>> run = aenb.train("shallow", "digits", task="inpaint", epochs=1, verbose=False)
            >>> x, mask = run.data.x_test, np.zeros((8, 8, 1), bool)
            >>> mask[2:5, 2:5] = True
            >>> filled = run.inpaint(x, mask)
            >>> bool((filled == x)[:, ~mask].all())
            True
        """
        x = self._admit(x).inputs
        return restored(self, x, masked_entries(mask, x.shape), labels)

    def impute(self, x: Any, labels: Any = None) -> Any:
        """Fill in the missing values (NaN) of examples.

        Args:
            x: (n, *input_shape) with NaN, as for `encode`; a DataFrame, or a file of a table.
            labels: (n,), the classes of the examples, if the model is conditional.

        Returns:
            (n, *input_shape), float32, without NaN, in the model's units; of a raw array, in its own. Of a DataFrame,
            the same DataFrame with its missing values filled in. Signals keep the NaN after their end.

        Raises:
            AenbError: The examples do not fit the model, or are texts.

        Example:
            >>> import aenb, numpy as np
            >>> run = aenb.train("shallow", "wine", task="impute", latent_dim=2, epochs=1, verbose=False)
            >>> x = run.data.x_test.copy()
            >>> x[:, 0] = np.nan
            >>> bool(np.isnan(run.impute(x)).any())
            False
        """
        if self.preprocessing.kind == "text":
            raise AenbError("`impute`: expected numbers; the words of a text are filled in by run.inpaint(x, mask).")
        given = self._admit(x)
        examples = given.inputs
        missing = np.isnan(examples)
        if self.preprocessing.kind == "signal":
            missing &= ~after_end(examples)
        return given.filled(restored(self, examples, missing, labels))

    def class_numbers(self, labels: Any) -> np.ndarray | None:
        """Return the class numbers of labels; None if there are none, or the model is not conditional."""
        return self.preprocessing.class_numbers(labels) if labels is not None and self.is_conditional else None

    def corrupt(self, x: np.ndarray) -> np.ndarray:
        """Corrupt examples as the run's task does, deterministically: (n, *input_shape)."""
        spec = self.spec
        if spec.task == "reconstruct" or self.translates:
            return x
        kind, owners = self.preprocessing.kind, self.preprocessing.owners
        task = make_task(spec.task, spec.corruption, spec.amount, kind, owners=owners)
        return np.asarray(task(backend.tf.constant(x), [spec.seed, -1])[0])

    def attention(self, x: Any, y: Any = None) -> np.ndarray:
        """Return the attention maps of the encoder; for pairs of texts, those of the decoder, over the source.

        Args:
            x: One example, (*input_shape), or several, (n, *input_shape).
            y: For pairs of texts: the targets, texts or token ids; None: the run's own translations.

        Returns:
            (layers, heads, queries, keys), float32, rows that sum to 1; for several examples preceded by n.
            `aenb.latent.attention_maps` rolls them out to the input; `run.show("attention")` draws them. For pairs of
            texts, (n, layers, heads, target length, source length); `run.show("alignment")` draws them.

        Raises:
            AenbError: The model has no attention.

        Example:
            >>> import aenb
            >>> run = aenb.train("attention", "digits", num_layers=1, num_heads=2, epochs=1, verbose=False)
            >>> run.attention(run.data.x_test[:3]).shape
            (3, 1, 2, 16, 16)
        """
        from aenb.latent.attention_maps import attention

        if self.translates:
            from aenb.runs.written_texts import between

            return between(self, x, y)
        x = self.preprocessing.input(x) if self.preprocessing.is_one(x) else self._admit(x).inputs
        with self.turns:
            return attention(self.model, x)

    def diagnose(self) -> list[Finding]:
        """Look for common problems, such as collapse, dead units or codes, overfitting, or a saturated discriminator.

        Returns:
            A list of `Finding(code, severity, message, remedy)`, most severe first; empty if nothing was found. Each
            says what was measured, why it matters, and the line to add to the cell.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=8, epochs=1, verbose=False)
            >>> [finding.code for finding in run.diagnose()]
            ['barely-trained']
        """
        from aenb.evaluation.diagnosis import Finding, diagnose

        keeps = self.keeps()
        if "findings" not in self.record:
            findings = diagnose(self)
            if not keeps:
                return findings
            self.record["findings"] = [dataclasses.asdict(finding) for finding in findings]
        return [Finding(**finding) for finding in self.record["findings"]]

    @checked
    def score(self, x: Any, labels: Any = None, by: str = "reconstruction", *, smoothing: Smoothing = 1) -> Any:
        """Return anomaly scores: the higher, the more anomalous the example.

        Args:
            x: (n, *input_shape), as for `encode`.
            labels: (n,), the classes of the examples, if the model is conditional.
            by: "reconstruction", the mean squared reconstruction error over observed values (for texts, 1 − the token
                accuracy); "density", − log p(x) up to a constant, which adds the reconstruction error as Gaussian
                noise, with the variance found on training examples, and the negative log-density of the latent code
                in a Gaussian mixture fitted to their codes (for images the first term dominates, so the order is
                nearly that of "reconstruction"); "evidence", the negative ELBO in nats, for a model that has one.
            smoothing: Of a series: over how many neighbouring rows each score is averaged, with triangular weights.

        Returns:
            (n,), float64; for a table or a folder, a pandas Series with its index or the names of its files. Of a
            series, a score for each row: the mean over all windows that have it, a pandas Series if it has an index.

        Raises:
            AenbError: The model has no such score.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=8, epochs=1, verbose=False)
            >>> run.score(run.data.x_test).shape
            (360,)
        """
        from aenb.evaluation.scorers.anomaly import item_scores

        given = self._admit(x)
        if given.series is not None:
            from aenb.evaluation.step_scores import step_scores

            return given.series.scored(step_scores(self, given, labels, by, smoothing))
        return given.scores(item_scores(self, given.inputs, labels, by))

    def explain(self, x: Any, labels: Any = None) -> Explanation:
        """Return each feature's part of the anomaly scores.

        Each feature in turn is replaced with the value that the model expects from the others, and the score,
        `run.score(x)`, is shared out in proportion to how far it falls. Examples of more than 256 features have the
        squared errors of their features.

        Args:
            x: (n, *input_shape), as for `encode`.
            labels: (n,), the classes of the examples, if the model is conditional.

        Returns:
            An `Explanation`, which displays itself: `to_frame()` has a row for each example, whose sum is its score;
            `plot(example)` draws the largest parts. Of a series, it has a row for each time, and a column for each
            channel.

        Raises:
            AenbError: As for `encode`; the examples are texts.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
            >>> x = run.data.x_test[:1].copy()
            >>> x[0, 4] = 20.0
            >>> run.explain(x).to_frame().idxmax(axis=1).tolist()
            ['magnesium']
        """
        from aenb.runs.explanation import explain

        return explain(self, x, labels)

    @checked
    def anomalies(self, new: Any = None, labels: Any = None, *, false_alarm_rate: Rate = 0.05) -> Anomalies | Events:
        """Flag anomalies among new examples, and say why.

        The threshold is that of split conformal prediction (Papadopoulos et al. 2002): of examples like the held-out
        ones, a share of `false_alarm_rate` scores above it, on average. How many anomalies there are need not be known.

        Args:
            new: (n, *input_shape), as for `encode`; None: the held-out examples of the run's own data.
            labels: (n,), the classes of the examples, if the model is conditional.
            false_alarm_rate: The share of normal examples that may be flagged, in (0, 0.5].

        Returns:
            `Anomalies`, a `pandas.DataFrame` with the index of the examples, or the names of their files, most
            anomalous first. Its columns: `score`, as `Run.score` returns it; `threshold`; `flagged`, whether the score
            is above it; `reason`, for flagged examples (at most 500) and the first ten: the columns with the largest
            parts by `explain`, the place of an image's or a signal's largest error, or a text's wrong words. In a
            notebook it shows thumbnails of images, with a frame at that place. Of a series, `Events`: a row for each
            run of flagged steps, with its `start`, `end`, `peak` and `score`; the threshold is set on the steps of the
            training part that were for validation, and None stands for the held-out part.

        Raises:
            AenbError: As for `encode`; the data of a run that was loaded is not at hand, if `new` is None.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
            >>> x = run.data.x_test.copy()
            >>> x[7, 4] = 20.0
            >>> table = run.anomalies(x, false_alarm_rate=0.1)
            >>> int(table.index[0]), bool(table["flagged"].iloc[0]), table["reason"].iloc[0].split()[0]
            (7, True, 'magnesium')
        """
        from aenb.runs.anomalies import find_anomalies
        from aenb.runs.events import find_events

        is_series = self.preprocessing.stride > 0 and (new is None or is_given_series(new))
        if is_series or (self.preprocessing.stride > 0 and isinstance(new, str | Path)):
            return find_events(self, new, false_alarm_rate)
        return find_anomalies(self, new, labels, false_alarm_rate)

    @checked
    def drift(self, new: Any, *, false_alarm_rate: Rate = 0.05) -> Drift:
        """Test whether new examples come from another distribution than the held-out ones.

        Args:
            new: (n, *input_shape), as for `encode`, at least eight.
            false_alarm_rate: The probability that the verdict is "drift" where there is none, at most, of all tests
                together.

        Returns:
            A `Drift`, which displays itself: its `verdict`, and a table of the tests on anomaly scores, latent codes,
            and each feature.

        Raises:
            AenbError: As for `encode`; there are too few examples; the model is conditional.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "wine", latent_dim=2, epochs=1, verbose=False)
            >>> run.drift(run.data.x_test + 3).is_drift
            True
        """
        from aenb.evaluation.drift import measure_drift

        return measure_drift(self, self._admit(new).inputs, false_alarm_rate)

    @checked
    def evaluate(
        self, data: Any = None, *, parts: str | Sequence[str] | None = None, verbose: bool = True
    ) -> dict[str, float]:
        """Score the model on held-out examples, together with baselines: PCA, the mean example, real examples.

        Scores that do not apply to the model or the data are absent. Scores are kept, and not computed again.

        Args:
            data: Other data than the run's own, as `aenb.load_data` takes it. The run's own scaler and vocabulary
                preprocess it, so that scores are comparable.
            parts: Some of "reconstruction" (`mse`, `psnr`, `ssim`, `pca_mse`, `mean_mse`), "likelihood" (`elbo`,
                `nll`, `active_units`), "representation" (`linear_probe`, `knn`, `pca_knn`), "generation" (`frechet`,
                `frechet_floor`, `frechet_reconstruction`, `precision`, `recall`, `density`, `coverage`), "anomaly"
                (`anomaly_auc`), "series_anomaly" (`vus_pr`, `vus_roc`), "generated_table" (`marginal_distance`,
                `association_difference`, `classifier_auc`); None: all.
            verbose: Whether to show progress, if more than reconstructions are scored.

        Returns:
            Scores by name. `aenb.evaluation.scorers` has a module for each part, which defines them.

        Raises:
            AenbError: The data is not at hand, or does not fit the model; a part is unknown.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> list(run.evaluate(parts="reconstruction"))
            ['mse', 'psnr', 'ssim', 'pca_mse', 'pca_psnr', 'pca_ssim', 'mean_mse', 'mean_psnr', 'mean_ssim']
        """
        from aenb.evaluation.scorers import evaluate

        with open_view(verbose and not (isinstance(parts, str) and parts == "reconstruction")) as view:
            scores = evaluate(self, data, parts, lambda text: view.stage(f"Scoring: {text} …"))
            view.end("Scored on held-out examples.")
        return scores

    def plot(self) -> Figure:
        """Draw learning curves and reconstructions.

        Returns:
            A `matplotlib.figure.Figure`.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> len(run.plot().axes) > 1
            True
        """
        return summary.figure(self)

    @checked
    def show(self, *names: str) -> Gallery:
        """Return pictures of what the model learnt; `aenb.figures.views` has a module for each.

        Args:
            *names: The views to draw: "traversals", "posterior", "codes", "reconstructions", …; none: all that this run
                has.

        Returns:
            A `Gallery`, which displays itself: a mapping from names to matplotlib Figures.

        Raises:
            AenbError: A view is unknown, or this run does not have it.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> list(run.show())
            ['reconstructions', 'samples', 'traversals', 'codes', 'filters', 'values', 'units']
        """
        from aenb.figures.views import show

        return show(self, names)

    @checked
    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Save the run as a folder: `run.json`, `model.keras`, `encoder.keras`, `decoder.keras`, history and figure.

        The Keras files of the parts open in plain Keras, and so does `pipeline.keras`, which takes raw rows, signals or
        images, and gives what `reconstruct` gives for them; texts, mixed tables and conditional models have none. The
        folder is written aside and renamed, so it is complete or absent.

        Args:
            path: The folder to create.
            overwrite: Replace a saved run in this place.

        Returns:
            The folder.

        Raises:
            AenbError: The folder exists, or cannot be written; the run is still in training.

        Example:
            >>> import aenb, tempfile
            >>> run = aenb.train("shallow", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     sorted(path.name for path in run.save(f"{folder}/d").glob("*.keras"))
            ['decoder.keras', 'encoder.keras', 'model.keras', 'pipeline.keras']
        """
        if self.is_alive:
            raise AenbError(
                "Expected a run whose training is over; received one that is under way: wait() or stop() it."
            )
        pictures = self._kept_pictures()
        self._note(summary.scores(self)[1])
        self.diagnose()  # stores its findings in the record
        facts = {
            "spec": self.spec.to_dict(),
            "status": self.status,
            "seconds": self.seconds,
            "metrics": {name: score for scores in self.scores.values() for name, score in scores.items()},
            "scored": {part: list(scores) for part, scores in self.scores.items()},
            "history": self.history,
            "record": self.record,
            "preprocessing": self.preprocessing.to_dict(),
        }
        whole = pipeline(self)
        models = {"model": self.model, **parts(self.model)} | ({} if whole is None else {"pipeline": whole})
        timeline = {str(epoch): samples for epoch, samples in self.timeline.items()}
        arrays = {"timeline": timeline, "fitted": fitted.to_arrays(self)}
        return folder.write(path, facts, models, pictures, arrays, overwrite=overwrite)

    def to_cell(self) -> str:
        """Return the `%%autoencoder` cell that reproduces the run.

        Returns:
            The text of the cell.

        Example:
            >>> import aenb
            >>> run = aenb.train("shallow", "digits", name="s", latent_dim=2, epochs=1, verbose=False)
            >>> print(run.to_cell())
            %%autoencoder shallow s --data digits --epochs 1 --seed 0
            latent_dim = 2
        """
        return self.spec.to_cell()

    @property
    def compresses(self) -> bool:
        """Whether a latent code is shorter than an example."""
        return self.latent_dim < math.prod(coding.item_shape(self.model))

    def _admit(self, x: Any) -> Admitted:
        """Preprocess what is given to the model's units, and remember its form."""
        return admit(x, self.preprocessing)

    def _shown(self, x: np.ndarray, index: Any = None) -> Any:
        """Return examples as a DataFrame in the original units, if they are of a mixed table or have an index."""
        is_table = self.preprocessing.kind == "tabular" and (index is not None or self.preprocessing.columns)
        return self.preprocessing.to_frame(x, index) if is_table else x

    def _kept_pictures(self) -> dict[str, bytes]:
        """Return the run's figure and views of what it learnt, by caption; drawn once its training is over."""
        keeps = self.keeps()
        if self._pictures is not None:
            return self._pictures
        from aenb.figures.views import result

        pictures, notes = result(self, whole=keeps)
        if keeps:
            self._pictures = pictures
            self._note(notes)
        return pictures

    def _note(self, notes: Sequence[str]) -> None:
        """Add notes to the record, each once."""
        known = self.record.setdefault("notes", [])
        known += [note for note in notes if note not in known]

    def __repr__(self) -> str:
        return report.as_text(*summary.words(self))

    def _repr_html_(self) -> str:
        pictures = self._kept_pictures()  # what can't be drawn is noted in the report
        return report.as_html(*summary.words(self), pictures, report.best_cells(summary.scores(self)[0]))

    def _repr_png_(self) -> bytes | None:
        return next(iter(self._kept_pictures().values()), None)


@checked
def load_run(path: str | Path) -> Run:
    """Load a run that `Run.save` wrote.

    Args:
        path: The folder.

    Returns:
        The `Run`, with its model, history, scores and figures; its data is loaded when it is first needed.

    Raises:
        AenbError: There is no such folder, or it is not a saved run, or it is broken.

    Example:
        >>> import aenb, tempfile
        >>> run = aenb.train("shallow", "digits", latent_dim=2, epochs=1, verbose=False)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     loaded = aenb.load_run(run.save(f"{folder}/s"))
        >>> loaded.generate(3).shape
        (3, 8, 8, 1)
    """
    facts, model, pictures, arrays = folder.read(path)
    densities, mean = fitted.from_arrays(arrays["fitted"], model)
    preprocessing = facts.get("preprocessing")  # absent from older runs
    return Run(
        spec=Spec.from_dict(facts["spec"]),
        model=model,
        history=facts["history"],
        status=facts["status"],
        seconds=facts["seconds"],
        record=facts["record"],
        scores={part: {name: facts["metrics"][name] for name in names} for part, names in facts["scored"].items()},
        timeline=arrays["timeline"],
        _pictures=pictures,
        densities=densities,
        _preprocessing=None if preprocessing is None else Preprocessing.from_dict(preprocessing),
        _mean=mean,
    )
