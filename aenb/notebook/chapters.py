"""The notebooks that come with aenb, and copying them to a folder to work in."""

from __future__ import annotations

import shutil
from pathlib import Path

from aenb.core.errors import AenbError


def chapters() -> list[Path]:
    """List the notebooks: beside the package in a checkout, inside it when it is installed."""
    return sorted(_folder().glob("[0-9]*.ipynb"))


def _folder() -> Path:
    here = Path(__file__).parent
    return next((folder for folder in (here / "book", here.parents[1] / "notebooks") if folder.is_dir()), here)


def copy_chapters(target: Path) -> list[Path]:
    """Copy the notebooks into a folder, with what they refer to: the map, the glossary, and the interactive pages.

    Raises:
        AenbError: A notebook of the same name exists there, or the folder cannot be written.
    """
    book = [*chapters(), *sorted(_folder().glob("*.md")), _folder() / "pages"]
    taken = [target / path.name for path in book if (target / path.name).exists()]
    if taken:
        raise AenbError(f"Expected no chapters in {target}; {taken[0]} is there. Choose another folder.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        return [
            Path(shutil.copytree(path, target / path.name) if path.is_dir() else shutil.copy(path, target))
            for path in book
        ]
    except OSError as error:
        raise AenbError(f"Expected to write to {target}; received: {error.strerror}.") from error
