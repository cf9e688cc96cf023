"""Loading the extension into a shell, and unloading it without a trace."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from IPython.core.magic import needs_local_scope, no_var_expand
from traitlets import HasTraits, TraitType
from traitlets.config import Configurable

from aenb.core import progress
from aenb.core.errors import AenbError
from aenb.core.fields import Field
from aenb.notebook.magic import cell, commandline, commands
from aenb.notebook.magic.completion import matcher_for
from aenb.notebook.widgets.live import view_for
from aenb.runs.spec import flag, options

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class _Setting(TraitType):
    """A default in `%config AENB`, with the same validation as the option."""

    def __init__(self, option: Field):
        super().__init__(option.default, help=f"{option.help}: {option.expected}")
        self.option = option
        self.tag(config=True)

    def validate(self, obj: HasTraits, value: Any) -> Any:
        return self.option.check(value)


AENB = type("AENB", (Configurable,), {"__doc__": "The defaults of `%%autoencoder`."} | {
    name: _Setting(option) for name, option in options().items()
})  # fmt: skip


@dataclass
class _Loaded:
    """What loading added to a shell, so that unloading removes exactly that."""

    settings: Any
    matcher: Any
    magics: list[tuple[str, str]] = field(default_factory=list)


_SHELL_ATTRIBUTE = "_aenb_loaded"


def load(shell: InteractiveShell) -> None:
    """Add the magics, their completion and `%config AENB` to a shell."""
    if hasattr(shell, _SHELL_ATTRIBUTE):
        return
    loaded = _Loaded(AENB(parent=shell), matcher_for(shell))
    _add_magics(shell, loaded)
    shell.configurables.append(loaded.settings)
    shell.Completer.custom_matchers.append(loaded.matcher)
    shell.input_transformers_cleanup.insert(0, _allow_no_body)
    progress.use_view(view_for(shell))
    setattr(shell, _SHELL_ATTRIBUTE, loaded)


def unload(shell: InteractiveShell) -> None:
    """Remove what `load` added."""
    loaded = getattr(shell, _SHELL_ATTRIBUTE, None)
    if loaded is None:
        return
    for kind, name in loaded.magics:
        shell.magics_manager.magics[kind].pop(name, None)
    shell.configurables.remove(loaded.settings)
    shell.Completer.custom_matchers.remove(loaded.matcher)
    shell.input_transformers_cleanup.remove(_allow_no_body)
    progress.use_view(None)
    delattr(shell, _SHELL_ATTRIBUTE)


def _allow_no_body(lines: list[str]) -> list[str]:
    """Add an empty body to a cell of one line, `%%autoencoder deep`, which IPython would refuse."""
    alone = len(lines) == 1 and lines[0].startswith(("%%autoencoder", "%%aenb_autoencoder"))
    return [lines[0].rstrip("\n") + "\n", "\n"] if alone else lines


def _add_magics(shell: InteractiveShell, loaded: _Loaded) -> None:
    @no_var_expand
    @needs_local_scope
    def autoencoder(line: str, body: str | None = None, local_ns: dict[str, Any] | None = None) -> Any:
        defaults = {name: getattr(loaded.settings, name) for name in options()}
        with _typed_words():
            return cell.autoencoder(shell, defaults, line, body, shell.user_ns | (local_ns or {}))

    @no_var_expand
    @needs_local_scope
    def aenb(line: str, local_ns: dict[str, Any] | None = None) -> Any:
        with _typed_words():
            return commands.aenb(shell, line, shell.user_ns | (local_ns or {}))

    autoencoder.__doc__, aenb.__doc__ = commandline.usage(), commands.usage()
    for function, kinds in ((autoencoder, ("cell", "line")), (aenb, ("line",))):
        name = _free_name(shell, function.__name__, kinds)
        for kind in kinds:
            shell.register_magic_function(function, kind, name)
            loaded.magics.append((kind, name))


@contextlib.contextmanager
def _typed_words() -> Iterator[None]:
    """Write options in error messages as they are typed on a magic's line."""
    try:
        yield
    except AenbError as error:
        words = re.sub(r"pass (\w+)=True", lambda match: f"add {flag(match[1])}", str(error))
        if words == str(error):
            raise
        raise AenbError(words) from error.__cause__


def _free_name(shell: InteractiveShell, name: str, kinds: tuple[str, ...]) -> str:
    """Return the magic's name, or if another extension has taken it, a name with the prefix aenb_."""
    if not any(name in shell.magics_manager.magics[kind] for kind in kinds):
        return name
    warnings.warn(f"The magic %{name} is taken by another extension: aenb's is %aenb_{name}.", stacklevel=2)
    return f"aenb_{name}"
