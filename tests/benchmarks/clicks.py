"""Clicks on Pause and Resume like a person's, while a small model trains as fast as it can: how many are lost.

    python -m tests.benchmarks.clicks [--clicks 100] [--widths 820 825 830 1200 1205 1210]

A click looks where the button is, goes there, waits a quarter of a second, and presses for 70 ms. It is lost if the
training has not followed within three seconds. Times are from the release of the mouse to what the page shows.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.benchmarks import machine
from tests.browser.jupyter import CHROMIUM, FLAGS, Notebook, Server, written
from tests.kernels import path_with

OLDER = "6.31.0"
PLACES = {
    "JupyterLab": ("lab", None),
    "Notebook 7": ("notebook", None),
    f"JupyterLab, ipykernel {OLDER}": ("lab", OLDER),
}
TRAINING = "%%autoencoder deep d --data digits --epochs 100000\nhidden_units = (16,)"
LOOK, PRESS, LOST = 250, 70, 3000  # milliseconds


def click(page: Page, rng: random.Random) -> float | None:
    """Click on Pause or Resume; return the milliseconds until the training has followed, or None if it was lost."""
    button, phase = page.locator(".aenb-pause").first, page.locator(".aenb-phase").first
    is_running = button.inner_text() == "Pause"
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] * rng.uniform(0.2, 0.8), box["y"] + box["height"] * rng.uniform(0.25, 0.75))
    page.wait_for_timeout(LOOK)
    page.mouse.down()
    page.wait_for_timeout(PRESS)
    page.mouse.up()
    begin = time.perf_counter()
    try:
        expect(phase).to_have_text("Paused" if is_running else "Training", timeout=LOST)
        expect(button).to_have_text("Resume" if is_running else "Pause", timeout=LOST)
    except AssertionError:
        return None
    return 1000 * (time.perf_counter() - begin)


def measure(place: str, clicks: int, widths: list[int], seed: int = 0) -> str:
    """Return a row of the table."""
    app, ipykernel = PLACES[place]
    env = {"PYTHONPATH": path_with(ipykernel)} if ipykernel else {}
    rng, followed = random.Random(seed), []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder)
        written(root / "clicks.ipynb", "%load_ext aenb", TRAINING)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with Server(root, app=app, env={"AENB_LIVE": "1", "AENB_CHECKPOINTS": f"{folder}/kept", **env}) as server:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            Notebook(page, server, "clicks.ipynb").menu("Run", "Run All Cells")
            expect(page.locator(".aenb-live").first).to_contain_text("examples/s", timeout=90_000)
            for number in range(clicks):
                if number % max(1, clicks // len(widths)) == 0:
                    width = widths[min(len(widths) - 1, number * len(widths) // clicks)]
                    page.set_viewport_size({"width": width, "height": 900})
                    page.locator(".aenb-pause").first.scroll_into_view_if_needed()
                followed.append(click(page, rng))
        browser.close()
    times = sorted(one for one in followed if one is not None)
    lost = followed.count(None)
    return f"| {place} | {clicks} | {lost} | {statistics.median(times):.0f} | {times[-1]:.0f} |"


def main() -> None:
    """Read the command line, click, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=100)
    parser.add_argument("--widths", type=int, nargs="+", default=[820, 825, 830, 1200, 1205, 1210])
    asked = parser.parse_args()
    print(f"{machine.describe()}; widths {asked.widths}\n")
    print("| where | clicks | lost | followed after, ms: median | longest |\n| --- | ---: | ---: | ---: | ---: |")
    for place in PLACES:
        print(measure(place, asked.clicks, asked.widths), flush=True)


if __name__ == "__main__":
    main()
