"""Fixtures that several tests share."""

from __future__ import annotations

import os
import signal
import sys
import tempfile

import pytest

collect_ignore = ["third_party"]  # a package that test_doors installs, with a module that can't be imported

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and so would the tests
os.environ.pop("VIRTUAL_ENV", None)  # where another one is activated, IPython's shell warns
os.environ["AENB_LIVE"] = "0"
if "PYTEST_XDIST_WORKER" not in os.environ:  # the workers share it: a classifier is trained once
    os.environ["AENB_CACHE"] = tempfile.mkdtemp(prefix="aenb-cache-")
os.environ["AENB_CHECKPOINTS"] = tempfile.mkdtemp(prefix="aenb-checkpoints-")


@pytest.fixture(scope="session", autouse=True)
def seconds_saved():
    """Leave XLA out where nobody asks for it: it takes seconds to compile what then trains for less.

    That it gives the same is the engine's tests' to say; `xla` marks those of what is chosen.
    """
    from aenb.engine import loop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "compiles_well", lambda *_: False)
        yield


CATALOGUES = {
    "aenb.models.registry": "_families",
    "aenb.data.data_sets": "_sets",
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
