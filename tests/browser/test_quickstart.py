"""The quickstart as a reader meets it: JupyterLab, Run All, the result on the page."""

from pathlib import Path

import nbformat

from tests.browser.jupyter import PICTURES, Notebook

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "00_quickstart.ipynb"


def without_outputs(target: Path) -> None:
    notebook = nbformat.read(QUICKSTART, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, target)


def test_run_all_shows_the_result(lab, new_page):
    without_outputs(lab.root / "quickstart.ipynb")
    page = new_page()
    notebook = Notebook(page, lab, "quickstart.ipynb")
    notebook.menu("Run", "Run All Cells")
    page.wait_for_selector(".aenb-live progress", timeout=90_000)  # the live view moves while it trains
    notebook.wait_until_run(240)
    first = page.locator(".aenb-run").first
    first.scroll_into_view_if_needed()
    assert "PCA, 16 dimensions" in first.inner_text()
    assert page.locator(".aenb-run").count() == 3
    assert first.locator("img").first.evaluate("image => image.naturalWidth") > 900
    assert "Trained 30 epochs in" in page.locator(".aenb-live").first.inner_text()
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.mouse.move(0, 0)
    notebook.cells().nth(1).screenshot(path=PICTURES / "cell.png")
    for number in (3, 5, 7, 9):
        notebook.cells().nth(number).scroll_into_view_if_needed()
        notebook.cells().nth(number).screenshot(path=PICTURES / f"quickstart-{number:02d}.png")
