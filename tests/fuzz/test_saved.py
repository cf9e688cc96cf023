"""What aenb reads back, changed by whoever likes: run folders, checkpoints, specs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import zipfile
from copy import deepcopy
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aenb
from aenb import __main__
from aenb.core.errors import AenbError
from aenb.core.model_files import load_model
from aenb.engine.checkpoint import FILE, Checkpoint
from aenb.models.registry import families
from aenb.runs.folder import _sha256
from aenb.training.build import build
from aenb.training.checkpointing import check_fit, restore_record, saved_training
from tests.fuzz.harness import case, fuzz

HOSTILE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just([]), st.just({}),
    st.sampled_from([
        10**400, -1, 2**63, 1e308, "NaN", "\ud800", "\x00", "a\nb", "<script>", "../../etc/passwd", "/dev/zero",
        "x" * 10_000,
        [[]], [None], {"a": None}, [1, "a"], {"": {}}, "lambda: 0", "__import__('os')", [65536, 65536], [2**40],
    ]),
    st.recursive(
        st.none() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    ),
)  # fmt: skip
PATHS = ["~nosuchuser/x", "\x00", "a" * 5000, os.fsdecode(b"\xff\xfe"), "/dev/zero", "", "a\nb"]
DEEP = "[" * 5000 + "]" * 5000


def places(value, at=()):
    """Return the places in plain values: the keys and numbers that lead there."""
    found = [at]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        found += places(part, (*at, key))
    return found


@st.composite
def changed(draw, values):
    """Draw plain values with some of them replaced, left out, doubled or renamed."""
    values = json.loads(json.dumps(values))
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from(places(values)[1:] or [("x",)]))
        inside = values
        with contextlib.suppress(KeyError, IndexError, TypeError):
            for key in way:
                inside = inside[key]
            how = draw(st.sampled_from(["replace", "replace", "replace", "leave out", "rename", "add", "other"]))
            if how == "replace":
                inside[last] = deepcopy(draw(HOSTILE))
            elif how == "leave out":
                del inside[last]
            elif how == "rename":
                inside[draw(st.text(max_size=10))] = inside.pop(last)
            elif how == "add":
                inside[draw(st.text(max_size=10))] = deepcopy(draw(HOSTILE))
            else:  # a value from elsewhere
                other = values
                for key in draw(st.sampled_from(places(values))):
                    other = other[key]
                inside[last] = json.loads(json.dumps(other))
    return values


def flipped(draw, content):
    """Draw bytes with some changed, cut off, or put in."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        how = draw(st.sampled_from(["flip", "flip", "flip", "cut", "insert", "zero"]))
        if how == "cut":
            del content[place:]
        elif how == "insert":
            content[place:place] = draw(st.binary(max_size=20))
        elif how == "zero":
            content[place : place + 50] = bytes(50)
        elif content:
            content[place] ^= draw(st.integers(1, 255))
    return bytes(content)


def odd_file(draw, file):
    """Put something else in the place of a file."""
    how = draw(
        st.sampled_from(
            ["fifo", "folder", "dangling", "loop", "zero", "elsewhere", "missing", "empty", "deep", "sparse"]
        )
    )
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    else:
        file.unlink(missing_ok=True)
    if how == "fifo":
        os.mkfifo(file)
    elif how == "folder":
        file.mkdir()
    elif how in ("dangling", "loop", "zero", "elsewhere"):
        links = {"dangling": "nowhere", "loop": file.name, "zero": "/dev/zero", "elsewhere": "/etc/passwd"}
        file.symlink_to(links[how])
    elif how == "empty":
        file.write_bytes(b"")
    elif how == "deep":
        file.write_text(DEEP)
    elif how == "sparse":
        with open(file, "wb") as stream:
            stream.truncate(10**9)


def rezipped(source, file, changes, *, method=zipfile.ZIP_STORED):
    """Write a zip again, with some members changed, or left out where None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(file, "w", method) as new:
        for member in old.infolist():
            content = changes.get(member.filename, ...)
            if content is not None:
                new.writestr(member.filename, old.read(member) if content is ... else content)
        for name in changes.keys() - set(old.namelist()):
            new.writestr(name, changes[name])


EVIL = [
    {"class_name": "__lambda__", "config": {"value": ["4wAAAA==", None, None]}},
    {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
    {"module": "antigravity", "class_name": "Thing", "config": {}, "registered_name": "Thing"},
    {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": None},
    {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/tmp/x"}, "registered_name": None},
    {"module": "keras.layers", "class_name": "Dense", "config": {"units": 10**11}, "registered_name": None},
    {"module": "keras.layers", "class_name": "Lambda", "config": {"function": {"class_name": "__lambda__"}}},
    {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
    {"module": "keras.src.saving.saving_lib", "class_name": "function", "config": "load_model", "registered_name": ""},
    {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
    {"class_name": "__tensor__", "config": {"value": "x", "dtype": "float32"}},
    {"class_name": "__typespec__", "spec_name": "TensorSpec", "module": "tensorflow", "config": []},
    {"module": "aenb.models.network", "class_name": "Network", "registered_name": "aenb>Network",
     "config": {"family": "vae", "input_shape": [10**5, 10**5], "hyperparameters": {}}},
    {"module": "keras", "class_name": "Sequential", "config": {"layers": []}, "registered_name": None},
    65536, 10**9, 10**12, [None, 10**6, 10**6], [None, 65536], -5, "os.system",
]  # fmt: skip


@st.composite
def evil(draw, config):
    """Draw a configuration of a Keras model with something evil in it."""
    config = draw(changed(config)) if draw(st.booleans()) else json.loads(json.dumps(config))
    for _ in range(draw(st.integers(0, 2))):
        *way, last = draw(st.sampled_from(places(config)[1:] or [("x",)]))
        with contextlib.suppress(KeyError, IndexError, TypeError):
            inside = config
            for key in way:
                inside = inside[key]
            inside[last] = deepcopy(draw(st.sampled_from(EVIL)))  # or it would be changed for later draws
    return config


@pytest.fixture(scope="module")
def folders(tmp_path_factory, digits):
    """Return saved runs: one of a plain model, one of a network of several parts with a timeline."""
    place = tmp_path_factory.mktemp("runs")
    small = {"epochs": 2, "verbose": False, "latent_dim": 2, "hidden_units": (8,)}
    made = [
        aenb.train("deep", digits, name="d", **small),
        aenb.train("gan", digits.limit(200), name="g", filters=(2,), **small | {"hidden_units": None}),
    ]
    return [run.save(place / run.name) for run in made]


@pytest.fixture(scope="module", autouse=True)
def imported():
    """Import what the first case would else be late by."""
    import aenb.core.schema
    import aenb.training.train  # noqa: F401
    from aenb.core.progress import open_view

    with open_view(verbose=True):
        pass


@pytest.fixture(scope="module")
def quickly(folders):
    """Return what loads a model: those that nobody changed from memory."""
    loaded = {_sha256(folder / "model.keras"): load_model(folder / "model.keras") for folder in folders}
    return lambda file: loaded.get(_sha256(file)) or load_model(file)


def show(run):
    """Ask a run for all that it shows without its data."""
    assert repr(run).encode()
    assert run._repr_html_().encode()
    assert run._repr_png_() is not None
    assert run.summary.encode()
    assert run.epochs >= 0
    assert run.to_cell()
    assert run.latent_dim > 0
    run.evaluate(verbose=False, parts="reconstruction")
    run.diagnose()


@fuzz(0.6)
@given(data=st.data())
def test_run_folders(folders, quickly, tmp_path_factory, data):
    draw = data.draw
    place = tmp_path_factory.getbasetemp() / "run-case"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    folder = place / "run"
    shutil.copytree(draw(st.sampled_from(folders)), folder)
    names = sorted(file.name for file in folder.iterdir())
    how = draw(
        st.sampled_from(["facts", "facts", "facts", "facts bytes", "bytes", "odd", "timeline", "members", "path"])
    )
    file, path = folder / draw(st.sampled_from(names)), folder
    facts = json.loads((folder / "run.json").read_text())
    if how == "facts":
        facts = draw(changed(facts))
        (folder / "run.json").write_bytes(json.dumps(facts).encode("utf-8", "surrogatepass"))
    elif how == "facts bytes":
        (folder / "run.json").write_bytes(flipped(draw, (folder / "run.json").read_bytes()))
    elif how == "bytes":
        file.write_bytes(flipped(draw, file.read_bytes()))
    elif how == "odd":
        odd_file(draw, draw(st.sampled_from([file, folder])))
    elif how == "timeline":
        arrays = draw(st.dictionaries(
            st.sampled_from(["1", "2", "epoch_abc", "²", "-1", "1e3", "../x", "9" * 20]),
            st.sampled_from([np.zeros((10, 8, 8, 1), "f4"), np.zeros(0), np.array(1.0), np.array(["x"])]),
        ))  # fmt: skip
        np.savez_compressed(folder / "timeline.npz", **{key.replace("/", "|"): value for key, value in arrays.items()})
    elif how == "members":
        for name in ("timeline.npz", "model.keras"):
            if (folder / name).exists() and draw(st.booleans()):
                with zipfile.ZipFile(folder / name) as archive:
                    inside = archive.namelist()
                changes = {
                    draw(st.sampled_from([*inside, "../x", "assets/../x", "extra"])): draw(
                        st.none() | st.binary(max_size=50)
                    )
                }
                changes = {key: value for key, value in changes.items() if value is not None or key in inside}
                (old := folder / "old").write_bytes((folder / name).read_bytes())
                rezipped(old, folder / name, changes, method=draw(st.sampled_from([0, 8, 12, 14])))
                old.unlink()
    else:
        path = draw(st.sampled_from([*PATHS, folder / "run.json" / "x"]))
    if draw(st.booleans()) and path == folder and isinstance(facts, dict) and isinstance(facts.get("sha256"), dict):
        again = folder / "run.json"  # the sums as they should be: what is read is what was changed
        if how not in ("facts bytes", "odd") and again.is_file():
            facts["sha256"] = {name: _sha256(folder / name) for name in names if name != "run.json"}
            facts["sizes"] = {}
            again.write_bytes(json.dumps(facts).encode("utf-8", "surrogatepass"))
    with case("run folders", place), mock.patch("aenb.runs.folder.load_model", quickly):
        show(aenb.load_run(path))


@fuzz(0.4)
@given(data=st.data())
def test_evil_models(folders, tmp_path_factory, data):
    draw = data.draw
    place = tmp_path_factory.getbasetemp() / "model-case"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    source = draw(st.sampled_from(folders))
    folder = place / "run"
    shutil.copytree(source, folder)
    with zipfile.ZipFile(source / "model.keras") as archive:
        config, weights = json.loads(archive.read("config.json")), archive.read("model.weights.h5")
    changes = {"config.json": json.dumps(draw(evil(config))).encode("utf-8", "surrogatepass")}
    if draw(st.integers(0, 4)) == 0:
        changes["model.weights.h5"] = flipped(draw, weights)
    if draw(st.integers(0, 9)) == 0:
        changes["config.json"] = DEEP
    rezipped(source / "model.keras", folder / "model.keras", changes)
    facts = json.loads((folder / "run.json").read_text())
    facts["sha256"]["model.keras"], facts["sizes"] = _sha256(folder / "model.keras"), {}
    (folder / "run.json").write_text(json.dumps(facts))
    with case("evil models", place):
        show(aenb.load_run(folder))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, digits):
    """Return a checkpoint of a GAN's training, with early stopping and samples, and what asks to go on with it."""
    place = tmp_path_factory.mktemp("checkpoint")
    settings = {"epochs": 2, "filters": (2,), "latent_dim": 2, "patience": 2, "verbose": False}
    small = digits.limit(200)
    aenb.train("gan", small, checkpoint=place, **settings)
    with np.load(place / FILE) as content:
        arrays = dict(content)
    run = aenb.train("gan", small, **settings)
    return arrays, run, small


@fuzz()
@given(data=st.data())
def test_checkpoints(checkpoint, tmp_path_factory, data):
    draw, (arrays, run, small) = data.draw, checkpoint
    place = tmp_path_factory.getbasetemp() / "checkpoint-case"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    file, arrays = place / FILE, dict(arrays)
    how = draw(st.sampled_from(["facts", "facts", "bytes", "names", "values", "odd", "method"]))
    if how == "facts":
        facts = json.dumps(draw(changed(json.loads(arrays["facts"].tobytes()))))
        arrays["facts"] = np.frombuffer(facts.encode("utf-8", "surrogatepass"), np.uint8)
    elif how == "names":
        old = draw(st.sampled_from(sorted(arrays)))
        new = draw(
            st.sampled_from(
                ["epoch_abc", "epoch_", "value_", "best_x", "value_9999", "file", "x", "", "é", "epoch_000009"]
            )
        )
        arrays[new + "_" if new == "file" else new] = arrays.pop(old)
    elif how == "values":
        new = [
            np.zeros(0),
            np.array(1.0),
            np.array(["x"]),
            np.full((3, 3), np.nan),
            np.array(True),
            np.zeros((1, 2), "c8"),
        ]
        arrays[draw(st.sampled_from(sorted(arrays)))] = draw(st.sampled_from(new))
    (np.savez_compressed if how == "method" and draw(st.booleans()) else np.savez)(file, **arrays)
    if how == "bytes":
        file.write_bytes(flipped(draw, file.read_bytes()))
    elif how == "odd":
        odd_file(draw, file)
    elif how == "method":
        content = file.read_bytes()
        (old := place / "old").write_bytes(content)
        with contextlib.suppress(zipfile.BadZipFile):
            rezipped(old, file, {}, method=draw(st.sampled_from([8, 12, 14])))
        old.unlink()
    run.history, run.timeline, notes = {}, {}, list(run.record["notes"])
    with case("checkpoints", place), Checkpoint(place) as there:
        saved = saved_training(there, run, small)
        if saved is not None:
            check_fit(saved, run.model, small, 100, there.folder)
            restore_record(saved, run)
            json.dumps(run.history)
    run.record["notes"] = notes


SPECS = [
    {
        "family": "deep",
        "name": "d",
        "data": "digits",
        "epochs": 1,
        "hyperparameters": {"latent_dim": 2, "hidden_units": [8]},
    },
    {"family": "vae", "data": "digits", "task": "denoise", "hyperparameters": {"beta": 2.0, "hidden_units": [8]}},
    {"family": "deep", "data": "digits", "hyperparameters": {"encoder": {"keras_model": "encoder"}, "latent_dim": 3}},
]


@fuzz()
@given(data=st.data())
def test_specs(digits, tmp_path_factory, folders, data):
    draw = data.draw
    place = tmp_path_factory.getbasetemp() / "spec-case"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    file, spec = place / "spec.json", json.loads(json.dumps(draw(st.sampled_from(SPECS))))
    if "encoder" in spec["hyperparameters"]:
        with zipfile.ZipFile(folders[0] / "encoder.keras") as archive:
            spec["hyperparameters"]["encoder"]["keras_model"] = draw(evil(json.loads(archive.read("config.json"))))
    if draw(st.integers(0, 3)):
        spec = draw(changed(spec))
    file.write_bytes(json.dumps(spec).encode("utf-8", "surrogatepass"))
    how = draw(st.sampled_from(["as it is", "as it is", "as it is", "bytes", "odd"]))
    if how == "bytes":
        file.write_bytes(flipped(draw, file.read_bytes()))
    elif how == "odd":
        odd_file(draw, file)

    def trained(spec, *_, **__):  # all that comes before the first step
        families().lookup(spec.family).check(spec.hyperparameters)
        if families().lookup(spec.family).name in ("deep", "shallow", "vae"):
            build(spec, digits)
        raise AenbError("it would be trained")

    said = io.StringIO()
    with case("specs", place), contextlib.redirect_stderr(said), mock.patch("aenb.training.train.train_spec", trained):
        assert __main__.main(["train", str(file), "--save", str(place / "run")]) == 2
    assert len(said.getvalue().splitlines()) <= 1 or Path(file).is_dir()
