"""`python -m aenb`: the same spec outside a notebook."""

import json

import pytest

import aenb
from aenb.__main__ import main


@pytest.mark.slow
def test_a_spec_is_trained_and_saved(trained, tmp_path, capsys):
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(trained.spec.to_dict()))
    assert main(["train", str(spec), "--save", str(tmp_path / "run")]) == 0
    assert "d: deep on digits" in capsys.readouterr().out
    again = aenb.load_run(tmp_path / "run")
    assert all((a == b).all() for a, b in zip(again.model.get_weights(), trained.model.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("content", "message"), [("{", "expected a spec in JSON"), ('{"family": "depp"}', "Did you mean `deep`")]
)
def test_bad_specs_are_errors_in_a_line(tmp_path, capsys, content, message):
    spec = tmp_path / "spec.json"
    spec.write_text(content)
    assert main(["train", str(spec), "--save", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_chapters_are_copied(tmp_path, capsys):
    assert main(["chapters", str(tmp_path / "book")]) == 0
    said = capsys.readouterr().out
    copied = {path.name for path in (tmp_path / "book").iterdir()}
    assert {"00_quickstart.ipynb", "README.md", "glossary.md"} <= copied
    assert all(name in said for name in copied)
