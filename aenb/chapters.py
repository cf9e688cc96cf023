"""The notebooks that come with aenb, and copying them to where one can work in them."""

from __future__ import annotations

import shutil
from pathlib import Path

from aenb.errors import AenbError


def chapters() -> list[Path]:
    """List the notebooks: beside the package in a checkout, inside it where it was installed."""
    here = Path(__file__).parent
    folder = next((f for f in (here / "chapters", here.parent / "notebooks") if f.is_dir()), here)
    return sorted(folder.glob("[0-9]*.ipynb"))


def copy_chapters(target: Path) -> list[Path]:
    """Copy the notebooks into a folder.

    Raises:
        AenbError: A notebook of that name is there already, or the folder cannot be written.
    """
    taken = [target / path.name for path in chapters() if (target / path.name).exists()]
    if taken:
        raise AenbError(f"Expected no chapters in {target}; {taken[0]} is there. Choose another folder.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copy(path, target)) for path in chapters()]
    except OSError as error:
        raise AenbError(f"Expected to write to {target}; received: {error.strerror}.") from error
