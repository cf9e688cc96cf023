"""A training's buttons as a reader presses them, in JupyterLab and in Notebook 7."""

import re
import time

from playwright.sync_api import expect

from tests.browser.jupyter import PICTURES, Notebook, written

DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
CHANGED = "([live, numbers]) => live.innerText !== numbers"


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
    expect(live.locator("img[src^=blob]")).to_have_count(1, timeout=30_000)  # examples
    expect(live.locator(".aenb-lines button")).to_have_count(2, timeout=30_000)  # training and validation
    _the_chart_is_up_to_date_and_answers(page, live)
    _no_control_moves(page, live)
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


def test_a_training_is_found_again_after_a_reload(lab, new_page):
    code = "%%autoencoder deep d --data mnist_5k --epochs 5000\nlatent_dim = 16"
    written(lab.root / "reload.ipynb", "%load_ext aenb", code)
    page = new_page()
    notebook = Notebook(page, lab, "reload.ipynb")
    notebook.menu("Run", "Run All Cells")
    expect(page.locator(".aenb-live").first).to_contain_text("examples/s", timeout=90_000)
    page.reload()  # the notebook was not saved: the page has no output of the cell
    dock = page.locator(".aenb-dock")
    live = dock.locator(".aenb-live")
    expect(live).to_contain_text("examples/s", timeout=30_000)
    seen = epoch(live)
    expect(live).not_to_contain_text(f"epoch {seen} of", timeout=10_000)  # the numbers go on
    live.locator(".aenb-pause").click()
    expect(live).to_contain_text("Paused", timeout=5000)
    page.screenshot(path=PICTURES / "controls-reloaded.png")
    live.locator(".aenb-pause").click()
    expect(live).not_to_contain_text("Paused", timeout=5000)
    live.locator(".aenb-stop").click()
    expect(dock).to_contain_text("what was learnt is kept", timeout=30_000)


def _the_chart_is_up_to_date_and_answers(page, live):
    """The chart shows the epoch that the text names, and the values of the one at the pointer or the cursor keys."""
    chart, legend = live.locator(".aenb-chart svg"), live.locator(".aenb-lines")
    labels = chart.evaluate("svg => [...svg.querySelectorAll('text[text-anchor=middle]')].map(one => one.textContent)")
    assert max(int(label) for label in labels if label.isdigit()) > epoch(live) / 3
    chart.hover()
    expect(chart.locator("text", has_text=re.compile("^epoch [0-9]"))).to_have_count(1)
    at_the_pointer = legend.inner_text()
    page.mouse.move(0, 0)
    chart.press("ArrowLeft")
    expect(chart.locator("text", has_text=re.compile("^epoch [0-9]"))).to_have_count(1)
    expect(legend).not_to_have_text(at_the_pointer)
    live.get_by_label("log scale").uncheck()
    legend.locator("button").first.click()
    expect(legend.locator("button").first).to_have_attribute("aria-pressed", "false")
    expect(chart.locator("path[stroke^='#']")).to_have_count(1)
    legend.locator("button").first.click()


def _no_control_moves(page, live):
    """At no width of the page does a control of the live view move while the numbers change."""
    where = """live => [...live.querySelectorAll('.aenb-buttons *, .aenb-tools *')].map(one => {
      const all = live.getBoundingClientRect(), own = one.getBoundingClientRect();
      return [own.x - all.x, own.y - all.y, own.width].map(Math.round).join();
    }).join(' ')"""
    for width in range(700, 1401, 25):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(DRAWN)
        before, numbers = live.evaluate(where), live.inner_text()
        page.wait_for_function(CHANGED, arg=[live.element_handle(), numbers], timeout=5000)
        assert live.evaluate(where) == before, width
    page.set_viewport_size({"width": 1280, "height": 900})


def epoch(live) -> int:
    return int(re.search(r"epoch (\d+) of", live.inner_text())[1])
