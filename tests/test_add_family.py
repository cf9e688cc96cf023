"""The steps that CONTRIBUTING.md gives for a new family, followed in a copy of the package: no other file changes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FAMILY = '''"""A family as a contributor writes one."""

import math
from typing import Annotated

from aenb.core.backend import keras
from aenb.core.fields import Field
from aenb.models.hyperparameters import LatentDim
from aenb.models.registry import family


@family(order=90, summary="a quadratic penalty on the code", paper="Nobody 2026", takes=("image", "tabular"))
def added(
    input_shape: tuple[int, ...],
    *,
    latent_dim: LatentDim = 8,
    width: Annotated[int, Field("units of the added family's layer", low=1)] = 64,
):
    """Build it, compiled."""
    from aenb.models.code_penalty import CodePenalty

    layers, features = keras.layers, math.prod(input_shape)
    encoder = [keras.Input(input_shape), layers.Flatten(), layers.Dense(width, "relu"), layers.Dense(latent_dim)]
    decoder = [keras.Input((latent_dim,)), layers.Dense(features, "sigmoid"), layers.Reshape(input_shape)]
    encoder, decoder = keras.Sequential(encoder, name="encoder"), keras.Sequential(decoder, name="decoder")
    inputs = keras.Input(input_shape)
    model = keras.Model(inputs, decoder(CodePenalty()(encoder(inputs))))
    model.compile("adam", "mse")
    return model
'''
CLASS = '''"""The class that the added family needs."""

import keras


@keras.saving.register_keras_serializable("aenb")
class CodePenalty(keras.layers.Layer):
    """Add the mean square of the code to the loss."""

    def call(self, code):
        """Return the code as it is."""
        self.add_loss(1e-3 * keras.ops.mean(code**2))
        return code
'''
KNOWN = """
import sys
from IPython.core.interactiveshell import InteractiveShell
import aenb
from aenb.notebook.magic.completion import candidates
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "aenb")
shell.run_line_magic("autoencoder", "added --help")
body = "%%autoencoder added\\nwid"
line = "%autoencoder "
print("completed", candidates(shell, body, 3, "wid")[0], "added" in candidates(shell, line, len(line), line)[0])
print("controls", sorted(aenb.Trainer("added", "digits")._settings._hyperparameters))
print("file", aenb.__file__, "tensorflow" in sys.modules)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Copy the package and its contract test, and take the steps; return what runs Python there."""
    place = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "aenb", place / "aenb", ignore=shutil.ignore_patterns("__pycache__"))
    (place / "tests").mkdir()
    for name in ("__init__", "conftest", "slow", "thorough", "fresh", "test_families"):
        shutil.copy(ROOT / "tests" / f"{name}.py", place / "tests")
    shutil.copy(ROOT / "pyproject.toml", place)
    models = place / "aenb" / "models"
    (models / "added.py").write_text(FAMILY)
    (models / "code_penalty.py").write_text(CLASS)
    with open(models / "custom_objects.py", "a") as listed:
        listed.write("from aenb.models import code_penalty as code_penalty\n")
    registry = models / "registry.py"
    text, count = re.subn(r"^CLASSES = {", 'CLASSES = {"code_penalty", ', registry.read_text(), flags=re.MULTILINE)
    assert count == 1
    registry.write_text(text)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=place, env=os.environ | {"PYTHONPATH": str(place)},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_help_completion_and_the_panel_know_it_and_none_starts_tensorflow(copy):
    known = copy("-c", KNOWN)
    assert "units of the added family's layer" in known
    assert "completed ['latent_dim', 'width'] True" in known
    assert "controls ['latent_dim', 'width']" in known
    assert re.search(r"file \S+/copy\S*/aenb/__init__.py False", known)


def test_the_contract_test_holds_for_it(copy):
    chosen = "added and not training_gives and not same_seed"  # which train and score: half a minute
    told = copy("-m", "pytest", "tests/test_families.py", "-q", "-k", chosen, "-p", "no:cacheprovider", "-n", "0")
    assert re.search(r"\d\d passed", told)
    assert "skipped" not in told
