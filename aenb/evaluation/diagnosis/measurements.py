"""What the checks of a run look at: each measured once, on no more than 2,000 examples."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from aenb.data.scaling import units
from aenb.data.split import spread
from aenb.latent import coding
from aenb.models.registry import families

ITEMS = 2000  # to look at: a share of them is known to about ±1 %
FEW, SMALL_BATCH = 4, 16  # steps an epoch, of which smaller batches make more
SAMPLES = 1000  # to make: the share of one class in ten is known to about ±1 %


class Measurements:
    """What the checks ask about a run.

    Args:
        run: The `Run`.
    """

    def __init__(self, run: Any):
        self.run, self.model, self.history = run, run.model, run.history

    def setting(self, name: str) -> Any:
        """Return a hyperparameter, its default where it was not given; None where the family has none of that name."""
        field = families()[self.run.spec.family].fields.get(name)
        return None if field is None else self.run.spec.hyperparameters.get(name, field.default)

    def has(self, name: str) -> bool:
        """Say whether the family has a hyperparameter of a name."""
        return name in families()[self.run.spec.family].fields

    @property
    def learning_rate(self) -> float:
        """What it was trained with."""
        return self.run.record["learning_rate"]

    @property
    def usual_rate(self) -> float:
        """What models of its family are trained with, unless told otherwise."""
        return families()[self.run.spec.family].learning_rate

    @property
    def batch_size(self) -> int:
        """How many items a step took."""
        return self.run.record["batch_size"]

    @property
    def steps(self) -> int:
        """How many steps the training took, about."""
        return self.run.epochs * math.ceil(len(self.run.data.train) * 0.9 / self.batch_size)

    def longer(self, times: int) -> str:
        """Return the option that trains for longer: more epochs, or smaller batches where an epoch has few steps."""
        few = self.steps < FEW * self.run.epochs and self.batch_size > SMALL_BATCH
        return f"--batch-size {SMALL_BATCH}" if few else f"--epochs {times * self.run.epochs}"

    @property
    def is_adversarial(self) -> bool:
        """Whether two play against each other: then no loss says how good the items are."""
        return "discriminator_loss" in self.history

    @functools.cached_property
    def index(self) -> np.ndarray:
        """Which training items are looked at, drawn always the same: (n,)."""
        return spread(len(self.run.data.train), ITEMS)

    @functools.cached_property
    def y(self) -> np.ndarray:
        """Training items as they are: (n, *input_shape), NaN where nothing was observed."""
        return units(self.run.data.train[self.index])

    @functools.cached_property
    def x(self) -> np.ndarray:
        """The same items as the task gives them to the model: without NaN."""
        spoilt = self.run.spoil(self.y)
        return np.nan_to_num(spoilt) if spoilt.dtype.kind == "f" else spoilt

    @functools.cached_property
    def labels(self) -> np.ndarray | None:
        """Their labels, where the model is conditional on them: (n,)."""
        return self.run.data.y_train[self.index] if self.run.is_conditional else None

    @functools.cached_property
    def one_hot(self) -> np.ndarray | None:
        """The same as (n, num_classes), float32."""
        if self.labels is None:
            return None
        return np.eye(self.model.num_classes, dtype="float32")[self.run.class_numbers(self.labels)]

    @functools.cached_property
    def codes(self) -> np.ndarray:
        """Codes of the items; of a model without an encoder, draws from its prior: (n, *code_shape)."""
        if self.run.is_generator:
            return coding.sample_prior(self.model, len(self.x), np.random.default_rng(0))
        return self.run.encode(self.x, self.labels)

    @functools.cached_property
    def made(self) -> np.ndarray:
        """What the model makes of the codes: (n, *input_shape)."""
        return self.run.decode(self.codes, self.labels)

    def inputs_of(self, part: Any) -> list[np.ndarray] | None:
        """Return what a part takes, of items, codes and labels, told by their shapes; None where it takes other things.

        Where items and codes have one shape, only what is called "encoder" is known to take items.
        """
        known = {coding.item_shape(self.model): self.x}
        if self.codes.dtype.kind == "f" and coding.code_shape(self.model) not in known:
            known[tuple(coding.code_shape(self.model))] = self.codes
        elif self.codes.dtype.kind == "f" and part.name != "encoder":
            return None
        if self.one_hot is not None:
            known[self.one_hot.shape[1:]] = self.one_hot
        shapes = [tuple(tensor.shape[1:]) for tensor in getattr(part, "inputs", None) or ()]
        return [known[shape] for shape in shapes] if shapes and all(shape in known for shape in shapes) else None

    def makes_items(self, part: Any) -> bool:
        """Say whether what a part gives is an item."""
        outputs = getattr(part, "outputs", None) or ()
        return len(outputs) == 1 and tuple(outputs[0].shape[1:]) == coding.item_shape(self.model)

    def through(self, part: Any, probe: Any = None, batch: int = 256) -> Iterator[list[np.ndarray]]:
        """Go through what a part gives for its inputs, or a probe that takes the same: lists of outputs, by batches."""
        inputs, model = self.inputs_of(part), probe or part
        for begin in range(0, len(inputs[0]), batch):
            here = [array[begin : begin + batch] for array in inputs]
            with self.run.turns:
                found = model(here if len(here) > 1 else here[0])
            yield [np.asarray(output) for output in (found if isinstance(found, list | tuple) else [found])]
