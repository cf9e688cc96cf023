"""The panel in JupyterLab with ipykernel 6.31, dark."""

import pytest

from tests.browser.jupyter import CHROMIUM, DARK
from tests.browser.panel import use_the_panel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium: apt-get install chromium"),
]


def test_the_panel(tmp_path):
    use_the_panel(tmp_path, "lab", "6.31.0", DARK, whole=False)
