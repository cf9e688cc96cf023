"""A training and its scores have room in two gigabytes, as on a small machine."""

from __future__ import annotations

import sys

import pytest

from aenb.data.sets import fashion_mnist as fashion
from tests import limits

LIMIT = 2**31
SMALL = 2**27
limited = pytest.mark.skipif(
    limits.way() is None, reason="no control group can limit memory here: it takes root and cgroup v1 or v2, or systemd"
)


@limited
def test_a_limit_is_one():
    outcome = limits.run([sys.executable, "-c", "x = b'1' * 2**28"], SMALL, seconds=60)
    assert outcome.code != 0
    assert not outcome.within(SMALL)
    assert outcome.killed in (1, None)


@limited
def test_what_a_program_took_is_measured():
    outcome = limits.run([sys.executable, "-c", "import time; x = b'1' * 2**26; time.sleep(1)"], SMALL, seconds=60)
    assert outcome.within(SMALL)
    assert 2**26 < outcome.largest <= outcome.together < SMALL
    assert outcome.group is None or 2**26 < outcome.group <= SMALL


@pytest.mark.thorough
@limited
@pytest.mark.skipif(fashion._folder_at_hand() is None, reason="needs the package dataset-fashion-mnist")
def test_training_and_evaluating_have_room_in_two_gigabytes():
    """All images are trained on; the scores are of a part of them, for which a minute is enough."""
    code = (
        "import aenb; run = aenb.train('deep', 'fashion_mnist', epochs=1, verbose=False); "
        "run.evaluate(parts='reconstruction'); scores = run.evaluate(run.data.limit(3000), verbose=False); "
        "print(sorted(scores))"
    )
    outcome = limits.run([sys.executable, "-c", code], LIMIT, seconds=600)
    assert outcome.within(LIMIT), outcome.output
    assert "raw_knn" in outcome.output
    assert "frechet" in outcome.output
