"""Pages that answer by themselves: a script with what it is told, and pictures inside the HTML."""

from __future__ import annotations

import base64
import hashlib
import json
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
