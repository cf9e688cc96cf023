"""The latent explorer in JupyterLab: what it shows is checked against NumPy, and what is done in it against Python."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from tests.browser.jupyter import Notebook, expect, picture, run_cell, written

CELLS = (
    "%load_ext aenb\nimport json, numpy as np, pandas as pd, aenb\nfrom pathlib import Path",
    "run = aenb.train('deep', 'mnist_5k', name='d', limit=1200, latent_dim=8, epochs=3, verbose=False)\n"
    "x = run.data.x_test\n"
    "table = pd.DataFrame({'ink': x.mean(axis=(1, 2, 3))}, index=[f'digit-{n:03}.png' for n in range(len(x))])",
    "explorer = aenb.LatentExplorer(run, table=table)\nexplorer",
    "own = explorer.place(1 - x[:1], 'negative')\n"
    "np.savez('known.npz', codes=run.encode(x), own=own[0], labels=run.data.y_test, errors=run.score(x),"
    " origin=explorer.about['origin'], axes=explorer.about['axes'], bounds=explorer.about['bounds'])",
    "Path('state.json').write_text(json.dumps(explorer.selected))",
    "explorer.selected = {5, 2}",
    "np.save('ends.npy', run.decode(np.array([explorer.ends['A'], explorer.ends['B']])))",
)
SELECTED, FROM_PYTHON, ENDS = 4, 5, 6
STATE = """root => { const s = root.aenbScene; return {
  code: Array.from(s.code), near: s.indices[s.near], zoom: s.view.magnification,
  matches: s.matches && [...s.matches].map(i => s.indices[i]), selected: [...s.selected].map(i => s.indices[i]),
  thumbnails: s.drawnThumbnails.map(i => s.view.toPixel(s.space.point(i))),
  colours: s.indices.map((_, i) => s.colour(i)), shown: s.indices.filter((_, i) => s.isShown(i)).length,
}; }"""
LIVE = "root => root.querySelectorAll('[aria-live], output, [role=status], [role=alert], [role=log]').length"
CONTROLS = ".aenb-plane", ".aenb-search", ".aenb-tools button", "select", "input[type=checkbox]", "input[type=range]"


class Explorer:
    """The explorer in a page, and what NumPy knows about its examples."""

    def __init__(self, notebook: Notebook, folder):
        self.notebook, self.page, self.folder = notebook, notebook.page, folder
        self.root = self.page.locator(".aenb-explorer").first
        self.plane = self.root.locator(".aenb-plane")
        self.known = np.load(folder / "known.npz")
        self.wrong: list[str] = []

    @property
    def state(self) -> dict:
        return self.root.evaluate(STATE)

    def press(self, name: str) -> None:
        self.root.get_by_role("button", name=name, exact=True).click()

    def top(self) -> None:
        """Scroll its title to the top."""
        self.root.evaluate("root => root.scrollIntoView({block: 'start'})")
        self.page.wait_for_timeout(300)

    def pixels(self, codes) -> np.ndarray:
        """Return where codes are on the screen when all is shown: (n, 2)."""
        points = (codes - self.known["origin"]) @ self.known["axes"].T
        (x0, x1, y0, y1), box = self.known["bounds"], self.plane.bounding_box()
        across, up = (points[:, 0] - x0) / (x1 - x0), (points[:, 1] - y0) / (y1 - y0)
        return np.stack([box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]], axis=1)

    def in_python(self) -> list[int]:
        """Return `explorer.selected`."""
        run_cell(self.notebook, SELECTED)
        return json.loads((self.folder / "state.json").read_text())


@pytest.fixture
def explorer(lab, new_page):
    written(lab.root / "explorer.ipynb", *CELLS)
    notebook = Notebook(new_page(1280, 900), lab, "explorer.ipynb")
    for number in range(SELECTED):
        run_cell(notebook, number)
    found = Explorer(notebook, lab.root)
    notebook.page.on("pageerror", lambda error: found.wrong.append(str(error)))
    expect(found.plane).to_be_visible(timeout=10_000)
    expect(found.root.locator(".aenb-placed")).to_contain_text("negative")
    found.top()
    return found


def test_the_explorer_shows_what_numpy_finds(explorer):
    _the_nearest_example_is_so_in_the_latent_space(explorer)
    _zoom_and_pan(explorer)
    _a_lasso_selects_for_python(explorer)
    _a_search_marks_and_selects(explorer)
    _points_are_coloured_by_their_errors(explorer)
    _thumbnails_do_not_cover_each_other(explorer)
    _a_placed_example_is_at_its_code(explorer)
    _the_path_is_saved_as_an_animation(explorer)
    _it_is_side_by_side_at_every_width(explorer)
    assert explorer.root.evaluate(LIVE) == 1
    assert explorer.wrong == []
    for control in CONTROLS:
        explorer.notebook.press_commands(explorer.root.locator(control).first)


def _the_nearest_example_is_so_in_the_latent_space(explorer):
    """Also where another one is nearer in the plane."""
    known, otherwise, box = explorer.known, 0, explorer.plane.bounding_box()
    moves = [lambda: explorer.press("Random")] * 4
    moves += [
        lambda place=place: explorer.page.mouse.click(box["x"] + place * box["width"], box["y"] + 0.4 * box["height"])
        for place in (0.3, 0.5, 0.7)
    ]
    for move in moves:
        explorer.press("Random")
        move()
        explorer.page.mouse.move(5, 5)
        state = explorer.state
        code = np.array(state["code"])
        nearest = int(((known["codes"] - code) ** 2).sum(axis=1).argmin())
        assert state["near"] == nearest
        caption = explorer.root.locator("figcaption").nth(1)
        expect(caption).to_contain_text(f"#{nearest} · {known['labels'][nearest]}")
        expect(caption).to_contain_text(f"digit-{nearest:03}.png")
        flat = (known["codes"] - code) @ known["axes"].T
        otherwise += int((flat**2).sum(axis=1).argmin()) != nearest
    assert otherwise >= 2
    explorer.plane.focus()
    explorer.page.keyboard.press("Enter")
    state = explorer.state
    np.testing.assert_allclose(state["code"], known["codes"][state["near"]], atol=1e-5)


def _zoom_and_pan(explorer):
    page, box = explorer.page, explorer.plane.bounding_box()
    x, y = box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"]
    under = f"root => root.aenbScene.view.toPoint([{0.3 * box['width']}, {0.6 * box['height']}])"
    page.mouse.move(x, y)
    explorer.root.locator("select").first.focus()
    page.mouse.wheel(0, -1)  # without the focus the page scrolls
    page.wait_for_timeout(100)
    assert explorer.state["zoom"] == pytest.approx(1)
    explorer.plane.focus()
    explorer.top()
    before = explorer.root.evaluate(under)
    page.mouse.move(x, y)
    for _ in range(4):
        page.mouse.wheel(0, -120)
    page.wait_for_timeout(200)
    assert explorer.state["zoom"] > 1.5
    np.testing.assert_allclose(explorer.root.evaluate(under), before, rtol=0.02, atol=0.02)
    zoom = explorer.state["zoom"]
    page.keyboard.press("+")
    assert explorer.state["zoom"] == pytest.approx(1.5 * zoom)
    explorer.press("Pan")
    before = explorer.root.evaluate(under)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y - 30, steps=4)
    page.mouse.up()
    moved = f"root => root.aenbScene.view.toPoint([{0.3 * box['width'] + 50}, {0.6 * box['height'] - 30}])"
    np.testing.assert_allclose(explorer.root.evaluate(moved), before, atol=0.005)
    picture(page, "explorer-zoomed")
    page.keyboard.press("0")
    assert explorer.state["zoom"] == pytest.approx(1)
    _pinch(explorer, box)
    explorer.press("Show all")
    explorer.press("Move")
    assert explorer.state["zoom"] == pytest.approx(1)


def _pinch(explorer, box):
    """Two fingers that move from 80 to 240 pixels apart magnify three times."""
    touch = explorer.page.context.new_cdp_session(explorer.page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, apart in (("touchStart", 40), *(("touchMove", 40 + 10 * step) for step in range(1, 9))):
        fingers = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": fingers[:1]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y + 20, "id": 0}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert explorer.state["zoom"] == pytest.approx(3, rel=0.1)


def _a_lasso_selects_for_python(explorer):
    """Those inside are selected, and no others; Clear and Space change it too, and so does Python."""
    page, (left, top), (right, low) = explorer.page, (0.4, 0.35), (0.62, 0.7)
    explorer.top()
    box, pixels = explorer.plane.bounding_box(), explorer.pixels(explorer.known["codes"])
    corners = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"])
        for x, y in ((left, top), (right, top), (right, low), (left, low))
    ]
    explorer.press("Lasso")
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=5)
    page.mouse.up()
    inside = ((pixels > np.array(corners[0])) & (pixels < np.array(corners[2]))).all(axis=1)
    near_edge = (np.abs(pixels[:, None] - np.array([corners[0], corners[2]])) < 1.5).any(axis=(1, 2))
    picture(page, "explorer-lasso")
    selected = explorer.in_python()
    assert selected == sorted(set(selected))
    assert set(selected) - set(np.flatnonzero(near_edge)) == set(np.flatnonzero(inside & ~near_edge))
    assert 10 < len(selected) < len(pixels)
    expect(explorer.root.locator(".aenb-count")).to_have_text(f"{len(selected)} selected")
    explorer.press("Clear")
    assert explorer.in_python() == []
    explorer.plane.focus()
    page.keyboard.press(" ")
    assert explorer.in_python() == [explorer.state["near"]]
    explorer.plane.focus()
    page.keyboard.press(" ")
    assert explorer.in_python() == []
    run_cell(explorer.notebook, FROM_PYTHON)
    expect(explorer.root.locator(".aenb-count")).to_have_text("2 selected")
    assert sorted(explorer.state["selected"]) == [2, 5]
    explorer.press("Move")


def _a_search_marks_and_selects(explorer):
    labels, search = explorer.known["labels"], explorer.root.get_by_role("searchbox")
    wanted = sorted({*np.flatnonzero(labels == 3).tolist(), 3})
    search.fill("3")
    expect(explorer.root.get_by_role("status")).to_have_text(f"{len(wanted)} examples match.")
    assert sorted(explorer.state["matches"]) == wanted
    explorer.press("Select")
    assert explorer.in_python() == wanted
    search.fill("#17")
    expect(explorer.root.get_by_role("status")).to_have_text("1 example matches.")
    search.press("Enter")
    np.testing.assert_allclose(explorer.state["code"], explorer.known["codes"][17], atol=1e-5)
    search.fill("DIGIT-02")
    expect(explorer.root.get_by_role("status")).to_have_text("10 examples match.")
    search.fill("")
    expect(explorer.root.get_by_role("status")).to_have_text("")
    explorer.press("Clear")


def _points_are_coloured_by_their_errors(explorer):
    pick, bar = explorer.root.get_by_label("Colour points by"), explorer.root.locator(".aenb-scale")
    assert [one.strip() for one in pick.locator("option").all_inner_texts()] == ["label", "reconstruction error", "ink"]
    by_label = explorer.state["colours"]
    pick.select_option(label="reconstruction error")
    expect(bar).to_be_visible(timeout=10_000)
    expect(bar).to_have_attribute("aria-label", re.compile(r"^reconstruction error: colours from 0\.0\d+ to 0\.\d+$"))
    order, colours = np.argsort(explorer.known["errors"]), explorer.state["colours"]
    assert (colours[order[0]], colours[order[-1]]) == ("#440154", "#fde725")  # the ends of viridis
    picture(explorer.page, "explorer-errors")
    pick.select_option(label="label")
    expect(bar).to_have_count(0)
    assert explorer.state["colours"] == by_label
    assert len(set(by_label)) == 10
    chip = explorer.root.locator(".aenb-legend button").nth(4)
    chip.click()
    assert explorer.state["shown"] == (explorer.known["labels"] != 4).sum()
    chip.click()


def _thumbnails_do_not_cover_each_other(explorer):
    box = explorer.root.get_by_label("thumbnails")
    box.check()
    places = np.array(explorer.state["thumbnails"])
    assert 40 < len(places) <= len(explorer.known["codes"])
    apart = np.abs(places[:, None] - places[None]).max(axis=2) + 1000 * np.eye(len(places))
    assert apart.min() >= 16 - 1e-6  # of 20 pixels
    picture(explorer.page, "explorer-thumbnails")
    box.uncheck()
    assert explorer.state["thumbnails"] == []


def _a_placed_example_is_at_its_code(explorer):
    explorer.top()
    own = explorer.known["own"]
    ((x, y),) = explorer.pixels(own[None])
    box = explorer.plane.bounding_box()
    if box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]:
        explorer.page.mouse.move(x, y)
        explorer.page.mouse.down()
        explorer.page.mouse.move(x + 2, y + 1)  # as a hand does
        explorer.page.mouse.up()
        explorer.page.mouse.move(5, 5)
    else:
        explorer.press("★ negative")
    np.testing.assert_allclose(explorer.state["code"], own, atol=1e-5)
    expect(explorer.root.locator("figure").nth(2)).to_contain_text("★ negative")
    explorer.press("Centre")
    explorer.press("★ negative")
    np.testing.assert_allclose(explorer.state["code"], own, atol=1e-5)


def _the_path_is_saved_as_an_animation(explorer):
    """The file's first image is what A decodes to."""
    explorer.press("Save GIF")
    expect(explorer.root.get_by_role("status")).to_contain_text("Set A and B first")
    explorer.press("Set A")
    explorer.press("Centre")
    explorer.press("Set B")
    with explorer.page.expect_download(timeout=20_000) as download:
        explorer.press("Save GIF")
    assert download.value.suggested_filename == "d_A_to_B.gif"
    run_cell(explorer.notebook, ENDS)
    ends = np.load(explorer.folder / "ends.npy")
    with Image.open(io.BytesIO(download.value.path().read_bytes())) as gif:
        assert gif.n_frames == 46
        for frame, end in ((0, ends[0]), (23, ends[1])):
            gif.seek(frame)
            pixels = np.asarray(gif.convert("L"))[3::7, 3::7]  # each pixel is enlarged to 7 × 7
            np.testing.assert_allclose(pixels, 255 * end[..., 0].clip(0, 1), atol=1)


def _it_is_side_by_side_at_every_width(explorer):
    """Plane and decoded picture, both on the screen; 853 × 600 is a window of 1280 × 900 at 150%."""
    page = explorer.page
    for width, height in ((1280, 900), (1024, 768), (853, 600), (800, 800), (700, 700)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        explorer.top()
        plane, decoded = explorer.plane.bounding_box(), explorer.root.locator(".aenb-picture").first.bounding_box()
        assert decoded["x"] >= plane["x"] + plane["width"], width
        assert abs(decoded["y"] - plane["y"]) < 75, width
        assert max(one["y"] + one["height"] for one in (plane, decoded)) <= height, width
        assert decoded["width"] >= 80, width
        assert explorer.root.evaluate("root => root.scrollWidth <= root.clientWidth"), width
        picture(page, f"explorer-{width}")
    page.set_viewport_size({"width": 1280, "height": 900})
