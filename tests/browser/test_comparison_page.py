"""A comparison as a reader sees it: errors at once, a Cancel that works, tables that sort, no widget in the file."""

import re
import time

from tests.browser.jupyter import Notebook, expect, picture, run_cell, written

COMPARED = (
    "%load_ext aenb",
    "%autoencoder deep d --data mnist_5k --epochs 2 --quiet",
    "%autoencoder vae v --data mnist_5k --epochs 2 --quiet",
    "%aenb compare d v",
)


def test_errors_come_at_once_and_cancel_ends_the_rest(lab, new_page):
    written(lab.root / "compared.ipynb", *COMPARED)
    page = new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    notebook = Notebook(page, lab, "compared.ipynb")
    for number in range(3):
        run_cell(notebook, number)
    cell = notebook.cells().nth(3)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    begun = time.monotonic()
    live = cell.locator(".aenb-live")
    expect(live.locator(".aenb-result table").first).to_contain_text("MSE", timeout=20_000)
    seconds = time.monotonic() - begun
    print(f"\nreconstruction errors after {seconds:.1f} s")
    assert seconds < 2
    expect(live.locator(".aenb-phase")).to_contain_text("Scoring")
    expect(live.locator(".aenb-pause")).to_be_hidden()
    picture(page, "comparison-filling")
    live.get_by_role("button", name="Cancel").click()
    compared = cell.locator("[data-aenb-comparison]")
    expect(compared).to_be_visible(timeout=20_000)
    expect(cell).to_contain_text("Scoring was cancelled, so these scores are absent")
    expect(compared.locator("th", has_text="Fréchet")).to_have_count(0)
    expect(cell.locator(".aenb-phase")).to_have_count(0)
    _sorts_by_keyboard(page, compared)
    _curves_answer(page, compared)
    picture(page, "comparison-cancelled")
    notebook.save()
    assert "vnd.jupyter.widget-view" not in (lab.root / "compared.ipynb").read_text()
    assert problems == []


def _sorts_by_keyboard(page, compared):
    """A head sorts by its column, numbers as numbers, and tells how it is sorted."""
    table = compared.locator("table").first
    head = table.locator("th").nth(1)
    button = head.get_by_role("button", name="MSE")
    for way, sign in (("ascending", 1), ("descending", -1)):
        button.press("Enter")
        expect(head).to_have_attribute("aria-sort", way)
        scores = [float(text) for text in table.locator("tbody tr td:nth-child(2)").all_inner_texts() if text.strip()]
        assert scores == sorted(scores)[::sign]
        assert len(scores) >= 4
    button.press("Space")
    assert head.get_attribute("aria-sort") is None


def _curves_answer(page, compared):
    """The learning curves of both are in one chart, which tells the values at an epoch and hides a line."""
    chart = compared.locator(".aenb-chart")
    expect(chart.locator("svg path[stroke^='#']")).to_have_count(2)
    expect(chart.locator(".aenb-lines button")).to_have_count(2)
    last = chart.locator(".aenb-lines").inner_text()
    chart.locator("svg").press("ArrowLeft")
    chart.locator("svg").press("ArrowLeft")
    expect(chart.locator("svg text", has_text=re.compile("^epoch [0-9]"))).to_have_count(1)
    expect(chart.locator(".aenb-lines")).not_to_have_text(last)
    chart.locator(".aenb-lines button").first.click()
    expect(chart.locator("svg path[stroke^='#']")).to_have_count(1)
