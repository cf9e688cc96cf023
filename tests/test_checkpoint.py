"""Nothing is lost: checkpoints, and trainings that go on from them to the same bits."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import aenb
from aenb.core.atomic_write import ASIDE
from aenb.core.backend import keras
from aenb.core.control import Stopped
from aenb.engine import checkpoint
from aenb.engine.checkpoint import FILE, Checkpoint
from tests import fresh, killed

KILLS = int(os.environ.get("AENB_KILLS", "2"))
TRAINED = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); from tests import killed; killed.main()"


@pytest.fixture
def often(monkeypatch):
    """Write a checkpoint after each chunk."""
    monkeypatch.setattr(checkpoint, "INTERVAL", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 1e9)


class StopAt(keras.callbacks.Callback):
    """Ends a training at its n-th step, as the Stop button does."""

    def __init__(self, step):
        super().__init__()
        self.left = step

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            raise Stopped


def quick(data, **settings):
    settings = {"epochs": 6, "batch_size": 100, "hidden_units": (16,), "latent_dim": 3, "verbose": False, **settings}
    return aenb.train(settings.pop("family", "deep"), data, **settings)


def same(run, other):
    return killed.digest(run) == killed.digest(other)


PATIENT = {"patience": 2, "learning_rate": 0.02}


@pytest.fixture(scope="module")
def wholes(digits):
    """Return trainings that nobody stopped, without patience and with it."""
    return {False: quick(digits), True: quick(digits, **PATIENT)}


@pytest.mark.parametrize(("step", "patient"), [(1, False), (7, False), (13, True), (14, True), (40, False), (66, True)])
def test_a_training_that_was_stopped_goes_on_to_the_same_bits(digits, wholes, tmp_path, step, patient):
    """An epoch has 13 steps."""
    whole, settings = wholes[patient], PATIENT if patient else {}
    cut = quick(digits, checkpoint=tmp_path, callbacks=[StopAt(step)], **settings)
    assert cut.status == "stopped"
    assert cut.epochs == (step - 1) // 13
    gone_on = quick(digits, checkpoint=tmp_path, resume=True, **settings)
    assert gone_on.status == whole.status
    assert gone_on.history == whole.history
    assert same(gone_on, whole)


def test_random_layers_go_on_too(digits, tmp_path):
    """The seeds of dropout are part of the state."""

    def parts():
        keras.utils.set_random_seed(1)
        layers = keras.layers
        return keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dropout(0.5), layers.Dense(4)])

    whole = quick(digits, encoder=parts(), latent_dim=4)
    quick(digits, encoder=parts(), latent_dim=4, checkpoint=tmp_path, callbacks=[StopAt(20)])
    assert same(quick(digits, encoder=parts(), latent_dim=4, checkpoint=tmp_path, resume=True), whole)


def test_a_training_that_is_over_is_taken_as_it_is_and_can_be_made_longer(digits, tmp_path):
    short = quick(digits, epochs=3, checkpoint=tmp_path)
    again = quick(digits, epochs=3, checkpoint=tmp_path, resume=True)
    assert same(again, short)
    assert again.status == "complete"
    assert same(quick(digits, epochs=6, checkpoint=tmp_path, resume=True), quick(digits, epochs=6))
    with pytest.raises(aenb.AenbError, match="has 6 already; expected at least as many; received 2"):
        quick(digits, epochs=2, checkpoint=tmp_path, resume=True)


def test_killed_at_random_moments_it_ends_with_the_same_bits(tmp_path):
    """`kill -9`, again and again, at times while a checkpoint is written."""
    draw = random.Random(int(os.environ.get("AENB_KILL_SEED", "0")))
    expected = killed.digest(killed.train())
    in_writing = killings = 0
    for _ in range(KILLS + 40):
        if killings == KILLS:
            break
        process = fresh.Started(TRAINED, tmp_path)
        assert process.stdout.readline() == "writing\n"
        if draw.random() < 0.5:
            time.sleep(draw.uniform(0, 1.5))
        else:  # in the middle of a write, if the moment is met
            for _ in range(draw.randrange(1, 12)):
                process.stdout.readline()
        process.kill()
        lines = process.rest()
        if any(line.startswith("done") for line in lines):
            assert lines[-1] == f"done {expected}"
            shutil.rmtree(tmp_path)
            continue
        killings += 1
        in_writing += any(tmp_path.glob(f"{ASIDE}*"))
        if (tmp_path / FILE).exists():
            with Checkpoint(tmp_path) as place:
                assert place.read().facts["epoch"] <= killed.SETTINGS["epochs"]
    assert fresh.Started(TRAINED, tmp_path).rest()[-1] == f"done {expected}"
    print(f"{killings} kills, {in_writing} of them in the middle of a write")


def test_another_training_is_refused_and_what_differs_is_named(digits, tmp_path):
    quick(digits, checkpoint=tmp_path, callbacks=[StopAt(20)])
    with pytest.raises(aenb.AenbError, match=r"`batch_size` was 100 and is 50; `latent_dim` was 3 and is 4"):
        quick(digits, checkpoint=tmp_path, resume=True, batch_size=50, latent_dim=4)
    with pytest.raises(aenb.AenbError, match="`family` was 'deep' and is 'shallow'"):
        aenb.train("shallow", digits, checkpoint=tmp_path, resume=True, verbose=False)
    layers = keras.layers
    other = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    with pytest.raises(aenb.AenbError, match="`encoder` is another model"):
        quick(digits, checkpoint=tmp_path, resume=True, encoder=other)
    with pytest.raises(aenb.AenbError, match="the data is not the same"):
        quick(digits.x_train[:, ::-1], checkpoint=tmp_path, resume=True)
    with pytest.raises(aenb.AenbError, match="the labels are not the same"):
        quick(replace(digits, y_train=digits.y_train[::-1]), checkpoint=tmp_path, resume=True)
    with pytest.raises(aenb.AenbError, match="pass resume=True"):
        quick(digits, checkpoint=tmp_path)


@pytest.mark.parametrize(("name", "value"), [("aenb", "0.0.1"), ("format", 99)])
def test_a_checkpoint_of_another_version_is_refused(digits, tmp_path, name, value):
    quick(digits, checkpoint=tmp_path, callbacks=[StopAt(20)])
    with np.load(tmp_path / FILE) as content:
        arrays = dict(content)
    facts = json.loads(arrays.pop("facts").tobytes()) | {name: value}
    np.savez(tmp_path / FILE, facts=np.frombuffer(json.dumps(facts).encode(), np.uint8), **arrays)
    with pytest.raises(aenb.AenbError, match=f"written by aenb .*{value}"):
        quick(digits, checkpoint=tmp_path, resume=True)


def test_a_broken_checkpoint_is_named(digits, tmp_path):
    quick(digits, checkpoint=tmp_path, callbacks=[StopAt(20)])
    whole = (tmp_path / FILE).read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"nonsense", whole[:3000] + b"x" * 50 + whole[3050:]):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(aenb.AenbError, match="it is broken"):
            quick(digits, checkpoint=tmp_path, resume=True)


def test_resume_without_a_checkpoint_begins(digits, tmp_path):
    run = quick(digits, checkpoint=tmp_path / "new", resume=True)
    assert same(run, quick(digits))
    assert "There was no checkpoint" in repr(run)
    with pytest.raises(aenb.AenbError, match="`resume`: expected `checkpoint`"):
        quick(digits, resume=True)


def test_two_trainings_cannot_use_one_folder_and_a_dead_one_does_not_hold_it(digits, tmp_path):
    code = f"import time; from aenb.engine.checkpoint import Checkpoint; held = Checkpoint({str(tmp_path)!r}); "
    code += "print(1, flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    holder.stdout.readline()
    try:
        with pytest.raises(aenb.AenbError, match="in use by another training"):
            quick(digits, checkpoint=tmp_path)
    finally:
        holder.kill()
        holder.communicate()
    assert quick(digits, checkpoint=tmp_path).status == "complete"
    with Checkpoint(tmp_path), pytest.raises(aenb.AenbError, match="in use"):
        Checkpoint(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("harm", ["full", "read-only"])
def test_a_disk_that_fails_under_a_training_harms_nothing(digits, tmp_path, often, harm, capsys):
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")

    class Harm(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2 and harm == "full":
                (place / "big").write_bytes(bytes(2**21 - (place / FILE).stat().st_size - 40_000))
            elif epoch == 2:
                subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(place)], check=True)

    try:
        settings = {"hidden_units": (128,), "verbose": True}
        run = quick(digits, checkpoint=place, callbacks=[Harm()], **settings)
        assert run.status == "complete"
        reason = {"full": "no space left on the disk", "read-only": "Read-only file system"}[harm]
        assert f"The last checkpoint could not be written: {reason}" in repr(run)
        assert f"No checkpoint can be written ({reason})" in capsys.readouterr().out
        if harm == "full":
            (place / "big").unlink()
        else:
            subprocess.run(["umount", str(place)], check=True)
        assert same(quick(digits, checkpoint=place, resume=True, **settings), quick(digits, **settings))
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_folder_that_vanishes_does_not_end_the_training(digits, tmp_path, often):
    folder = tmp_path / "gone"

    class Vanish(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            shutil.rmtree(folder, ignore_errors=True)

    run = quick(digits, checkpoint=folder, callbacks=[Vanish()])
    assert run.status == "complete"
    assert "could not be written: No such file or directory" in repr(run)


def test_a_folder_that_cannot_be_made_is_refused(digits, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(aenb.AenbError, match="expected a folder that can be written"):
        quick(digits, checkpoint=tmp_path / "file" / "inside")


@pytest.mark.parametrize("cost", [0.01, 0.5])
def test_writing_takes_its_share_of_the_time(tmp_path, monkeypatch, cost):
    clock = [1000.0]  # seconds: the real clock would also count what else the machine does
    monkeypatch.setattr(checkpoint, "time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def slow_write(stream, **arrays):
        clock[0] += cost
        np.savez_compressed(stream, **arrays)

    with Checkpoint(tmp_path, patient=0) as place:
        assert place.due()
        monkeypatch.setattr(checkpoint.np, "savez", slow_write)
        assert place.write({"spec": {}}, {"value_0": np.zeros(10)})
        pause = max(checkpoint.INTERVAL, cost / checkpoint.SHARE)
        clock[0] += pause - 0.001
        assert not place.due()
        clock[0] += 0.002
        assert place.due()
