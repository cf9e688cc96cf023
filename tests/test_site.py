"""The pages of the site: their code runs and gives the output below it; the API reference has every public name."""

import inspect
import re
from pathlib import Path

import pytest
from IPython.utils.capture import capture_output

import aenb
from aenb.notebook.chapters import copy_chapters
from tests.test_public import MEMBERS
from tests.thorough import thorough

SITE = Path(__file__).parent.parent / "notebooks" / "site"
PAGES = [path for path in sorted((SITE / "how-to").glob("*.md")) if path.stem != "index"]
BLOCK = re.compile(r"^```ipython3\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
API = "".join(path.read_text(encoding="utf-8") for path in sorted((SITE / "api").glob("*.md")))


LONG = [path for path in PAGES if path.stem in ("compare", "own-model", "own-table")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [*(path for path in PAGES if path not in LONG), *thorough(*LONG)], ids=lambda path: path.stem
)
def test_the_code_of_a_page_runs_and_gives_the_output_below_it(path, shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(path.read_text(encoding="utf-8"))
    assert blocks
    for source, expected in blocks:
        with capture_output() as captured:
            result = shell.run_cell(source)
        result.raise_error()
        if expected:
            assert re.sub(r"^Out\[0\]: \n?", "", captured.stdout).strip() == expected.strip(), source


def test_all_pages_are_listed():
    listed = re.search(r"```\{toctree\}.*?\n\n(.*?)```", (SITE / "how-to" / "index.md").read_text("utf-8"), re.DOTALL)
    assert sorted(listed[1].split()) == [path.stem for path in PAGES]


def test_every_public_name_is_in_the_api_reference():
    named = re.findall(r"^\.\. (?:auto\w+|py:data):: (?:aenb\.)?(\w+)$", API, re.MULTILINE)
    assert sorted(named) == sorted(aenb.__all__)


@pytest.mark.parametrize("owner", MEMBERS)
def test_the_members_are_in_the_api_reference(owner):
    listed = re.search(rf":: aenb\.{owner}\n   :members: (.*)", API)[1].split(", ")
    text = inspect.getdoc(getattr(aenb, owner)).partition("Attributes:\n")[2]
    assert set(MEMBERS[owner]) <= {*listed, *re.findall(r"^ {4}(\w+): ", text, re.MULTILINE)}


def test_the_site_stays_out_of_the_copied_chapters(tmp_path):
    copy_chapters(tmp_path / "book")
    assert {path.suffix or path.name for path in (tmp_path / "book").iterdir()} == {".ipynb", ".md", "pages"}
    assert {path.suffix for path in (tmp_path / "book" / "pages").iterdir()} == {".html", ".svg"}
