"""What the checks of a run measure, each of it once, on at most 2,000 examples."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aenb.core.backend import Model, Tensor
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.latent import coding
from aenb.latent.sampling import decoded
from aenb.latent.trained_run import TrainedRun
from aenb.models.registry import families

EXAMPLES = 2000  # examples to measure: shares of them are known to about ±1 %
FEW, SMALL_BATCH = 4, 16  # steps per epoch that are too few, and the batch size that gives more of them
SAMPLES = 1000  # samples to generate: the share of one class in ten is known to about ±1 %


class Measurements:
    """Measurements and settings of a run, for the checks.

    Args:
        run: The `Run`.
    """

    def __init__(self, run: TrainedRun):
        self.run, self.model, self.history = run, run.model, run.history

    def setting(self, name: str) -> Any:
        """Return a hyperparameter, by default its default value; None if the family has none of that name."""
        field = families()[self.run.spec.family].fields.get(name)
        return None if field is None else self.run.spec.hyperparameters.get(name, field.default)

    def has(self, name: str) -> bool:
        """Say whether the family has a hyperparameter of this name."""
        return name in families()[self.run.spec.family].fields

    @property
    def learning_rate(self) -> float:
        """The learning rate of the training."""
        return self.run.record["learning_rate"]

    @property
    def usual_rate(self) -> float:
        """The default learning rate of the family."""
        return families()[self.run.spec.family].learning_rate or self.learning_rate

    @property
    def batch_size(self) -> int:
        """How many examples there were in a step."""
        return self.run.record["batch_size"]

    @property
    def steps(self) -> int:
        """About how many steps the training took."""
        return self.run.epochs * math.ceil(len(self.run.data.train) * 0.9 / self.batch_size)

    def longer(self, times: int) -> str:
        """Return an option for longer training: more epochs, or smaller batches if an epoch has few steps."""
        few = self.steps < FEW * self.run.epochs and self.batch_size > SMALL_BATCH
        return f"--batch-size {SMALL_BATCH}" if few else f"--epochs {times * self.run.epochs}"

    @property
    def is_adversarial(self) -> bool:
        """Whether training is adversarial: then no loss measures how good the samples are."""
        return "discriminator_loss" in self.history

    @functools.cached_property
    def index(self) -> np.ndarray:
        """The indices of the training examples that are measured, chosen deterministically: (n,)."""
        return spread(len(self.run.data.train), EXAMPLES)

    @functools.cached_property
    def y(self) -> np.ndarray:
        """The training examples: (n, *input_shape), NaN for missing values."""
        return units(self.run.data.train[self.index])

    @functools.cached_property
    def x(self) -> np.ndarray:
        """The inputs of the model: the same examples, corrupted by the task, without NaN."""
        corrupted = self.run.corrupt(self.y)
        return np.nan_to_num(corrupted) if corrupted.dtype.kind == "f" else corrupted

    @functools.cached_property
    def labels(self) -> np.ndarray | None:
        """Their labels, if the model is conditional: (n,)."""
        return self.run.data.y_train[self.index] if self.run.is_conditional else None

    @functools.cached_property
    def one_hot(self) -> np.ndarray | None:
        """The same, one-hot: (n, num_classes), float32."""
        if self.labels is None:
            return None
        return np.eye(self.model.num_classes, dtype="float32")[self.run.class_numbers(self.labels)]

    @functools.cached_property
    def codes(self) -> np.ndarray:
        """The latent codes of the examples; without an encoder, samples from the prior: (n, *code_shape)."""
        if self.run.is_generator:
            return coding.sample_prior(self.model, len(self.x), np.random.default_rng(0))
        return self.run.encode(self.x, self.labels)

    @functools.cached_property
    def decoded(self) -> np.ndarray:
        """The decoded codes: (n, *input_shape)."""
        return decoded(self.run, self.codes, self.labels)

    def inputs_of(self, part: Model) -> list[np.ndarray] | None:
        """Return the inputs of a part: examples, codes or labels, identified by their shapes; None for other inputs.

        If examples and codes have the same shape, only the part called "encoder" is known to take examples.
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

    def outputs_examples(self, part: Model) -> bool:
        """Say whether the output of a part has the shape of an example."""
        outputs: Sequence[Tensor] = getattr(part, "outputs", None) or ()
        return len(outputs) == 1 and tuple(outputs[0].shape[1:]) == coding.item_shape(self.model)

    def through(self, part: Model, probe: Model | None = None, batch: int = 256) -> Iterator[list[np.ndarray]]:
        """Yield the outputs of a part, or of a probe with the same inputs, batch by batch: lists of arrays."""
        inputs, model = self.inputs_of(part), probe or part
        for begin in range(0, len(inputs[0]), batch):
            here = [array[begin : begin + batch] for array in inputs]
            with self.run.turns:
                outputs = model(here if len(here) > 1 else here[0])
            yield [np.asarray(output) for output in (outputs if isinstance(outputs, list | tuple) else [outputs])]
