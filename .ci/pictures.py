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
COLOURS = 256  # of the animation
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
TOP = "part => part.scrollIntoView({ block: 'start' })"
AROUND = 160  # of the page, outside the notebook
# Images are decoded and widgets drawn after their cell is done, and what is above a part then pushes it away: it is
# scrolled into view until it has stayed for a while.
SETTLE = """async part => {
  const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
  await document.fonts.ready;
  for (let still = 0, last = NaN, turn = 0; still < 8 && turn < 200; turn++) {
    part.scrollIntoView({ block: "start" });
    await wait(60);
    const { top, height } = part.getBoundingClientRect();
    const loading = [...document.images].some(image => !image.complete);
    still = !loading && `${top} ${height}` === last ? still + 1 : 0;
    last = `${top} ${height}`;
  }
}"""


class Tour:
    """The frames of the animation."""

    def __init__(self, page: Page):
        self._page, self.frames = page, []

    def record(self, seconds: float, part: Locator, act: Callable[[float], object] = lambda done: None) -> None:
        """Take frames of a part of the notebook, and act before each: `act(done)` gets the fraction that is over."""
        count = round(seconds * PER_SECOND)
        for number in range(count):
            act(number / max(1, count - 1))
            self._page.wait_for_timeout(1000 / PER_SECOND)
            part.evaluate(TOP)
            self.frames.append(_small(self._page.screenshot(type="png")))

    def write(self, path: Path) -> None:
        """Write the frames as a GIF of one palette."""
        middle = self.frames[len(self.frames) // 2]
        palette = middle.quantize(COLOURS, Image.Quantize.MAXCOVERAGE)  # the colours of small points too
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames]
        frames[0].save(
            path, save_all=True, append_images=frames[1:], duration=1000 // PER_SECOND, loop=0, optimize=True
        )


def _small(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return image.resize((SMALL, round(image.height * SMALL / image.width)), Image.Resampling.LANCZOS)


def keep(name: str, png: bytes) -> None:
    """Write a picture."""
    PICTURES.mkdir(exist_ok=True)
    Image.open(io.BytesIO(png)).convert("RGB").save(PICTURES / f"{name}.png", optimize=True)


def show(part: Locator) -> None:
    """Scroll a part of the notebook to the top of the page, and wait until nothing moves it away."""
    part.evaluate(SETTLE)


def picture(name: str, part: Locator, page: Page) -> None:
    """Take the picture of a part of the notebook alone, in a page that is high enough for all of it."""
    high = part.bounding_box()["height"]
    page.set_viewport_size({"width": WIDTH, "height": round(high) + AROUND})
    show(part)
    keep(name, page.screenshot(clip=part.bounding_box()))
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def trained(notebook: Notebook, page: Page, tour: Tour) -> None:
    """Train a VAE in a cell."""
    cell = notebook.cells().nth(1)
    start(cell, page)
    live = cell.locator(".aenb-live")
    expect(live.locator(".aenb-lines button").first).to_be_visible(timeout=120_000)
    expect(live.locator("img[src^=blob]")).to_have_count(1, timeout=60_000)
    show(cell)
    tour.record(6, cell)
    picture("training", cell, page)
    live.locator(".aenb-stop").click()
    expect(cell.locator(".aenb-run").first).to_be_visible(timeout=180_000)
    output = cell.locator(".jp-OutputArea").first
    show(output)
    tour.record(2, output)


def explored(notebook: Notebook, page: Page, tour: Tour) -> None:
    """Move a point over the latent plane."""
    run_cell(notebook, 2)
    cell = notebook.cells().nth(2)
    explorer = cell.locator(".aenb-explorer")
    expect(explorer).to_be_visible(timeout=60_000)
    show(explorer)
    box = explorer.locator("canvas.aenb-plane").bounding_box()
    x, y, radius = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 0.3 * min(box["width"], box["height"])

    def drag(done: float) -> None:
        angle = 2 * math.pi * done
        page.mouse.move(x + radius * math.cos(angle), y + radius * math.sin(2 * angle) / 1.3, steps=3)

    page.mouse.move(x + radius, y)
    page.mouse.down()
    tour.record(6, explorer, drag)
    page.mouse.up()
    picture("explorer", cell, page)


def compared(notebook: Notebook, page: Page, tour: Tour) -> None:
    """Compare it with a deep autoencoder."""
    run_cell(notebook, 3)
    cell = notebook.cells().nth(4)
    start(cell, page)
    expect(cell.locator(".aenb-result table").first).to_be_visible(timeout=60_000)
    show(cell)
    tour.record(4, cell)
    expect(cell.locator("[data-aenb-comparison]")).to_be_visible(timeout=300_000)
    show(cell)
    tour.record(3, cell)
    picture("comparison", cell, page)


def start(cell: Locator, page: Page) -> None:
    """Run a cell, and do not wait for its end."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def with_a_mouse(notebook: Notebook, page: Page) -> None:
    """Open the panel."""
    run_cell(notebook, 5)
    panel = notebook.cells().nth(5).locator(".aenb-panel").first
    expect(panel.get_by_text("Model: ")).to_be_visible(timeout=60_000)  # the last that is inferred
    picture("panel", notebook.cells().nth(5), page)


def one_cell(notebook: Notebook, page: Page) -> None:
    """Show a cell with its result."""
    run_cell(notebook, 6)
    picture("quickstart", notebook.cells().nth(6), page)


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
