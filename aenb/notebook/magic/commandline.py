"""The first line of a cell, `%%autoencoder FAMILY [NAME] [options]`: grammar and help, from the table of options."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from aenb.core.errors import AenbError, shown, unknown
from aenb.core.fields import Field
from aenb.data.sets.data_sets import datasets
from aenb.models.registry import KINDS, families
from aenb.notebook.magic.line import words
from aenb.runs.spec import flag, options

CHECKPOINT = Field(
    "folder for checkpoints of the training (default for a named run: in the user's cache)",
    group="Training",
    metavar="DIR",
    name="checkpoint",
    optional=True,
)


def _switch(name: str, group: str, text: str) -> Field:
    return Field(text, group=group, name=name, kind="bool", default=False)


SWITCHES = {
    "resume": _switch("resume", "Training", "resume from the checkpoint of an unfinished training"),
    "background": _switch("background", "Display", "train while other cells run; %aenb wait NAME waits for it"),
    "quiet": _switch("quiet", "Display", "show no progress"),
    "help": _switch("help", "Display", "show this help; with a family, its hyperparameters"),
}
TABLE = {**options(), "checkpoint": CHECKPOINT, **SWITCHES}  # all options of the line, by name

WIDTH = 96  # columns of the help: as many as fit JupyterLab's output without line breaks

EXAMPLE = """
The cell's body is Python. The names it assigns are the family's hyperparameters, except names
that begin with an underscore (helper variables):

    %%autoencoder deep d --data fashion_mnist --epochs 20
    latent_dim = 30

trains, evaluates and shows a model, and binds the Run to the name d: d.model, d.encode(x),
d.save(path), …  With default hyperparameters, in one line:  %autoencoder deep d --data digits
Defaults: %config AENB.epochs = 5.  %autoencoder alone opens a panel of all settings."""


@dataclass(frozen=True)
class CommandLine:
    """A parsed line: family and name, or None; the given options; how to run the training."""

    family: str | None
    name: str | None
    options: dict[str, Any]
    checkpoint: str | None = None
    resume: bool = False
    background: bool = False
    quiet: bool = False
    help: bool = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise argparse's error as an `AenbError`."""
        raise AenbError(f"%%autoencoder: {shown(message)}. See %%autoencoder --help.")


def parse(line: str, variables: Mapping[str, Any] | None = None) -> CommandLine:
    """Read the first line of a cell.

    Args:
        line: The line, without the magic's name.
        variables: The names for `{expression}` and `$name`; None: leave them as they are.

    Raises:
        AenbError: An option is unknown (the nearest is suggested), lacks its value, or has an invalid one; the line
            can't be split into words.
    """
    parser = _Parser(prog="%%autoencoder", add_help=False, allow_abbrev=False)
    parser.add_argument("family", nargs="?")
    parser.add_argument("name", nargs="?")
    for name, option in TABLE.items():
        if option.is_flag:
            parser.add_argument(flag(name), dest=name, action="store_const", const="True", default=argparse.SUPPRESS)
        else:
            parser.add_argument(flag(name), dest=name, default=argparse.SUPPRESS)
    given, rest = parser.parse_known_args(words(line, variables))
    for word in rest:
        if word.startswith("-"):
            raise _unknown_option(word.partition("=")[0], given.family)
        raise AenbError(f"%%autoencoder: expected a family, a name and options; received `{shown(word)}` too.")
    values = {name: TABLE[name].parse(text) for name, text in vars(given).items() if name in TABLE}
    switches = {name: values.pop(name) for name in list(values) if name not in options()}
    return CommandLine(given.family, given.name, values, **switches)


def _unknown_option(word: str, family: str | None) -> AenbError:
    """Return the error for an unknown option; for a hyperparameter, it says where to write it."""
    name = word.lstrip("-").replace("-", "_")
    fields = families()[family].fields if family in families() else {}
    if name in fields:
        default = fields[name].default
        example = f"{name} = {'…' if default is None else repr(default)}"
        return AenbError(f"`{name}` is a hyperparameter of family `{family}`: write `{example}` on the line below.")
    return unknown("option", word, [flag(name) for name in TABLE])


def usage(family: str | None = None) -> str:
    """Return the help of `%%autoencoder`, or that of a family."""
    if family is not None:
        return _family_help(family)
    lines = ["%%autoencoder FAMILY [NAME] [options]", "", "Train, evaluate and show a model of a family.", ""]
    lines += ["Families (%%autoencoder FAMILY --help lists the hyperparameters)"]
    lines += _columns({name: entry.summary for name, entry in families().items()})
    for group in dict.fromkeys(option.group for option in TABLE.values()):
        rows = {_typed(o): _explained(o) for o in TABLE.values() if o.group == group}
        lines += ["", group, *_columns(rows)]
    lines += [
        "",
        "Data sets",
        *textwrap.wrap(", ".join(datasets()), WIDTH - 2, initial_indent="  ", subsequent_indent="  "),
    ]
    return "\n".join(lines) + "\n" + EXAMPLE


def _family_help(name: str) -> str:
    entry = families().lookup(name)
    rows = {field.name: f"{_explained(field)}; {field.expected}" for field in entry.fields.values()}
    words = ", ".join(KINDS[kind][0] for kind in entry.takes)
    paper = [f"({entry.paper})"] if entry.paper else []
    head = [f"{name}: {entry.summary}", *paper, f"Takes {words}."]
    return "\n".join([*head, "", "Hyperparameters", *_columns(rows)])


def _typed(option: Field) -> str:
    return flag(option.name) if option.is_flag else f"{flag(option.name)} {option.metavar or 'WORD'}"


def _explained(field: Field) -> str:
    has_default = field.default is not None and field.kind != "bool"
    return field.help + (f" (default: {field.default})" if has_default else "")


def _columns(rows: dict[str, str]) -> list[str]:
    """Lay out names and their explanations side by side, in lines of at most `WIDTH`."""
    room = max(map(len, rows)) + 4
    return [
        textwrap.fill(text, WIDTH, initial_indent=f"  {name}".ljust(room), subsequent_indent=" " * room)
        for name, text in rows.items()
    ]
