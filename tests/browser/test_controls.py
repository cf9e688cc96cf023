"""A training's buttons as a reader presses them, in JupyterLab and in Notebook 7."""

import re
import time

from playwright.sync_api import expect

from tests.browser.jupyter import PICTURES, Notebook, written


def test_pause_resume_and_stop(lab, new_page):  # in Notebook 7, and in the background: the panel
    written(
        lab.root / "controls.ipynb",
        "%load_ext aenb",
        "%%autoencoder deep d --data mnist_5k --epochs 5000\nlatent_dim = 16",
        "print('after', d.status, d.encode(d.data.x_test).shape)",
    )
    page = new_page()
    notebook = Notebook(page, lab, "controls.ipynb")
    notebook.menu("Run", "Run All Cells")
    live, pause, stop = (page.locator(f".aenb-{name}").first for name in ("live", "pause", "stop"))
    expect(live).to_contain_text("examples/s", timeout=90_000)
    expect(page.locator(".jp-OutputArea img")).to_have_count(2, timeout=30_000)  # the loss, and examples
    page.wait_for_timeout(1500)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "controls-training.png")

    pause.click()
    clicked = time.monotonic()
    expect(live).to_contain_text("Paused", timeout=5000)
    assert time.monotonic() - clicked < 1
    expect(pause).to_have_text("Resume")
    before = live.inner_text()
    page.wait_for_timeout(1000)
    assert live.inner_text() == before
    page.screenshot(path=PICTURES / "controls-paused.png")

    pause.click()
    expect(live).not_to_contain_text("Paused", timeout=5000)
    moving = epoch(live)
    expect(live).not_to_contain_text(f"epoch {moving} of", timeout=30_000)
    assert epoch(live) > moving

    notebook.press_commands(stop)
    notebook.press_commands(pause)
    page.keyboard.press("Enter")
    expect(live).to_contain_text("Paused", timeout=5000)
    page.keyboard.press("Tab")
    expect(stop.locator("xpath=descendant-or-self::button")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(live).not_to_contain_text("Paused", timeout=5000)

    stop.click()
    notebook.wait_until_run(60)
    expect(notebook.cells().last).to_contain_text("after stopped (1000, 16)")
    expect(live).to_contain_text("what was learnt is kept")
    assert page.locator(".aenb-pause").count() == 0
    assert page.locator(".aenb-run").first.inner_text().startswith("d: deep on mnist_5k")
    page.screenshot(path=PICTURES / "controls-stopped.png")


def epoch(live) -> int:
    return int(re.search(r"epoch (\d+) of", live.inner_text())[1])
