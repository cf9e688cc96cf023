"""What a package outside of aenb adds to it: installed for real, found by all that lists, trained, saved and loaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import aenb
from aenb.evaluation.scorers.score_parts import parts

PACKAGE = Path(__file__).parent / "third_party"
QUIET = "import sys, warnings\nwarnings.filterwarnings('ignore', 'The plug-in')\n"
LISTED = """
import sys, warnings
import aenb
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(list(aenb.families())[-1], aenb.families()["vae"].build.__module__)
    print(list(aenb.datasets())[-1], aenb.datasets()["spiral"].summary)
print(*[warning.message for warning in caught], sep="\\n")
print("tensorflow" in sys.modules)
"""
TYPED = """
from IPython.core.interactiveshell import InteractiveShell
from aenb.notebook.magic.completion import candidates
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "aenb")
shell.run_line_magic("autoencoder", "wide --help")
cell = "%%autoencoder wide --data spiral\\nwid"
print("completed", candidates(shell, cell, len(cell), "wid")[0])
line = "%autoencoder w"
print("completed", "wide" in candidates(shell, line, len(line), line)[0], "tensorflow" in sys.modules)
"""
TRAINED = """
import json
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "aenb")
shell.run_cell_magic("autoencoder", "wide v1 --data spiral --epochs 2 --quiet", "width = 8")
run = shell.user_ns["v1"]
scores = run.evaluate(parts=("reconstruction", "smallest"))
print("score", 0 < scores["smallest_mse"] < scores["mse"], list(run.show("histogram")))
run.save(sys.argv[1])
open(sys.argv[2], "w").write(json.dumps(run.spec.to_dict()))
"""
LOADED = """
import aenb
from aenb.__main__ import main
run = aenb.load_run(sys.argv[1])
print("loaded", run.spec.family, run.spec.hyperparameters, run.generate(3).shape)
print("layers", [type(layer).__name__ for layer in run.model.get_layer("encoder").layers])
print("panel", "wide" in aenb.Trainer("wide", "spiral")._settings.family.options)
print("exit code", main(["train", sys.argv[2], "--save", sys.argv[3]]))
"""


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """Install the package into a folder, and return what runs Python there, with it on the path."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copytree(PACKAGE, folder / "source")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index"]
    done = subprocess.run(
        [*command, "--target", folder / "site", folder / "source"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    path = os.pathsep.join([str(folder / "site"), str(Path(aenb.__file__).parent.parent)])

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=folder, env=os.environ | {"PYTHONPATH": path, "AENB_LIVE": "0"},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_it_is_found_without_tensorflow_and_what_fails_is_named_and_left_out(outside):
    lines = outside("-c", LISTED).splitlines()
    assert lines[0] == "wide aenb.models.vae"
    assert lines[1] == "spiral 200 points along a spiral, in two halves."
    assert lines[2].startswith("The plug-in `aenb_extra.taken` of aenb-extra (aenb.families) was left out: AenbError: ")
    assert "`vae`: expected a name that is free; received one that `aenb.models.vae` has taken" in lines[2]
    assert lines[3].startswith("The plug-in `aenb_extra.broken` of aenb-extra (aenb.datasets) was left out: ImportErr")
    assert lines[3].endswith("no such library")
    assert lines[4:] == ["False"]


def test_help_and_completion_know_it(outside):
    told = outside("-c", QUIET + TYPED)
    assert "units of the hidden layers" in told
    assert "completed ['latent_dim', 'width']" in told
    assert "completed True False" in told


def test_it_is_trained_by_the_magic_saved_and_loaded_in_a_fresh_process(outside, tmp_path):
    run, spec, again = (str(tmp_path / name) for name in ("run", "spec.json", "again"))
    told = outside("-c", QUIET + TRAINED, run, spec)
    assert "score True ['histogram']" in told
    told = outside("-c", QUIET + LOADED, run, spec, again)
    assert "loaded wide {'width': 8} (3, 3)" in told
    assert "'Swish'" in told
    assert "panel True" in told
    assert "exit code 0" in told
    assert (tmp_path / "again" / "run.json").exists()


def test_a_cell_that_defines_a_family_may_run_again_but_a_name_of_aenbs_is_taken():
    for summary in ("first", "second"):

        @aenb.family(summary=summary, takes=("tabular",))
        def mine(input_shape, *, latent_dim: int = 2, name: str | None = None):
            """Never built."""

    assert aenb.families()["mine"].summary == "second"
    assert aenb.families()["mine"].fields["name"].optional
    with pytest.raises(aenb.AenbError, match="The family `deep`: expected a name that is free"):

        @aenb.family
        def deep(input_shape):
            """Never built."""

    with pytest.raises(aenb.AenbError, match=r"`mine`: expected tables.*received.*Families for images: shallow, deep"):
        aenb.build_model("mine", (8, 8, 1))


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda: aenb.family(takes=("sound",)), "Unknown kind of data `sound` of family `odd`"),
        (aenb.family, "`depth` of `odd`: expected a keyword with a default"),
    ],
)
def test_what_a_family_lacks_is_said(define, message):
    def odd(input_shape, *, depth):
        """Never built."""

    with pytest.raises(aenb.AenbError, match=message):
        (define() if define is not aenb.family else define)(odd)


def test_a_data_set_may_be_anything_that_can_be_loaded():
    @aenb.dataset
    def steps():
        """Twenty rows, in two classes."""
        return np.arange(40.0).reshape(20, 2), np.arange(20) % 2

    data = aenb.load_data("steps")
    assert (data.kind, data.classes, aenb.datasets()["steps"].summary) == ("tabular", (0, 1), steps.__doc__)
    assert aenb.load_data("steps:1").classes == (1,)


def test_parts_of_the_scores_are_listed_in_their_order():
    order = ["reconstruction", "likelihood", "representation", "language", "generation", "anomaly"]
    assert list(parts())[:6] == order
