"""aenb from a shell: `python -m aenb train spec.json`, `aenb chapters DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from aenb.core.errors import AenbError
from aenb.core.json_files import read_json
from aenb.core.version import __version__
from aenb.notebook.chapters import copy_chapters

MAX_BYTES = 2**24  # of a spec


def main(words: list[str] | None = None) -> int:
    """Run a command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="aenb", description="Autoencoders, outside a notebook.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train the model of a spec, and save the run")
    training.add_argument("spec", type=Path, help="a JSON file: family, data, epochs, …, hyperparameters")
    training.add_argument("--save", type=Path, metavar="DIR", help="where to save the run (default: runs/NAME)")
    training.add_argument("--checkpoint", type=Path, metavar="DIR", help="folder for the training's checkpoint")
    training.add_argument("--resume", action="store_true", help="resume from the checkpoint, if there is one")
    copying = commands.add_parser("chapters", help="copy the notebooks")
    copying.add_argument("folder", type=Path, nargs="?", default=Path("aenb-chapters"))
    arguments = parser.parse_args(words)
    try:
        return _train(arguments) if arguments.command == "train" else _chapters(arguments)
    except AenbError as error:
        print(f"AenbError: {error}", file=sys.stderr)
        return 2


def _train(arguments: argparse.Namespace) -> int:
    from aenb.core.progress import open_view
    from aenb.runs.spec import Spec
    from aenb.training.checkpointing import Checkpointing
    from aenb.training.train import train_spec

    spec = Spec.from_dict(read_json(arguments.spec, "a spec in JSON", MAX_BYTES))
    if arguments.resume and arguments.checkpoint is None:
        raise AenbError("`--resume`: expected `--checkpoint DIR`, the folder to resume from; received none.")
    checkpointing = None if arguments.checkpoint is None else Checkpointing(arguments.checkpoint, arguments.resume)
    with open_view(verbose=True) as view:
        run = train_spec(spec, spec.data, (), view, checkpointing=checkpointing)
        view.end(run.summary)
    print(run)
    print(f"Saved in {run.save(arguments.save or Path('runs') / (spec.name or arguments.spec.stem))}.")
    return 0


def _chapters(arguments: argparse.Namespace) -> int:
    for path in copy_chapters(arguments.folder):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
