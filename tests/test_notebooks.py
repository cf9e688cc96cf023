"""How the notebooks are stored, and what every chapter has. nbval runs them."""

import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TEXTS = [*NOTEBOOKS, *sorted(FOLDER.glob("*.md"))]
# Words that a reader of this field would not search for, and a sentence with each.
STRAY = {
    r"\bitems?\b": "an item of the data",
    r"\bmade (digits|images|samples)\b|\bto make (digits|images|samples)\b": "ten made digits",
    r"\bstrange(r|ness)?\b": "the stranger ones",
    r"\bplane of codes\b": "a plane of codes",
    r"\btold\b": "98% told",
    r"\bspoil": "spoilt images",
    r"\bcame back\b": "tokens that came back",
    r"\bbeside (PCA|what|the baseline)\b": "beside PCA",
    r"\bby heart\b": "learned by heart",
    r"\bhangs? on\b": "it hangs on the seed",
    r"\bgravest\b": "the gravest first",
    r"\bthe course of (a|the) training\b": "the course of a training",
    r"\bscale of logarithms\b": "on a scale of logarithms",
    r"(?<!weighted )\b[Tt]he bound\b": "the bound is tight",
    r"\bholes?\b": "a hole in the image",
    r"\bof (one's|your) own\b": "a model of one's own",
    r"\bgone on with\b|\bgo(es)? on from\b": "it is gone on with",
    r"\bsaid aloud\b": "is said aloud",
    r"\bdrawn always\b": "drawn always the same",
    r"\bfaster so\b": "where the device is faster so",
    r"\bthe game\b|\bwho is winning\b": "who is winning",
    r"\ba judge\b|\bjudges\b": "a judge of codes",
    r"\bmarriages?\b": "the marriages",
    r"\bclothes\b": "clothes",
    r"\blinear algebra's\b|(?<!malloc )\barenas\b": "linear algebra's threads",
    r"\bgoes down on\b|\bspeaks\b": "a unit that speaks",
}


def prose(path):
    """Return what a reader reads: Markdown without code, formulas and the targets of links."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return re.sub(r"`[^`]*`|\]\([^)]*\)|\$\$.*?\$\$|\$[^$]*\$", "", text, flags=re.DOTALL)


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


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.name)
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    assert targets
    for target in targets:
        if not target.startswith("https://"):
            assert (path.parent / target).exists(), target
        elif "/notebooks/" in target:  # at Binder or Colab
            assert (FOLDER / target.rpartition("/notebooks/")[2]).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_chapter_says_what_it_teaches_needs_and_takes_and_ends_with_a_summary(path):
    first, *rest = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    aims = re.search(r"^After this (?:chapter|notebook) you can\n\n((?:- .*\n)+)", first, re.MULTILINE)
    assert aims is not None
    assert len(aims[1].splitlines()) >= 3
    assert re.search(r"^You need: .+", first, re.MULTILINE)
    assert re.search(r"^Time: .*(minute|hour)", first, re.MULTILINE)
    assert sum(len(re.findall(r"^## Summary", text, re.MULTILINE)) for text in rest) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_chapter_has_a_quiz_and_pencil_problems_with_folded_answers(path):
    cells = nbformat.read(path, as_version=4).cells
    quiz = next(cell.source for cell in cells if cell.source.startswith("## Quiz"))
    questions, problems = quiz.split("## With pencil and paper")
    asked = re.split(r"^\*\*Question \d\.\*\* ", questions, flags=re.MULTILINE)[1:]
    assert len(asked) >= 3
    for question in asked:
        options = re.findall(r"^- \*\*([a-d])\.\*\* .", question, re.MULTILINE)
        answer = re.search(
            r"^<details><summary>Answer</summary>\n<p><b>([a-d])\.</b> .{20,}</p>\n</details>", question, re.M
        )
        assert options == list("abcd"[: len(options)])
        assert answer is not None, question
        assert answer[1] in options
    assert len(set(re.findall(r"</summary>\n<p><b>([a-d])\.", questions))) > 1  # not always the same letter
    posed = re.findall(r"^\*\*Problem (\d)\.\*\*", problems, re.MULTILINE)
    solved = re.findall(
        r"^<details><summary>Solution of problem (\d)</summary>\n<p>.{40,}</p>\n</details>", problems, re.M
    )
    assert len(posed) >= 2
    assert posed == solved


@pytest.mark.parametrize(("pattern", "sentence"), STRAY.items())
def test_a_stray_word_is_found(pattern, sentence):
    assert re.search(pattern, sentence)


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.name)
def test_no_text_uses_a_stray_word(path):
    text = prose(path)
    for pattern in STRAY:
        found = re.search(pattern, text)
        assert found is None, text[max(0, found.start() - 60) : found.end() + 40]


def test_every_page_and_drawing_is_in_a_chapter_as_it_is_built():
    cells = [cell for path in NOTEBOOKS for cell in nbformat.read(path, as_version=4).cells]
    for page in sorted((FOLDER / "pages").glob("*.html")):
        shown = [cell for cell in cells if f'HTML(filename="pages/{page.name}")' in cell.source]
        assert shown, page.name
        for cell in shown:
            assert cell.outputs[0].data["text/html"] == page.read_text(encoding="utf-8"), f"{page.name}: run the cell"
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for drawing in sorted((FOLDER / "pages").glob("*.svg")):
        assert re.search(rf"!\[.{{20,}}\]\(pages/{drawing.name}\)", text), drawing.name


def test_the_map_leads_to_the_pages_for_readers_and_teachers():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.glob("*.md"):
        assert path.name == "README.md" or f"]({path.name})" in text, path.name
    sessions = re.findall(r"^\| (\d+) \|", (FOLDER / "teaching.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sessions == [str(number) for number in range(1, 11)]


def comparisons(cells):
    """Yield the number of seeds of each stored comparison, the text before it, and the text after it in its section."""
    for number, cell in enumerate(cells):
        plain = "\n".join(output.get("data", {}).get("text/plain", "") for output in cell.get("outputs", ()))
        if seeds := re.search(r"each, seeds ([\d, ]+);", plain):
            before = next(cell.source for cell in reversed(cells[:number]) if cell.cell_type == "markdown")
            after = "\n\n".join(cell.source for cell in cells[number + 1 :] if cell.cell_type == "markdown")
            yield len(seeds[1].split(",")), before, re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0]


def test_no_claim_rests_on_an_interval_from_fewer_than_five_seeds():
    found = [one for path in NOTEBOOKS for one in comparisons(nbformat.read(path, as_version=4).cells)]
    assert len(found) >= 8
    for seeds, before, after in found:
        assert "seed" in before + after  # how many is said
        if seeds < 5:
            assert not re.search(r"interval|confiden|significan|±", after), after
