"""HTML pages that work without a server: scripts with their data, and pictures embedded in the HTML."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Mapping
from html import escape
from typing import Any


def with_id(about: dict[str, Any]) -> dict[str, Any]:
    """Return a script's data with an "id", by which it finds its element; equal content has equal ids."""
    return about | {"id": hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]}


def script_tag(about: dict[str, Any], script: str) -> str:
    """Return a script as HTML with its data in the constant `about`; `<` is escaped, so no label can end the script."""
    data = json.dumps(about).replace("<", "\\u003c")
    return f"<script>(() => {{ const about = {data};\n{script} }})();</script>"


def png_source(picture: bytes) -> str:
    """Return a PNG file as the source of an image."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def png_image(words: str, picture: bytes, style: str = "", css: str = "") -> str:
    """Return a PNG file as an HTML image with its size, so that nothing in the page moves once it is decoded.

    Args:
        words: Its alternative text, unescaped.
        picture: The PNG file.
        style: More CSS declarations, each after a semicolon.
        css: Its class, if it has one.
    """
    width, height = struct.unpack(">II", picture[16:24])  # of the IHDR chunk, which is always the first
    name = f'class="{css}" ' if css else ""
    return (
        f'<img {name}alt="{escape(words, quote=True)}" style="height:auto;max-width:100%{style}" '
        f'width="{width}" height="{height}" src="{png_source(picture)}">'
    )


def pictures_as_html(pictures: Mapping[str, bytes]) -> str:
    """Return PNG files as HTML, each with its caption."""
    return "".join(picture_as_html(words, picture, captioned=True) for words, picture in pictures.items())


def picture_as_html(words: str, picture: bytes, *, captioned: bool) -> str:
    """Return a PNG file as HTML; `words` is its alternative text and, if asked for, its caption."""
    caption = f'<div style="opacity:.8;margin-top:.8em">{escape(words)}</div>' if captioned else ""
    return f"{caption}{png_image(words, picture, ';margin-top:.4em')}"
