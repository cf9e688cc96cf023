"""The panel in Notebook 7."""

import pytest

from tests.browser.jupyter import Server
from tests.browser.panel import use_the_panel


@pytest.mark.thorough
def test_the_panel(tmp_path, new_page):
    env = {"AENB_LIVE": "1", "AENB_CHECKPOINTS": str(tmp_path / "checkpoints")}
    with Server(tmp_path, app="notebook", env=env) as server:
        use_the_panel(server, new_page(), "notebook-7", whole=False)
