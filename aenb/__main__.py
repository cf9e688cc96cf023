"""aenb from a shell: `python -m aenb train spec.json`, `aenb chapters DIR`."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from aenb.core.errors import AenbError
from aenb.core.files import read_json
from aenb.core.version import __version__
from aenb.notebook.chapters import copy_chapters

LARGEST = 2**24  # bytes of a spec


def main(words: list[str] | None = None) -> int:
    """Carry out a command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="aenb", description="Autoencoders, outside a notebook.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train what a spec asks for, and save the run")
    training.add_argument("spec", type=Path, help="a JSON file: family, data, epochs, …, hyperparameters")
    training.add_argument("--save", type=Path, metavar="DIR", help="where to save the run (default: runs/NAME)")
    training.add_argument("--checkpoint", type=Path, metavar="DIR", help="save the training there as it goes")
    training.add_argument("--resume", action="store_true", help="go on from the checkpoint, where there is one")
    copying = commands.add_parser("chapters", help="copy the notebooks")
    copying.add_argument("folder", type=Path, nargs="?", default=Path("aenb-chapters"))
    asked = parser.parse_args(words)
    try:
        return _train(asked) if asked.command == "train" else _chapters(asked)
    except AenbError as error:
        print(f"AenbError: {error}", file=sys.stderr)
        return 2


def _train(asked: argparse.Namespace) -> int:
    from aenb.core.progress import open_view
    from aenb.engine.checkpoint import Checkpoint
    from aenb.runs.spec import Spec
    from aenb.training.train import train_spec

    spec = Spec.from_dict(read_json(asked.spec, "a spec in JSON", LARGEST))
    if asked.resume and asked.checkpoint is None:
        raise AenbError("`--resume`: expected `--checkpoint DIR`, the folder to go on from; received none.")
    place = None if asked.checkpoint is None else partial(Checkpoint, asked.checkpoint)
    with open_view(verbose=True) as view:
        run = train_spec(spec, spec.data, (), view, checkpoint=place, resume=asked.resume)
        view.end(run.summary)
    print(run)
    print(f"Saved in {run.save(asked.save or Path('runs') / (spec.name or asked.spec.stem))}.")
    return 0


def _chapters(asked: argparse.Namespace) -> int:
    for path in copy_chapters(asked.folder):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
