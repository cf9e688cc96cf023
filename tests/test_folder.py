"""A run's folder: what is refused when it is read and when it is written, and what is left alone."""

from __future__ import annotations

import errno
import json
import math
import re
import sys
import zipfile
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

import aenb
from aenb.core import schema
from aenb.core.backend import keras
from aenb.core.model_files import bounded_weights, load_model
from aenb.evaluation.diagnosis import finding
from aenb.runs.folder import _sha256
from aenb.runs.report import COLUMNS


def change(folder, edit):
    """Edit the facts of a saved run."""
    facts = json.loads((folder / "run.json").read_text())
    edit(facts)
    (folder / "run.json").write_text(json.dumps(facts))


def refused(folder):
    """Return why a run can't be loaded."""
    with pytest.raises(aenb.AenbError) as caught:
        aenb.load_run(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def folder(trained, tmp_path):
    """Return a saved run."""
    return trained.save(tmp_path / "run")


def test_schema_knows_what_others_say():
    assert get_args(schema.FoundFacts.model_fields["severity"].annotation) == finding.SEVERITIES
    assert tuple(COLUMNS) == schema.SHOWN


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda f: f["record"].pop("examples_per_second"), "expected record.examples_per_second; it is missing"),
        (lambda f: f["record"].update(examples_per_second="x"), "`record.examples_per_second`: .* received 'x'"),
        (lambda f: f["record"].update(notes=[1]), "`record.notes.0`"),
        (lambda f: f["record"].update(findings=["x"]), "`record.findings.0`"),
        (lambda f: f["record"]["findings"].append({"code": "x"}), "expected record.findings"),
        (lambda f: f["record"]["data"].update(kind="x"), "`record.data.kind`"),
        (lambda f: f["history"].update(loss="x"), "`history.loss`"),
        (lambda f: f["history"].update(loss=["x"]), "`history.loss.0`"),
        (lambda f: f.update(seconds=math.inf), "`seconds`"),
        (lambda f: f.update(status="x"), "`status`"),
        (lambda f: f.update(status="diverged"), "`record.reason` is missing"),
        (lambda f: f.update(more=1), "`more`: no such key|`more`: extra"),
        (lambda f: f.update(pictures=[1]), "`pictures.0`"),
        (lambda f: f["metrics"].pop("mse"), "`scored` has mse in reconstruction"),
        (lambda f: f["scored"].update(reconstruction=[]), "`scored.reconstruction` has no mse"),
        (lambda f: f["scored"]["reconstruction"].remove("pca_psnr"), "`scored.reconstruction` has no pca_psnr"),
        (lambda f: f["scored"]["reconstruction"].remove("mean_mse"), "`scored.reconstruction` has no mean_mse"),
        (lambda f: f["sha256"].update({"../x.png": "0" * 64}), "sha256"),
        (lambda f: f["spec"].update(hyperparameters=[1]), "`hyperparameters`: expected a dict"),
        (lambda f: f["spec"].update(hyperparameters={"x; y": 1}), "A hyperparameter: expected a Python name"),
        (lambda f: f["spec"].update(family="deep\nx"), "`family`: expected the name"),
    ],
)  # fmt: skip
def test_wrong_facts_are_found_when_it_is_loaded(folder, edit, words):
    change(folder, edit)
    assert re.search(words, refused(folder)), refused(folder)


def test_an_older_folder_whose_record_says_items_is_loaded(folder, trained):
    def rename(facts):
        facts["record"]["items_per_second"] = facts["record"].pop("examples_per_second")

    change(folder, rename)
    assert aenb.load_run(folder).record == trained.record


def test_what_a_user_noted_down_in_the_record_is_kept(trained, tmp_path):
    run = replace(trained, record=trained.record | {"mine": {"a": [1, None]}})
    assert aenb.load_run(run.save(tmp_path / "run")).record["mine"] == {"a": [1, None]}
    run.record["mine"] = object()
    with pytest.raises(aenb.AenbError, match=r"expected plain values"):
        run.save(tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_numbers_that_are_not_finite_come_back(trained, tmp_path):
    history = {"loss": [1.0, math.nan, math.inf, -math.inf, np.float32(0.5)]}
    restarts = [{"seed": 0, "val_loss": math.inf}]
    run = replace(trained, history=history, record=trained.record | {"restarts": restarts})
    path = run.save(tmp_path / "run")
    json.loads((path / "run.json").read_text(), parse_constant=pytest.fail)
    again = aenb.load_run(path)
    np.testing.assert_array_equal(again.history["loss"], history["loss"])
    assert again.record["restarts"] == restarts
    text = (path / "run.json").read_text().replace('"NaN"', "NaN").replace('"Infinity"', "Infinity")
    (path / "run.json").write_text(text)  # as it was written before
    np.testing.assert_array_equal(aenb.load_run(path).history["loss"], history["loss"])


def test_nothing_is_overwritten_but_a_saved_run(trained, folder, tmp_path):
    (folder / "thesis.txt").write_text("mine")
    (folder / "more").mkdir()
    with pytest.raises(aenb.AenbError, match=r"not part of the saved run: more, thesis\.txt\. Move"):
        trained.save(folder, overwrite=True)
    assert (folder / "thesis.txt").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "run.json").write_text('{"format": 1}')
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(aenb.AenbError, match="is not a saved run"):
        trained.save(other, overwrite=True)
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(aenb.AenbError, match="is not a saved run"):
        trained.save(tmp_path / "link", overwrite=True)


def with_config(folder, edit):
    """Edit the configuration of a saved model, and its sum with it."""
    file = folder / "model.keras"
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(content["config.json"])
    edit(config)
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in content.items():
            archive.writestr(name, json.dumps(config) if name == "config.json" else part)
    change(folder, lambda facts: facts.update(sha256=facts["sha256"] | {"model.keras": _sha256(file)}, sizes={}))


def dense(config):
    """Return the configuration of the first dense layer of the encoder."""
    encoder = config["config"]["layers"][1]["config"]
    return next(layer for layer in encoder["layers"] if layer["class_name"] == "Dense")


def test_a_module_that_a_model_names_is_not_imported(folder, tmp_path, monkeypatch):
    (tmp_path / "planted_module.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path)
    with_config(folder, lambda c: dense(c).update(module="planted_module", class_name="X", registered_name="X"))
    assert "neither Keras's nor registered" in refused(folder)
    assert "planted_module" in refused(folder)
    assert "planted_module" not in sys.modules


@pytest.mark.parametrize("size", [65536 * 65536, 10**12])
def test_no_memory_is_taken_for_layers_that_are_not_in_the_file(folder, size):
    with_config(folder, lambda config: dense(config)["config"].update(units=size))
    assert "expected weights that take at most" in refused(folder)


def test_bounds_hold_in_the_block_only():
    with pytest.raises(aenb.AenbError, match=r"at most 1 MB; .* the shape \(1000, 1000\)"), bounded_weights(2**20):
        keras.layers.Dense(1000).build((None, 1000))
    layer = keras.layers.Dense(1000)
    layer.build((None, 1000))
    assert layer.built


def test_a_network_that_is_too_large_for_the_memory_is_refused(digits):
    with pytest.raises(aenb.AenbError, match=r"the shape \(65536, 65536\)"):
        aenb.train("deep", digits, hidden_units=(65536, 65536), epochs=1, verbose=False)


def test_registered_classes_of_the_users_own_are_loaded(tmp_path):
    @keras.saving.register_keras_serializable("of_a_test")
    class Twice(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    @keras.saving.register_keras_serializable("of_a_test")
    def thrice(x):
        return 3 * x

    inputs = keras.Input((3,))
    outputs = keras.layers.Lambda(thrice)(Twice()(keras.layers.Dense(3, activation=thrice)(inputs))) + 1
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse", metrics=["mae"])
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(again(x), model(x))
    for name in [name for name in keras.saving.get_custom_objects() if name.startswith("of_a_test>")]:
        del keras.saving.get_custom_objects()[name]
    with pytest.raises(aenb.AenbError, match="nor registered"):
        load_model(tmp_path / "model.keras")


def test_tables_on_a_full_disk(trained, tmp_path, monkeypatch):
    found = aenb.compare(trained)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    monkeypatch.setattr("pandas.DataFrame.to_csv", full)
    for write in (found.to_html, found.to_csv):
        with pytest.raises(aenb.AenbError, match="no space left on the disk"):
            write(tmp_path / "table")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_size_is_refused_before_it_is_read(folder, monkeypatch):
    with open(folder / "model.keras", "ab") as stream:
        stream.truncate(2**30)
    read = []
    monkeypatch.setattr("aenb.runs.folder._sha256", lambda file: read.append(file.name) or _sha256(file))
    assert "model.keras as it was saved; it is changed or truncated" in refused(folder)
    assert read
    assert "model.keras" not in read
