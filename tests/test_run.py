import errno
import json
import os
import shutil
import subprocess

import numpy as np
import pytest

import aenb
from aenb.notebook.magic.commandline import parse


def test_codes_and_back(trained):
    x = trained.data.x_test
    z = trained.encode(x)
    assert z.shape == (360, 6)
    np.testing.assert_allclose(trained.decode(z), trained.reconstruct(x), atol=1e-6)
    np.testing.assert_allclose(trained.reconstruct(x), trained.model.predict(x, verbose=0), atol=1e-5)
    np.testing.assert_allclose(trained.encode(x[..., 0]), z, atol=1e-6)  # grey images without their channel
    assert trained.encode(x[:0]).shape == (0, 6)


def test_byte_images_are_brought_to_the_models_units(trained):
    grey = (trained.data.x_test * 255).astype("uint8")
    np.testing.assert_allclose(trained.encode(grey), trained.encode(grey.astype("float32") / 255), atol=1e-5)


def test_interpolation_ends_at_the_reconstructions(trained):
    a, b = trained.data.x_test[:2]
    walk = trained.interpolate(a, b, steps=5)
    assert walk.shape == (5, 8, 8, 1)
    np.testing.assert_allclose(walk[[0, -1]], trained.reconstruct(np.stack([a, b])), atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda run: run.encode(np.zeros((3, 9, 9, 1))),
            r"expected the shape \(n, 8, 8, 1\); received \(3, 9, 9, 1\)",
        ),
        (lambda run: run.encode(run.data.x_test[0]), r"Add the batch axis"),
        (lambda run: run.decode(np.zeros((3, 5))), r"`z`: expected the shape \(n, 6\)"),
        (lambda run: run.interpolate(run.data.x_test[0], run.data.x_test[1], steps=1), "from 2 to"),
    ],
)
def test_shapes_that_do_not_fit(trained, call, message):
    with pytest.raises(aenb.AenbError, match=message):
        call(trained)


@pytest.mark.slow
def test_evaluation_is_on_the_held_out_items(trained):
    x = trained.data.x_test
    scores = trained.evaluate(parts="reconstruction")
    assert scores["mse"] == pytest.approx(np.mean((x - trained.model.predict(x, verbose=0)) ** 2), rel=1e-5)
    assert scores["mse"] < scores["mean_mse"]
    other = trained.evaluate(trained.data.limit(100))
    assert other["mse"] != scores["mse"]


def test_it_shows_itself(trained):
    text, page, picture = repr(trained), trained._repr_html_(), trained._repr_png_()
    assert text.startswith("d: deep on digits")
    assert "PCA, 6 dimensions" in text
    assert "<table" in page
    assert 'alt="Loss by epoch' in page
    assert picture.startswith(b"\x89PNG")
    assert str(round(trained.seconds, 1)) + " s" not in text  # nothing that differs from one training to the next


def test_names_and_notes_are_escaped(digits):
    from dataclasses import replace

    data = replace(digits, name='<script>alert("x")</script>', notes=("<b>bold</b> & 'quoted'",))
    run = aenb.train("deep", data, epochs=1, hidden_units=(8,), verbose=False)
    page = run._repr_html_()
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page


def test_saved_and_loaded_it_is_the_same(trained, tmp_path):
    folder = trained.save(tmp_path / "run")
    names = {"run.json", "model.keras", "encoder.keras", "decoder.keras", "history.csv"}
    names |= {"figure.png", "figure-2.png"}  # the second of what it learnt
    names |= {"pipeline.keras"}  # from raw images
    names |= {"fitted.npz"}  # what it needs of its training items
    assert {path.name for path in folder.iterdir()} == names
    assert [path.name for path in tmp_path.iterdir()] == ["run"]  # nothing is left beside it
    again = aenb.load_run(folder)
    assert repr(again) == repr(trained)
    assert again._repr_html_() == trained._repr_html_()
    assert again.history == trained.history
    assert again.model.compiled
    np.testing.assert_array_equal(again.reconstruct(again.data.x_test), trained.reconstruct(trained.data.x_test))
    lines = (folder / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,loss,val_loss"
    assert len(lines) == 1 + trained.epochs


@pytest.mark.parametrize(
    "hyperparameters",
    [{"tied": True}, {"activation": "sigmoid", "sparsity": "kl"}, {"sparsity": "l1"}],
    ids=["tied", "kl", "l1"],
)
def test_the_special_ones_survive_a_save(digits, tmp_path, hyperparameters):
    run = aenb.train("shallow", digits, epochs=1, verbose=False, **hyperparameters)
    again = aenb.load_run(run.save(tmp_path / "run"))
    np.testing.assert_array_equal(again.reconstruct(digits.x_test), run.reconstruct(digits.x_test))


def test_the_cell_reproduces_the_run(trained, digits):
    first, *body = trained.to_cell().splitlines()
    asked = parse(first.removeprefix("%%autoencoder"))
    namespace = {}
    exec("\n".join(body), namespace)
    namespace.pop("__builtins__")
    options = asked.options | {"data": asked.options["data"]}
    again = aenb.train(asked.family, name=asked.name, verbose=False, **options, **namespace)
    assert all((a == b).all() for a, b in zip(again.model.get_weights(), trained.model.get_weights(), strict=True))


def test_a_taken_place_is_left_alone(trained, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(aenb.AenbError, match="is not a saved run"):
        trained.save(tmp_path / "notes", overwrite=True)
    assert (tmp_path / "notes" / "mine.txt").read_text() == "mine"
    (tmp_path / "file").write_text("x")
    with pytest.raises(aenb.AenbError, match="is not a saved run"):
        trained.save(tmp_path / "file")
    trained.save(tmp_path / "run")
    with pytest.raises(aenb.AenbError, match="overwrite=True"):
        trained.save(tmp_path / "run")
    trained.save(tmp_path / "run", overwrite=True)
    assert aenb.load_run(tmp_path / "run").epochs == trained.epochs
    assert {path.name for path in tmp_path.iterdir()} == {"notes", "file", "run"}


def truncate(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def change(folder, **facts):
    values = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(values | facts))


BREAK = {
    "no folder": (shutil.rmtree, "run.json`: expected .* there is no such file"),
    "no run.json": (lambda f: (f / "run.json").unlink(), "run.json`: expected .* there is no such file"),
    "truncated run.json": (lambda f: truncate(f / "run.json"), "run.json`: expected .* received: "),
    "foreign run.json": (lambda f: (f / "run.json").write_text('{"name": "other"}'), "not one of aenb's"),
    "a list": (lambda f: (f / "run.json").write_text("[]"), "not one of aenb's"),
    "a newer format": (lambda f: change(f, format=99), "expected format 1; received 99"),
    "truncated model": (
        lambda f: truncate(f / "model.keras"),
        "model.keras as it was saved; it is changed or truncated",
    ),
    "no model": (lambda f: (f / "model.keras").unlink(), "model.keras as it was saved; it is missing"),
    "another figure": (lambda f: (f / "figure.png").write_bytes(b"x"), "figure.png"),
    "a bad spec": (lambda f: change(f, spec={"family": "deep", "epochs": -1}), "epochs"),
}


@pytest.mark.parametrize("how", BREAK)
def test_broken_and_foreign_folders_are_refused(trained, tmp_path, how):
    folder = trained.save(tmp_path / "run")
    damage, message = BREAK[how]
    damage(folder)
    with pytest.raises(aenb.AenbError, match=message):
        aenb.load_run(folder)


def test_a_missing_key_is_named(trained, tmp_path):
    folder = trained.save(tmp_path / "run")
    values = json.loads((folder / "run.json").read_text())
    del values["history"]
    (folder / "run.json").write_text(json.dumps(values))
    with pytest.raises(aenb.AenbError, match=r"run.json: expected history; it is missing"):
        aenb.load_run(folder)


def test_a_place_that_cannot_be_written(trained, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(aenb.AenbError, match="Expected to write"):
        trained.save(tmp_path / "file" / "run")
    with pytest.raises(aenb.AenbError, match="Expected to write"):
        trained.save("/proc/aenb/run")


def mounted(folder, options):
    """Mount a small file system, or skip where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")


@pytest.mark.parametrize(("options", "message"), [("size=64k", "no space left"), ("ro", "Read-only file system")])
def test_a_full_disk_and_a_read_only_one_leave_nothing_behind(trained, tmp_path, options, message):
    place = tmp_path / "disk"
    mounted(place, options)
    try:
        with pytest.raises(aenb.AenbError, match=message):
            trained.save(place / "run")
        assert list(place.iterdir()) == []
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_does_not_harm_what_was_saved(trained, tmp_path, monkeypatch):
    folder = trained.save(tmp_path / "run")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("aenb.runs.folder._write_history", full)
    with pytest.raises(aenb.AenbError, match="no space left"):
        trained.save(folder, overwrite=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_loaded_run_whose_data_is_gone_says_so(tmp_path):
    run = aenb.train("deep", np.random.default_rng(0).random((40, 3)), epochs=1, hidden_units=(8,), verbose=False)
    scores = run.evaluate(verbose=False)
    again = aenb.load_run(run.save(tmp_path / "run"))
    assert again.evaluate() == scores  # they were saved
    assert repr(again) == repr(run)
    with pytest.raises(aenb.AenbError, match="`array`, is not at hand"):
        again.data  # noqa: B018
    assert again.encode(np.zeros((2, 3))).shape == (2, 32)


def test_data_that_changed_is_not_taken_for_that_of_the_run(trained, tmp_path):
    folder = trained.save(tmp_path / "run")
    change(folder, record=trained.record | {"data": trained.record["data"] | {"fingerprint": "another"}})
    with pytest.raises(aenb.AenbError, match="not what this run was trained on"):
        aenb.load_run(folder).data  # noqa: B018
