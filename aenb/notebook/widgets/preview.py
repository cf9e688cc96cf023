"""What the panel shows before a training: examples of the data, the architecture, and how long it will take.

All of it is found in a thread, a moment after the last change of a setting, so that nothing waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

import ipywidgets as widgets

from aenb.core import backend
from aenb.core.errors import AenbError
from aenb.core.progress import time_in_words
from aenb.data.load import asked_kind, find_data, load_data
from aenb.data.record import Data
from aenb.data.sets.data_sets import datasets
from aenb.runs.run import Run
from aenb.runs.spec import Spec

LATER = "It is shown when the data is at hand: the training downloads it."


class Preview:
    """Two boxes that follow the settings.

    Args:
        variables: Returns the notebook's variables.
        runs: Returns the runs so far, whose speed gives the expected time.
        told: Called with a line about the data, one about the model, and the kind of data; "" for what is not known.

    Attributes:
        data: Examples of the data, and what was inferred.
        model: The architecture, with shapes and parameters.
    """

    def __init__(
        self,
        variables: Callable[[], Mapping[str, Any]],
        runs: Callable[[], Iterable[Run]],
        told: Callable[[str, str, str], object],
    ):
        self.data, self.model = widgets.HTML(), widgets.HTML()
        self._variables, self._runs, self._told = variables, runs, told
        self._asked: Spec | None = None
        self._timer: threading.Timer | None = None
        self._working = threading.Lock()
        self._known: tuple[tuple[str, int | None, str | None], Data] | None = None  # the data set that was shown last

    def follow(self, spec: Spec, delay: float) -> None:
        """Show what is known of a spec after some seconds; a later call takes the place of this one."""
        self._asked = spec
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(delay, self.work, (spec,))
        self._timer.daemon = True
        self._timer.start()

    def work(self, spec: Spec) -> None:
        """Show what is known of a spec now."""
        with self._working:
            if spec is not self._asked:
                return
            try:
                data = self._load(spec)
                if data is None:
                    self._show(spec, LATER, LATER)
                    return
                self._show_data(spec, data)
                self._show_model(spec, data)
            except AenbError as error:
                self._show(spec, str(error), str(error))
            except Exception as error:  # what the training will raise too, and then it is reported
                self._show(spec, *[f"{type(error).__name__}: {error}"] * 2)

    def _load(self, spec: Spec) -> Data | None:
        """Return the data; None if it would have to be downloaded."""
        found, _ = find_data(spec.data, self._variables(), tokens=spec.tokens, task=spec.task)
        if not isinstance(found, str) or found not in datasets():  # a variable or a file may have changed
            return _loaded(found, spec)
        if not datasets()[found].at_hand():
            return None
        if self._known is None or self._known[0] != (found, spec.limit, spec.tokens):
            self._known = (found, spec.limit, spec.tokens), _loaded(found, spec)
        return self._known[1]

    def _show_data(self, spec: Spec, data: Data) -> None:
        from aenb.notebook.widgets.data_preview import data_html, data_line

        if spec is self._asked:
            self.data.value = data_html(data)
            self._told(data_line(data), "", data.kind)

    def _show_model(self, spec: Spec, data: Data) -> None:
        from aenb.figures.architecture import architecture_html
        from aenb.notebook.widgets.data_preview import data_line
        from aenb.runs.expected_time import expected_seconds
        from aenb.training.build import build
        from aenb.training.fitted_defaults import batch_size, fitted

        backend.start()
        completed, _ = fitted(spec, data)
        model, _, _ = build(completed, data)
        if spec is not self._asked:
            return
        self.model.value = architecture_html(model)
        seconds = expected_seconds(
            completed, data, model.count_params(), batch_size(completed, len(data.train)), self._runs()
        )
        told = "" if seconds is None else f", about {time_in_words(seconds)} of training"
        self._told(data_line(data), f"{model.count_params():,} parameters{told}", data.kind)

    def _show(self, spec: Spec, data: str, model: str) -> None:
        if spec is self._asked:
            self.data.value, self.model.value = (f"<div>{escape(words)}</div>" for words in (data, model))
            self._told("", "", "")


def _loaded(found: Any, spec: Spec) -> Data:
    return load_data(found, limit=spec.limit, tokens=spec.tokens, kind=asked_kind(spec.task, found))
