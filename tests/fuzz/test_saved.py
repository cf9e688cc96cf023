"""What aenb reads back, changed by whoever likes: run folders, checkpoints, specs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import zipfile
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
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


# Strategies that depend on nothing but what they draw: a place is drawn as a number, and counted off in what is there.
spots = st.integers(0, 2**20)
changes = st.lists(
    st.tuples(
        st.sampled_from(["replace", "replace", "replace", "leave out", "rename", "add", "other"]),
        spots, spots, st.text(max_size=10), HOSTILE,
    ),
    min_size=1, max_size=2,
)  # fmt: skip
flips = st.lists(
    st.tuples(
        st.sampled_from(["flip", "flip", "flip", "cut", "insert", "zero"]),
        spots, st.integers(1, 255), st.binary(max_size=20),
    ),
    min_size=1, max_size=6,
)  # fmt: skip
odd = st.sampled_from(["fifo", "folder", "dangling", "loop", "zero", "elsewhere", "missing", "empty", "deep", "sparse"])


def chosen(options, spot):
    """Return one of several."""
    return options[spot % len(options)]


def at(values, way):
    """Return what is at a place in plain values."""
    for key in way:
        values = values[key]
    return values


def changed(values, changes):
    """Return plain values with some of them replaced, left out, doubled or renamed."""
    values = json.loads(json.dumps(values))
    for how, spot, other, name, new in changes:
        *way, last = chosen(places(values)[1:] or [("x",)], spot)
        with contextlib.suppress(KeyError, IndexError, TypeError):
            inside = at(values, way)
            if how == "replace":
                inside[last] = deepcopy(new)
            elif how == "leave out":
                del inside[last]
            elif how == "rename":
                inside[name] = inside.pop(last)
            elif how == "add":
                inside[name] = deepcopy(new)
            else:  # a value from elsewhere
                inside[last] = json.loads(json.dumps(at(values, chosen(places(values), other))))
    return values


def flipped(content, flips):
    """Return bytes with some changed, cut off, or put in."""
    content = bytearray(content)
    for how, spot, mask, more in flips:
        place = spot % max(1, len(content))
        if how == "cut":
            del content[place:]
        elif how == "insert":
            content[place:place] = more
        elif how == "zero":
            content[place : place + 50] = bytes(50)
        elif content:
            content[place] ^= mask
    return bytes(content)


def put_odd(file, how):
    """Put something else in the place of a file."""
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


def emptied(factory, name):
    """Return a new folder for a case."""
    place = factory.getbasetemp() / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    return place


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


evils = st.tuples(st.none() | changes, st.lists(st.tuples(spots, st.sampled_from(EVIL)), max_size=2))


def evil(config, drawn):
    """Return a configuration of a Keras model with something evil in it."""
    changes, planted = drawn
    config = changed(config, changes or ())
    for spot, new in planted:
        *way, last = chosen(places(config)[1:] or [("x",)], spot)
        with contextlib.suppress(KeyError, IndexError, TypeError):
            at(config, way)[last] = deepcopy(new)  # or it would be changed for later draws
    return config


@pytest.fixture(scope="module")
def gan(tmp_path_factory, digits):
    """Return a training of a network of several parts, with a timeline and early stopping, and its checkpoint."""
    place = tmp_path_factory.mktemp("checkpoint")
    settings = {"epochs": 2, "filters": (2,), "latent_dim": 2, "patience": 2, "verbose": False}
    run = aenb.train("gan", digits.limit(200), name="g", checkpoint=place, **settings)
    with np.load(place / FILE) as content:
        return run, dict(content)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, digits, gan):
    """Return saved runs: one of a plain model, and the GAN."""
    place = tmp_path_factory.mktemp("runs")
    deep = aenb.train("deep", digits, name="d", epochs=2, verbose=False, latent_dim=2, hidden_units=(8,))
    return [run.save(place / run.name) for run in (deep, gan[0])]


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
    assert run.to_cell()
    assert run.latent_dim > 0
    run.evaluate(verbose=False, parts="reconstruction")
    run.diagnose()


ARRAYS = [np.zeros((10, 8, 8, 1), "f4"), np.zeros(0), np.array(1.0), np.array(["x"])]
TIMES = ["1", "2", "epoch_abc", "²", "-1", "1e3", "../x", "9" * 20]


@fuzz(0.6)
@given(
    st.builds(
        SimpleNamespace,
        run=spots,
        file=spots,
        how=st.sampled_from(["facts", "facts", "facts", "facts bytes", "bytes", "odd", "timeline", "members", "path"]),
        changes=changes,
        flips=flips,
        odd=odd,
        whole=st.booleans(),
        arrays=st.dictionaries(st.sampled_from(TIMES), st.sampled_from(ARRAYS)),
        members=st.lists(st.tuples(spots, st.none() | st.binary(max_size=50)) | st.none(), min_size=2, max_size=2),
        method=st.sampled_from([0, 8, 12, 14]),
        path=st.sampled_from([*PATHS, None]),
        summed=st.booleans(),
    )
)
def test_run_folders(folders, quickly, tmp_path_factory, drawn):
    place = emptied(tmp_path_factory, "run-case")
    folder = place / "run"
    shutil.copytree(chosen(folders, drawn.run), folder)
    names, how, path = sorted(file.name for file in folder.iterdir()), drawn.how, folder
    file = folder / chosen(names, drawn.file)
    facts = json.loads((folder / "run.json").read_text())
    if how == "facts":
        facts = changed(facts, drawn.changes)
        (folder / "run.json").write_bytes(json.dumps(facts).encode("utf-8", "surrogatepass"))
    elif how == "facts bytes":
        (folder / "run.json").write_bytes(flipped((folder / "run.json").read_bytes(), drawn.flips))
    elif how == "bytes":
        file.write_bytes(flipped(file.read_bytes(), drawn.flips))
    elif how == "odd":
        put_odd(folder if drawn.whole else file, drawn.odd)
    elif how == "timeline":
        arrays = {key.replace("/", "|"): value for key, value in drawn.arrays.items()}
        np.savez_compressed(folder / "timeline.npz", **arrays)
    elif how == "members":
        for name, member in zip(("timeline.npz", "model.keras"), drawn.members, strict=True):
            if (folder / name).exists() and member is not None:
                change_member(folder / name, *member, drawn.method)
    else:
        path = folder / "run.json" / "x" if drawn.path is None else drawn.path
    if drawn.summed and path == folder and isinstance(facts, dict) and isinstance(facts.get("sha256"), dict):
        again = folder / "run.json"  # the sums as they should be: what is read is what was changed
        if how not in ("facts bytes", "odd") and again.is_file():
            facts["sha256"] = {name: _sha256(folder / name) for name in names if name != "run.json"}
            facts["sizes"] = {}
            again.write_bytes(json.dumps(facts).encode("utf-8", "surrogatepass"))
    with case("run folders", place), mock.patch("aenb.runs.folder.load_model", quickly):
        show(aenb.load_run(path))


def change_member(file, spot, content, method):
    """Replace one member of a zip, add one, or leave one out."""
    with zipfile.ZipFile(file) as archive:
        inside = archive.namelist()
    name = chosen([*inside, "../x", "assets/../x", "extra"], spot)
    (old := file.with_name("old")).write_bytes(file.read_bytes())
    rezipped(old, file, {name: content} if content is not None or name in inside else {}, method=method)
    old.unlink()


@fuzz(0.4)
@given(
    run=spots,
    drawn=evils,
    flips=flips,
    also=st.sampled_from([""] * 7 + ["weights"] * 2 + ["depth"]),
)
def test_evil_models(folders, tmp_path_factory, run, drawn, flips, also):
    place = emptied(tmp_path_factory, "model-case")
    source, folder = chosen(folders, run), place / "run"
    shutil.copytree(source, folder)
    with zipfile.ZipFile(source / "model.keras") as archive:
        config, weights = json.loads(archive.read("config.json")), archive.read("model.weights.h5")
    text = DEEP if also == "depth" else json.dumps(evil(config, drawn)).encode("utf-8", "surrogatepass")
    weights = flipped(weights, flips) if also == "weights" else weights
    rezipped(source / "model.keras", folder / "model.keras", {"config.json": text, "model.weights.h5": weights})
    facts = json.loads((folder / "run.json").read_text())
    facts["sha256"]["model.keras"], facts["sizes"] = _sha256(folder / "model.keras"), {}
    (folder / "run.json").write_text(json.dumps(facts))
    with case("evil models", place):
        show(aenb.load_run(folder))


NAMES = ["epoch_abc", "epoch_", "value_", "best_x", "value_9999", "file_", "x", "", "é", "epoch_000009"]
VALUES = [
    np.zeros(0), np.array(1.0), np.array(["x"]), np.full((3, 3), np.nan), np.array(True), np.zeros((1, 2), "c8"),
]  # fmt: skip


@fuzz()
@given(
    st.builds(
        SimpleNamespace,
        how=st.sampled_from(["facts", "facts", "bytes", "names", "values", "odd", "method"]),
        changes=changes,
        flips=flips,
        odd=odd,
        array=spots,
        name=st.sampled_from(NAMES),
        value=st.sampled_from(VALUES),
        compressed=st.booleans(),
        method=st.sampled_from([8, 12, 14]),
    )
)
def test_checkpoints(gan, tmp_path_factory, drawn):
    run, arrays = replace(gan[0], record=deepcopy(gan[0].record)), dict(gan[1])
    place, how = emptied(tmp_path_factory, "checkpoint-case"), drawn.how
    file, name = place / FILE, chosen(sorted(arrays), drawn.array)
    if how == "facts":
        facts = json.dumps(changed(json.loads(arrays["facts"].tobytes()), drawn.changes))
        arrays["facts"] = np.frombuffer(facts.encode("utf-8", "surrogatepass"), np.uint8)
    elif how == "names":
        arrays[drawn.name] = arrays.pop(name)
    elif how == "values":
        arrays[name] = drawn.value
    (np.savez_compressed if how == "method" and drawn.compressed else np.savez)(file, **arrays)
    if how == "bytes":
        file.write_bytes(flipped(file.read_bytes(), drawn.flips))
    elif how == "odd":
        put_odd(file, drawn.odd)
    elif how == "method":
        (old := place / "old").write_bytes(file.read_bytes())
        rezipped(old, file, {}, method=drawn.method)
        old.unlink()
    run.history, run.timeline = {}, {}
    with case("checkpoints", place), Checkpoint(place) as there:
        saved = saved_training(there, run, run.data)
        if saved is not None:
            check_fit(saved, run.model, run.data, 100, there.folder)
            restore_record(saved, run)
            json.dumps(run.history)


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
@given(
    spec=st.sampled_from(SPECS),
    drawn=st.builds(
        SimpleNamespace,
        evil=evils,
        is_changed=st.sampled_from([True, True, True, False]),
        changes=changes,
        how=st.sampled_from(["as it is", "as it is", "as it is", "bytes", "odd"]),
        flips=flips,
        odd=odd,
    ),
)
def test_specs(digits, tmp_path_factory, folders, spec, drawn):
    place = emptied(tmp_path_factory, "spec-case")
    file, spec = place / "spec.json", json.loads(json.dumps(spec))
    if "encoder" in spec["hyperparameters"]:
        with zipfile.ZipFile(folders[0] / "encoder.keras") as archive:
            spec["hyperparameters"]["encoder"]["keras_model"] = evil(
                json.loads(archive.read("config.json")), drawn.evil
            )
    if drawn.is_changed:
        spec = changed(spec, drawn.changes)
    file.write_bytes(json.dumps(spec).encode("utf-8", "surrogatepass"))
    if drawn.how == "bytes":
        file.write_bytes(flipped(file.read_bytes(), drawn.flips))
    elif drawn.how == "odd":
        put_odd(file, drawn.odd)

    def trained(spec, *_, **__):  # all that comes before the first step
        families().lookup(spec.family).check(spec.hyperparameters)
        if families().lookup(spec.family).name in ("deep", "shallow", "vae"):
            build(spec, digits)
        raise AenbError("it would be trained")

    said = io.StringIO()
    with case("specs", place), contextlib.redirect_stderr(said), mock.patch("aenb.training.train.train_spec", trained):
        assert __main__.main(["train", str(file), "--save", str(place / "run")]) == 2
    assert len(said.getvalue().splitlines()) <= 1 or Path(file).is_dir()
