"""AENB_SHORT: every training of a notebook in seconds."""

import numpy as np
import pytest

import aenb

LARGE = np.arange(18_000.0).reshape(9000, 2)


def test_trainings_are_short_and_data_is_small(monkeypatch):
    monkeypatch.setenv("AENB_SHORT", "2")
    data = aenb.load_data("mnist_5k")
    assert (len(data.train), len(data.test)) == (4000, 1000)  # which are all
    assert len(aenb.load_data(LARGE).train) == 4000
    assert len(aenb.load_data(LARGE, limit=100).train) == 100
    run = aenb.train("deep", "digits", epochs=30, verbose=False)
    assert (run.epochs, run.spec.epochs, run.status) == (2, 2, "complete")
    assert not run.record["xla"]
    assert aenb.train("deep", "digits", epochs=1, xla="on", verbose=False).record["xla"]
    found = aenb.compare(
        "shallow", "deep", data="digits", epochs=30, seeds=(3, 4), parts="reconstruction", verbose=False
    )
    assert [[(run.epochs, run.spec.seed) for run in runs] for runs in found.runs.values()] == [[(2, 3)], [(2, 3)]]
    found = aenb.compare("shallow", data="digits", seconds=1000, parts="reconstruction", verbose=False)
    assert found.runs["shallow"][0].epochs == 2


@pytest.mark.parametrize("said", ["0", "yes", "-1", "2.5"])
def test_another_setting_is_refused(monkeypatch, said):
    monkeypatch.setenv("AENB_SHORT", said)
    with pytest.raises(aenb.AenbError, match="expected a number of epochs"):
        aenb.load_data("digits")


def test_without_it_nothing_is_cut(monkeypatch):
    monkeypatch.setenv("AENB_SHORT", "")
    assert len(aenb.load_data(LARGE, limit=5000).train) == 5000
