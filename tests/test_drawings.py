"""The drawings of architectures: the shapes in them are those of the models."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import aenb

PAGES = Path(__file__).parents[1] / "notebooks" / "pages"
NAMES = sorted(path.stem.removeprefix("shapes_") for path in PAGES.glob("shapes_*.svg"))
SVG = "{http://www.w3.org/2000/svg}"


def test_every_family_but_the_first_has_a_drawing():
    assert set(NAMES) == {"deep", "conv", "vae", "attention", "gan", "aae", "vaegan", "vqvae"}


@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_those_of_the_model(name):
    model = aenb.build_model(name, (28, 28, 1))
    shapes = [
        text for text in ElementTree.parse(PAGES / f"shapes_{name}.svg").iter(f"{SVG}text") if text.get("data-part")
    ]
    assert len(shapes) >= 9
    for text in shapes:
        layer = model.get_layer(text.get("data-part"))
        for part in filter(None, text.get("data-layer").split("/")):
            layer = layer.get_layer(part)
        output = layer.output[0] if isinstance(layer.output, list | tuple) else layer.output
        assert text.text == " × ".join(map(str, output.shape[1:])), (
            name,
            text.get("data-part"),
            text.get("data-layer"),
        )


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.svg")), ids=lambda path: path.stem)
def test_drawings_are_described_and_load_nothing(path):
    root = ElementTree.parse(path).getroot()
    assert root.get("role") == "img"
    assert len(root.findtext(f"{SVG}title")) > 10
    assert len(root.findtext(f"{SVG}desc")) > 40
    assert "href" not in path.read_text()


def test_the_family_tree_has_every_family_and_inside_its_sheet():
    root = ElementTree.parse(PAGES / "families.svg").getroot()
    names = {text.text for text in root.iter(f"{SVG}text") if text.get("data-family") is not None}
    assert names == set(aenb.families()) | {"PCA", "two networks"}
    width, height = float(root.get("width")), float(root.get("height"))
    for text in root.iter(f"{SVG}text"):
        assert 10 < float(text.get("x")) < width - 10
        assert 10 < float(text.get("y")) < height - 4
