"""Draw an hourglass, and the shapes of the tensors along each family: `python .ci/pages/drawings.py` writes SVG files.

They are `notebooks/pages/hourglass.svg` and `notebooks/pages/shapes_FAMILY.svg`, for images of 28 × 28 pixels and the
families' default hyperparameters. `tests/test_drawings.py` compares the shapes with those of the models.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "notebooks" / "pages"
INK, GREY, BLUE, ORANGE, GREEN = "#333333", "#666666", "#2b88c8", "#E69F00", "#009E73"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
WIDTH, ROW, LEFT, RIGHT = 600, 160, 52, 548  # of a drawing; of a row of layers; the middles of its first and last layer

EDGE = ' stroke="#dddddd" rx="6"'  # of the sheet

IMAGE = ("x", "28 × 28 × 1", "input")
BACK = ("x̂", "28 × 28 × 1", "")
DOWN = [("conv_1", "14 × 14 × 32", "conv_1"), ("conv_2", "7 × 7 × 64", "conv_2")]
UP = [("reshape", "7 × 7 × 64", "reshape"), ("conv_2ᵀ", "14 × 14 × 32", "conv_2")]
DENSE = [("dense", "256", "hidden_1"), ("dense", "3136", "spread")]
POSTERIOR = "z = µ + σ ε,   ε ~ N(0, I)"
# Rows of a family: (colour, title, part, [(label, shape, layer), …], remark)
FAMILIES = {
    "deep": [
        (BLUE, "encoder", "encoder", [
            IMAGE, ("flatten", "784", "flatten"), ("dense", "512", "hidden_1"), ("dense", "256", "hidden_2"),
            ("code z", "32", "code")], ""),
        (GREEN, "decoder", "decoder", [
            ("z", "32", "code"), ("dense", "256", "hidden_1"), ("dense", "512", "hidden_2"), ("dense", "784", "output"),
            BACK], ""),
    ],
    "conv": [
        (BLUE, "encoder", "encoder", [IMAGE, *DOWN, ("flatten", "3136", "flatten"), ("code z", "32", "code")], ""),
        (GREEN, "decoder", "decoder", [("z", "32", "code"), ("dense", "3136", "spread"), *UP, BACK], ""),
    ],
    "vae": [
        (BLUE, "encoder", "encoder", [
            IMAGE, *DOWN, ("dense", "256", "hidden_1"), ("mean µ", "16", "z_mean"), ("log σ²", "16", "z_log_var")],
            POSTERIOR),
        (GREEN, "decoder", "decoder", [("z", "16", "code"), *DENSE, *UP, BACK], "to generate samples: z ~ N(0, I)"),
    ],
    "attention": [
        (BLUE, "encoder", "encoder", [
            IMAGE, ("patches", "16 × 49", "tokens/patches"), ("embed", "16 × 64", "tokens/embed"),
            ("2 blocks", "16 × 64", "tokens"), ("flatten", "1024", "flatten"), ("code z", "32", "code")],
            "a block: self-attention with 4 heads, then two dense layers for each token"),
        (GREEN, "decoder", "decoder", [
            ("z", "32", "code"), ("dense", "1024", "spread"), ("places", "16 × 64", "places"),
            ("2 blocks", "16 × 64", "last"), ("patches", "16 × 49", "output"), BACK], ""),
    ],
    "gan": [
        (GREEN, "generator", "generator", [("z ~ N(0, I)", "64", "code"), ("dense", "3136", "spread"), *UP, BACK], ""),
        (ORANGE, "discriminator", "discriminator", [
            ("x or x̂", "28 × 28 × 1", "input"), *DOWN, ("flatten", "3136", "flatten"), ("+ batch", "3200", "seen"),
            ("score", "1", "score")], "+ batch: 64 numbers that compare the examples of a batch"),
    ],
    "aae": [
        (BLUE, "encoder", "encoder", [IMAGE, *DOWN, ("dense", "256", "hidden_1"), ("code z", "16", "code")], ""),
        (GREEN, "decoder", "decoder", [("z", "16", "code"), *DENSE, *UP, BACK], "to generate samples: z ~ N(0, I)"),
        (ORANGE, "discriminator on codes", "discriminator", [
            ("z or prior", "16", "input"), ("dense", "256", "hidden_1"), ("dense", "256", "hidden_2"),
            ("score", "1", "score")], "does the code come from the encoder, or from the prior N(0, I)?"),
    ],
    "vaegan": [
        (BLUE, "encoder", "encoder", [IMAGE, *DOWN, ("mean µ", "32", "z_mean"), ("log σ²", "32", "z_log_var")],
            POSTERIOR),
        (GREEN, "decoder = generator", "decoder", [("z", "32", "code"), ("dense", "3136", "spread"), *UP, BACK], ""),
        (ORANGE, "discriminator", "discriminator", [
            ("x or x̂", "28 × 28 × 1", "input"), ("conv_1", "14 × 14 × 32", "conv_1"),
            ("conv_2", "7 × 7 × 64", "conv_2"), ("features φ", "3136", "flatten"), ("score", "1", "score")],
            "the reconstruction error compares features φ instead of pixels"),
    ],
    "vqvae": [
        (BLUE, "encoder", "encoder", [IMAGE, *DOWN, ("vectors", "7 × 7 × 64", "vectors")],
            "each of the 49 vectors is replaced by the nearest of 128 codebook entries: 49 indices"),
        (GREEN, "decoder", "decoder", [
            ("entries", "7 × 7 × 64", "vectors"), ("conv", "7 × 7 × 64", "conv"),
            ("conv_2ᵀ", "14 × 14 × 32", "conv_2"), BACK], ""),
        (ORANGE, "prior over indices", "prior_model", [
            ("indices", "49", "codes"), ("embed", "49 × 64", "embed"), ("2 blocks", "49 × 64", "last"),
            ("logits", "49 × 128", "logits")], "each index is predicted from those before it"),
    ],
}  # fmt: skip
TITLES = {
    "deep": "Deep autoencoder", "conv": "Convolutional autoencoder", "vae": "Variational autoencoder",
    "attention": "Attention autoencoder", "gan": "Generative adversarial network", "aae": "Adversarial autoencoder",
    "vaegan": "VAE-GAN", "vqvae": "Vector-quantised VAE",
}  # fmt: skip


def text(x: float, y: float, content: str, *, size: float = 13, anchor: str = "middle", more: str = "") -> str:
    """Return a text."""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" fill="{INK}"{more}>{content}</text>'


def rect(x: float, y: float, width: float, height: float, fill: str, opacity: float = 1, more: str = "") -> str:
    """Return a rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" '
        f'fill-opacity="{opacity:g}"{more}/>'
    )


def arrow(x1: float, y: float, x2: float) -> str:
    """Return an arrow to the right."""
    return (
        f'<path d="M{x1:.1f} {y:.1f}H{x2 - 5:.1f}" stroke="{GREY}" stroke-width="1.3" fill="none"/>'
        f'<path d="M{x2:.1f} {y:.1f}l-6 -3.2v6.4z" fill="{GREY}"/>'
    )


def tensor(x: float, y: float, shape: str, colour: str) -> tuple[str, float]:
    """Draw a map as a box, tokens as stripes, or a vector as a bar around (x, y); return it and half its width."""
    sizes = [int(size) for size in shape.split(" × ")]
    edge = f' stroke="{colour}" stroke-width="1.3"'
    if len(sizes) == 3:
        side, depth = 12 + 1.35 * sizes[0], 2.6 * math.log2(sizes[2]) + 1
        left, top, d = x - (side + depth) / 2, y - (side - depth) / 2, depth
        lid = f"M{left:.1f} {top:.1f}l{d:.1f} {-d:.1f}h{side:.1f}l{-d:.1f} {d:.1f}z"
        wall = f"M{left + side:.1f} {top:.1f}l{d:.1f} {-d:.1f}v{side:.1f}l{-d:.1f} {d:.1f}z"
        paths = "".join(f'<path d="{path}" fill="{colour}" fill-opacity="{o}"{edge} stroke-linejoin="round"/>'
                        for path, o in ((lid, 0.12), (wall, 0.4)))  # fmt: skip
        return rect(left, top, side, side, colour, 0.22, edge) + paths, (side + depth) / 2
    if len(sizes) == 2:
        width, stripes = 10 + 0.36 * sizes[1], 8
        bars = (rect(x - width / 2, y - 31 + 8 * i, width, 5.5, colour, 0.28, edge) for i in range(stripes))
        return "".join(bars), width / 2
    if sizes[0] == 1:
        return f'<circle cx="{x:g}" cy="{y:g}" r="8" fill="{colour}" fill-opacity="0.3"{edge}/>', 8
    height = 5.8 * math.log2(sizes[0])
    return rect(x - 6, y - height / 2, 12, height, colour, 0.28, edge + ' rx="2"'), 6


def row(top: float, colour: str, title: str, part: str, layers: list[tuple[str, str, str]], remark: str) -> str:
    """Draw a part of a model: its layers from left to right."""
    parts = [
        rect(14, top, 4, ROW - 18, colour),
        text(26, top + 11, title, anchor="start", more=' font-weight="600"'),
        text(26, top + 140, remark, size=12, anchor="start") if remark else "",
    ]
    middle, before = top + 72, None
    for number, (label, shape, layer) in enumerate(layers):
        x = LEFT + 16 + number * (RIGHT - LEFT - 16) / max(4, len(layers) - 1)
        drawn, half = tensor(x, middle, shape, colour)
        is_side_by_side = label == "log σ²"  # the mean and the log variance both come from the layer before
        if before is not None:
            parts.append(
                text((before + x - half) / 2, middle + 4, "and", size=12)
                if is_side_by_side
                else arrow(before + 5, middle, x - half - 4)
            )
        parts += [
            drawn,
            text(x, top + 28, label, size=12) if number or label else "",
            text(x, top + 120, shape, size=12, more=f' data-part="{part}" data-layer="{layer}"'),
        ]
        before = x + half
    return "\n".join(filter(None, parts))


def sheet(width: float, height: float, title: str, description: str, content: str) -> str:
    """Return an SVG file: a white sheet, so that it can be read on light and dark pages."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" '
        f'style="max-width:100%;height:auto" font-family="{FONT}">\n'
        f"<title>{title}</title>\n<desc>{description}</desc>\n"
        f"{rect(0.5, 0.5, width - 1, height - 1, '#ffffff', 1, EDGE)}\n{content}\n</svg>\n"
    )


def family(name: str) -> str:
    """Draw the shapes along a family."""
    rows = FAMILIES[name]
    body = [
        text(14, 27, f"{TITLES[name]}: shapes for 28 × 28 images", size=15, anchor="start", more=' font-weight="600"')
    ]
    body += [row(46 + ROW * number, *of) for number, of in enumerate(rows)]
    said = "; ".join(f"{title}: " + " → ".join(shape for _, shape, _ in layers) for _, title, _, layers, _ in rows)
    return sheet(WIDTH, 46 + ROW * len(rows), f"{TITLES[name]}: shapes of the tensors", said, "\n".join(body))


def digit(x: float, y: float, values: np.ndarray, side: float) -> str:
    """Draw a digit, (64,) in [0, 1], as squares."""
    squares = (
        rect(x + side * (i % 8), y + side * (i // 8), side, side, INK, round(float(value), 2))
        for i, value in enumerate(np.clip(values, 0, 1))
        if value > 0.02
    )
    return "".join(squares) + rect(x, y, 8 * side, 8 * side, "none", 1, f' stroke="{GREY}"')


def hourglass() -> str:
    """Draw an autoencoder as an hourglass, with a digit and its reconstruction from ten principal components."""
    from sklearn.datasets import load_digits

    digits = load_digits().data / 16
    _, vectors = np.linalg.eigh(np.cov(digits.T))
    shown, mean, ten = digits[3], digits.mean(axis=0), vectors[:, -10:]
    back = mean + ten @ (ten.T @ (shown - mean))
    places, heights, middle = (160, 205, 250, 300, 350, 395, 440), (180, 126, 78, 34, 78, 126, 180), 142
    colours = [BLUE] * 3 + [ORANGE] + [GREEN] * 3
    parts = [
        f'<path d="M{end} {middle - 90}L300 {middle - 17}V{middle + 17}L{end} {middle + 90}z" fill="{colour}" '
        'fill-opacity="0.1"/>'
        for end, colour in ((160, BLUE), (440, GREEN))
    ]
    for place, height, colour in zip(places, heights, colours, strict=True):
        parts.append(rect(place - 7, middle - height / 2, 14, height, colour, 0.85, ' rx="3"'))
    for x, name in ((218, "encoder f"), (382, "decoder g")):
        parts.append(text(x, 34, name, more=' font-weight="600"'))
    parts += [
        digit(24, middle - 44, shown, 11),
        digit(488, middle - 44, back, 11),
        arrow(118, middle, 148),
        arrow(452, middle, 482),
        text(68, middle + 68, "example x"),
        text(532, middle + 68, "reconstruction x̂"),
        text(300, middle - 32, "code z", more=' font-weight="600"'),
        text(300, middle + 40, "few numbers", size=12),
        f'<path d="M68 {middle + 78}V262H532V{middle + 78}" stroke="{GREY}" stroke-width="1.3" fill="none" '
        'stroke-dasharray="4 4"/>',
        rect(172, 250, 256, 24, "#ffffff"),
        text(300, 267, "loss: ‖x − x̂‖², made small by training"),
    ]
    return sheet(600, 288, "An autoencoder as an hourglass", "An encoder narrows an example to a code of few numbers; "
                 "a decoder widens it to a reconstruction; the loss compares both.", "\n".join(parts))  # fmt: skip


if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    (PAGES / "hourglass.svg").write_text(hourglass(), encoding="utf-8")
    for name in FAMILIES:
        (PAGES / f"shapes_{name}.svg").write_text(family(name), encoding="utf-8")
