"""Pages that answer by themselves: a script with what it is told, and pictures inside the HTML."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from typing import Any


def with_id(about: dict[str, Any]) -> dict[str, Any]:
    """Return what a script is told with an "id", by which it finds its place: the same for the same content."""
    return about | {"id": hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]}


def script_tag(about: dict[str, Any], script: str) -> str:
    """Return a script as HTML, in which `about` stands for what it is told; `<` is written so that no label ends it."""
    told = json.dumps(about).replace("<", "\\u003c")
    return f"<script>(() => {{ const about = {told};\n{script} }})();</script>"


def png_source(picture: bytes) -> str:
    """Return a PNG file as the source of an image."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def pictures_as_html(pictures: Mapping[str, bytes]) -> str:
    """Set PNG files as HTML, each under its words."""
    return "".join(picture_as_html(words, picture, captioned=True) for words, picture in pictures.items())


def picture_as_html(words: str, picture: bytes, *, captioned: bool) -> str:
    """Set a PNG file as HTML, under its words where it is captioned."""
    caption = f'<div style="opacity:.8;margin-top:.8em">{escape(words)}</div>' if captioned else ""
    return (
        f'{caption}<img alt="{escape(words, quote=True)}" style="max-width:100%;margin-top:.4em" '
        f'src="{png_source(picture)}">'
    )
