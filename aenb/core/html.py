"""HTML pages that work without a server: scripts with their data, and pictures embedded in the HTML."""

from __future__ import annotations

import base64
import hashlib
import json
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


def pictures_as_html(pictures: Mapping[str, bytes]) -> str:
    """Return PNG files as HTML, each with its caption."""
    return "".join(picture_as_html(words, picture, captioned=True) for words, picture in pictures.items())


def picture_as_html(words: str, picture: bytes, *, captioned: bool) -> str:
    """Return a PNG file as HTML; `words` is its alternative text and, if asked for, its caption."""
    caption = f'<div style="opacity:.8;margin-top:.8em">{escape(words)}</div>' if captioned else ""
    return (
        f'{caption}<img alt="{escape(words, quote=True)}" style="max-width:100%;margin-top:.4em" '
        f'src="{png_source(picture)}">'
    )
