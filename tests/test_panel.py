"""The panel without a page: its controls, the cell that does the same, its trainings and its errors."""

from __future__ import annotations

import re
import time

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.core.fields import Field
from aenb.core.queue import jobs
from aenb.models.registry import families
from aenb.notebook.widgets.controls import Control
from aenb.notebook.widgets.placement import PLAIN
from aenb.notebook.widgets.preview import Preview
from aenb.notebook.widgets.runs_list import RunsList
from aenb.runs.expected_time import expected_seconds
from aenb.training.train import make_spec


@pytest.mark.parametrize("family", families())
def test_each_family_has_a_control_for_each_of_its_hyperparameters(family):
    panel = aenb.Trainer(family, "digits")
    shown = set(panel._settings._hyperparameters)
    hidden = {name for name, field in families()[family].fields.items() if field.kind == "model" or field.of_data}
    assert shown | hidden == set(families()[family].fields)
    for control in panel._settings._hyperparameters.values():
        assert getattr(control._input, "value", 0) is not None  # a list with nothing chosen
    assert panel._settings.spec() == make_spec(family, f"{family}_1", {"data": "digits"})


@pytest.mark.parametrize(
    ("field", "typed", "read"),
    [
        (Field("", kind="ints", low=1, name="units"), "512, 256", (512, 256)),
        (Field("", kind="ints", low=1, name="units", optional=True), "", None),
        (Field("", kind="ints", low=1, name="units", optional=True), "()", ()),
        (Field("", kind="float", above=0, name="amount", optional=True), "0.5", 0.5),
        (Field("", kind="int", low=4, name="limit", optional=True), "", None),
    ],
)
def test_what_is_typed_is_read_as_the_field_does(field, typed, read):
    control = Control(field, None if field.optional else (1,))
    control._input.value = typed
    assert control.read() == read


def test_what_is_wrong_is_said_beside_it_and_nothing_is_trained():
    panel = aenb.Trainer("deep", "digits", epochs=1)
    control = panel._settings._hyperparameters["hidden_units"]
    control._input.value = "<b>, 3"
    assert "expected a list of whole numbers" in control._message.value
    assert "<b>" not in control._message.value
    assert panel._train.disabled
    assert panel.train() is None
    control._input.value = "64, 32"
    assert control._message.layout.display == "none"
    assert not panel._train.disabled
    assert "hidden_units = (64, 32)" in panel.cell


def test_a_rate_is_a_slider_over_powers_of_ten():
    control = Control(families()["gan"].fields["discriminator_learning_rate"], None)
    slider, automatic = control._input.children
    assert control.read() is None
    assert slider.disabled
    automatic.value = False
    slider.value = 10**-3.5
    assert control.read() == pytest.approx(3.16e-4)


def test_another_family_keeps_what_both_have():
    panel = aenb.Trainer("deep", "digits", latent_dim=7)
    panel._settings.family.value = "vae"
    assert panel._settings.spec().hyperparameters == {"latent_dim": 7}
    assert panel._settings.name.value == "vae_1"


def test_settings_for_other_kinds_of_data_are_hidden_once_the_kind_is_known():
    def shown():
        controls = panel._settings._hyperparameters
        return {name for name, control in controls.items() if control.row.layout.display != "none"}

    panel = aenb.Trainer("vae", "digits", word_dropout=0.3)
    both = {"latent_dim", "perceptual", "decoder_type", "word_dropout"}
    assert both <= shown()
    panel._tell("digits, 1,797 images of 8×8×1", "", "image")
    assert shown() & both == {"latent_dim", "perceptual", "word_dropout"}  # the last one was set
    panel._settings.family.value = "deep"
    assert shown() & both == {"latent_dim", "perceptual", "word_dropout"}
    panel._tell("phrases, 9 texts of 8", "", "text")
    assert shown() & both == {"latent_dim", "decoder_type", "word_dropout"}
    panel._tell("", "", "")
    assert both <= shown()


def test_it_begins_with_what_is_asked_for():
    panel = aenb.Trainer("vae", "digits", beta=4.0, epochs=3, seed=5)
    assert panel.cell == "%%autoencoder vae vae_1 --data digits --epochs 3 --seed 5\nbeta = 4.0"
    with pytest.raises(aenb.AenbError, match="Did you mean `latent_dim`"):
        aenb.Trainer("vae", "digits", latent=2)


def click(panel, **shown):
    """Do as a page does at a click: send what it shows, though no message of the controls has arrived yet."""
    controls = panel._settings._options | panel._settings._hyperparameters
    inputs = {"family": panel._settings.family} | {name: control._input for name, control in controls.items()}
    state = {inputs[name].model_id: values for name, values in shown.items()}
    panel._train._handle_custom_msg({"kind": "click", "state": state}, [])


def test_a_click_trains_with_what_the_page_shows(monkeypatch):
    panel, specs = aenb.Trainer("deep", "digits", epochs=5000, latent_dim=3), []
    monkeypatch.setattr(panel, "_work", lambda spec, name: specs.append((name, spec)))
    monkeypatch.setattr("threading.Thread.start", lambda thread: thread.run())
    click(
        panel, epochs={"value": "2"}, latent_dim={"value": 7}, activation={"index": 3}, mixed_precision={"value": True}
    )
    click(panel)  # the controls stay as they are
    assert [name for name, _ in specs] == ["deep_1", "deep_2"]
    for _, spec in specs:
        assert (spec.epochs, spec.mixed_precision, spec.hyperparameters["latent_dim"]) == (2, True, 7)
    assert specs[0][1].hyperparameters["activation"] == panel._settings._hyperparameters["activation"]._input.value
    click(panel, family={"index": list(families()).index("vae")}, epochs={"value": "no number"})
    assert len(specs) == 2
    assert panel.runs == {}
    assert "epochs" in panel._message.value


def test_a_host_without_anywidget_has_a_button_of_ipywidgets(monkeypatch):
    monkeypatch.setenv(PLAIN, "Interactive")
    panel, specs = aenb.Trainer("deep", "digits", epochs=4), []
    monkeypatch.setattr(panel, "_work", lambda spec, name: specs.append(spec))
    monkeypatch.setattr("threading.Thread.start", lambda thread: thread.run())
    assert isinstance(panel._train, widgets.Button)
    panel._train.click()
    assert [spec.epochs for spec in specs] == [4]


@pytest.mark.parametrize("state", [None, [], "x", {"no such": {"value": 3}}, {"epochs": 7}, {"epochs": {"value": [1]}}])
def test_what_no_page_shows_changes_nothing(state, monkeypatch):
    panel, specs = aenb.Trainer("deep", "digits", epochs=4), []
    monkeypatch.setattr(panel, "_work", lambda spec, name: specs.append(spec))
    monkeypatch.setattr("threading.Thread.start", lambda thread: thread.run())
    if isinstance(state, dict) and "epochs" in state:
        state = {panel._settings._options["epochs"]._input.model_id: state["epochs"]}
    panel._train._handle_custom_msg({"kind": "click", "state": state}, [])
    panel._train._handle_custom_msg({"kind": "other"}, [])
    assert [spec.epochs for spec in specs] == [4]


def test_it_trains_to_the_weights_of_the_cell():
    panel = aenb.Trainer("shallow", "digits", epochs=2, latent_dim=3)
    panel.train().join()
    run = panel.runs["shallow_1"]
    same = aenb.train("shallow", "digits", "shallow_1", epochs=2, latent_dim=3, verbose=False)
    for ours, theirs in zip(run.model.get_weights(), same.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert panel._settings.name.value == "shallow_2"
    assert len(panel._list._rows.children) == 1
    assert "shallow on digits · MSE 0." in panel._list._rows.children[0].children[1].value
    assert "shallow_1: shallow on digits" in panel._list._stage.children[0].value
    data = panel._still()
    assert "shallow_1: shallow on digits" in data["text/html"]  # what is left where there is no kernel
    assert panel._live.children == ()


def test_what_a_training_raises_is_shown():
    panel = aenb.Trainer("conv", "breast_cancer")
    panel.train().join()
    assert panel.runs == {}
    assert "expected images" in panel._message.value
    panel._settings.data.value = "no_such_data"
    panel.train().join()
    assert "No data set" in panel._message.value or "no_such_data" in panel._message.value


def test_runs_are_compared_when_two_are_ticked():
    runs = {name: aenb.train("shallow", "digits", name, epochs=1, seed=n, latent_dim=2 + n, verbose=False)
            for n, name in enumerate("ab")}  # fmt: skip
    listed = RunsList(runs, lambda run: None, lambda run: None)
    for run in runs.values():
        listed.add(run)
    assert listed._compare.disabled
    for tick in listed._ticks.values():
        tick.value = True
    assert not listed._compare.disabled
    page = listed._compared()
    assert "data-aenb-comparison" in page.html


def test_settings_of_a_run_are_used_again_and_a_deleted_run_is_gone():
    panel = aenb.Trainer("vae", "digits", latent_dim=3, epochs=1, learning_rate=0.01, beta=2.0)
    first = panel.cell
    panel.train().join()
    run = panel.runs["vae_1"]
    panel._settings.family.value = "deep"
    panel._settings._options["epochs"].write(7)
    panel._settings._options["learning_rate"].write(None)
    panel._use(run)
    panel._settings.name.value = "vae_1"
    assert panel.cell == first
    panel._list._delete(run)
    assert (panel.runs, panel._list._rows.children) == ({}, ())
    assert 'class="aenb-run"' not in panel._still()["text/html"]


def test_what_is_cancelled_is_no_result():
    panel, first = aenb.Trainer("deep", "digits", epochs=1000), aenb.Trainer("deep", "digits", epochs=1000)
    first._settings.name.value = "first_1"
    training = first.train()
    wait_for(lambda: any(job.name == "first_1" for job in jobs()))
    waiting = panel.train()
    wait_for(lambda: any(job.name == "deep_1" for job in jobs()))
    next(job for job in jobs() if job.name == "deep_1").control.stop()
    waiting.join()
    assert panel.runs == {}
    assert "deep_1 was cancelled" in panel._message.value
    next(job for job in jobs() if job.name == "first_1").control.stop()
    training.join()


def wait_for(happens, seconds=60):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_without_widgets_it_is_the_cell(monkeypatch, capsys):
    monkeypatch.setenv("AENB_LIVE", "0")
    data = aenb.Trainer("deep", "digits")._still()
    assert set(data) == {"text/plain", "text/html"}
    assert "%%autoencoder deep deep_1 --data digits" in data["text/plain"]


# What is shown before a training


def preview(variables=None, runs=()):
    """Return a preview, and what it tells."""
    told = []
    made = Preview(lambda: variables or {}, lambda: runs, lambda data, model, kind: told.append((data, model)))
    return made, told


def looked_at(made, spec):
    """Let a preview look at a spec now, in this thread."""
    made._asked = spec
    made.work(spec)


def test_the_data_and_the_architecture_are_shown_before_a_training():
    made, told = preview()
    looked_at(made, make_spec("deep", "d", {"data": "digits", "hidden_units": (32,), "latent_dim": 4}))
    for words in ("8×8×1", "10: 0, 1, 2", "1,437 for training, 360 held out", "<img"):
        assert words in made.data.value
    assert made.model.value.count("<rect") == 5  # input, 32, the code, 32, output
    assert ">32<" in made.model.value
    model = aenb.build_model("deep", (8, 8, 1), hidden_units=(32,), latent_dim=4)
    assert told[-1] == ("digits, 1,797 images of 8×8×1", f"{model.count_params():,} parameters")


def test_the_preview_of_a_table_escapes_it_and_counts_what_is_missing():
    frame = pd.DataFrame({"<b>x</b>": [1.0, np.nan, 3.0, 4.0] * 10, "y": np.arange(40.0)})
    made, _ = preview({"frame": frame})
    looked_at(made, make_spec("deep", "d", {"data": "frame"}))
    assert "<b>" not in made.data.value
    assert "&lt;b&gt;x" in made.data.value
    assert "of the values are missing" in made.data.value
    assert ">missing<" in made.data.value
    assert "standardised" in made.data.value


def test_the_preview_says_what_a_training_would():
    made, told = preview()
    looked_at(made, make_spec("conv", "c", {"data": "wine"}))
    assert "expected images" in made.model.value
    looked_at(made, make_spec("deep", "d", {"data": "no_such_data"}))
    assert "no_such_data" in made.data.value
    assert told[-1] == ("", "")


def test_the_duration_is_told_after_a_training_that_was_alike():
    run = aenb.train("deep", "digits", epochs=4, verbose=False)
    data, spec = run.data, make_spec("deep", "d", {"data": "digits", "epochs": 8})
    size, batch = run.model.count_params(), run.record["batch_size"]
    seconds = expected_seconds(spec, data, size, batch, [run])
    later = (run.seconds - run.record["first_epoch"]) / 3
    assert seconds == pytest.approx(run.record["first_epoch"] + 7 * later)
    assert 0 < run.record["first_epoch"] < run.seconds
    made, told = preview(runs=[run])
    looked_at(made, spec)
    assert re.fullmatch(r"[\d,]+ parameters, about \d+ s of training", told[-1][1])
    for other in (
        expected_seconds(spec, data, size, batch, []),
        expected_seconds(spec, data, 2 * size, batch, [run]),
        expected_seconds(spec, data, size, 2 * batch, [run]),
        expected_seconds(make_spec("shallow", "s", {"data": "digits"}), data, size, batch, [run]),
    ):
        assert other is None


def test_an_older_look_does_not_take_the_place_of_a_newer_one():
    made, told = preview()
    made._asked = make_spec("deep", "new", {"data": "digits"})
    made.work(make_spec("deep", "old", {"data": "wine"}))
    assert (made.data.value, told) == ("", [])
