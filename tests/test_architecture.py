"""The picture of an architecture: read from the built model of each family."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pytest

import aenb
from aenb.core.backend import keras
from aenb.figures.architecture import architecture_html, blocks
from aenb.models.autoencoder import interface, parts
from aenb.models.registry import families

SHAPES = {"image": (16, 16, 1), "signal": (24, 3), "tabular": (12,)}


@pytest.mark.parametrize("family", [name for name, entry in families().items() if not entry.trains_a_given_model])
def test_each_family_has_a_picture_with_the_shapes_of_its_parts(family):
    shape = next(SHAPES[kind] for kind in families()[family].takes if kind in SHAPES)
    model = aenb.build_model(family, shape)
    page = architecture_html(model)
    tree = ElementTree.fromstring(page)  # it is well formed
    texts = [node.text for node in tree.iter("text")]
    assert "×".join(map(str, shape)) in texts
    assert "×".join(map(str, interface(model).code_shape)) in texts
    assert f"{model.count_params():,} parameters" in page
    for name, part in parts(model).items():
        if not name.startswith("averaged_"):
            assert f"{name}: {part.count_params():,}" in page


def test_parameters_of_blocks_add_up_and_shapes_are_those_of_the_layers():
    model = aenb.build_model("conv", (28, 28, 1), filters=(8, 16), latent_dim=5)
    encoder = model.get_layer("encoder")
    found = blocks(encoder)
    assert sum(block.parameters for block in found) == encoder.count_params()
    assert [block.shape for block in found] == [(28, 28, 1), (14, 14, 8), (7, 7, 16), (5,)]


def test_many_blocks_are_counted_and_names_are_escaped():
    x = keras.Input((8,))
    y = x
    for units in range(20, 40):
        y = keras.layers.Dense(units)(y)
    inner = keras.Model(x, y, name="<b>inner")
    deep = keras.Model(x, keras.layers.Dense(4)(inner(x)), name="encoder")
    code = keras.Input((4,))
    decoder = keras.Model(code, keras.layers.Dense(8)(code), name="decoder")
    model = keras.Model(x, decoder(deep(x)))
    model.compile("adam", "mse")
    page = architecture_html(model)
    assert "<b>" not in page
    assert "&lt;b&gt;inner" in page
    assert len(blocks(inner)) == 21
    heights = [float(node.get("height")) for node in ElementTree.fromstring(page).iter("rect")]
    assert min(heights) == heights[-2]  # the code is the smallest
    assert math.prod(blocks(decoder)[-1].shape) == 8
