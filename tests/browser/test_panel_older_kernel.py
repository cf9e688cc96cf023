"""The panel in JupyterLab with ipykernel 6.31, dark."""

import pytest

from tests.browser.jupyter import DARK, Server
from tests.browser.panel import use_the_panel
from tests.kernels import path_with


@pytest.mark.thorough
def test_the_panel(tmp_path, new_page):
    env = {"AENB_LIVE": "1", "AENB_CHECKPOINTS": str(tmp_path / "checkpoints"), "PYTHONPATH": path_with("6.31.0")}
    with Server(tmp_path, theme=DARK, env=env) as server:
        use_the_panel(server, new_page(), "lab-6", whole=False)
