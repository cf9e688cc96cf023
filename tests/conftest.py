"""Fixtures that several tests share."""

from __future__ import annotations

import functools
import gc
import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from tests.slow import is_slow

TESTS = Path(__file__).parent
# The files that take longest begin first, so that no process is left alone with one of them at the end; those of the
# browser together, since they share it.
FIRST = (
    "browser/test_panel_lab.py", "browser/test_widgets.py", "browser/test_quickstart.py",
    "browser/test_panel_older_kernel.py", "browser/test_panel_notebook.py", "browser/test_controls.py",
    "browser/test_page_decoder.py", "browser/test_comparison_page.py", "browser/test_accessibility.py",
    "test_families.py", "test_benchmarks.py", "test_controls.py", "test_magic.py", "test_diagnosis.py", "test_flow.py",
    "test_memory.py", "test_comparison.py", "test_attention.py", "test_gan.py", "test_odd_data.py", "test_site.py",
    "test_vae.py", "test_checkpoint.py", "test_engine.py", "test_sklearn.py", "test_background.py", "test_vqvae.py",
    "test_scoring.py", "test_tasks.py", "test_mixed_tables.py", "test_diffusion.py", "test_panel.py",
    "fuzz/test_saved.py", "test_views.py", "test_run.py", "fuzz/test_odd_data.py", "test_public.py",
    "test_kernel_messages.py",
    "fuzz/test_text.py", "test_vaegan.py", "test_doors.py",
)  # fmt: skip
collect_ignore = ["third_party"]  # a package that test_doors installs, with a module that can't be imported

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and so would the tests
os.environ.pop("VIRTUAL_ENV", None)  # where another one is activated, IPython's shell warns
os.environ["AENB_LIVE"] = "0"
if "PYTEST_XDIST_WORKER" not in os.environ:  # the workers share it: a classifier is trained once
    os.environ["AENB_CACHE"] = tempfile.mkdtemp(prefix="aenb-cache-")
os.environ["AENB_CHECKPOINTS"] = tempfile.mkdtemp(prefix="aenb-checkpoints-")


def pytest_collection_modifyitems(items):
    """Mark what is slow, and begin with the longest files."""
    place = {TESTS / name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
    for item in items:
        if TESTS in item.path.parents and is_slow(item.path, getattr(item, "originalname", item.name)):
            item.add_marker("slow")


def pytest_terminal_summary(terminalreporter, config):
    """Name the tests of `make quick` that are slow all the same."""
    late = [report for report in terminalreporter.stats.get("passed", ()) if report.duration > 1]
    if config.option.markexpr.startswith("not slow") and late:
        terminalreporter.section("over a second: mark these slow, or make them quicker")
        for report in sorted(late, key=lambda report: -report.duration):
            terminalreporter.write_line(f"{report.duration:.1f} s {report.nodeid}")


@pytest.fixture(scope="session", autouse=True)
def seconds_saved():
    """Leave XLA out where nobody asks for it: it takes seconds to compile what then trains for less.

    That it gives the same is the engine's tests' to say; `xla` marks those of what is chosen.
    """
    from aenb.engine import loop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "compiles_well", lambda *_: False)
        yield


@pytest.fixture(autouse=True)
def imports_kept():
    """Leave what the first tests import out of garbage collection: TensorFlow's and Keras's objects are a million.

    Each full collection visits them all, for a good part of a second; IPython's shell makes one whenever it is reset.
    It is done once: even to count what is left out (`gc.get_freeze_count`) visits them all.
    """
    yield
    if "tensorflow" in sys.modules:
        _freeze()


@functools.cache
def _freeze():
    gc.collect()
    gc.freeze()


CATALOGUES = {
    "aenb.models.registry": "_families",
    "aenb.data.sets.data_sets": "_sets",
    "aenb.figures.views.view": "_views",
    "aenb.evaluation.scorers.score_parts": "_parts",
}


@pytest.fixture(autouse=True)
def registered_here():
    """Forget what a test or an example in a docstring has registered: no module has it."""
    yield
    for module, attribute in CATALOGUES.items():
        catalogue = getattr(sys.modules.get(module), attribute, None)
        for name, home in list(getattr(catalogue, "_homes", {}).items()):
            if not hasattr(sys.modules.get(home), name):
                catalogue.pop(name, None)
                del catalogue._homes[name]


@pytest.fixture(autouse=True)
def xla_chosen(request, monkeypatch):
    """Let the engine choose, for tests that are marked so."""
    if "xla" in request.keywords:
        from aenb import engine

        monkeypatch.setattr(engine.loop, "compiles_well", engine.compiles_well)


@pytest.fixture(scope="session")
def digits():
    """Return the smallest real images at hand: 8×8 digits."""
    import aenb

    return aenb.load_data("digits")


@pytest.fixture(scope="session")
def trained(digits):
    """Return a run of a few seconds, shared by tests that only read it."""
    import aenb

    return aenb.train("deep", digits, name="d", latent_dim=6, hidden_units=(64,), epochs=15, verbose=False)


@pytest.fixture
def shell():
    """Return a real IPython shell with the extension loaded, and take it away again."""
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "aenb")
    yield shell
    shell.run_line_magic("unload_ext", "aenb")
    shell.reset(new_session=False)
    InteractiveShell.clear_instance()
