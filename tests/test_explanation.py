"""Why examples are anomalous, feature by feature: sums, planted anomalies, pictures."""

import numpy as np
import pandas as pd
import pytest

import aenb
from tests.mixed_frame import patients
from tests.thorough import thorough


@pytest.fixture(scope="module")
def run():
    return aenb.train("deep", "breast_cancer", latent_dim=6, epochs=40, verbose=False)


def planted(x, size, seed=0):
    """Return examples with one value each `size` standard deviations from the mean, and which feature it is."""
    draw = np.random.default_rng(seed)
    features = draw.integers(x.shape[1], size=len(x))
    x = x.copy()
    x[np.arange(len(x)), features] = size * draw.choice([-1, 1], len(x))
    return x, features


def test_the_parts_sum_to_the_score(run):
    x = run.data.x_test[:20].copy()
    x[3, 5] = np.nan
    parts = run.explain(x).to_frame().to_numpy()
    np.testing.assert_allclose(parts.sum(axis=1), run.score(x), rtol=1e-6)
    assert (parts >= 0).all()
    assert parts[3, 5] == 0


@pytest.mark.parametrize("data", ["breast_cancer", *thorough("wine")])
def test_a_planted_value_is_ranked_first(run, data):
    if data == "wine":
        run = aenb.train("deep", data, latent_dim=6, epochs=60, verbose=False)
    found = []
    for seed in range(3):
        x, features = planted(run.data.x_test, 6, seed)
        found.append((run.explain(x).to_frame().to_numpy().argmax(axis=1) == features).mean())
    assert np.mean(found) >= 0.95


def test_a_table_keeps_its_index_names_and_units(run):
    data = run.data
    raw = data.preprocessing.to_raw(data.x_test[:4])
    table = pd.DataFrame(raw, columns=data.feature_names, index=["a", "b", "c", "d"])
    explanation = run.explain(table[table.columns[::-1]])
    assert list(explanation.to_frame().index) == ["a", "b", "c", "d"]
    assert list(explanation.to_frame().columns) == list(data.feature_names)
    np.testing.assert_allclose(explanation.values, raw, rtol=1e-4)
    np.testing.assert_allclose(explanation.scores, run.score(table), rtol=1e-5)


@pytest.mark.thorough
def test_of_a_mixed_table_whole_columns_are_explained():
    table = patients()
    run = aenb.train("deep", table, latent_dim=6, epochs=60, verbose=False)
    odd = table.iloc[:30].copy()
    odd["bp"] = 250.0  # standard deviation 14, mean 95
    explanation = run.explain(odd)
    np.testing.assert_allclose(explanation.to_frame().sum(axis=1), run.score(odd), rtol=1e-5)
    assert list(explanation.to_frame().index) == list(odd.index)
    assert (explanation.to_frame().idxmax(axis=1) == "bp").mean() > 0.9
    assert "250 (expected" in str([text.get_text() for text in explanation.plot(0).axes[0].texts])
    assert run.drift(odd).is_drift


def test_it_names_the_largest_parts_and_draws_them(run):
    x, features = planted(run.data.x_test[:12], 12)
    explanation = run.explain(x)
    name = run.data.feature_names[features[7]]
    assert repr(explanation).splitlines()[8].split("  ")[-1].strip().startswith(f"{name} (")
    assert "and 2 more" in repr(explanation)
    assert "<table" in explanation._repr_html_()
    axes = explanation.plot(7, most=4).axes[0]
    assert axes.get_yticklabels()[0].get_text() == name
    widths = [bar.get_width() for bar in axes.patches]
    assert len(widths) == 5
    assert sum(widths) == pytest.approx(explanation.scores[7])
    with pytest.raises(aenb.AenbError, match="`example`: expected a number below 12; received 12"):
        explanation.plot(12)


def test_images_have_a_part_for_each_pixel(trained):
    x = trained.data.x_test[:3]
    parts = trained.explain(x).to_frame()
    assert parts.shape == (3, 64)
    assert parts.columns[9] == "[1, 1, 0]"
    np.testing.assert_allclose(parts.sum(axis=1), trained.score(x), rtol=1e-6)


def test_examples_with_many_features_have_their_squared_errors(trained, monkeypatch):
    from aenb.evaluation import attribution

    monkeypatch.setattr(attribution, "MAX_FEATURES", 10)
    x = trained.data.x_test[:3]
    errors = (x - trained.reconstruct(x)).reshape(3, -1) ** 2 / 64
    np.testing.assert_allclose(trained.explain(x).to_frame().to_numpy(), errors, rtol=1e-5)


def test_the_expected_value_does_not_follow_the_planted_one(run):
    x, features = planted(run.data.x_test[:40], 6)
    places = np.arange(40), features
    given = run.data.preprocessing.from_raw(run.explain(x).expected)[places]
    plain = run.reconstruct(x)[places]
    original = run.data.x_test[:40][places]
    assert np.abs(given - original).mean() < 0.7 * np.abs(plain - original).mean()
