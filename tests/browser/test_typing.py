"""What is typed in the panel while its output is replaced, as when a training ends, is not lost."""

from __future__ import annotations

from tests.browser.jupyter import Notebook, expect, run_cell, written

CELLS = (
    "%load_ext aenb",
    "panel = aenb.Trainer(); panel",
    "import threading\nfor seconds in (3, 4):\n    threading.Timer(seconds, panel._keep).start()",
)
SLOTS = "[data-aenb-slot]"


def test_what_is_being_typed_stays_where_it_is(lab, new_page):
    written(lab.root / "typing.ipynb", "import aenb", *CELLS)
    page = new_page()
    notebook = Notebook(page, lab, "typing.ipynb")
    for number in range(3):
        run_cell(notebook, number)
    panel = notebook.cells().nth(2)
    panel.get_by_role("tab", name="Training").click()
    run_cell(notebook, 3)
    field = panel.locator(".aenb-field-epochs input")
    old = panel.locator(SLOTS).element_handle()
    field.click()
    page.keyboard.type("3")
    page.wait_for_function("old => !old.isConnected", arg=old, timeout=30_000)
    expect(panel.locator(f"{SLOTS} .aenb-panel")).to_be_visible()
    page.keyboard.type("7")
    expect(field).to_be_focused()
    page.keyboard.press("Tab")
    panel.get_by_text("The equivalent cell").click()
    expect(panel.locator(".aenb-cell textarea")).to_have_value(
        "%%autoencoder deep deep_1 --data mnist_5k --epochs 37 --seed 0"
    )
