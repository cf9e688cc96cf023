"""A series to scroll and zoom, by keyboard and by buttons, with 100,000 rows that are all there."""

import numpy as np
import pandas as pd

from aenb.figures.series_page import series_page
from tests.browser.jupyter import expect

N = 100_000


def page_of(events):
    values, scores = np.sin(np.arange(N) / 300)[:, None], np.full(N, 0.01)
    for first, last in events:
        scores[first : last + 1] = 1.0
    index = pd.date_range("2024-01-01", periods=N, freq="min", tz="Europe/Paris")
    return f"<body>{series_page(values, scores, 0.5, names=['load <b>'], index=index)}</body>"


def test_it_scrolls_zooms_and_visits_events_by_keyboard(new_page):
    page, problems = new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.set_content(page_of([(20_000, 20_009), (77_777, 77_777)]))
    canvas, live = page.locator("canvas"), page.locator("[aria-live]")
    expect(canvas).to_have_attribute("data-to", str(N))
    expect(live).to_have_text("2024-01-01 00:00 to 2024-03-10 10:39: 2 of 2 events.")
    canvas.press("n")
    expect(live).to_contain_text("Event 1 of 2: 2024-01-14 21:20")
    assert int(canvas.get_attribute("data-from")) < 20_000 < int(canvas.get_attribute("data-to"))
    canvas.press("n")
    expect(live).to_contain_text("Event 2 of 2: 2024-02-24 00:17")
    canvas.press("p")
    expect(canvas).to_have_attribute("data-event", "0")
    before = int(canvas.get_attribute("data-from"))
    canvas.press("ArrowRight")
    assert int(canvas.get_attribute("data-from")) > before
    for _ in range(20):
        canvas.press("+")
    width = int(canvas.get_attribute("data-to")) - int(canvas.get_attribute("data-from"))
    assert 20 <= width <= 22
    canvas.press("0")
    expect(canvas).to_have_attribute("data-from", "0")
    page.get_by_role("button", name="previous event").click()
    expect(live).to_contain_text("Event 2 of 2")
    page.get_by_role("slider").press("Home")
    expect(canvas).to_have_attribute("data-from", "0")
    assert problems == []


def test_a_spike_of_one_row_is_drawn_at_every_zoom(new_page):
    page = new_page()
    page.set_content(page_of([(50_000, 50_000)]))
    expect(page.locator("canvas")).to_have_attribute("data-to", str(N))
    top = """() => {
      const c = document.querySelector("canvas"), r = c.width / c.clientWidth;
      const x = Math.round(56 * r + 0.5 * (c.clientWidth - 56) * r), y = Math.round((c.clientHeight / 2 + 12) * r);
      const d = c.getContext("2d").getImageData(x - 4, y, 9, 60).data;
      let dark = 0;
      for (let k = 0; k < d.length; k += 4) dark += d[k + 3] > 200 && d[k] < 90 && d[k + 1] < 90;
      return dark;
    }"""
    assert page.evaluate(top) > 10
