"""One browser for all browser tests of a process, and one JupyterLab with the ipykernel of this environment."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.jupyter import CHROMIUM, FLAGS, Server


def pytest_collection_modifyitems(items):
    """Mark the tests of this folder, and skip them without a browser."""
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)
            item.add_marker(
                pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium: apt-get install chromium")
            )


@pytest.fixture(scope="package")
def browser():
    """Return a headless Chromium; it ends with the last browser test, since its event loop is in the way of others."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser):
    """Return what opens a page of a given size, as in a browser of its own."""
    contexts = []

    def new_page(width: int = 1280, height: int = 900):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}))
        return contexts[-1].new_page()

    yield new_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="package")
def jupyterlab(tmp_path_factory):
    """Return a running JupyterLab whose notebooks show live views."""
    place = tmp_path_factory.mktemp("lab")
    with Server(place, env={"AENB_LIVE": "1", "AENB_CHECKPOINTS": str(place / "checkpoints")}) as server:
        yield server


@pytest.fixture
def lab(jupyterlab):
    """Return that JupyterLab, without kernels of tests before."""
    yield jupyterlab
    jupyterlab.end_kernels()
