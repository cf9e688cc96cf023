"""What people type, and names they give: lines and bodies of the magics, cells, Markdown and HTML."""

from __future__ import annotations

import os
import string
import warnings
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from aenb.core import html
from aenb.core.errors import AenbError
from aenb.core.tables import html_table, markdown, markdown_table
from aenb.figures.plots import image_png
from aenb.models.registry import families
from aenb.notebook.magic import cell as cells
from aenb.notebook.magic.body import run_body
from aenb.notebook.magic.commandline import TABLE, parse
from aenb.notebook.magic.commands import COMMANDS
from aenb.notebook.widgets.live import _html
from aenb.runs import report
from aenb.runs.spec import Spec, flag, options
from aenb.training.train import make_spec
from tests.fuzz.harness import case, fuzz

PICTURE = image_png(np.zeros((2, 2, 3)))


class Typed(Exception):
    """The user's own: what their code raised, or where a training would begin."""


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """Return a real shell in a folder of its own, in which no training begins."""
    from IPython.core.interactiveshell import InteractiveShell

    def begins(*_, **__):
        raise Typed

    InteractiveShell.clear_instance()
    shell, before, folder = InteractiveShell.instance(), os.getcwd(), tmp_path_factory.mktemp("typed")
    shell.run_line_magic("load_ext", "aenb")
    shell.run_cell("import aenb.runs.run, aenb.training.train")  # what takes long the first time
    shell.user_ns |= {"nums": [1, 2], "table": np.ones((20, 3)), "word": "deep", "many": "x " * 10**5, "d": None}
    os.chdir(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aenb.training.train.train_spec", begins)
        patch.setattr(cells, "_panel", lambda settings: make_spec("deep", None, settings))
        patch.setattr("aenb.core.backend.devices", lambda: ["CPU"])
        patch.setattr("builtins.print", lambda *_, **__: None)
        shell.folder = folder
        yield shell
        shell.run_line_magic("unload_ext", "aenb")
    os.chdir(before)
    InteractiveShell.clear_instance()


MARKS = [
    "'", '"', "{", "}", "$", "\\", "--", "-", "=", "{nums}", "{{", "}}", "$word", "$nums.x", "{1/0}", "{many}",
    "\0", "\ud800", "\u2028", "\x85", " ", "~nosuch", "~", "/", "..", "None", "nan", "inf", "1e999", "[1", "(((",
    "~nosuch/x", "%", "%s", "!", "?", "#", "<script>", "|", ";", "print", "table", "class", "ﬁ", "__class__",
    "9" * 200, "9" * 4400, "-" * 3000, "a" * 400, "$9" * 3000, "0x" + "f" * 300, "-1", "0", "3", "2.5", "True", "é",
]  # fmt: skip
WORDS = [*families(), *(flag(name) for name in TABLE), *COMMANDS, "digits", "d", "v2", "--latent-dim", "--overwrite"]
pieces = st.sampled_from([*MARKS, *WORDS]) | st.text(max_size=8)
words = st.lists(pieces, min_size=1, max_size=3).map("".join) | st.sampled_from(WORDS) | st.integers().map(str)
lines = st.lists(words, max_size=9).map(" ".join)


def typed(shell, magic: str, line: str, body: str | None = None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        if body is None:
            shell.run_line_magic(magic, line)
        else:
            shell.run_cell_magic(magic, line, body)


@fuzz()
@given(st.sampled_from(["autoencoder", "aenb"]), lines)
@example("autoencoder", "gan {nums} --resume " + "9" * 200)
@example("autoencoder", "gan $" + "9" * 9000 + "'")
@example("autoencoder", "gan " + "$9" * 4000 + "'")
@example("autoencoder", "-a " * 9000)
@example("autoencoder", "x" * 10**7)
@example("autoencoder", "{many}" * 50)
@example("aenb", "load ~nosuch x")
@example("aenb", "chapters ~nosuch/x")
@example("aenb", "save d ~nosuch")
def test_lines(shell, magic, line):
    with case("magic lines", shell.folder, own=(Typed,)):
        typed(shell, magic, line)


@fuzz()
@given(lines.filter(lambda line: "\n" not in line))
def test_lines_of_a_family(shell, line):
    with case("magic lines", shell.folder, own=(Typed,)):
        typed(shell, "autoencoder", f"deep {line}", "latent_dim = 3")


TOKENS = [
    "latent_dim", "hidden_units", "activation", "x", "_y", "=", ":=", "=", "\n", "\n", "\n    ", "(", ")", "[", "]",
    "{", "}", ",", ":", "+", "-", "not ", "1", "2.5", "9" * 400, "'a'", '"', "'", "f'{x}'", "None", "nums", "table",
    "lambda x: ", "for i in nums:\n    ", "if 1:\n    ", "match x:\n    case ", "case _:", "try:\n    ",
    "except* ValueError:\n    ", "except Exception:\n    ", "def f():\n    ", "class A:\n    ", "del x", "epochs",
    "import math", "float('nan')", "\\", "\0", "\ud800", "#", "\t", "ﬁ", "@", "*", "await ", "yield ", "return ",
    "global x", "raise ValueError", "object()", "range(1000000000000)", "9" * 5000, "[[]]", "type", " ",
]  # fmt: skip
# without powers of powers, which Python itself computes for ever
bodies = (
    st.lists(st.sampled_from(TOKENS) | st.text(max_size=5), max_size=14).map("".join).filter(lambda b: "**" not in b)
)
nested = st.builds(
    lambda opens, closes, count, inside: "latent_dim = " + opens * count + inside + closes * count,
    st.sampled_from(
        ["(", "[", "{", "-", "not ", "lambda: ", "f'{", "[1 for i in ", "1 if 1 else ", "a.", "1+", "*", "(x:="]
    ),
    st.sampled_from(["", ")", "]", "}", "}'", "[0]"]),
    st.integers(1, 5000),
    st.sampled_from(["", "1", "x", "\n"]),
)


@fuzz()
@given(bodies | nested, st.sampled_from(["deep", "vae d", "shallow", "gan"]))
@example("-" * 10_000 + "1", "deep")
@example("latent_dim = '" + "a" * 10**8 + "'", "deep")
@example("latent_dim = [" + "1," * 10**6 + "]", "deep")
@example("f'" + "{1}" * 250_000 + "'", "deep")
@example("a=1\n" * 4_999, "deep")
@example("hidden_units = range(10**12)", "deep")
@example("import itertools\nhidden_units = itertools.count(1)", "deep")
def test_bodies(shell, body, line):
    with case("magic bodies", shell.folder, own=(Typed,)):
        try:
            typed(shell, "autoencoder", line, body or " ")
        except Exception as error:
            if hasattr(error, "_render_traceback_") and not isinstance(error, AenbError):
                raise Typed from error  # raised by the body
            raise


# Cells: what is written is read again, whatever is in it

PRINTABLE = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
hostile = st.lists(st.sampled_from([*"'\"{}$\\ -=#%!~/", "{{", "$a", "{nums}", "--data", "é", "a"]), max_size=12)
paths = (st.text(PRINTABLE, min_size=1, max_size=40) | hostile.map("".join).filter(bool)) | st.just("'" * 4096)


def values(field):
    """Draw values of a field."""
    if field.choices:
        found = st.sampled_from(field.choices)
    elif field.kind == "bool":
        found = st.booleans()
    elif field.kind == "int":
        found = st.integers(int(field.low or 0), int(field.high or 10**6))
    elif field.kind == "float":
        low = field.low if field.above is None else field.above
        found = st.floats(low, field.high, exclude_min=field.above is not None, allow_nan=False, allow_infinity=False)
    elif field.kind == "ints":
        found = st.lists(st.integers(int(field.low or 1), min(99, int(field.high or 99))), max_size=4).map(tuple)
    else:
        found = paths
    return found | st.none() if field.optional else found


@st.composite
def specs(draw):
    entry = families()[draw(st.sampled_from(list(families())))]
    fields = {name: field for name, field in entry.fields.items() if field.kind != "model"}
    chosen = draw(st.lists(st.sampled_from(list(fields)), unique=True, max_size=4))
    given = draw(st.lists(st.sampled_from(list(options())), unique=True, max_size=6))
    settings = {name: draw(values(fields[name])) for name in chosen} | {n: draw(values(options()[n])) for n in given}
    return make_spec(entry.name, draw(st.none() | st.sampled_from(["v2", "é_1", "x"])), settings)


@fuzz()
@given(specs())
def test_cells_are_read_as_they_were_written(shell, spec):
    with case("cells round trip", shell.folder):
        first, *body = spec.to_cell().split("\n")
        asked = parse(first.removeprefix("%%autoencoder"), shell.user_ns)
        assert (asked.family, asked.name, asked.checkpoint, asked.resume) == (spec.family, spec.name, None, False)
        assert make_spec(asked.family, asked.name, asked.options | run_body(shell, first, "\n".join(body))) == spec


@fuzz(0.1)
@given(specs())
def test_cells_go_through_the_whole_shell(shell, spec):
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aenb.training.train.train_spec", lambda spec, *_, **__: seen.append(spec) or {}["the end"])
        patch.setattr("aenb.data.load.find_data", lambda word, variables, **_: (word, []))
        with case("cells round trip", shell.folder, seconds=5):
            shell.run_cell(spec.to_cell(), store_history=False)
            assert seen == [spec]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
names = st.text(max_size=12) | st.sampled_from(["x; import os", "deep\nimport os", "a b", "x=1\n", "", "class", "d"])


@fuzz()
@given(names | anything, names | anything, st.dictionaries(names, anything, max_size=3) | anything, names | anything)
def test_cells_of_hostile_specs_hold_no_code(shell, family, name, hyperparameters, data):
    import ast

    with case("cells round trip", shell.folder):
        found = Spec.from_dict({"family": family, "name": name, "hyperparameters": hyperparameters, "data": data})
        first, *body = found.to_cell().split("\n")
        assert first.startswith(f"%%autoencoder {found.family} ")
        for statement in ast.parse("\n".join(body)).body:
            assert isinstance(statement, ast.Assign)
            value = statement.value
            if isinstance(value, ast.Call):  # keras.models.model_from_json of text
                assert ast.unparse(value.func) == "keras.models.model_from_json"
                (value,) = value.args
            ast.literal_eval(value)


# Markdown and HTML of hostile names

EVIL = [
    "<script>alert(1)</script>", "[click](javascript:alert(1))", "![x](http://a.b/c.png)", "http://a.b", "www.a.b",
    "a@b.c", "<http://a.b>", "&lt;img src=x&gt;", "`", "**", "|", "\n", "\n\n", "# ", "- ", "1. ", "> ", "~~~",
    "$x$", "\\", "[a]: b", "<img src=x onerror=alert(1)>", "'", '"', "onclick=", "</td>", "-->", "<!--", "]]>",
    "    ", "\t", "\u2028", "mailto:a@b.c", "<a href=javascript:x>", "&#60;b&#62;", "[x][y]", "[^1]", "---", "===",
    "<",
]  # fmt: skip
evil = st.lists(st.sampled_from(EVIL) | st.text(max_size=6) | st.sampled_from(string.punctuation), max_size=6).map(
    "".join
)
RENDERERS = [MarkdownIt("commonmark").enable("table"), MarkdownIt("js-default")]
HARMLESS = {
    "paragraph",
    "text",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "inline",
    "strong",
    "softbreak",
    "text_special",
}


def elements(text: str) -> set[str]:
    """Return the kinds of all that a Markdown text is rendered to."""
    found, waiting = set(), [token for renderer in RENDERERS for token in renderer.parse(text)]
    while waiting:
        token = waiting.pop()
        found.add(token.type.removesuffix("_open").removesuffix("_close"))
        waiting += token.children or []
    return found


@fuzz()
@given(evil, st.lists(st.lists(evil, min_size=3, max_size=3), min_size=2, max_size=4))
def test_markdown_shows_just_the_words(line, rows):
    with case("Markdown"):
        assert elements(markdown(line)) <= HARMLESS
        assert elements(markdown_table(rows, frozenset({(0, 1)}))) <= HARMLESS
        shown = "".join(t.content for t in RENDERERS[0].parse(markdown(line)) if t.type == "inline" for t in t.children)
        assert shown == " ".join("".join(one if one.isprintable() else " " for one in line).split())


class Elements(HTMLParser):
    """Collects the elements of a page with their attributes, and its text."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.found.append(("comment", ()))

    handle_decl = unknown_decl = handle_pi = handle_comment


@fuzz()
@given(evil, st.lists(st.lists(evil, min_size=3, max_size=3), min_size=2, max_size=4))
def test_html_has_the_elements_of_harmless_names(line, rows):
    def pages_of(line: str, rows: list[list[str]]) -> list[str]:
        return [
            report.as_html(line, rows, [line], {"figure": PICTURE, line: PICTURE}),
            html_table(rows, stressed=frozenset({(0, 1)})),
            _html(line, line, [line]),
            html.script_tag(html.with_id({"names": [line]}), "let x = 1;"),
        ]

    # as many lines in each cell, since those after the first are set apart
    plain = [["\n".join("x" for _ in cell.split("\n")) for cell in row] for row in rows]
    with case("HTML"):
        for page, harmless in zip(pages_of(line, rows), pages_of("x", plain), strict=True):
            assert Elements(page).found == Elements(harmless).found
