"""Folders of images: names, links, broken files."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import aenb
from tests.fuzz.harness import case
from tests.fuzz.hostile import damaged, drawn


@pytest.fixture(scope="module", autouse=True)
def warm():
    """Import what loading imports, once: it is not a case's time or memory."""
    Image.init()
    aenb.load_data(np.zeros((9, 4, 4), "uint8"))


def _image(kind: str, mode: str, size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size, 3), "uint8")).convert(mode)
    frames = {"save_all": True, "append_images": [image]} if kind == "GIF" else {}
    image.save(stream, kind, **frames)
    return stream.getvalue()


IMAGES = [
    _image(*spec)
    for spec in [
        ("PNG", "RGB", (8, 8)), ("PNG", "L", (8, 8)), ("PNG", "RGBA", (8, 8)), ("PNG", "P", (5, 9)), ("PNG", "1", (8,
        8)),
        ("PNG", "I;16", (8, 8)), ("JPEG", "RGB", (8, 8)), ("JPEG", "CMYK", (16, 8)), ("GIF", "P", (8, 8)),
        ("BMP", "RGB", (8, 8)), ("WEBP", "RGB", (8, 8)), ("PNG", "LA", (1, 1)), ("TIFF", "RGB", (8, 8)),
    ]
]  # fmt: skip
images = st.sampled_from(IMAGES)
PLACES = [
    b"",
    b"a",
    b"b",
    b"\xff\xfe",
    b"caf\xe9",
    b"new\nline",
    b".hidden",
    "é".encode(),
    b"a/deep/er",
    b"x" * 200,
    b"c.png",
]
LINKS = ["loop", "self", "pipe", "device", "dangling", "parent", "missing"]


@drawn(0.25)
@given(
    files=st.lists(st.tuples(st.sampled_from(PLACES), images), max_size=8)
    | st.lists(st.tuples(st.sampled_from(PLACES), images), min_size=4, max_size=8)
    | st.lists(st.tuples(st.sampled_from(PLACES), images | damaged(images) | st.binary(max_size=50)), max_size=8),
    links=st.just([]) | st.lists(st.sampled_from(LINKS), max_size=2),
    suffix=st.sampled_from([b".png"] * 6 + [b".jpg", b".GIF", b".txt", b"", b".p\xff"]),
    where=st.sampled_from([b"images", b"im\xe9ges", b"new\nline", b"~"]),
    labels=st.sampled_from([None, None, None, [0, 1], "x"]),
)  # fmt: skip
def test_image_folders(tmp_path_factory, files, links, suffix, where, labels):
    root = os.fsencode(tmp_path_factory.mktemp("folders", numbered=True))
    folder = os.path.join(root, where)
    os.mkdir(folder)
    for number, (place, content) in enumerate(files):
        os.makedirs(os.path.join(folder, place), exist_ok=True)
        with open(os.path.join(folder, place, b"%d" % number + suffix), "wb") as stream:
            stream.write(content)
    for link in links:
        path = os.path.join(folder, link.encode() + b".png")
        if os.path.lexists(path):
            continue
        if link == "pipe":
            os.mkfifo(path)
        else:
            targets = {
                "loop": folder,
                "self": path,
                "device": b"/dev/zero",
                "dangling": b"nothing",
                "parent": b"..",
                "missing": b"",
            }
            os.symlink(targets[link] or b"/nothing/at/all", path)
    with case("image folders", os.fsdecode(root)):
        aenb.load_data(os.fsdecode(folder), labels)
