"""How the notebooks are stored. nbval runs them."""

import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_is_stored_executed_and_clean(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    assert path.stat().st_size < 1.5e6
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_shows_pictures_and_asserts_what_it_claims(path):
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any("assert " in cell.source for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_every_figure_of_a_cell_has_words_for_those_who_do_not_see_it(path):
    for cell in nbformat.read(path, as_version=4).cells:
        drawn = [output for output in cell.get("outputs", ()) if output.output_type == "display_data"]
        assert cell.metadata.get("alt") or not any("image/png" in output.data for output in drawn), cell.source


@pytest.mark.parametrize("path", [*NOTEBOOKS, *sorted(FOLDER.glob("*.md"))], ids=lambda p: p.name)
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    assert targets or path.name.startswith("00")
    for target in targets:
        if not target.startswith("https://"):
            assert (path.parent / target).exists(), target
        elif "/notebooks/" in target:  # at Binder or Colab
            assert (FOLDER / target.rpartition("/notebooks/")[2]).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda p: p.name)
def test_a_chapter_has_exercises_with_solutions_that_are_run(path):
    cells = nbformat.read(path, as_version=4).cells
    start = next(number for number, cell in enumerate(cells) if "## Exercises" in cell.source)
    asked = re.findall(r"^(\d)\. \*\*", cells[start].source, re.MULTILINE)
    assert asked == ["1", "2", "3"]
    solved = [number for cell in cells if (number := re.match(r"\*\*Solution (\d)\.\*\*", cell.source))]
    assert [number[1] for number in solved] == asked
    folded = [cell for cell in cells[start:] if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert len(folded) == 3
    assert all("assert " in cell.source for cell in folded)


def test_all_chapters_are_in_the_map():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        row = next(line for line in text.splitlines() if f"({path.name})" in line)
        assert re.search(r"\| [\d.]+ min \| [\d.]+ GB \|$", row), row
