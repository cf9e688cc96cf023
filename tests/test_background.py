"""Trainings in threads: one at a time, a queue for the others, and the same bits as in the foreground."""

import gc
import threading
import time

import numpy as np
import pytest

import aenb
from aenb.core.backend import keras
from aenb.core.control import Control, Stopped
from aenb.core.queue import Job, jobs, stop_all
from tests.killed import digest
from tests.thorough import thorough


def begun(data, name="b", **settings):
    settings = {"epochs": 100_000, "hidden_units": (16,), "batch_size": 100, "verbose": False, **settings}
    return aenb.train("deep", data, name, background=True, **settings)


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    stop_all()
    assert not jobs()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("aenb")]


def test_it_returns_at_once_and_ends_with_the_same_bits(digits):
    settings = {"epochs": 40}
    run = begun(digits, **settings)
    assert run.is_alive
    assert run.wait() is run
    assert (run.status, run.epochs) == ("complete", 40)
    assert digest(run) == digest(
        aenb.train("deep", digits, hidden_units=(16,), batch_size=100, verbose=False, **settings)
    )
    scores = run.evaluate(parts="reconstruction")
    assert scores["mse"] < scores["mean_mse"]


def test_pause_resume_and_stop(digits):
    run = begun(digits)
    steps = run.model.optimizer.iterations
    until(lambda: int(steps) > 50)
    run.pause()
    time.sleep(0.5)
    frozen = int(steps)
    time.sleep(0.5)
    assert int(steps) == frozen
    run.resume()
    until(lambda: int(steps) > frozen)
    assert run.stop() is run
    assert run.status == "stopped"
    assert 0 < run.epochs < 100_000
    assert "what was learnt is kept" in run.summary
    with pytest.raises(aenb.AenbError, match="under way; received a run that is stopped"):
        run.pause()


def test_a_stop_ends_a_pause(digits):
    run = begun(digits)
    run.pause()
    time.sleep(0.2)
    assert run.stop().status == "stopped"


def test_a_model_in_training_encodes_a_state_between_two_steps(digits):
    run = begun(digits)
    x = digits.x_test
    until(lambda: run.epochs > 2)
    for _ in range(30):
        z = run.encode(x)
        assert z.shape == (360, 32)
        assert np.isfinite(run.decode(z)).all()
    assert "(training)" in repr(run)
    with pytest.raises(aenb.AenbError, match="under way"):
        run.save("nowhere")


def test_one_at_a_time_in_the_order_in_which_they_came(digits):
    first, second, third = (begun(digits, name) for name in "abc")
    until(lambda: first.status == "training")
    assert [run.status for run in (second, third)] == ["queued", "queued"]
    assert [job.name for job in jobs()] == ["a", "b", "c"]
    first.stop()
    until(lambda: second.status == "training")
    assert third.status == "queued"
    third.stop()
    assert third.status == "stopped"
    assert third.epochs == 0
    second.stop()


def test_a_training_in_the_foreground_waits_for_its_turn(digits):
    run = begun(digits, epochs=300)
    other = aenb.train("deep", digits, epochs=1, verbose=False)
    assert not run.is_alive
    assert other.status == run.status == "complete"


def test_training_again_under_a_name_stops_the_first_and_says_so(digits):
    first = begun(digits, "same")
    second = begun(digits, "same", epochs=2)
    assert first.status == "stopped"
    assert "The training of `same` that was under way was stopped." in repr(second.wait())


def test_an_error_is_kept_for_whoever_waits(digits):
    def fail(*_):
        raise RuntimeError("from the callback")

    run = begun(digits, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=fail)])
    for _ in range(2):
        with pytest.raises(RuntimeError, match="from the callback"):
            run.wait()
    assert run.status == "failed"


def test_a_training_may_begin_inside_another(digits):
    inner = []

    def begin(epoch, logs=None):
        inner.append(aenb.train("deep", digits, epochs=1, verbose=False))

    run = aenb.train(
        "deep", digits, epochs=2, verbose=False, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=begin)]
    )
    assert [run.status, *(r.status for r in inner)] == ["complete"] * 3


def test_a_job_that_is_stopped_while_it_waits_never_begins():
    first, second = Job("first", Control()), Job("second", Control())

    def work():
        with second.turn():
            pytest.fail("it began")

    with first.turn():
        second.start(work)
        second.control.stop()
        with pytest.raises(Stopped):
            second.wait()
    assert not jobs()


def test_pauses_do_not_count_as_time():
    control = Control()
    control.pause()
    threading.Timer(0.3, control.resume).start()
    control.check()
    assert control.held == pytest.approx(0.3, abs=0.15)
    control.stop()
    with pytest.raises(Stopped):
        control.check()


WAYS = ("stop", "finish", "fail", "interrupt", "wait")


@pytest.fixture
def kept_garbage():
    """Leave what nobody refers to where it is: a lock that is only freed with it counts as held."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("kept_garbage")
@pytest.mark.parametrize("way", [WAYS[0], *thorough(*WAYS[1:])])
def test_the_checkpoint_is_free_when_a_training_is_over(digits, tmp_path, way):
    ends = {"fail": RuntimeError("from the callback"), "interrupt": KeyboardInterrupt()}
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: raised(ends[way]))] if way in ends else []
    epochs = 3 if way in ("finish", "wait") else 100_000
    run = begun(digits, epochs=epochs, checkpoint=tmp_path / "c", callbacks=callbacks)
    if way == "stop":
        until(lambda: run.epochs > 1)
        run.stop()
    elif way == "fail":
        with pytest.raises(RuntimeError, match="from the callback"):
            run.wait()
    elif way == "wait":
        run.wait()
    else:
        until(lambda: not run.is_alive)
    resumed = begun(digits, epochs=run.epochs + 2, checkpoint=tmp_path / "c", resume=True).wait()
    assert resumed.status == "complete"
    assert not [note for note in resumed.record["notes"] if "in use" in note]
    (tmp_path / "c" / "checkpoint.npz").unlink()
    new = aenb.train("deep", digits, epochs=1, checkpoint=tmp_path / "c", verbose=False)
    assert (tmp_path / "c" / "checkpoint.npz").exists()
    assert new.status == "complete"


def raised(error):
    raise error


@pytest.mark.usefixtures("kept_garbage")
def test_a_namesake_has_a_checkpoint_of_its_own(digits, shell):
    shell.user_ns["data"] = digits
    for way in ("--background", "--background", ""):  # the second stops the first, and the third the second
        shell.run_cell(f"%autoencoder deep lock {way} --data data --epochs {100_000 if way else 1} --quiet")
        if way:
            run = shell.user_ns["lock"]
            until(lambda run=run: run.epochs > 1)
    notes = shell.user_ns["lock"].record["notes"]
    assert any("was stopped" in note for note in notes)
    assert not [note for note in notes if "no checkpoint" in note]


def test_who_has_the_turn_may_use_the_model(digits):
    run = begun(digits)
    until(lambda: run.epochs > 2)
    with run.turns, run.turns:
        before = int(run.model.optimizer.iterations)
        np.testing.assert_array_equal(run.encode(digits.x_test), run.encode(digits.x_test))
        assert int(run.model.optimizer.iterations) == before
        with pytest.raises(aenb.AenbError, match="outside of `with"):
            run.wait()
        run.stop()  # asks: the training waits for this turn
        assert run.is_alive
    assert run.wait().status == "stopped"


@pytest.mark.parametrize("background", [True, False])
def test_a_callback_may_stop_its_own_training(digits, background):
    runs, refused = [], []

    def end(epoch, logs=None):
        if epoch == 2:
            job = jobs()[0]
            with pytest.raises(aenb.AenbError, match="waits for its own end"):
                job.wait()
            refused.append(job)
            runs[0].stop() if background else (job.control.stop(), job.over())

    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=end)]
    if background:
        runs.append(begun(digits, epochs=200, callbacks=callbacks))
        run = runs[0].wait()
    else:
        run = aenb.train("deep", digits, epochs=200, verbose=False, callbacks=callbacks)
    assert run.status == "stopped"
    assert len(refused) == 1


def test_a_training_that_trains_its_own_namesake_goes_on_to_its_end(digits):
    inner = []

    def begin(epoch, logs=None):
        inner.append(aenb.train("deep", digits, "same", epochs=1, verbose=False))

    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=begin)]
    run = aenb.train("deep", digits, "same", epochs=3, verbose=False, callbacks=callbacks)
    assert (run.status, inner[0].status) == ("stopped", "complete")


def test_a_storm_of_four_threads(digits):
    run = begun(digits)
    until(lambda: run.epochs > 1)
    end, errors = time.monotonic() + 3, []

    def storm(number):
        random = np.random.default_rng(number)
        while time.monotonic() < end:
            try:
                match random.integers(4):
                    case 0:
                        with run.turns:
                            z = run.encode(digits.x_test[:5])
                            assert np.isfinite(run.decode(z)).all()
                    case 1:
                        run.pause()
                    case 2:
                        run.resume()
                    case 3:
                        np.testing.assert_array_equal(run.encode(digits.x_test[:5]).shape, (5, 32))
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=storm, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not [thread for thread in threads if thread.is_alive()]
    assert errors == []
    before = run.epochs
    run.resume()
    until(lambda: run.epochs > before)
    stops = [threading.Thread(target=lambda: run.is_alive and run.stop()) for _ in range(4)]
    for thread in stops:
        thread.start()
    for thread in stops:
        thread.join(30)
    assert run.wait().status == "stopped"
