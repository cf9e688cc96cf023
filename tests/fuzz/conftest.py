"""Counts what became of the cases, in whichever process they ran, and prints one table at the end."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fuzz import harness


@pytest.fixture(autouse=True)
def counted(record_property):
    """Send a test's counts along with its report."""
    since = harness.taken()
    yield
    record_property("fuzz", since())


def pytest_terminal_summary(terminalreporter):
    """Add up the counts of all reports."""
    rows: dict[str, Counter] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) != "teardown":  # the last of a test's reports has all its properties
                continue
            for name, found in getattr(report, "user_properties", ()):
                for kind, tally in found.items() if name == "fuzz" else ():
                    rows.setdefault(kind, Counter()).update(tally)
    if rows:
        terminalreporter.section("fuzzing")
        terminalreporter.write_line("\n".join(harness.table(rows)))
