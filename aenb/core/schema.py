"""Schemas of saved JSON: a run's folder and a checkpoint.

`check(Facts, values, where)` validates plain values strictly against a model below: no conversion between types, no
missing keys, no unknown keys. Three places take other keys: the `record`, in which a user may keep notes that nothing
reads; a spec, which `Spec.from_dict` checks; and a preprocessing, which `Preprocessing.from_dict` checks.

To add a key, declare it in `Facts` (of `run.json`) or in `Record`, with a type that covers everything its readers rely
on, and None as its default, since older folders lack it. A structure gets its own class, derived from `Strict`. Numbers
that may be NaN or infinite are `Number`, and are written as text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from aenb.core.errors import AenbError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SHOWN = ("mse", "psnr", "ssim", "accuracy")  # of the scores
NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _number(value: object) -> object:
    return NOT_FINITE.get(value, value) if isinstance(value, str) else value


Number = Annotated[float, BeforeValidator(_number)]
Score = int | Number
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[Finite, Field(gt=0)]
NotNegative = Annotated[Finite, Field(ge=0)]
Count = Annotated[int, Field(ge=0, le=2**63)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Sentence = Annotated[str, StringConstraints(max_length=100_000)]
Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
File = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_ -]{0,100}\.(keras|png|csv|npz)$")]
Curves = dict[Word, Annotated[list[Number], Field(max_length=100_000)]]

M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """A structure without missing, unknown or wrongly typed values."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=True)


class DataFacts(Strict):
    """The data that a run was trained on."""

    name: Sentence
    source: Sentence
    kind: Literal["image", "tabular", "signal", "text"]
    training: Count
    held_out: Count
    total: Count
    fingerprint: Word
    stride: Annotated[int, Field(ge=1)] | None = None  # of the windows of a series


class FoundFacts(Strict):
    """A `Finding`."""

    code: Word
    severity: Literal["error", "warning", "info"]
    message: Sentence
    remedy: Sentence = ""


class RestartFacts(Strict):
    """One of several restarts, of which the best was kept."""

    seed: Count
    val_loss: Number


class Record(Strict):
    """The record of a training. Other keys are the user's own: they are kept, and nothing reads them."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=True)

    data: DataFacts
    notes: list[Sentence]
    device: list[Sentence]
    versions: dict[Word, Sentence]
    precision: Word
    examples_per_second: Annotated[  # older folders say "items"
        NotNegative, Field(validation_alias=AliasChoices("examples_per_second", "items_per_second"))
    ]
    learning_rate: Positive
    batch_size: Annotated[int, Field(ge=1)]
    xla: bool | None = None
    resident: bool | None = None
    validation: Annotated[int, Field(ge=1)] | None = None  # windows of a series
    first_epoch: NotNegative | None = None  # seconds: the others take less, since the first one compiles
    reason: Word | None = None
    restarts: list[RestartFacts] | None = None
    findings: list[FoundFacts] | None = None


class Facts(Strict):
    """`run.json`."""

    format: int
    aenb: Word
    spec: dict[str, Any]
    status: Literal["queued", "training", "complete", "stopped early", "stopped", "interrupted", "diverged", "failed"]
    seconds: NotNegative
    metrics: dict[Word, Score]
    scored: dict[Word, list[Word]]
    history: Curves
    record: Record
    pictures: list[Word] = ["The run's figure"]
    sha256: dict[File, Digest]
    sizes: dict[File, Count] = {}  # in bytes: a file of another size is refused before it is read
    preprocessing: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Facts:
        for part, names in self.scored.items():
            if missing := [name for name in names if name not in self.metrics]:
                raise ValueError(f"`scored` has {missing[0]} in {part}, but `metrics` does not")
        _check_reconstruction(self.scored.get("reconstruction"), self.record.data.kind)
        if len(set(self.pictures)) < len(self.pictures):
            raise ValueError("`pictures` has a duplicate")
        if self.status == "diverged" and self.record.reason is None:
            raise ValueError("`record.reason` is missing, though the training diverged")
        return self


class CheckpointFacts(Strict):
    """The JSON part of a checkpoint."""

    format: int
    aenb: Word
    spec: dict[str, Any]
    data: Word
    labels: Word | None
    epoch: Annotated[int, Field(ge=0, le=100_000)]
    step: Count
    history: Curves
    seconds: NotNegative
    versions: dict[Word, Sentence]

    @model_validator(mode="after")
    def _agrees(self) -> CheckpointFacts:
        if not isinstance(self.spec.get("hyperparameters"), dict):
            raise ValueError("`spec.hyperparameters` is not an object")
        if any(len(values) > self.epoch for values in self.history.values()):
            raise ValueError("`history` has more epochs than `epoch`")
        return self


def _check_reconstruction(names: list[str] | None, kind: str) -> None:
    """Check that all scores that a run shows are present, if that part was scored."""
    if names is None:
        return
    first, before = ("accuracy", ["mean_"]) if kind == "text" else ("mse", ["pca_", "mean_"])
    shown = [name for name in SHOWN if name in names]
    rows = ["", *before, *(["input_"] if f"input_{first}" in names else [])]
    needed = [first, *(prefix + name for prefix in rows for name in shown)]
    if missing := [name for name in needed if name not in names]:
        raise ValueError(f"`scored.reconstruction` has no {missing[0]}")


def check(model: type[M], values: Any, where: str) -> M:
    """Return plain values as a model above.

    Args:
        model: The model.
        values: The values.
        where: Where they come from, for the message: "The run in runs/v2: run.json".

    Raises:
        AenbError: A value is missing, wrong or unknown.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise AenbError(f"{where}: {_complaint(first)}.") from None


def _complaint(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"])
    place = "".join(one if one.isprintable() else "?" for one in place)[:100]
    if error["type"] == "missing":
        return f"expected {place}; it is missing"
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    received = ascii(error["input"])
    received = received if len(received) <= 60 else f"a value of type {type(error['input']).__name__}"
    expected = "no such key" if error["type"] == "extra_forbidden" else error["msg"][0].lower() + error["msg"][1:]
    return f"`{place}`: {expected.removeprefix('input ')}; received {received}"
