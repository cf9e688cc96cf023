"""Players of sounds, as HTML that loads nothing: they play in a notebook, an exported page and a site."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np


class Players:
    """Sounds to listen to: a row of players for each name.

    Args:
        rows: Recordings (n, samples) by the name of their row, floats from −1 to 1; louder ones are scaled down.
        sample_rate: Samples a second.
        words: What each column is; none: no heading.

    Example:
        >>> import numpy as np
        >>> players = Players({"tone": np.sin(np.arange(800) / 4)[None]}, 8000, ["440 Hz"])
        >>> players._repr_html_().count("<audio")
        1
    """

    def __init__(self, rows: Mapping[str, np.ndarray], sample_rate: int, words: Sequence[str] = ()):
        self.rows = {name: np.nan_to_num(np.atleast_2d(np.asarray(waves, "float32"))) for name, waves in rows.items()}
        self.sample_rate, self.words = sample_rate, tuple(map(str, words))

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(waves)} of {name}" for name, waves in self.rows.items())
        return f"Sounds to listen to: {counts}, at {self.sample_rate:,} Hz"

    def _repr_html_(self) -> str:
        cell, named = 'style="padding:2px 6px;text-align:left"', bool(self.words)
        heads = "".join(f'<th scope="col" {cell}>{escape(word)}</th>' for word in self.words)
        lines = [f"<tr><td></td>{heads}</tr>"] if named else []
        for name, waves in self.rows.items():
            tags = [
                f"<td {cell}>{audio_tag(one, self.sample_rate, f'{name}: {self._word(place)}')}</td>"
                for place, one in enumerate(waves)
            ]
            lines.append(f'<tr><th scope="row" {cell}>{escape(name)}</th>{"".join(tags)}</tr>')
        return f'<div class="aenb-players" style="overflow-x:auto"><table>{"".join(lines)}</table></div>'

    def _word(self, place: int) -> str:
        return self.words[place] if place < len(self.words) else str(place + 1)


def audio_tag(sound: np.ndarray, sample_rate: int, words: str) -> str:
    """Return a recording as an HTML player, with its samples in the page.

    Args:
        sound: (samples,), floats from −1 to 1.
        sample_rate: Samples a second.
        words: What it is, for those who cannot see it; it is escaped.
    """
    data = base64.b64encode(wav_bytes(sound, sample_rate)).decode()
    return (
        f'<audio controls preload="metadata" style="width:9em;height:2.2em" aria-label="{escape(words, quote=True)}" '
        f'src="data:audio/wav;base64,{data}"></audio>'
    )


def wav_bytes(sound: np.ndarray, sample_rate: int) -> bytes:
    """Return a recording as the bytes of a .wav file of 16 bits: (samples,), floats; louder than 1 is scaled down."""
    values = np.nan_to_num(np.asarray(sound, "float64"))
    values = values / max(1.0, float(np.abs(values).max(initial=0.0)))
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(np.rint(values * 32767).astype("<i2").tobytes())
    return stream.getvalue()
