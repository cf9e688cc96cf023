"""`%aenb data PATH`: ten examples, what was inferred, and what would be done, before anything trains."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import aenb
from aenb.notebook.magic.commands import aenb as command
from aenb.notebook.widgets.data_preview import DataOverview

DRAW = np.random.default_rng(0)


class Shell:
    """What the command needs of IPython's shell."""

    def __init__(self, **variables):
        self.user_ns = variables


def overview(line, **variables):
    return command(Shell(**variables), f"data {line}")


def test_a_table_shows_its_columns_and_rows_in_their_units():
    frame = pd.DataFrame(
        {
            "age": np.where(np.arange(60) % 6 == 0, np.nan, DRAW.normal(40, 9, 60).round(1)),
            "<city>": ["Lyon", "Nice", "Paris"] * 20,
            "when": pd.date_range("2024-01-01", periods=60),
        }
    )
    shown = overview("people", people=frame)
    html, text = shown._repr_html_(), repr(shown)
    for words in (
        "people, 60 rows",
        "48 for training, 12 held out",
        "categorical",
        "Lyon",
        "missing",
        "2024-01-",
        "deep, ",
    ):
        assert words in html, words
        assert words in text, words
    assert "&lt;city&gt;" in html
    assert "<city>" not in html
    assert "attention" not in text.split("families")[1].split("\n")[0]  # it takes no tables
    ages = shown.data.preprocessing.to_frame(shown.data.x_train)["age"].dropna()
    assert ages.round(1).isin(frame["age"]).all()


def test_a_folder_shows_its_images_and_what_was_left_out(tmp_path):
    for number in range(12):
        path = tmp_path / "my photos" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(DRAW.integers(0, 256, (6, 8, 3), "uint8")).save(path)
    (tmp_path / "my photos" / "a" / "x.png").write_bytes(b"hello")
    html = overview(f"'{tmp_path}/my photos'")._repr_html_()
    for words in (
        "data:image/png",
        "6×8×3",
        "2: a, b",
        "pixels from 0 to 255 become 0 to 1",
        "a/x.png (cannot identify",
    ):
        assert words in html, words


@pytest.mark.parametrize(("data", "words"), [("digits", "8×8×1"), ("wine", "alcohol"), ("vowels", "<polyline")])
def test_a_data_set_by_its_name(data, words):
    assert words in overview(data)._repr_html_()


def test_texts_signals_and_variables():
    texts = [f"the {one} sees the {other}" for one in ("cat", "dog", "cow") for other in ("sun", "sea", "hen", "hill")]
    assert "<li>the " in overview("t", t=texts)._repr_html_()
    assert "the cat sees" in repr(overview("t", t=texts))
    assert isinstance(overview("x", x=np.zeros((9, 4, 4), "uint8")), DataOverview)
    with pytest.raises(aenb.AenbError, match="notebook variable"):
        overview("nothing")
    hidden = overview("digits", digits=DRAW.random((20, 3)))
    assert "The variable `digits` was used" in hidden._repr_html_()
    assert "fashion_mnist" in command(Shell(), "data")
