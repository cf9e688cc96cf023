"""The panel in JupyterLab with ipykernel 7."""

from tests.browser.panel import use_the_panel


def test_the_panel(lab, new_page):
    use_the_panel(lab, new_page(), "lab-7")
