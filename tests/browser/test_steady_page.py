"""What stands below a training moves down for the live view and for the result, and never up."""

from __future__ import annotations

import itertools

from tests.browser.jupyter import Notebook, expect, picture, run_cell, written

CELLS = ("%load_ext aenb", "%%autoencoder deep d --data digits --epochs 40\nlatent_dim = 8", "'the next cell'")
WATCH = """cells => {
  const [first, next] = cells, seen = window.aenbPlaces = [];
  const look = () => {
    const y = next.getBoundingClientRect().top - first.getBoundingClientRect().top;
    const text = first.querySelector(".aenb-phase, .aenb-run")?.textContent.slice(0, 40) ?? "";
    if (!seen.length || Math.abs(seen.at(-1)[0] - y) > 4) seen.push([Math.round(y), text]);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_the_next_cell_moves_down_for_the_view_and_the_result_and_never_up(lab, new_page):
    written(lab.root / "steady.ipynb", *CELLS)
    page = new_page(1280, 900)
    notebook = Notebook(page, lab, "steady.ipynb")
    run_cell(notebook, 0)
    notebook.cells().evaluate_all("([_, first, next]) => (" + WATCH + ")([first, next])")
    run_cell(notebook, 1)
    cell = notebook.cells().nth(1)
    expect(cell.locator(".aenb-run img").first).to_be_visible(timeout=20_000)
    page.wait_for_timeout(3000)  # what was held is let go
    places = page.evaluate("aenbPlaces")
    picture(page, "steady")
    print("\n", *places, sep="\n")
    moves = [after[0] - before[0] for before, after in itertools.pairwise(places)]
    assert len(moves) in (2, 3)  # for the output, the live view in it, and the result
    assert min(moves) > 0
