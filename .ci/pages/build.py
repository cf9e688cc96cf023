"""Build the interactive pages of the chapters: `python .ci/pages/build.py [NAME …]`.

A page is `notebooks/pages/NAME.html`, a fragment that needs no other file: its source `NAME.html` here, with the style
and the functions that all pages share (`kit.css`, `kit.js`), the numbers that `measure.py` measured (`NAME.json`), and
its first picture, which Chromium draws here, so that it is there if scripts are off. A chapter shows it by

    from IPython.display import HTML

    HTML(filename="pages/elbo.html")
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.browser.jupyter import CHROMIUM, FLAGS  # noqa: E402

PAGES = ROOT / "notebooks" / "pages"
SCRIPT = """(() => {{
"use strict";
const beside = document.currentScript && document.currentScript.previousElementSibling;
const all = [beside, ...document.querySelectorAll('[data-aenb-page="{name}"]')].filter(Boolean);
const root = all.find((found) => found.dataset.aenbPage === "{name}" && !found.dataset.ready);
if (!root) return;
root.dataset.ready = "1";
{numbers}{kit}{page}}})();
"""
# The first picture of each panel, as an image: JupyterLab takes scripts and SVG out of outputs that it does not trust.
STILL = """([root, style]) => {
  root.querySelectorAll(".controls").forEach((part) =>
    Object.assign(part, { hidden: true }).style.display = "none");
  for (const panel of root.querySelectorAll("svg[data-panel]")) {
    const copy = panel.cloneNode(true), { width, height } = panel.viewBox.baseVal;
    const rules = document.createElementNS(panel.namespaceURI, "style");
    rules.textContent = style;
    copy.prepend(rules);
    [["width", width], ["height", height]].forEach((size) => copy.setAttribute(...size));
    ["data-panel", "style", "role", "aria-label"].forEach((name) => copy.removeAttribute(name));
    const bytes = new TextEncoder().encode(new XMLSerializer().serializeToString(copy));
    const image = Object.assign(document.createElement("img"), { alt: panel.getAttribute("aria-label"), width, height,
      src: "data:image/svg+xml;base64," + btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) });
    image.style.cssText = "max-width:100%;height:auto;background:#fff";
    Object.assign(image.dataset, { panel: panel.dataset.panel, box: panel.getAttribute("viewBox") });
    panel.replaceWith(image);
  }
  root.querySelectorAll("[style='']").forEach((part) => part.removeAttribute("style"));
  root.removeAttribute("data-ready");
  return root.outerHTML;
}"""


def source(name: str) -> tuple[str, str]:
    """Return a page's figure as it is written, and its whole script."""
    figure, _, script = (HERE / f"{name}.html").read_text(encoding="utf-8").partition("<script>\n")
    file = HERE / f"{name}.json"
    numbers = f"const numbers = {file.read_text(encoding='utf-8').strip()};\n" if file.exists() else ""
    kit = (HERE / "kit.js").read_text(encoding="utf-8")
    return figure, SCRIPT.format(name=name, numbers=numbers, kit=kit, page=script.replace("</script>\n", ""))


def assemble(name: str, figure: str, script: str) -> str:
    """Return the fragment: the figure with its style inside, then the script."""
    style = (HERE / "kit.css").read_text(encoding="utf-8")
    figure = re.sub(r"<style>.*?</style>\n?", "", figure, flags=re.DOTALL)
    head, end, rest = figure.partition(">\n")
    return f"{head}{end}<style>\n{style}</style>\n{rest.strip()}\n<script>\n{script}</script>\n"


def main(names: list[str]) -> None:
    """Build pages, all of them if none is named."""
    PAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS).new_page()
        page.on("pageerror", lambda error: print(error.stack, file=sys.stderr))
        for name in names or sorted(path.stem for path in HERE.glob("*.html")):
            figure, script = source(name)
            page.set_content(assemble(name, figure, script))
            root = page.locator(f"[data-aenb-page={name}]")
            rules = (HERE / "kit.css").read_text(encoding="utf-8").splitlines()
            style = "".join(rule.replace(".aenb-page svg ", "") for rule in rules if rule.startswith(".aenb-page svg "))
            still = root.evaluate(f"(root, style) => ({STILL})([root, style])", style)
            (PAGES / f"{name}.html").write_text(assemble(name, still, script), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
