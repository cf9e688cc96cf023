"""Likelihoods of other data: their scores against formulas, and what each tells apart."""

import io
import math

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

import aenb
from aenb.evaluation.metrics.elbo import estimate_evidence
from aenb.evaluation.out_of_distribution import OutOfDistribution, compare_likelihoods, compressed_bits, surprise


@pytest.fixture(scope="module")
def run(digits):
    return aenb.train("vae", digits, latent_dim=6, hidden_units=(64,), epochs=12, seed=0, verbose=False)


@pytest.fixture(scope="module")
def background(digits):
    return aenb.train("vae", digits, latent_dim=2, hidden_units=(16,), epochs=2, seed=0, verbose=False)


def others(data):
    draw = np.random.default_rng(0)
    return {
        "noise": draw.random((120, 8, 8, 1), "float32"),
        "even": np.full((120, 8, 8, 1), 0.3, "float32") + draw.normal(0, 0.01, (120, 1, 1, 1)).astype("float32"),
        "same": data.x_train[:120],
    }


@pytest.fixture(scope="module")
def found(run, background, digits):
    return compare_likelihoods(run, others(digits), background=background, examples=100, samples=5)


def test_each_score_is_its_formula(found, run, background, digits):
    noise = others(digits)["noise"][np.linspace(0, 119, 100).round().astype(int)]
    assert len(found.scores["noise"]["likelihood"]) == 100
    x = digits.x_test
    assert set(found.scores) == {"digits", "noise", "even", "same"}
    one = surprise(run, x[:5], samples=5)
    evidence = estimate_evidence(run.model.evidence, (x[:5], x[:5]), samples=5, seed=0).log_evidence
    np.testing.assert_allclose(one, -evidence / math.log(2))
    scores = found.scores["even"]
    bits = scores["likelihood"] - scores["complexity"]
    even = others(digits)["even"]
    assert set(bits) <= set(compressed_bits(even))
    entropy = {round(float(v), 3) for v in np.concatenate([scores["likelihood"] - scores["typicality"],
                                                           scores["likelihood"] + scores["typicality"]])}  # fmt: skip
    other = found.scores["noise"]
    here = {round(float(v), 3) for v in np.concatenate([other["likelihood"] - other["typicality"],
                                                        other["likelihood"] + other["typicality"]])}  # fmt: skip
    assert len(entropy & here) == 1  # H, the same for all
    assert noise.shape == (100, 8, 8, 1)
    assert not np.allclose(other["ratio"], other["likelihood"])


def test_noise_is_told_and_the_same_data_is_not(found):
    aucs = found.aucs()
    assert aucs["noise"]["likelihood"] > 0.99
    assert aucs["noise"]["typicality"] > 0.99
    assert all(abs(auc - 0.5) < 0.15 for auc in aucs["same"].values())


def test_the_auc_is_that_of_scikit_learn_and_the_table_has_it(found):
    own, other = (found.scores[name]["complexity"] for name in ("digits", "even"))
    expected = roc_auc_score(np.repeat([0, 1], [len(own), len(other)]), np.concatenate([own, other]))
    table = found.to_frame()
    assert table.loc["even", "AUC by complexity"] == pytest.approx(expected, abs=1e-3)
    assert table.loc["digits", "bits per value"] == pytest.approx(found.scores["digits"]["likelihood"].mean() / 64,
                                                                  abs=1e-3)  # fmt: skip
    assert math.isnan(table.loc["digits", "AUC by likelihood"])
    assert "NaN" not in found._repr_html_()
    assert repr(found).splitlines()[0].split()[:3] == ["bits", "per", "value"]
    assert len(repr(found).splitlines()) == 2 + len(table)  # without its arrays


def test_simple_images_can_be_likelier_and_their_complexity_gives_them_away():
    """The case of the papers, made up: other data has less surprise, and compresses much better still."""
    draw = np.random.default_rng(0)
    own, other = draw.normal(1000, 20, 200), draw.normal(900, 20, 200)
    scores = {"own": {"likelihood": own, "typicality": abs(own - 1000), "complexity": own - draw.normal(800, 20, 200)},
              "simple": {"likelihood": other, "typicality": abs(other - 1000),
                         "complexity": other - draw.normal(300, 20, 200)}}  # fmt: skip
    aucs = OutOfDistribution("own", scores, 64).aucs()["simple"]
    assert aucs["likelihood"] < 0.01
    assert aucs["complexity"] > 0.99
    assert aucs["typicality"] > 0.95


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_compressed_bits_are_those_of_a_png_that_holds_the_image(channels):
    x = np.random.default_rng(0).integers(0, 256, (3, 9, 7, channels)) / 255
    bits = compressed_bits(x)
    assert bits.shape == (3,)
    assert (bits > 8 * 9 * 7 * channels).all()  # noise can't be compressed
    smooth = np.broadcast_to(np.linspace(0, 1, 64)[None, :, None, None], (1, 64, 64, 1))
    assert compressed_bits(smooth)[0] < 8 * 64 * 64 / 8
    file = io.BytesIO()
    Image.fromarray(np.round(255 * smooth[0, :, :, 0]).astype("uint8")).save(file, "PNG", optimize=True)
    assert compressed_bits(smooth)[0] == 8 * len(file.getvalue())


def test_what_has_no_likelihood_or_another_shape_is_refused(run, digits):
    plain = aenb.train("deep", digits, epochs=1, latent_dim=2, hidden_units=(8,), limit=100, verbose=False)
    with pytest.raises(aenb.AenbError, match=r"Expected a run with a likelihood .* received one of family `deep`"):
        compare_likelihoods(plain, others(digits))
    with pytest.raises(aenb.AenbError, match=r"`others`: expected examples of the shape \(8, 8, 1\) as wide"):
        compare_likelihoods(run, {"wide": np.zeros((3, 9, 9, 1))})
    with pytest.raises(aenb.AenbError, match="`others`: expected other names than that of the training data, digits"):
        compare_likelihoods(run, {"digits": digits})
