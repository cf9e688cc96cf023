import numpy as np
import pytest

from aenb.plots import image_grid, run_figure, to_png

HISTORY = {"loss": [0.5, 0.1, 0.05], "val_loss": [0.4, 0.1, 0.06]}
DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_grid_holds_every_image_in_its_place(channels):
    images = DRAW.random((5, 4, 6, channels), "float32")
    grid = image_grid(images, columns=3, gap=2)
    assert grid.shape == (2 * 4 + 2, 3 * 6 + 2 * 2, 4)
    second = grid[:4, 8:14]
    expected = images[1] if channels > 2 else np.repeat(images[1].mean(-1, keepdims=True), 3, -1)
    np.testing.assert_allclose(second[..., : expected.shape[-1]], expected, atol=1e-6)
    assert (grid[6:, 16:] == 0).all()  # the sixth place is clear


@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 5, 3), (12,)])
def test_a_run_is_drawn_with_axes_named(shape):
    x = DRAW.random((4, *shape), "float32")
    figure = run_figure(
        HISTORY,
        rows(x, x * 0.9),
        loss="mean squared error",
        baselines={"PCA, 2 dimensions": 0.08},
    )
    curves, items = figure.axes
    assert curves.get_xlabel() == "epoch"
    assert curves.get_ylabel() == "mean squared error"
    assert [text.get_text() for text in curves.get_legend().get_texts()] == [
        "training",
        "validation",
        "PCA, 2 dimensions",
    ]
    assert curves.get_yscale() == "log"
    assert items.get_title(loc="left")
    np.testing.assert_allclose(curves.lines[1].get_ydata(), HISTORY["val_loss"])


def rows(x, made):
    return {"original": x, "reconstruction": made}


def test_the_same_figure_gives_the_same_bytes():
    x = DRAW.random((4, 8, 8, 1), "float32")
    assert to_png(run_figure(HISTORY, rows(x, x))) == to_png(run_figure(HISTORY, rows(x, x)))


def test_a_run_of_no_epochs_can_be_drawn():
    x = DRAW.random((4, 8, 8, 1), "float32")
    assert to_png(run_figure({}, rows(x, x))).startswith(b"\x89PNG")
