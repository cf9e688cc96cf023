"""Take the README's pictures and its animation from the real pages: `python .ci/pictures.py [NAME …]`.

JupyterLab runs on loopback with Chromium (see `tests/browser/jupyter.py`), and models train on digits. The
pictures are written to `notebooks/pictures/`: training, explorer, comparison, panel, quickstart, and tour.gif, in which
a model is trained, explored and compared.
"""

from __future__ import annotations

import io
import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402
from playwright.sync_api import Locator, Page, expect, sync_playwright  # noqa: E402

from tests.browser.jupyter import CHROMIUM, FLAGS, Notebook, Server, run_cell, written  # noqa: E402

PICTURES = ROOT / "notebooks" / "pictures"
COLOURS = 128  # of a picture and of the animation
WIDTH, HEIGHT, PER_SECOND, SMALL = 1180, 760, 4, 860  # of the page; frames a second; the animation's width
CELLS = (
    "%load_ext aenb",
    "%%autoencoder vae v --data mnist_5k --epochs 300\nlatent_dim = 8",
    "%aenb explore v",
    "%autoencoder deep d --data mnist_5k",
    "%aenb compare v d",
    "%autoencoder",
    "%%autoencoder deep d --epochs 30 --seed 0\nlatent_dim = 16\nhidden_units = (256, 128)",
)
TALL = 1500  # of the page for a whole result


class Tour:
    """The frames of the animation."""

    def __init__(self, page: Page):
        self._page, self.frames = page, []

    def record(self, seconds: float, act: Callable[[float], object] = lambda part: None) -> None:
        """Take frames for some seconds, and act before each: `act(part)` gets the fraction that is over."""
        count = round(seconds * PER_SECOND)
        for number in range(count):
            act(number / max(1, count - 1))
            self._page.wait_for_timeout(1000 / PER_SECOND)
            self.frames.append(_small(self._page.screenshot(type="png")))

    def write(self, path: Path) -> None:
        """Write the frames as a GIF of one palette."""
        palette = self.frames[len(self.frames) // 2].quantize(COLOURS, Image.Quantize.MEDIANCUT)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames]
        frames[0].save(
            path, save_all=True, append_images=frames[1:], duration=1000 // PER_SECOND, loop=0, optimize=True
        )


def _small(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return image.resize((SMALL, round(image.height * SMALL / image.width)), Image.Resampling.LANCZOS)


def keep(name: str, png: bytes) -> None:
    """Write a picture with few colours."""
    PICTURES.mkdir(exist_ok=True)
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(COLOURS, Image.Quantize.MEDIANCUT).save(PICTURES / f"{name}.png", optimize=True)


def show(page: Page, part: Locator) -> None:
    """Scroll a part of the notebook to the top of the page."""
    part.evaluate("one => one.scrollIntoView({ block: 'start' })")
    page.wait_for_timeout(300)


def trained(notebook: Notebook, page: Page, tour: Tour) -> None:
    """Train a VAE in a cell."""
    cell = notebook.cells().nth(1)
    show(page, cell)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    live = cell.locator(".aenb-live")
    expect(live.locator(".aenb-lines button").first).to_be_visible(timeout=120_000)
    expect(live.locator("img[src^=blob]")).to_have_count(1, timeout=60_000)
    show(page, cell)
    tour.record(6)
    keep("training", page.screenshot())
    live.locator(".aenb-stop").click()
    expect(cell.locator(".aenb-run").first).to_be_visible(timeout=180_000)
    show(page, cell.locator(".jp-OutputArea").first)
    tour.record(2)


def explored(notebook: Notebook, page: Page, tour: Tour) -> None:
    """Move a point over the latent plane."""
    run_cell(notebook, 2)
    explorer = notebook.cells().nth(2).locator(".aenb-explorer")
    expect(explorer).to_be_visible(timeout=60_000)
    show(page, explorer)
    box = explorer.locator("canvas.aenb-plane").bounding_box()
    x, y, radius = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 0.3 * min(box["width"], box["height"])

    def drag(part: float) -> None:
        angle = 2 * math.pi * part
        page.mouse.move(x + radius * math.cos(angle), y + radius * math.sin(2 * angle) / 1.3, steps=3)

    page.mouse.move(x + radius, y)
    page.mouse.down()
    tour.record(6, drag)
    page.mouse.up()
    keep("explorer", page.screenshot())


def compared(notebook: Notebook, page: Page, tour: Tour) -> None:
    """Compare it with a deep autoencoder."""
    run_cell(notebook, 3)
    cell = notebook.cells().nth(4)
    show(page, cell)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(1500)
    show(page, cell)
    tour.record(4)
    expect(cell.locator(".jp-InputPrompt").first).to_have_text("[5]:", timeout=300_000)
    show(page, cell.locator(".jp-OutputArea").first)
    tour.record(2)
    keep("comparison", page.screenshot())


def with_a_mouse(notebook: Notebook, page: Page) -> None:
    """Open the panel, and train from it."""
    run_cell(notebook, 5)
    panel = notebook.cells().nth(5).locator(".aenb-panel").first
    expect(panel.get_by_text("Model: ")).to_be_visible(timeout=60_000)  # the last that is inferred
    show(page, panel)
    keep("panel", page.screenshot())


def one_cell(notebook: Notebook, page: Page) -> None:
    """Show a cell with its result."""
    page.set_viewport_size({"width": WIDTH, "height": TALL})
    run_cell(notebook, 6)
    cell = notebook.cells().nth(6)
    show(page, cell)
    keep("quickstart", cell.screenshot())


def main() -> None:
    """Take all of them."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder)
        written(root / "aenb.ipynb", *CELLS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with Server(root, env={"AENB_LIVE": "1", "AENB_CHECKPOINTS": f"{folder}/kept"}) as server:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            notebook = Notebook(page, server, "aenb.ipynb")
            page.keyboard.press("Control+b")  # the file browser away
            run_cell(notebook, 0)
            tour = Tour(page)
            for scene in (trained, explored, compared):
                scene(notebook, page, tour)
            tour.write(PICTURES / "tour.gif")
            with_a_mouse(notebook, page)
            one_cell(notebook, page)
        browser.close()


if __name__ == "__main__":
    main()
