"""The panel in Notebook 7."""

import pytest

from tests.browser.jupyter import CHROMIUM, LIGHT
from tests.browser.panel import use_the_panel

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium: apt-get install chromium"),
]


def test_the_panel(tmp_path):
    use_the_panel(tmp_path, "notebook", "7.4.0", LIGHT, whole=False)
