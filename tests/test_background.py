"""Trainings in threads: one at a time, a queue for the others, and the same bits as in the foreground."""

import threading
import time

import numpy as np
import pytest

import aenb
from aenb.backend import keras
from aenb.control import Control, Stopped
from aenb.jobs import Job, jobs, stop_all
from tests.killed import digest


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
    assert run.evaluate(parts="reconstruction")["mse"] > 0


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
    assert "in training" in repr(run).lower() or "training" in repr(run)
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
