"""The search for better defaults of GANs: its trials, its tables, and one short run of it."""

import json

import pytest

import aenb
from tests.benchmarks import gan_search
from tests.benchmarks.gan_space import SPACES, fitting, trial

OF_TRAINING = {"learning_rate", "batch_size"}


def line(settings, seed=0, frechet=10.0, **others):
    return {"data": "digits", "family": "gan", "settings": gan_search.text(settings), "seed": seed, "seconds": 60.0,
            "frechet": frechet, "coverage": 0.5, "steps": 100, "others": 0.01} | others  # fmt: skip


@pytest.mark.parametrize("family", SPACES)
def test_the_first_trials_change_nothing_then_one_setting_and_the_rest_are_drawn(family):
    changes = sum(len(options) - 1 for options in SPACES[family].values())
    assert trial(family, 0) == {}
    alone = [trial(family, number) for number in range(1, changes + 1)]
    assert len({gan_search.text(one) for one in alone}) == changes
    drawn = [trial(family, number) for number in range(changes + 1, changes + 41)]
    assert drawn == [trial(family, number) for number in range(changes + 1, changes + 41)]
    assert len({gan_search.text(one) for one in drawn}) >= 38
    assert 3 < sum(map(len, drawn)) / 40 < 0.75 * len(SPACES[family])
    fields = aenb.families()[family].fields
    for settings in [*alone, *drawn]:
        own = {name: value for name, value in settings.items() if name not in OF_TRAINING}
        assert aenb.families()[family].check(json.loads(json.dumps(own))) == own
        assert all(fields[name].default != value for name, value in own.items())


def test_settings_without_effect_are_left_out():
    settings = {"matching": "mmd", "r1": 1.0, "prior_weight": 0.1}
    assert fitting(settings) == {"matching": "mmd", "prior_weight": 0.1}
    assert fitting({"r1": 1.0}) == {"r1": 1.0}


def test_the_table_has_the_best_first_with_its_interval_and_its_ratio_to_the_defaults():
    found = [line({}), line({}, 1, 12.0), line({"r1": 0.1}, 0, 5.0), line({"r1": 0.1}, 1, 6.0), line({"loss": "hinge"},
             frechet=None)]  # fmt: skip
    text = gan_search.tables(found)
    assert "**gan, 60 s**" in text
    assert text.index("`r1=0.1`") < text.index("nothing (the defaults)")
    assert "| `r1=0.1` | 2 | 0.50 | 5.50 ± 6.35 | 0.50 ± 0.00 |" in text
    assert '- no scores: gan, {"loss": "hinge"}, seed 0' in text


def test_the_best_of_another_time_are_taken_with_the_defaults(tmp_path):
    search = gan_search.Search(tmp_path, "digits")
    lines = [line({}), line({"r1": 0.1}, frechet=5.0), line({"r1": 1.0}, frechet=7.0), line({"latent_dim": 4},
             frechet=1.0, seconds=9.0)]  # fmt: skip
    search.lines.file.write_text("\n".join(map(json.dumps, lines)))
    assert search.best("gan", 60.0, 1) == ["{}", '{"r1": 0.1}']
    assert search.best("gan", 60.0, 2) == ["{}", '{"r1": 0.1}', '{"r1": 1.0}']


@pytest.mark.thorough
@pytest.mark.slow
def test_what_is_measured_is_not_measured_again(tmp_path, monkeypatch, capsys):
    words = ["gan_search", "--families", "aae", "--trials", "1", "--seconds", "0.5", "--data", "digits", "--out",
             str(tmp_path)]  # fmt: skip
    monkeypatch.setattr("sys.argv", words)
    gan_search.main()
    first = (tmp_path / "search.jsonl").read_text()
    (one,) = map(json.loads, first.splitlines())
    assert one["steps"] > 0
    assert one["frechet"] > 0
    assert 0 <= one["coverage"] <= 1
    assert (tmp_path / "samples" / one["picture"]).read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "training").exists()
    gan_search.main()
    assert (tmp_path / "search.jsonl").read_text() == first
    assert "| nothing (the defaults) | 1 | 1.00 |" in (tmp_path / "search.md").read_text()
