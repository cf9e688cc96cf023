"""The panel and the explorers as readers meet them: JupyterLab, Notebook 7, and an export without a kernel."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.browser.jupyter import CHROMIUM, DARK, LIGHT, Notebook, Server, browser_page, expect, written
from tests.kernels import installed

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
EVIL = "<script>alert(1)</script>"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium: apt-get install chromium"),
]


def picture(page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURES / f"{name}.png")


PANEL = (
    "%load_ext aenb",
    "%autoencoder",
    "print('trained so far', sorted(name for name in globals() if name.startswith('deep_')))",
    "import numpy as np\n"
    "same = all(np.array_equal(a, b) for a, b in zip(deep_2.model.get_weights(), deep_3.model.get_weights()))\n"
    "print('same weights', same)",
)


@pytest.mark.parametrize(
    ("app", "ipykernel", "theme"),
    [("lab", "7.4.0", LIGHT), ("lab", "6.31.0", DARK), ("notebook", "7.4.0", LIGHT)],
)
def test_the_panel(tmp_path, app, ipykernel, theme):
    written(tmp_path / "panel.ipynb", *PANEL)
    env = {"AENB_LIVE": "1", "PYTHONPATH": str(installed(ipykernel)), "AENB_CHECKPOINTS": str(tmp_path / "checkpoints")}
    with Server(tmp_path, app=app, theme=theme, env=env) as server, browser_page(1280, 900) as page:
        notebook = Notebook(page, server, "panel.ipynb")
        run_cell(notebook, 0)
        run_cell(notebook, 1)
        panel = page.locator(".aenb-panel").first
        expect(panel).to_be_visible(timeout=30_000)
        picture(page, f"panel-{app}-{ipykernel}")

        # what is typed wrong is said beside it
        units = panel.locator(".aenb-field-hidden_units input")
        units.fill("512, many")
        expect(panel.locator("[role=alert]").first).to_contain_text("expected a list of whole numbers", timeout=10_000)
        expect(panel.locator("button.aenb-train, .aenb-train button")).to_be_disabled()
        units.fill("64, 32")
        expect(panel.locator(".aenb-cell textarea")).to_have_value(
            re.compile(r"hidden_units = \(64, 32\)"), timeout=10_000
        )

        # train, pause, resume, stop; another cell runs meanwhile
        panel.get_by_role("tab", name="Training").click()
        expect(panel.locator(".aenb-field-learning_rate")).to_be_visible()
        assert page.get_by_text("javascript error").count() == 0
        epochs = panel.locator(".aenb-field-epochs input")
        epochs.fill("5000")
        epochs.press("Tab")
        train = panel.locator("button.aenb-train, .aenb-train button")
        train.click()
        live = page.locator(".aenb-live").first
        expect(live).to_contain_text("items/s", timeout=90_000)
        run_cell(notebook, 2)
        expect(notebook.cells().nth(2)).to_contain_text("['deep_1']", timeout=20_000)
        pause, stop = page.locator(".aenb-pause").first, page.locator(".aenb-stop").first
        pause.click()
        expect(live).to_contain_text("Paused", timeout=15_000)
        expect(pause).to_have_text("Resume")
        picture(page, f"panel-{app}-{ipykernel}-paused")
        pause.click()
        expect(live).not_to_contain_text("Paused", timeout=15_000)
        stop.click()
        expect(panel).to_contain_text("deep on mnist_5k · MSE", timeout=60_000)
        picture(page, f"panel-{app}-{ipykernel}-trained")

        # the cell that it shows gives the same weights
        epochs.fill("2")
        epochs.press("Tab")
        cell = panel.locator(".aenb-cell textarea")
        expect(cell).to_have_value(re.compile(r"^%%autoencoder deep deep_2 .*--epochs 2 "), timeout=10_000)
        same = cell.input_value().replace("deep_2", "deep_3")
        train.click()
        expect(panel.locator(".aenb-run")).to_contain_text("deep_2: deep on mnist_5k", timeout=60_000)
        notebook.cells().nth(2).locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(same)
        run_cell(notebook, 2)
        run_cell(notebook, 3)
        expect(notebook.cells().nth(3)).to_contain_text("same weights True", timeout=60_000)

        # compare and explore with a click
        for box in panel.locator("input[type=checkbox]").all():
            label = box.evaluate("box => box.closest('label')?.innerText ?? ''")
            if label.strip() in ("deep_1", "deep_2"):
                box.check()
        panel.locator("button.aenb-compare, .aenb-compare button").click()
        expect(panel.locator("[data-aenb-comparison]")).to_be_visible(timeout=120_000)
        picture(page, f"panel-{app}-{ipykernel}-compared")
        panel.get_by_role("button", name="Explore").first.click()
        expect(panel.locator(".aenb-explorer")).to_be_visible(timeout=30_000)
        assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0


def run_cell(notebook, number: int) -> None:
    """Run a cell with the keyboard, and wait until it is done."""
    cell = notebook.cells().nth(number)
    cell.locator(".cm-content").click()
    notebook.page.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-InputPrompt").first).to_have_text(re.compile(r"\[\d+\]:"), timeout=120_000)


EXPLORER = (
    "%load_ext aenb",
    "%autoencoder deep d --data mnist_5k --epochs 3 --quiet",
    "%autoencoder attention a --data mnist_5k --epochs 1 --quiet",
    "%aenb explore d",
    "%aenb explore a",
    "%aenb attend a",
    "%aenb compare d a",
    "%aenb show d",
)
DEPTH = "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).join()"

FRAMES = """async root => {
  const seen = [];
  for (let i = 0; i < 6; i++) {
    seen.push(root.querySelector('.aenb-picture').toDataURL());
    await new Promise(done => setTimeout(done, 60));
  }
  return seen;
}"""
RUNNING = "all => all.filter(one => one.textContent.startsWith('alert')).length"


def test_the_explorers_and_an_export_of_them(tmp_path):
    written(tmp_path / "explore.ipynb", *EXPLORER)
    with Server(tmp_path, env={"AENB_LIVE": "1"}) as server, browser_page(1280, 1000) as page:
        notebook = Notebook(page, server, "explore.ipynb")
        notebook.menu("Run", "Run All Cells")
        notebook.wait_until_run(240)
        for name, number, limit in (("dense", 0, 20), ("kernel", 1, 80)):
            explorer = page.locator(".aenb-explorer").nth(number)
            explorer.scroll_into_view_if_needed()
            plane, decoded = explorer.locator(".aenb-plane"), explorer.locator(".aenb-picture").first
            before, box = decoded.evaluate(DEPTH), plane.bounding_box()
            page.mouse.move(box["x"] + 60, box["y"] + 60)
            page.mouse.down()
            for step in range(60):
                page.mouse.move(box["x"] + 60 + 4 * step, box["y"] + 60 + 3 * step)
                page.wait_for_timeout(30)
            page.mouse.up()
            page.wait_for_timeout(300)
            dragged = decoded.evaluate(DEPTH)
            assert dragged != before
            times = explorer.evaluate("root => root.aenbLatencies.splice(0)")
            median = statistics.median(times[-50:])
            print(f"\n{name}: {median:.1f} ms from pointer to picture, median of {len(times[-50:])}")
            assert len(times) >= 25
            assert median < limit
            plane.focus()
            for _ in range(5):
                page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(400)
            assert decoded.evaluate(DEPTH) != dragged
            picture(page, f"explorer-{name}")
        slider = page.locator(".aenb-explorer").first.locator("input[type=range]").first
        drawn = page.locator(".aenb-explorer").first.locator(".aenb-picture").first
        before = drawn.evaluate(DEPTH)
        slider.focus()
        for _ in range(40):
            page.keyboard.press("ArrowRight")
        assert drawn.evaluate(DEPTH) != before
        first = page.locator(".aenb-explorer").first
        first.get_by_role("button", name="Set A").click()
        first.get_by_role("button", name="Random").click()
        first.get_by_role("button", name="Set B").click()
        first.get_by_role("button", name="Play A → B").click()
        page.wait_for_timeout(700)
        frames = first.evaluate(FRAMES)
        assert len(set(frames)) > 3

        asked = page.locator(".aenb-asked").first
        asked.scroll_into_view_if_needed()
        asked.locator("canvas").focus()
        said = asked.locator("output").inner_text()
        page.keyboard.press("ArrowDown")
        expect(asked.locator("output")).not_to_have_text(said)
        picture(page, "attention")
        compared = page.locator("[data-aenb-comparison]").first
        compared.scroll_into_view_if_needed()
        heads = compared.locator("table").first.locator("th")
        for way in (1, -1):
            heads.nth(1).click()
            cells = compared.locator("table").first.locator("tbody tr td:nth-child(2)").all_inner_texts()
            scores = [float(text) for text in cells if text.strip()]
            assert scores == sorted(scores)[::way]
            assert len(scores) >= 4  # those without a score stand last
        pick = compared.locator(".aenb-pick")
        pick.scroll_into_view_if_needed()
        tile = pick.locator("canvas").first
        before = tile.evaluate(DEPTH)
        pick.locator("input").focus()
        page.keyboard.press("ArrowRight")
        assert tile.evaluate(DEPTH) != before
        picture(page, "comparison")
        page.locator(".aenb-views").scroll_into_view_if_needed()
        picture(page, "views")
        notebook.cells().first.locator(".cm-content").click()
        page.keyboard.press("Control+s")
        page.wait_for_timeout(2000)

    saved = nbformat.read(tmp_path / "explore.ipynb", as_version=4)
    assert "widgets" not in saved.metadata
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "explore.ipynb"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    with browser_page(1280, 1000) as page:
        page.context.set_offline(True)
        page.goto((tmp_path / "explore.html").as_uri())
        sheet = page.locator("[data-aenb-sheet]").first
        plane, decoded = sheet.locator("canvas.aenb-plane"), sheet.locator("canvas.aenb-decoded")
        expect(plane).to_be_visible(timeout=10_000)
        sheet.scroll_into_view_if_needed()
        box, before = plane.bounding_box(), decoded.evaluate(DEPTH)
        page.mouse.move(box["x"] + 40, box["y"] + 50)
        page.mouse.move(box["x"] + 60, box["y"] + 90)
        assert decoded.evaluate(DEPTH) != before
        page.screenshot(path=PICTURES / "export.png")


def test_names_labels_and_errors_are_shown_as_text(tmp_path):
    labels = f"np.array(['{EVIL}', \"🙂 & 'quotes'\"] * 100)"
    written(
        tmp_path / "evil.ipynb",
        "%load_ext aenb",
        f"import numpy as np, aenb\ndata = aenb.load_data((np.random.default_rng(0).random((200, 12, 12)), {labels}),"
        f" name='{EVIL}')",
        "run = aenb.train('deep', data, epochs=1, latent_dim=2, verbose=False)\nrun",
        "aenb.LatentExplorer(run)",
        "run.show()",
        "aenb.compare(run, aenb.train('deep', data, epochs=1, latent_dim=3, verbose=False), verbose=False)",
        f"panel = aenb.Trainer('deep', '{EVIL}'); panel",
        "panel.train().join()",
        f"%autoencoder deep x --data '{EVIL}'",
    )
    with Server(tmp_path, env={"AENB_LIVE": "1"}) as server, browser_page(1280, 1000) as page:
        dialogs = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        notebook = Notebook(page, server, "evil.ipynb")
        notebook.menu("Run", "Run All Cells")
        notebook.wait_until_run(240)
        page.wait_for_timeout(1000)
        assert dialogs == []
        expect(page.locator(".aenb-legend")).to_contain_text(EVIL)
        expect(page.locator(".aenb-legend")).to_contain_text("🙂 & 'quotes'")
        expect(page.locator(".aenb-run").first).to_contain_text(EVIL)
        expect(page.locator(".aenb-message")).to_contain_text(EVIL)
        expect(page.locator("[data-aenb-comparison]")).to_contain_text(EVIL)
        expect(notebook.cells().last).to_contain_text(EVIL)
        assert page.locator(".jp-OutputArea script").evaluate_all(RUNNING) == 0
