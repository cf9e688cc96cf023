"""The documentation site: chapters, how-to pages and the API reference, built from what is stored (`make site`).

Sphinx reads a folder outside of the source tree that `gather` fills: the pages of this folder, with the repository's
own Markdown files and notebooks at the paths that they have in the repository, so that links between them hold.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains.python import PyObject
from sphinx.transforms import SphinxTransform

import aenb
from aenb.notebook.magic import commandline, commands

HERE = Path(__file__).parent
TOP = HERE.parents[1]

project, author = "aenb", "The aenb developers"
copyright = author
version = release = aenb.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["readme"]
html_theme = "pydata_sphinx_theme"
html_title = "aenb"
html_static_path = [str(HERE / "_static")]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "aenb"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_nav_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "default",
    "pygments_dark_style": "github-dark",
}
html_sidebars = {"index": [], "tour": [], "measured": [], "CHANGELOG": []}

nb_execution_mode = "off"  # the outputs are stored
nb_ipywidgets_js = {}  # no widget state is stored, so no loader is needed
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
suppress_warnings = ["misc.highlighting_failure"]  # README writes … in code

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say it, with shapes
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # one list, not an entry for each attribute
napoleon_attr_annotations = False
default_role = "py:obj"


def gather(app: Sphinx) -> None:
    """Fill the source folder: this folder's pages, the notebooks, and the repository's Markdown files."""
    target = Path(app.srcdir)
    shutil.copytree(HERE, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__", "_static"))
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        shutil.copy2(TOP / name, target)
    _split_readme(target / "readme")
    book = target / "notebooks"
    for folder in ("pictures", "pages"):
        shutil.copytree(TOP / "notebooks" / folder, book / folder, dirs_exist_ok=True)
    beside = ("glossary", "losses", "teaching")
    for name in beside:
        shutil.copy2(TOP / "notebooks" / f"{name}.md", book)
    chapters = sorted((TOP / "notebooks").glob("[0-9]*.ipynb"))
    for path in chapters:
        nbformat.write(_for_reading(nbformat.read(path, as_version=4)), book / path.name)
    pages = "\n".join([*(path.stem for path in chapters), *beside])
    text = _graph_as_table((TOP / "notebooks" / "README.md").read_text(encoding="utf-8"))
    (book / "README.md").write_text(f"{text}\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n", encoding="utf-8")
    (target / "api" / "magics.md").write_text(_magics(), encoding="utf-8")


def _split_readme(folder: Path) -> None:
    """Write each section of the README as a file, for pages to include: `start.md`, `one-cell.md`, …."""
    folder.mkdir(exist_ok=True)
    start, *sections = re.split(r"^(?=## )", (TOP / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    (folder / "start.md").write_text(start, encoding="utf-8")
    for section in sections:
        name = section.partition("\n")[0][3:].lower().replace(" ", "-")
        (folder / f"{name}.md").write_text(section, encoding="utf-8")


def _for_reading(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Say in MyST-NB's words which cells are folded and what a figure shows; send links to the README to its page.

    A folded answer is one block of HTML, as nbconvert needs it; MyST reads the formulas in it only between blank lines.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("](../README.md", "](../measured.md")
            cell.source = re.sub(
                r"^(<details><summary>.*</summary>)\n<p>(.*)</p>\n</details>$",
                r"\1\n\n\2\n\n</details>",
                cell.source,
                flags=re.MULTILINE,
            )
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata.setdefault("tags", []).append("hide-input")
        if cell.metadata.get("alt"):
            cell.metadata["mystnb"] = {"image": {"alt": cell.metadata["alt"]}}
    return notebook


def _graph_as_table(text: str) -> str:
    """Replace a Mermaid graph, which would need a script from elsewhere, by a table of its edges."""
    graph = re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)
    if graph is None:
        return text
    nodes_of = dict(re.findall(r"(\w+)[\[(]+\"(.*?)\"[\])]+", graph[1]))
    called = {name: re.sub(r"<br>", ", ", re.sub(r"</?b>", "**", label)) for name, label in nodes_of.items()}
    rows = []
    for line in graph[1].splitlines()[1:]:
        plain = re.sub(r"[\[(]+\".*?\"[\])]+", "", line)
        if edge := re.fullmatch(r"\s*(.+?) -- \"(.*)\" --> (\w+)\s*", plain):
            starts = " and ".join(called[name.strip()] for name in edge[1].split("&"))
            rows.append(f"| {starts} | {edge[2]} | {called[edge[3]]} |")
    table = "\n".join(["| from | by | comes |", "| --- | --- | --- |", *rows])
    return text.replace(graph[0], table)


def _magics() -> str:
    """Return the page of the magics: their help, as they print it."""
    parts = [
        ("# The magics", "`%load_ext aenb` adds them to a notebook. Each prints this help with `--help`."),
        ("## `%%autoencoder`", _block(commandline.usage())),
        ("## `%aenb`", _block(commands.usage())),
        ("## The families' hyperparameters", "As `%%autoencoder FAMILY --help` prints them."),
    ]
    parts += [(f"### `{name}`", _block(commandline.usage(name))) for name in aenb.families()]
    return "\n\n".join(line for part in parts for line in part) + "\n"


def _block(text: str) -> str:
    return f"```text\n{text}\n```"


class LocalPictures(SphinxTransform):
    """Replace pictures from other hosts, such as badges, by their words: a page loads nothing from elsewhere."""

    default_priority = 200

    def apply(self, **_) -> None:
        """Replace them in one document."""
        for picture in list(self.document.findall(nodes.image)):
            if "://" in picture["uri"]:
                picture.replace_self(nodes.Text(picture.get("alt", "")))


def _escape_shapes(_app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]) -> None:
    """Show `(n, *input_shape)` in a docstring as it is written: a star begins no emphasis."""
    lines[:] = [re.sub(r"([(,] ?)(\*{1,2})(?=\w)", _escaped, line) for line in lines]


def _escaped(match: re.Match) -> str:
    return match[1] + match[2].replace("*", r"\*")


def _signature(_app: Sphinx, _what: str, _name: str, one: object, _options: object, signature: str | None, result: str):
    """Show a function as a default by dots, and a record without signature: its attributes say it, some are private."""
    if isinstance(one, type) and dataclasses.is_dataclass(one):
        return "", ""
    return (re.sub(r"<function .*?<lambda>>", "...", signature), result) if signature else None


def setup(app: Sphinx) -> None:
    """Gather the pages before Sphinx looks for them."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    app.add_transform(LocalPictures)
    app.connect("autodoc-process-docstring", _escape_shapes)
    app.connect("autodoc-process-signature", _signature)
    app.connect("builder-inited", gather)
