"""Run: what happened. The model with its history, scores and provenance, and what one asks of it."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from aenb.core import backend
from aenb.core.arguments import checked
from aenb.core.control import Control
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.core.progress import open_view
from aenb.core.queue import Job
from aenb.data.corruption import make_task
from aenb.data.load import load_data
from aenb.data.numeric import as_array, is_frame
from aenb.data.preprocessing import Preprocessing
from aenb.data.record import Data
from aenb.data.signals import after_end
from aenb.engine.fair_lock import FairLock
from aenb.latent import coding
from aenb.latent.restoration import fill_in
from aenb.latent.sampling import draw_codes
from aenb.runs import fitted, folder, report, summary
from aenb.runs.spec import Spec

Count = Annotated[int, Field("how many", low=1, high=10**7)]
Steps = Annotated[int, Field("how many", low=2, high=10**5)]
Seed = Annotated[int, Field("of the draw", low=0, high=2**64 - 1)]


@dataclass(eq=False, repr=False)
class Run:
    """A trained model, with all that is known about how it came to be.

    Attributes:
        spec: What was asked for.
        model: The compiled `keras.Model`, with the layers "encoder" and "decoder".
        history: Lists by name, one value for each epoch: "loss", "val_loss".
        status: "complete", "stopped early", "stopped", "interrupted", "diverged" or "failed"; "queued" or "training"
            while it is under way.
        seconds: How long the training took.
        record: What the training ran on: device, precision, XLA, versions, data, notes.
        job: The training under way, or what it was; None for a loaded run.
        densities: What was fitted on the codes, by kind. Like scores, pictures and findings it is dropped by `keeps`
            when the weights change.
        scores: What `evaluate` found, by part.
        timeline: Of a generator that plays against a discriminator, some of its items by epoch, of the same codes.
        turns: Taken by whoever uses the weights: a training changes them between two turns only.
    """

    spec: Spec
    model: Any
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
    _weights: tuple[int, int] = field(init=False, default=(0, 0))  # what is kept is of these

    def __post_init__(self):
        self._weights = self._weights_now()

    @property
    def name(self) -> str | None:
        """What the run is called."""
        return self.spec.name

    @property
    def epochs(self) -> int:
        """How many epochs were finished."""
        return len(self.history.get("loss", ()))

    @property
    def latent_dim(self) -> int:
        """The size of the code."""
        return math.prod(coding.code_shape(self.model))

    @property
    def is_generator(self) -> bool:
        """Whether the model is for making items, and has no encoder: codes of given items are found by inversion."""
        return "encoder" not in coding.parts(self.model)

    @property
    def is_conditional(self) -> bool:
        """Whether the model is told the classes of items."""
        return bool(getattr(self.model, "num_classes", 0))

    @property
    def summary(self) -> str:
        """How the training ended, how long it took and on what, in a line."""
        said = report.ending(self.status, self.epochs, self.spec.epochs, self.seconds, self.record)
        return " ".join([said, *self.remedy])

    @property
    def is_alive(self) -> bool:
        """Whether its training waits or runs."""
        return self.job is not None and self.job.alive

    def keeps(self) -> bool:
        """Say whether what is derived of the weights now may be kept, and drop what is of other weights.

        Nothing is kept while a training is under way. Other weights are told by the model and its optimiser's steps.
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
        """Wait for the end of a training in the background, calling `poll` meanwhile.

        Returns:
            The run itself.

        Raises:
            AenbError: The training waits for whoever calls this: for its own callback, or for who holds its `turns`.
            BaseException: What the training raised, where it failed.
        """
        if self.is_alive and self.turns.mine:
            raise AenbError(
                "Expected wait() outside of `with run.turns`; received it inside, where the training waits."
            )
        if self.job is not None:
            self.job.wait(poll)
        return self

    def pause(self) -> None:
        """Pause the training, within a second; `resume` goes on."""
        self._under_way().pause()

    def resume(self) -> None:
        """Go on with a training that is paused."""
        self._under_way().resume()

    def stop(self) -> Run:
        """Stop the training, and keep what was learnt.

        It waits for the end, unless the training waits for whoever calls this: its own callback, or who holds its
        `turns`. Then it only asks.
        """
        self._under_way().stop()
        if not self.turns.mine:
            self.job.over()
        return self

    def _under_way(self) -> Control:
        if not self.is_alive:
            raise AenbError(f"Expected a training that is under way; received a run that is {self.status}.")
        return self.job.control

    @property
    def remedy(self) -> list[str]:
        """What broke a training that diverged, and what to try."""
        return [report.remedy(self.record["reason"], self.record["learning_rate"])] if self.status == "diverged" else []

    @functools.cached_property
    def data(self) -> Data:
        """The data it was trained on; that of a loaded run is loaded when first asked for.

        Raises:
            AenbError: The data is not at hand any more, or is not the same.
        """
        if self._data is not None:
            return self._data
        try:
            data = load_data(self.spec.data, limit=self.spec.limit)
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
        """Give a loaded run the data that it was trained on, for what needs it: figures, diagnosis, its own scores.

        Encoding, scoring and generating do without: what they need was saved.

        Args:
            data: What the run was trained on, as `aenb.load_data` takes it.
            labels: Labels of the examples, as for `aenb.load_data`.

        Returns:
            The run itself.

        Raises:
            AenbError: It is other data.
        """
        is_signal = self.record.get("data", {}).get("kind") == "signal" and not isinstance(data, Data)
        loaded = load_data(
            data, labels, limit=self.spec.limit, name=self.spec.data, kind="signal" if is_signal else None
        )
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
        return self._preprocessing is None or self._preprocessing.has_units_of(data.preprocessing)

    @property
    def preprocessing(self) -> Preprocessing:
        """How raw examples become the model's inputs; of a loaded run what was saved with it."""
        return self._preprocessing or self.data.preprocessing

    @property
    def mean(self) -> np.ndarray:
        """The mean training example, in the model's units: (*input_shape)."""
        return self.data.mean if self._mean is None else self._mean

    def encode(self, x: Any, labels: Any = None) -> np.ndarray:
        """Return the codes of items.

        Args:
            x: (n, *input_shape). Floats are in the model's units, as `run.data.x_train` is. What is raw is brought to
                them as the training data was: a DataFrame, whose columns are matched by their names, texts, a list of
                signals, and all arrays of integers (of texts these are ids of words). Floats of images that are far out
                of the model's units are raw too, if they are in the range that the training images had. What is NaN, or
                masked, was not observed.
            labels: (n,), the items' classes, where the model is conditional on them.

        Returns:
            (n, latent_dim), float32. For a VAE the means of q(z|x); for a GAN, which has no encoder, the codes whose
            items come nearest, found by gradient descent.

        Raises:
            AenbError: The items are of another shape, range or dtype, or a table has other columns.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=2, epochs=1, verbose=False)
            >>> run.encode(run.data.x_test).shape
            (360, 2)
        """
        with self.turns:
            return coding.encode(self.model, self._units(x), self.class_numbers(labels))

    def decode(self, z: np.ndarray, labels: Any = None) -> np.ndarray:
        """Return the items that codes stand for: (n, latent_dim) → (n, *input_shape), float32; tokens are int32."""
        with self.turns:
            return coding.decode(self.model, z, self.class_numbers(labels))

    def reconstruct(self, x: Any, labels: Any = None) -> np.ndarray:
        """Return what items become through the code and back: (n, *input_shape), float32; tokens are int32."""
        with self.turns:
            return coding.reconstruct(self.model, self._units(x), self.class_numbers(labels))

    @checked
    def interpolate(self, a: Any, b: Any, steps: Steps = 8, labels: Any = None) -> np.ndarray:
        """Return `steps` items on the line between the codes of two items: (steps, *input_shape).

        Args:
            a: An item, (*input_shape), in units as for `encode`; a row of a DataFrame, or a text.
            b: Another.
            steps: How many, both ends included, at least 2.
            labels: (2,), the two items' classes, if the model is conditional on them.
        """
        ends = (self.preprocessing.input(item, name) for item, name in ((a, "a"), (b, "b")))
        with self.turns:
            return coding.interpolate(self.model, *ends, steps, self.class_numbers(labels))

    @checked
    def generate(self, n: Count = 10, seed: Seed = 0, *, density: str | None = None, labels: Any = None) -> np.ndarray:
        """Make new items: draw codes, and decode them.

        Args:
            n: How many.
            seed: Of the draw; the same seed gives the same items.
            density: Where codes are drawn from: "prior", the model's own; "gmm", a mixture of ten Gaussians fitted on
                the codes of the training items (Ghosh et al. 2020, arXiv 1903.12436); "gaussian", one Gaussian fitted
                on them. None: the prior where the model has one, else the mixture.
            labels: (n,), or one for all: the classes to make, for a conditional model; None: each in its turn.

        Returns:
            (n, *input_shape), float32; tokens are int32.

        Raises:
            AenbError: The model has no prior, or no encoder to fit a density on.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=4, epochs=1, verbose=False)
            >>> run.generate(3).shape
            (3, 8, 8, 1)
        """
        numbers = self._wanted_classes(n, labels)
        generator = np.random.default_rng(seed)
        with self.turns:
            return coding.decode(self.model, draw_codes(self, n, generator, density), numbers)

    def denoise(self, x: Any, labels: Any = None) -> np.ndarray:
        """Return noisy items without their noise: (n, *input_shape); what a model of `--task denoise` learnt to do."""
        return self.reconstruct(x, labels)

    def inpaint(self, x: Any, mask: np.ndarray, labels: Any = None) -> np.ndarray:
        """Return items with what a mask marks filled in, and all else as it was.

        Args:
            x: (n, *input_shape).
            mask: (n, *input_shape), or what is broadcast to it, such as (height, width, 1); True where x is unknown.
            labels: (n,), the items' classes, where the model is conditional on them.

        Returns:
            (n, *input_shape), float32; tokens are int32.
        """
        x = self._units(x)
        hidden = as_array(mask, "mask").astype(bool)
        if x.ndim > 2 and hidden.shape == x.shape[:-1]:  # of all channels alike
            hidden = hidden[..., None]
        try:
            missing = np.broadcast_to(hidden, x.shape)
        except ValueError:
            raise AenbError(f"`mask`: expected a shape that fits {x.shape}; received {hidden.shape}.") from None
        return self._filled(x, missing, labels)

    def impute(self, x: Any, labels: Any = None) -> Any:
        """Return items with their missing values (NaN) filled in.

        Args:
            x: (n, *input_shape) with NaN; a DataFrame comes back as one, in its own units. Signals keep the NaN after
                their end.
            labels: (n,), the items' classes, where the model is conditional on them.
        """
        if self.preprocessing.kind == "text":
            raise AenbError("`impute`: expected numbers; the words of a text are filled in by run.inpaint(x, mask).")
        items = self._units(x)
        missing = np.isnan(items)
        if self.preprocessing.kind == "signal":
            missing &= ~after_end(items)
        filled = self._filled(items, missing, labels)
        return self.preprocessing.restore(filled, like=x) if is_frame(x) else filled

    def _filled(self, x: np.ndarray, missing: np.ndarray, labels: Any) -> np.ndarray:
        numbers = self.class_numbers(labels)

        def reconstruct(items: np.ndarray) -> np.ndarray:
            with self.turns:
                return coding.reconstruct(self.model, items, numbers)

        if self.spec.task in ("inpaint", "impute") or x.dtype.kind == "i":  # the model has seen what is missing as 0
            return fill_in(reconstruct, x, missing, start=0.0, passes=1)
        return fill_in(reconstruct, x, missing, start=self.mean)

    def _wanted_classes(self, n: int, labels: Any) -> np.ndarray | None:
        """Return the numbers of the classes to make, each in its turn unless told."""
        if not self.is_conditional:
            if labels is not None:
                raise AenbError("`labels`: expected a conditional model; this one was trained with conditional=False.")
            return None
        if labels is None:
            return np.arange(n) % self.model.num_classes
        if np.ndim(labels) and len(labels) != n:
            raise AenbError(f"`labels`: expected one, or {n}; received {len(labels)}.")
        return self.class_numbers(np.broadcast_to(np.asarray(labels), (n,)))

    def class_numbers(self, labels: Any) -> np.ndarray | None:
        """Return the numbers of labels, as the model takes them; None where it does not, or none are given."""
        return self.preprocessing.class_numbers(labels) if labels is not None and self.is_conditional else None

    def spoil(self, x: np.ndarray) -> np.ndarray:
        """Return items as the run's task spoils them, always in the same way: (n, *input_shape)."""
        spec = self.spec
        if spec.task == "reconstruct":
            return x
        task = make_task(spec.task, spec.corruption, spec.amount, self.preprocessing.kind)
        return np.asarray(task(backend.tf.constant(x), [spec.seed, -1])[0])

    def attention(self, x: Any) -> np.ndarray:
        """Return what a model with attention attends to, on the way from an item to its code.

        Args:
            x: One item, (*input_shape), or several, (n, *input_shape).

        Returns:
            (layers, heads, queries, keys), float32, rows with the sum 1; for several items (n, …) before.
            `aenb.latent.attention_maps` rolls them out to the input; `run.show("attention")` draws them.

        Raises:
            AenbError: The model has no attention.
        """
        from aenb.latent.attention_maps import attention

        x = self.preprocessing.input(x) if self.preprocessing.is_one(x) else self._units(x)
        with self.turns:
            return attention(self.model, x)

    def diagnose(self) -> list[Any]:
        """Look for what commonly goes wrong: collapse, dead units or codes, over-fitting, a game that is lost.

        Returns:
            A list of `Finding(code, severity, message, remedy)`, the gravest first; empty where nothing was found.
            Each says what was measured, why it matters, and the line to put into the cell.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=8, epochs=1, verbose=False)
            >>> [finding.code for finding in run.diagnose()]  # doctest: +SKIP
            ['still-learning']
        """
        from aenb.evaluation.diagnosis import Finding, diagnose

        keeps = self.keeps()
        if "findings" not in self.record:
            found = diagnose(self)
            if not keeps:
                return found
            self.record["findings"] = [dataclasses.asdict(finding) for finding in found]
        return [Finding(**finding) for finding in self.record["findings"]]

    @checked
    def score(self, x: Any, labels: Any = None, by: str = "reconstruction") -> np.ndarray:
        """Return how strange items are, for finding anomalies: higher is stranger.

        Args:
            x: (n, *input_shape), as for `encode`.
            labels: (n,), the items' classes, where the model is conditional on them.
            by: "reconstruction", the mean squared error of what comes back of what was observed (of a text the share of
                tokens that do not); "density", − log p(x), up to a constant, of a mixture of Gaussians around the
                decoder: what is lost as noise of the variance that training items have, and how likely the code is in
                a mixture fitted on their codes (of images the first outweighs the second, and the order is nearly that
                of "reconstruction"); "evidence", the negative evidence lower bound in nats, of a model that
                has one.

        Returns:
            (n,), float64.

        Raises:
            AenbError: The model can't be asked by that.

        Example:
            >>> import aenb
            >>> run = aenb.train("deep", "digits", latent_dim=8, epochs=1, verbose=False)
            >>> run.score(run.data.x_test).shape
            (360,)
        """
        from aenb.evaluation.scorers.anomaly import item_scores

        return item_scores(self, self._units(x), labels, by)

    @checked
    def evaluate(
        self, data: Any = None, *, parts: str | Sequence[str] | None = None, verbose: bool = True
    ) -> dict[str, float]:
        """Score the model on held-out items, beside what PCA, the mean item and real items get.

        What does not apply to the model or the data is absent. What was found is kept, and not computed again.

        Args:
            data: Other data than the run's own, as `aenb.load_data` takes it; it is brought to the model's units by the
                run's own scaler and vocabulary, so that scores can be compared.
            parts: Some of "reconstruction" (`mse`, `psnr`, `ssim`, `pca_mse`, `mean_mse`), "likelihood" (`elbo`,
                `nll`, `active_units`), "representation" (`linear_probe`, `knn`, `pca_knn`), "generation" (`frechet`,
                `frechet_floor`, `precision`, `recall`, `density`, `coverage`), "anomaly" (`anomaly_auc`); None: all.
            verbose: Whether to show what is being done, where more than reconstructions are scored.

        Returns:
            Scores by name. `aenb.evaluation.scorers` has a module for each part, which says what they are.

        Raises:
            AenbError: The data is not at hand, or does not fit the model; a part is unknown.
        """
        from aenb.evaluation.scorers import evaluate

        with open_view(verbose and not (isinstance(parts, str) and parts == "reconstruction")) as view:
            scores = evaluate(self, data, parts, lambda text: view.stage(f"Scoring: {text} …"))
            view.end("Scored on held-out items.")
        return scores

    def plot(self):
        """Draw loss curves and reconstructions.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        return summary.figure(self)

    @checked
    def show(self, *names: str):
        """Return pictures of what the model learnt; `aenb.figures.views` has a module for each.

        Args:
            *names: Those to draw: "traversals", "posterior", "codes", "reconstructions", …; none: all that there are of
                this run.

        Returns:
            A `Gallery`, which shows itself: a mapping from names to matplotlib Figures.

        Raises:
            AenbError: There is no view of that name, or not of this run.

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

        The Keras files open in plain Keras. The folder is written aside and renamed, so that it is there whole or not.

        Args:
            path: The folder to make.
            overwrite: Put it in the place of a saved run that is there.

        Raises:
            AenbError: The folder exists, or cannot be written; the run is still in training.
        """
        if self.is_alive:
            raise AenbError(
                "Expected a run whose training is over; received one that is under way: wait() or stop() it."
            )
        pictures = self._kept_pictures()
        self._note(summary.scores(self)[1])
        self.diagnose()  # what it finds goes into the record
        facts = {
            "spec": self.spec.to_dict(),
            "status": self.status,
            "seconds": self.seconds,
            "metrics": {name: score for found in self.scores.values() for name, score in found.items()},
            "scored": {part: list(found) for part, found in self.scores.items()},
            "history": self.history,
            "record": self.record,
            "preprocessing": self.preprocessing.to_dict(),
        }
        parts = {"model": self.model, **coding.parts(self.model)}
        timeline = {str(epoch): items for epoch, items in self.timeline.items()}
        arrays = {"timeline": timeline, "fitted": fitted.to_arrays(self)}
        return folder.write(path, facts, parts, pictures, arrays, overwrite=overwrite)

    def to_cell(self) -> str:
        """Return the `%%autoencoder` cell that reproduces the run."""
        return self.spec.to_cell()

    @property
    def compresses(self) -> bool:
        """Whether a code is shorter than an item."""
        return self.latent_dim < math.prod(coding.item_shape(self.model))

    def _units(self, x: Any) -> np.ndarray:
        """Bring what is given to the model's units: (n, *input_shape)."""
        return self.preprocessing.inputs(x)

    def _kept_pictures(self) -> dict[str, bytes]:
        """Return the run's figure and views of what it learnt, by their words; drawn once its training is over."""
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
        """Add to the record what it does not say yet."""
        known = self.record.setdefault("notes", [])
        known += [note for note in notes if note not in known]

    def __repr__(self) -> str:
        return report.as_text(*summary.words(self))

    def _repr_html_(self) -> str:
        pictures = self._kept_pictures()  # what can't be drawn is a note among the words
        return report.as_html(*summary.words(self), pictures)

    def _repr_png_(self) -> bytes | None:
        return next(iter(self._kept_pictures().values()), None)


@checked
def load_run(path: str | Path) -> Run:
    """Load a run that `Run.save` wrote.

    Args:
        path: The folder.

    Raises:
        AenbError: There is no such folder, or it is not a saved run, or it is broken.

    Example:
        >>> import aenb
        >>> run = aenb.load_run("runs/v2")  # doctest: +SKIP
    """
    facts, model, pictures, arrays = folder.read(path)
    densities, mean = fitted.from_arrays(arrays["fitted"], model)
    preprocessing = facts.get("preprocessing")  # of older runs there is none
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
