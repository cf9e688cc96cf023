"""The live view's budget of time; what it shows is watched in kernels and in the browser."""

from __future__ import annotations

import pytest

from aenb.notebook.widgets import live


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that is set, in seconds."""
    now = [100.0]
    monkeypatch.setattr(live.time, "perf_counter", lambda: now[0])
    return now


def test_the_second_picture_follows_the_first_at_once_and_later_ones_cost_their_share(clock):
    budget = live._Budget(0.01)
    for seconds in (5.0, 0.1):  # the first imports and traces
        assert budget.allows()
        with budget:
            clock[0] += seconds
    assert not budget.allows()
    clock[0] = 100 + 9.9
    assert not budget.allows()  # 0.1 s are a hundredth of 10 s
    clock[0] = 100 + 10.1
    assert budget.allows()
