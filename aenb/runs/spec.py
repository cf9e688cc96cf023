"""Spec: what was asked for, as plain values. Its annotated fields are the only table of options."""

from __future__ import annotations

import dataclasses
import functools
import json
import numbers
import re
import shlex
import sys
from dataclasses import dataclass, field
from typing import Annotated, Any

from aenb.core.errors import AenbError, shown, unknown
from aenb.core.fields import Field, read_fields
from aenb.core.naming import check_name, is_name
from aenb.data.corruption import CORRUPTIONS, TASKS

LONGEST = 4096  # characters of a path
EPOCHS = 20  # the default, on data that is not small
DEPTH = 100  # of nested lists
_NO_LINE = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"  # control characters, line ends, unpaired surrogates


@dataclass(frozen=True)
class Spec:
    """What to train, on what, and how.

    Help, validation, completion, `%config AENB` and the arguments of `aenb.train` read the fields below.

    Attributes:
        family: The kind of model.
        name: What the run is called, a Python name, or None.
        hyperparameters: The family's hyperparameters that were given; all others have their defaults.
        data: A data set, a variable of the notebook, or a file.
        task: What the model learns to do: "reconstruct", "denoise", "inpaint", "impute", "translate" or "summarise".
        corruption: How the task corrupts its input; None: the task's first kind.
        amount: The strength of the corruption: a standard deviation for Gaussian noise, else a fraction.
        tokens: What texts are split into, as for `aenb.load_data`; None: its default.
        limit: The number of training examples to use; None: all.
        epochs: Passes over the training examples; None: 20, and more on small data, together with other defaults that
            fit it (`aenb.training.fitted_defaults`).
        batch_size: Examples per step; None: the family's own, smaller for small data.
        learning_rate: The step size of the optimiser; None: the family's own.
        seed: Of the initial weights and the order of examples.
        patience: Epochs without a better validation loss after which the training stops; None: it does not.
        restarts: How many models to train from consecutive seeds; the one with the best validation loss is kept.
        mixed_precision: Whether to compute in 16 bits if it is faster on this device.
        xla: "on" or "off", whether XLA compiles the steps; "auto": if it is faster.

    Raises:
        AenbError: An option has an invalid value, or a hyperparameter is neither a plain value nor a Keras model.

    Example:
        >>> import aenb
        >>> spec = aenb.Spec("vae", name="v", hyperparameters={"latent_dim": 2}, data="digits", epochs=5)
        >>> spec.epochs, spec.task, spec.restarts
        (5, 'reconstruct', 1)
    """

    family: str
    name: str | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    data: Annotated[
        str, Field("a data set, a variable of the notebook, or a file", group="Data", metavar="NAME|PATH")
    ] = "mnist_5k"
    task: Annotated[
        str,
        Field(f"what the model learns to do: {', '.join(TASKS)}", group="Data", choices=tuple(TASKS), metavar="TASK"),
    ] = "reconstruct"
    corruption: Annotated[
        str | None,
        Field(
            f"how the task corrupts its input (default: the task's first kind): {', '.join(CORRUPTIONS)}",
            group="Data",
            choices=CORRUPTIONS,
            metavar="KIND",
        ),
    ] = None
    amount: Annotated[
        float | None,
        Field(
            "strength of the corruption: a standard deviation (gaussian), else a fraction",
            group="Data",
            above=0,
            high=10,
            metavar="X",
        ),
    ] = None
    tokens: Annotated[
        str | None,
        Field(
            "what texts are split into (default: words; of pairs, subwords)",
            group="Data",
            choices=("words", "subwords", "bytes"),
            metavar="UNITS",
        ),
    ] = None
    limit: Annotated[
        int | None,
        Field("train on this many examples only", group="Data", low=4, high=2**31 - 1, metavar="N", unset="off"),
    ] = None
    epochs: Annotated[
        int | None,
        Field(
            f"passes over the training examples (default: {EPOCHS}, more on small data)",
            group="Training",
            low=1,
            high=100_000,
            metavar="N",
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        Field(
            "examples per step (default: the family's own, smaller for small data)",
            group="Training",
            low=1,
            high=65536,
            metavar="N",
        ),
    ] = None
    learning_rate: Annotated[
        float | None,
        Field(
            "step size of the optimiser (default: the family's own)", group="Training", above=0, high=10,
            metavar="RATE",
        ),
    ] = None  # fmt: skip
    seed: Annotated[
        int,
        Field(
            "of the initial weights and the order of examples",
            group="Training",
            low=0,
            high=2**31 - 1,
            metavar="N",
        ),
    ] = 0
    patience: Annotated[
        int | None,
        Field(
            "stop after this many epochs without a better validation loss, and keep the best weights",
            group="Training",
            low=1,
            high=2**31 - 1,
            unset="off",
            metavar="N",
        ),
    ] = None
    restarts: Annotated[
        int,
        Field(
            "train this many models from consecutive seeds, and keep the one with the best validation loss",
            group="Training",
            low=1,
            high=1000,
            metavar="N",
        ),
    ] = 1
    mixed_precision: Annotated[
        bool, Field("compute in 16 bits if it is faster on this device; weights stay in 32 bits", group="Training")
    ] = False
    xla: Annotated[
        str,
        Field("compile the steps with XLA; auto: if it is faster", group="Training", choices=("auto", "on", "off")),
    ] = "auto"

    def __post_init__(self) -> None:
        if not is_name(self.family):
            raise AenbError(f"`family`: expected the name of a family, such as deep; received {shown(self.family)!r}.")
        if self.name is not None:
            check_name(self.name)
        for name, option in options().items():
            object.__setattr__(self, name, option.check(getattr(self, name)))
        if not 0 < len(self.data) <= LONGEST or re.search(_NO_LINE, self.data):
            raise AenbError(
                f"`data`: expected 1 to {LONGEST:,} characters on one line, none of them a control character; "
                f"received `{shown(self.data)}`."
            )
        if not isinstance(self.hyperparameters, dict):
            raise AenbError(f"`hyperparameters`: expected a dict; received {shown(self.hyperparameters)}.")
        for name in self.hyperparameters:
            if not is_name(name):
                raise AenbError(f"A hyperparameter: expected a Python name; received {shown(name)!r}.")
        plain = {name: _plain_value(name, value) for name, value in self.hyperparameters.items()}
        object.__setattr__(self, "hyperparameters", plain)

    @property
    def num_epochs(self) -> int:
        """How many passes over the training examples: as asked for, else the default of data that is not small."""
        return EPOCHS if self.epochs is None else self.epochs

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain values, for JSON; Keras models become their configuration, without weights.

        Returns:
            A dict, which `from_dict` and `python -m aenb train` read.

        Example:
            >>> import aenb
            >>> aenb.Spec("deep", data="digits").to_dict()["data"]
            'digits'
        """
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return values | {"hyperparameters": {k: _plain(v) for k, v in self.hyperparameters.items()}}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Spec:
        """Make a spec from plain values, as `to_dict` returns them.

        Args:
            values: Values by the names of the fields; those that are absent have their defaults.

        Returns:
            The `Spec`.

        Raises:
            AenbError: A name is unknown or a value is invalid.

        Example:
            >>> import aenb
            >>> aenb.Spec.from_dict({"family": "deep", "epochs": 3}).epochs
            3
        """
        if not isinstance(values, dict) or not isinstance(values.get("family"), str):
            raise AenbError("A spec: expected an object with a `family`; received something else.")
        known = [f.name for f in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise unknown("option", name, known)
        given = values.get("hyperparameters")
        return cls(**values | {"hyperparameters": {} if given is None else given})

    def to_cell(self) -> str:
        """Return the `%%autoencoder` cell that asks for the same.

        Returns:
            The text of the cell.

        Example:
            >>> import aenb
            >>> print(aenb.Spec("deep", name="d", hyperparameters={"latent_dim": 2}, data="digits").to_cell())
            %%autoencoder deep d --data digits --seed 0
            latent_dim = 2
        """
        words = [self.family, *([self.name] if self.name else [])]
        for name, option in options().items():
            value = getattr(self, name)
            if value != option.default or name in ("data", "seed"):
                words += [flag(name) if option.is_flag else _asked(name, str(value))]
        body = [f"{name} = {_source(value)}" for name, value in self.hyperparameters.items()]
        return "\n".join([f"%%autoencoder {' '.join(words)}", *body])


@functools.cache
def options() -> dict[str, Field]:
    """Return the options by name: the annotated fields of `Spec`."""
    return read_fields(Spec)


def flag(name: str) -> str:
    """Return how an option is typed: "batch_size" → "--batch-size"."""
    return "--" + name.replace("_", "-")


def _plain(value: Any) -> Any:
    return {"keras_model": json.loads(value.to_json())} if hasattr(value, "to_json") else value


def _source(value: Any) -> str:
    if hasattr(value, "to_json"):
        return f"keras.models.model_from_json({value.to_json()!r})"
    if isinstance(value, dict) and "keras_model" in value:
        return f"keras.models.model_from_json({json.dumps(value['keras_model'])!r})"
    return repr(tuple(value) if isinstance(value, list) else value)


def _plain_value(name: str, value: Any, depth: int = 0) -> Any:
    """Return a hyperparameter as a plain value or a Keras model, so that its source code is harmless.

    Raises:
        AenbError: It is neither.
    """
    if value is None or hasattr(value, "to_json"):
        return value
    if isinstance(value, dict | list | tuple) and depth < DEPTH:
        if isinstance(value, dict):
            return {_plain_value(name, k, depth + 1): _plain_value(name, v, depth + 1) for k, v in value.items()}
        return type(value)([_plain_value(name, one, depth + 1) for one in value])
    kinds: tuple[tuple[Any, Any], ...] = ((str, str), (bool, bool), (numbers.Integral, int), (numbers.Real, float))
    for kind, plain in kinds:
        if isinstance(value, kind) and (kind in (str, bool) or abs(value) <= sys.float_info.max):
            return plain(value)
    raise AenbError(
        f"`{name}`: expected a finite number, text, True or False, a list of such, or a Keras model; "
        f"received {shown(value)}."
    )


def _asked(name: str, word: str) -> str:
    """Write an option with its value, quoted so that the magic reads the value unchanged."""
    if re.fullmatch(r"[\w@%+=:,./-]+", word):
        quoted = word
    else:  # inside single quotes, quotes, braces, dollars and backslashes have no meaning
        quoted = shlex.quote(word) if re.search(r"[\"\\{}$']", word) else f'"{word}"'
    return f"{flag(name)}={quoted}" if word.startswith("-") else f"{flag(name)} {quoted}"
