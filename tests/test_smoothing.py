"""The detail of reconstructions, and the finding of a decoder that returns averages."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage

from aenb.evaluation.diagnosis import smoothing
from aenb.evaluation.metrics.sharpness import detail, detail_kept


def photographs(n=20, side=28):
    """Return images with edges: rectangles of random places and shades."""
    draw, images = np.random.default_rng(0), np.zeros((n, side, side, 1), "float32")
    for image in images:
        for _ in range(4):
            top, left = draw.integers(0, side - 8, 2)
            image[top : top + draw.integers(4, 8), left : left + draw.integers(4, 8)] = draw.random()
    return images


def test_the_detail_is_that_of_scipys_laplacian():
    x = np.random.default_rng(0).random((4, 9, 7, 2))
    inner = np.stack([[ndimage.laplace(image[..., c])[1:-1, 1:-1] for c in range(2)] for image in x])
    assert detail(x) == pytest.approx(np.mean(inner**2))
    assert detail_kept(x, x) == 1


def test_more_blur_keeps_less():
    x = photographs()
    kept = [detail_kept(ndimage.gaussian_filter(x, (0, s, s, 0)), x) for s in (0.3, 0.7, 1, 2)]
    assert 1 > kept[0] > kept[1] > kept[2] > kept[3] > 0
    assert kept[2] < smoothing.SMOOTH


def measured(decoded, images, *, kind="image", is_generator=False, longer="--epochs 20", **settings):
    return SimpleNamespace(
        y=images, decoded=decoded, setting=settings.get, has=settings.__contains__, longer=lambda times: longer,
        run=SimpleNamespace(data=SimpleNamespace(kind=kind), is_generator=is_generator),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"latent_dim": 32, "beta": 4.0, "perceptual": 0.0}, "beta = 1.0"),
        ({"latent_dim": 2, "beta": 1.0, "perceptual": 0.0}, "latent_dim = 16"),
        ({"latent_dim": 32, "beta": 1.0, "perceptual": 0.0}, "latent_dim = 64"),
        ({"latent_dim": 32, "perceptual": 0.1}, "latent_dim = 64"),
        ({"latent_dim": 32}, "latent_dim = 64"),
        ({"perceptual": 0.1}, "--epochs 20"),
    ],
)
def test_blurred_reconstructions_are_found_with_what_to_type(settings, remedy):
    x = photographs()
    (found,) = smoothing.over_smoothed(measured(ndimage.gaussian_filter(x, (0, 1.5, 1.5, 0)), x, **settings))
    assert (found.code, found.severity, found.remedy) == ("over-smoothed", "info", remedy)
    assert "of the fine detail" in found.message


def test_sharp_ones_and_what_has_no_detail_are_not():
    x = photographs()
    blurred = ndimage.gaussian_filter(x, (0, 1.5, 1.5, 0))
    sharp = np.clip(x + np.random.default_rng(1).normal(0, 0.01, x.shape), 0, 1)
    for case in (
        measured(sharp, x),
        measured(blurred, x, is_generator=True),
        measured(blurred, x, kind="signal"),
        measured(blurred[:, :8, :8], x[:, :8, :8]),
        measured(np.ones_like(x), np.ones_like(x)),
        measured(blurred, np.where(x > 0.5, np.nan, x)),
    ):
        assert list(smoothing.over_smoothed(case)) == []
