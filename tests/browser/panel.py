"""The panel as a reader uses it; a test file for each place it is used in, so that they run side by side."""

from __future__ import annotations

import re

from tests.browser.jupyter import Notebook, expect, picture, run_cell, written

PANEL = (
    "%load_ext aenb",
    "%autoencoder",
    "print('trained so far', sorted(name for name in globals() if name.startswith('deep_')))",
    "import numpy as np\n"
    "same = all(np.array_equal(a, b) for a, b in zip(deep_2.model.get_weights(), deep_3.model.get_weights()))\n"
    "print('same weights', same)",
    "%aenb explore deep_1",
)


def use_the_panel(server, page, name, *, whole=True):
    """Use the panel in a place; `whole`: its cell is run too, and runs are compared and explored by a click."""
    written(server.root / "panel.ipynb", *PANEL)
    notebook = Notebook(page, server, "panel.ipynb")
    run_cell(notebook, 0)
    run_cell(notebook, 1)
    panel = page.locator(".aenb-panel").first
    expect(panel).to_be_visible(timeout=30_000)
    picture(page, f"panel-{name}")
    _each_control_has_a_name(panel)
    _what_is_known_before_a_training_is_shown(panel)
    _keys_stay_in_the_controls(notebook, panel)
    _other_data_is_shown(panel)
    _what_is_typed_wrong_is_said_beside_it(panel)
    _train_pause_resume_and_stop(notebook, panel, name)
    if whole:
        _its_cell_gives_the_same_weights(notebook, panel)
        _compare_and_explore(page, panel, name)
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    _what_is_saved_shows_without_a_kernel(notebook, server, name)


def _each_control_has_a_name(panel):
    """Every field is named after its setting, for a screen reader too."""
    for name in ("family", "data", "name", "latent_dim", "hidden_units", "epochs", "learning_rate", "seed"):
        expect(panel.locator(f"[aria-label='{name}']")).to_have_count(1, timeout=10_000)


def _what_is_known_before_a_training_is_shown(panel):
    """Ten examples and the architecture, found without a click; their folds' titles tell the rest."""
    expect(panel.get_by_text("Data: mnist_5k, 5,000 images of 28×28×1")).to_be_visible(timeout=60_000)
    expect(panel.get_by_text(re.compile(r"^Model: [0-9,]+ parameters$"))).to_be_visible(timeout=60_000)
    panel.get_by_text(re.compile("^Model: ")).click()
    expect(panel.locator(".aenb-architecture rect")).to_have_count(7)
    panel.get_by_text(re.compile("^Data: ")).click()
    expect(panel.locator(".aenb-data-preview img")).to_be_visible()
    size = panel.page.viewport_size
    panel.page.set_viewport_size({"width": 800, "height": 768})
    fold = "e => (e = e.closest('.jupyter-widget-Collapse-contents')).scrollWidth - e.clientWidth"
    assert panel.locator(".aenb-data-preview").evaluate(fold) <= 0  # nothing of it is cut off
    panel.page.set_viewport_size(size)
    panel.get_by_text("Settings", exact=True).click()


def _keys_stay_in_the_controls(notebook, panel):
    """Keys that are pressed in a control reach it, and delete no cell."""
    family = panel.locator(".aenb-family select")
    notebook.press_commands(family)
    family.select_option("deep")
    for key, chosen in (("ArrowDown", "conv"), ("ArrowUp", "deep")):
        family.press(key)
        expect(panel.locator(".aenb-cell textarea")).to_have_value(
            re.compile(f"^%%autoencoder {chosen} "), timeout=10_000
        )
    family.press("Tab")
    expect(panel.locator(".aenb-data input")).to_be_focused()


def _other_data_is_shown(panel):
    """What is typed as the data is loaded and shown; the trainings here are on small images, to be quick."""
    data = panel.locator(".aenb-data input")
    data.fill("digits")
    data.press("Tab")
    expect(panel.get_by_text("Data: digits, 1,797 images of 8×8×1")).to_be_visible(timeout=20_000)


def _what_is_typed_wrong_is_said_beside_it(panel):
    """An error stands beside its control, and nothing can be trained."""
    units = panel.locator(".aenb-field-hidden_units input")
    units.fill("512, many")
    expect(panel.locator("[role=alert]").first).to_contain_text("expected a list of whole numbers", timeout=10_000)
    expect(panel.locator("button.aenb-train, .aenb-train button")).to_be_disabled()
    units.fill("64, 32")
    expect(panel.locator(".aenb-cell textarea")).to_have_value(re.compile(r"hidden_units = \(64, 32\)"), timeout=10_000)


def _train_pause_resume_and_stop(notebook, panel, name):
    """Train in the background: another cell runs meanwhile, and the buttons are heard."""
    page = notebook.page
    panel.get_by_role("tab", name="Training").click()
    expect(panel.locator(".aenb-field-learning_rate")).to_be_visible()
    assert page.get_by_text("javascript error").count() == 0
    epochs = panel.locator(".aenb-field-epochs input")
    epochs.fill("5000")
    epochs.press("Tab")
    panel.locator("button.aenb-train, .aenb-train button").click()
    live = page.locator(".aenb-live").first
    expect(live).to_contain_text("examples/s", timeout=90_000)
    run_cell(notebook, 2)
    expect(notebook.cells().nth(2)).to_contain_text("['deep_1']", timeout=20_000)
    pause, stop = page.locator(".aenb-pause").first, page.locator(".aenb-stop").first
    notebook.press_commands(pause)
    pause.click()
    expect(live).to_contain_text("Paused", timeout=15_000)
    expect(pause).to_have_text("Resume")
    picture(page, f"panel-{name}-paused")
    pause.click()
    expect(live).not_to_contain_text("Paused", timeout=15_000)
    stop.click()
    expect(panel).to_contain_text("deep on digits · MSE", timeout=60_000)
    picture(page, f"panel-{name}-trained")


def _its_cell_gives_the_same_weights(notebook, panel):
    """The cell that the panel shows gives the same weights."""
    page, epochs = notebook.page, panel.locator(".aenb-field-epochs input")
    panel.get_by_text("Settings", exact=True).click()  # they were folded away by the training
    epochs.fill("2")
    epochs.press("Tab")
    cell = panel.locator(".aenb-cell textarea")
    expect(cell).to_have_value(re.compile(r"^%%autoencoder deep deep_2 .*--epochs 2 "), timeout=10_000)
    same = cell.input_value().replace("deep_2", "deep_3")
    panel.locator("button.aenb-train, .aenb-train button").click()
    expect(panel.locator(".aenb-run")).to_contain_text("deep_2: deep on digits", timeout=120_000)
    notebook.cells().nth(2).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(same)
    run_cell(notebook, 2)
    run_cell(notebook, 3)
    expect(notebook.cells().nth(3)).to_contain_text("same weights True", timeout=60_000)


def _compare_and_explore(page, panel, name):
    """Compare two runs and explore one with a click."""
    for box in panel.locator("input[type=checkbox]").all():
        label = box.evaluate("box => box.closest('label')?.innerText ?? ''")
        if label.strip() in ("deep_1", "deep_2"):
            box.check()
    panel.locator("button.aenb-compare, .aenb-compare button").click()
    expect(panel.locator("[data-aenb-comparison]")).to_be_visible(timeout=120_000)
    picture(page, f"panel-{name}-compared")
    panel.get_by_role("button", name="Explorer").first.click()
    expect(panel.locator(".aenb-explorer")).to_be_visible(timeout=30_000)


def _what_is_saved_shows_without_a_kernel(notebook, server, name):
    """On the next day no kernel knows the widgets: what is saved shows all the same."""
    page = notebook.page
    run_cell(notebook, 4)
    expect(page.locator(".jp-CodeCell").nth(4).locator(".aenb-explorer")).to_be_visible(timeout=30_000)
    for number in (1, 4):
        expect(notebook.cells().nth(number).locator("[data-aenb-filled]")).to_be_visible(timeout=20_000)
    picture(page, f"explorer-{name}")
    notebook.save()
    saved = (server.root / "panel.ipynb").read_text()
    assert "vnd.jupyter.widget-view" not in saved
    server.end_kernels()
    page.goto("about:blank")
    again = Notebook(page, server, "panel.ipynb")
    expect(again.cells().nth(4).locator("canvas.aenb-plane")).to_be_visible(timeout=20_000)
    expect(again.cells().nth(1).locator(".aenb-run").first).to_be_visible()
    page.wait_for_timeout(2000)
    assert page.get_by_text("Error displaying widget").count() == 0
    assert page.get_by_text("Loading widget").count() == 0
    again.cells().nth(4).scroll_into_view_if_needed()
    picture(page, f"reopened-{name}")
