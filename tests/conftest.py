"""Fixtures that several tests share."""

from __future__ import annotations

import os
import tempfile

import pytest

os.environ.pop("VIRTUAL_ENV", None)  # where another one is activated, IPython's shell warns
os.environ["AENB_LIVE"] = "0"
os.environ["AENB_CACHE"] = tempfile.mkdtemp(prefix="aenb-cache-")
os.environ["AENB_CHECKPOINTS"] = tempfile.mkdtemp(prefix="aenb-checkpoints-")


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
