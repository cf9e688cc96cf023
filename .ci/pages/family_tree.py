"""Draw how the families are related: `python .ci/pages/family_tree.py` writes `notebooks/pages/families.svg`.

`tests/test_drawings.py` compares its names with the families that are registered.
"""

from __future__ import annotations

from drawings import BLUE, GREEN, GREY, INK, ORANGE, PAGES, rect, sheet, text

WIDTH, HEIGHT, BOX, TALL = 980, 428, 98, 44
# A name: (middle of its box, year, colour). Blue: reconstruct; orange: adversarial; green: both.
BOXES = {
    "PCA": (64, 250, "1901", BLUE), "shallow": (262, 250, "1986", BLUE), "deep": (452, 250, "2006", BLUE),
    "conv": (714, 78, "2011", BLUE), "attention": (714, 164, "2017", BLUE), "vae": (714, 250, "2013", BLUE),
    "diffusion": (452, 108, "2020", BLUE), "vqvae": (916, 78, "2017", BLUE),
    "two networks": (452, 390, "1990s", ORANGE), "gan": (714, 390, "2014", ORANGE),
    "vaegan": (916, 300, "2016", GREEN), "aae": (916, 390, "2015", GREEN),
}  # fmt: skip
# An arrow: from, to, and its words in lines.
ARROWS = [
    ("PCA", "shallow", ["trained", "as a network"]), ("shallow", "deep", ["more layers"]),
    ("deep", "conv", ["shared local weights"]), ("deep", "attention", ["computed weights"]),
    ("deep", "vae", ["a distribution of codes"]), ("deep", "diffusion", ["denoising at all", "levels of noise"]),
    ("conv", "vqvae", ["a codebook"]), ("two networks", "gan", ["one generates"]),
    ("deep", "aae", []), ("gan", "aae", ["discriminator", "on codes"]),
    ("vae", "vaegan", ["a learned", "distance"]), ("gan", "vaegan", []),
]  # fmt: skip


def edge(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Return an arrow between two points."""
    (x, y), (u, v) = start, end
    length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
    dx, dy = (u - x) / length, (v - y) / length
    head = f"M{u:.1f} {v:.1f}L{u - 7 * dx - 3.5 * dy:.1f} {v - 7 * dy + 3.5 * dx:.1f}"
    head += f"L{u - 7 * dx + 3.5 * dy:.1f} {v - 7 * dy - 3.5 * dx:.1f}z"
    shaft = f"M{x:.1f} {y:.1f}L{u - 5 * dx:.1f} {v - 5 * dy:.1f}"
    return f'<path d="{shaft}" stroke="{GREY}" stroke-width="1.3" fill="none"/><path d="{head}" fill="{GREY}"/>'


def relation(source: str, target: str, words: list[str]) -> str:
    """Draw an arrow from one family to another, with its words on a white ground."""
    (x, y, *_), (u, v, *_) = BOXES[source], BOXES[target]
    if x == u:
        side = 1 if v > y else -1
        start, end = (x, y + side * (TALL / 2 + 2)), (u, v - side * (TALL / 2 + 3))
    else:
        start, end = (x + BOX / 2 + 2, y), (u - BOX / 2 - 3, v)
    parts = [edge(start, end)]
    is_level = y == v
    share = 0.5 if is_level or x == u else 0.66 if u < 800 else 0.42
    at = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
    lift = 9 + 6.5 * (len(words) - 1) if is_level else 0  # beside a level arrow, on any other
    lift = -lift if y > 380 else lift
    for number, line in enumerate(words):
        middle = at[1] - lift + 13 * (number - (len(words) - 1) / 2)
        parts += [
            rect(at[0] - 3 * len(line), middle - 7, 6 * len(line), 14, "#ffffff", 0.9),
            text(at[0], middle + 4, line, size=11),
        ]
    return "".join(parts)


def family_tree() -> str:
    """Draw the families as boxes, and what each adds as arrows."""
    parts = [text(14, 28, "How the families are related", size=15, anchor="start", more=' font-weight="600"')]
    for number, (colour, meaning) in enumerate(
        ((BLUE, "reconstruct through a code"), (ORANGE, "train against a discriminator"), (GREEN, "both"))
    ):
        x = 520 + (0, 186, 386)[number]
        parts += [rect(x, 17, 12, 12, colour, 0.35), text(x + 18, 27, meaning, size=12, anchor="start")]
    parts += [relation(*arrow) for arrow in ARROWS]
    for name, (x, y, year, colour) in BOXES.items():
        stroke = f' stroke="{colour}" stroke-width="1.3" rx="4"'
        parts += [
            rect(x - BOX / 2, y - TALL / 2, BOX, TALL, "#ffffff"),
            rect(x - BOX / 2, y - TALL / 2, BOX, TALL, colour, 0.28, stroke),
            text(x, y - 2, name, size=12.5, more=' font-weight="600" data-family=""'),
            f'<text x="{x:g}" y="{y + 14:g}" font-size="11" text-anchor="middle" fill="{INK}">{year}</text>',
        ]
    said = "; ".join(f"{source} → {target}: {' '.join(words) or 'the other part'}" for source, target, words in ARROWS)
    return sheet(WIDTH, HEIGHT, "How the families are related", said, "\n".join(parts))


if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    (PAGES / "families.svg").write_text(family_tree(), encoding="utf-8")
