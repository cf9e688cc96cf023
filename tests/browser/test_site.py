"""The built site in a real browser, opened from disk."""

from pathlib import Path

import pytest

SITE = Path(__file__).parents[2] / "build" / "site"
CHAPTERS = sorted(SITE.glob("notebooks/[0-9]*.html"))

pytestmark = pytest.mark.skipif(not CHAPTERS, reason="needs the site: make site")


def test_the_explorers_answer_the_pointer_and_nothing_is_loaded_from_elsewhere(new_page):
    asked, wrong, answered = [], [], 0
    page = new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(error))
    for chapter in [SITE / "index.html", *CHAPTERS]:
        page.goto(chapter.as_uri())
        for sheet in page.locator("[data-aenb-sheet]").all():
            plane, decoded = sheet.locator("canvas.aenb-plane"), sheet.locator("canvas.aenb-decoded")
            plane.scroll_into_view_if_needed()
            seen = set()
            for x, y in ((40, 40), (200, 300), (380, 120)):
                plane.hover(position={"x": x, "y": y})
                seen.add(decoded.evaluate("canvas => canvas.toDataURL()"))
            assert len(seen) == 3, chapter.name
            answered += 1
    assert wrong == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert answered >= 4
