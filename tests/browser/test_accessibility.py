"""No serious fault of accessibility in panel, live view, comparison and explorer, by axe-core.

axe-core is no Python package: name its file `axe.min.js` in AENB_AXE, as `npm pack axe-core` brings it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.browser.jupyter import DARK, LIGHT, Notebook, Server, expect, picture, run_cell, written

AXE = os.environ.get("AENB_AXE")
CELLS = ("%load_ext aenb", "%autoencoder", "%aenb explore deep_1", "%aenb compare deep_1 deep_2")
CHECK = """async inside => {
  const { violations } = await axe.run({ include: [[inside]] }, { resultTypes: ["violations"] });
  const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return grave.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}"""

pytestmark = pytest.mark.skipif(AXE is None, reason="needs axe-core: AENB_AXE names its axe.min.js")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_no_widget_has_a_serious_fault(tmp_path, new_page, theme):
    written(tmp_path / "axe.ipynb", *CELLS)
    env = {"AENB_LIVE": "1", "AENB_CHECKPOINTS": str(tmp_path / "checkpoints")}
    with Server(tmp_path, theme=theme, env=env) as server:
        page = new_page()
        notebook = Notebook(page, server, "axe.ipynb")
        page.evaluate(Path(AXE).read_text(encoding="utf-8"))
        found = {}

        def check(name, inside):
            found[name] = page.evaluate(CHECK, inside)
            picture(page, f"axe-{theme.split()[-1].lower()}-{name.replace(' ', '-')}")

        for number in (0, 1):
            run_cell(notebook, number)
        panel = page.locator(".aenb-panel")
        expect(panel.get_by_text(re.compile("^Model: "))).to_be_visible(timeout=60_000)  # the preview is complete
        for fold in ("Data", "Model", "The equivalent cell"):
            panel.get_by_text(re.compile(f"^{fold}(: |$)")).last.click()  # before it are the tabs of the settings
            page.wait_for_timeout(500)
            check(f"panel {fold}", ".aenb-panel")
        panel.get_by_text("Settings", exact=True).click()
        panel.get_by_role("tab", name="Training").click()
        check("panel Training", ".aenb-panel")
        _train(panel, "5000")
        expect(page.locator(".aenb-live").first).to_contain_text("examples/s", timeout=90_000)
        check("live view", ".aenb-live")
        page.locator(".aenb-stop").first.click()
        expect(panel.get_by_role("checkbox", name="deep_1")).to_be_visible(timeout=60_000)
        panel.get_by_text("Settings", exact=True).click()
        _train(panel, "1")
        expect(panel.get_by_role("checkbox", name="deep_2")).to_be_visible(timeout=60_000)  # among the runs
        check("panel with runs", ".aenb-panel")
        run_cell(notebook, 2)
        expect(notebook.cells().nth(2).locator(".aenb-explorer")).to_be_visible(timeout=30_000)
        expect(page.locator(".aenb-explorer")).to_have_count(1)  # one was made out of sight, and has moved in
        check("explorer", ".aenb-explorer")
        cell = notebook.cells().nth(3)
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        expect(cell.locator(".aenb-result table").first).to_contain_text("MSE", timeout=20_000)
        check("comparison under way", ".aenb-live")
        cell.get_by_role("button", name="Cancel").click()
        expect(cell.locator("[data-aenb-comparison]")).to_be_visible(timeout=30_000)
        check("comparison", "[data-aenb-comparison]")
        assert {name: faults for name, faults in found.items() if faults} == {}


def _train(panel, epochs):
    field = panel.locator(".aenb-field-epochs input")
    field.fill(epochs)
    field.press("Tab")
    panel.locator("button.aenb-train, .aenb-train button").click()
