"""Views: which there are of which run, and that what is drawn is what was computed."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

import aenb
from aenb.core.progress import Silent
from aenb.evaluation.metrics.elbo import kl_per_dimension
from aenb.figures.plots import class_colours, signed_colours
from aenb.figures.views import OF_FINDINGS, show, telling, views
from aenb.figures.views.latent_plane import principal_plane
from aenb.figures.views.view_inputs import ViewInputs
from aenb.training.build import new_run
from aenb.training.session import moments
from aenb.training.train import make_spec

DIGITS = aenb.load_data("digits").limit(300)


def untrained(family, data=DIGITS, **settings):
    """Build a run whose training has not begun: its views are drawn of random weights."""
    return new_run(make_spec(family, "r", settings), data, Silent(), [])[0]


@pytest.fixture(scope="module")
def vae():
    return untrained("vae", latent_dim=3)


ALL = ["reconstructions", "samples", "traversals", "codes", "values", "units"]
FITTING = {
    "deep": {*ALL, "filters"},
    "vae": {*ALL, "filters", "posterior", "classes"},
    "attention": {*ALL, "attention"},
    "gan": {"samples", "traversals", "values", "units", "classes"},
    "vqvae": {"reconstructions", "samples", "codebook", "filters", "classes", "values", "units"},
}


@pytest.mark.slow
@pytest.mark.parametrize("family", FITTING)
def test_each_family_has_its_views_and_they_are_drawn(family):
    gallery = show(untrained(family))
    assert set(gallery) == FITTING[family]
    for name in gallery:
        assert gallery[name].axes or gallery[name].subfigs, name
    html = gallery._repr_html_()
    assert html.count("<img alt=") == len(gallery)
    sized = re.findall(r'height:auto;[^>]* width="(\d+)" height="(\d+)" src="data:image/png;base64,([^"]+)"', html)
    assert len(sized) == len(gallery)  # before they are decoded, the page keeps their place
    for width, height, picture in sized:
        assert Image.open(io.BytesIO(base64.b64decode(picture))).size == (int(width), int(height))
    assert all(f"{name}: " in repr(gallery) for name in gallery)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "views"),
    [
        ("breast_cancer", {"reconstructions", "codes", "values", "units"}),
        ("vowels", {"reconstructions", "traversals", "codes", "values", "units"}),
        ("wordnet", {"reconstructions", "codes", "units"}),
    ],
)
def test_tables_signals_and_texts_have_theirs(data, views):
    gallery = show(untrained("deep", aenb.load_data(data, limit=200)))
    assert set(gallery) == views
    assert len(gallery.pictures()) == len(views)


def test_filters_of_a_model_of_ones_own_are_seen():
    import keras

    own = [
        keras.Sequential([keras.Input((8, 8, 1)), first, keras.layers.Flatten(), keras.layers.Dense(3)])
        for first in (keras.layers.Conv2D(4, 3), keras.layers.Flatten())
    ]
    for encoder in own:
        assert show(untrained("deep", encoder=encoder), ("filters",))["filters"].get_axes()


@pytest.mark.slow
@pytest.mark.parametrize("data", ["vowels", "wordnet"])
def test_attention_over_signals_and_texts_is_drawn(data):
    assert show(untrained("attention", aenb.load_data(data, limit=200)), ("attention",))["attention"].get_axes()


def test_the_game_and_the_timeline_need_a_training(tmp_path):
    run = aenb.train("gan", DIGITS, epochs=3, verbose=False)
    assert {"adversarial", "timeline"} <= set(run.show())
    assert sorted(run.timeline) == [1, 2, 3]
    np.testing.assert_allclose(
        run.timeline[3], run.generate(10, seed=0), atol=1e-6
    )  # the end is the model that is kept
    labels = [label.get_text() for label in run.show("timeline")["timeline"].axes[0].get_yticklabels()]
    assert labels == ["epoch 1", "epoch 2", "epoch 3"]
    again = aenb.load_run(run.save(tmp_path / "gan"))
    np.testing.assert_array_equal(again.timeline[2], run.timeline[2])
    assert again._repr_html_() == run._repr_html_()


def test_moments_are_the_first_the_last_and_some_between():
    assert moments(1) == {1}
    assert moments(3) == {1, 2, 3}
    found = moments(100)
    assert {1, 100} <= found
    assert len(found) == 7


def test_a_view_that_is_not_there_is_said_to_be_so(vae):
    with pytest.raises(aenb.AenbError, match="Did you mean `posterior`"):
        vae.show("posteriors")
    with pytest.raises(aenb.AenbError, match="no view `codebook` of this run"):
        vae.show("codebook")


def test_the_kl_drawn_is_that_of_the_posterior_largest_first(vae):
    look = ViewInputs(vae)
    mean, log_var = (np.asarray(part) for part in vae.model.get_layer("encoder")(look.x))
    kl = kl_per_dimension(mean, log_var)
    drawn = vae.show("posterior")["posterior"].axes[0].patches
    np.testing.assert_allclose([bar.get_height() for bar in drawn], np.sort(kl)[::-1], rtol=1e-5)
    np.testing.assert_allclose(vae.encode(look.x), mean, atol=1e-6)


def test_a_traversal_changes_one_dimension_between_the_priors_quantiles(vae):
    look = ViewInputs(vae)
    start = look.codes[np.abs(look.codes - np.median(look.codes, axis=0)).sum(axis=1).argmin()]
    low = start.copy()
    low[look.ranking[0]] = -2.3263
    image = vae.decode(low[None])[0, ..., 0]
    drawn = vae.show("traversals")["traversals"].axes[0].images[0].get_array()[:8, :8, 0]
    np.testing.assert_allclose(drawn, image, atol=1e-6)


def test_errors_are_coloured_by_their_sign():
    found = signed_colours(np.array([-1.0, 0.0, 0.5]))
    assert found[0, 2] > found[0, 0]  # blue
    assert found[2, 0] > found[2, 2]  # orange
    np.testing.assert_allclose(found[:, 3], [1, 0, 0.5])


def test_classes_have_ten_colours_of_their_own():
    assert len(set(class_colours(10))) == 10
    assert len(class_colours(13)) == 13


def test_a_point_of_the_plane_is_a_code_and_back():
    codes = np.random.default_rng(0).normal(size=(50, 5)) * [5, 3, 1, 0.1, 0.1]
    plane = principal_plane(codes)
    points = plane.points(codes)
    np.testing.assert_allclose(plane.points(plane.codes(points)), points, atol=1e-4)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-9)
    assert points.var(axis=0).sum() == pytest.approx(codes.var(axis=0)[:2].sum(), rel=0.1)
    two = codes[:, :2]
    np.testing.assert_allclose(principal_plane(two).points(two), two, atol=1e-6)


def test_a_finding_brings_the_picture_that_shows_it():
    assert set(OF_FINDINGS.values()) <= set(views())
    run = aenb.train("vae", DIGITS, latent_dim=2, beta=500.0, epochs=3, verbose=False)
    assert "posterior-collapse" in {finding.code for finding in run.diagnose()}
    assert next(iter(telling(run))) == "posterior"
    assert "posterior: the KL of each latent dimension" in run._repr_html_()


@pytest.mark.slow
def test_labels_are_escaped_in_captions_and_written_as_they_are_in_figures():
    x = np.random.default_rng(0).random((60, 8, 8))
    data = aenb.load_data((x, np.array(["<script>$x$", "b & 'c'"] * 30)))
    run = untrained("vae", data, latent_dim=2)
    html = run.show()._repr_html_()
    assert "<script" not in html
    assert show(run, ("codes",))["codes"].axes[0].texts[0].get_text() == "<script>$x$"
