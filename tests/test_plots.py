import numpy as np
import pytest

import aenb
from aenb.figures.plots import BLUE, GREY, ORANGE, examples_png, image_grid, run_figure, to_png

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


def test_what_is_no_loss_has_panels_of_its_own():
    history = {
        "loss": [3.0, 2.0], "discriminator_loss": [1.0, 0.9], "generator_loss": [2.0, 1.1], "perplexity": [40.0, 90.0],
        "real_score": [0.6, 0.7], "fake_score": [0.4, 0.3], "generator_gradient_norm": [9.0, 1.0], "val_loss": [3, 2.5],
    }  # fmt: skip
    x = DRAW.random((4, 8, 8, 1), "float32")
    losses, _, *readings = run_figure(history, rows(x, x)).axes
    assert [line.get_label() for line in losses.lines] == ["discriminator", "generator"]  # of whom each has its own
    assert [axes.get_title(loc="left") for axes in readings] == [
        "perplexity", "mean discriminator score", "gradient norm",
    ]  # fmt: skip
    scores, norms = readings[1:]
    assert [line.get_label() for line in scores.lines] == ["real", "fake"]
    assert norms.get_yscale() == "log"


def test_the_terms_of_a_loss_are_drawn_beside_it():
    history = {"loss": [3.0, 2.0], "val_loss": [3.0, 2.5], "kl_loss": [1.0, 0.5], "val_kl_loss": [1.0, 0.6]}
    x = DRAW.random((4, 8, 8, 1), "float32")
    losses, _ = run_figure(history, rows(x, x)).axes
    assert [line.get_label() for line in losses.lines] == ["training", "validation", "KL"]


@pytest.mark.parametrize(("family", "shown"), [("deep", 2), ("vae", 3)])
def test_a_model_with_a_prior_shows_images_that_it_made(family, shown, digits):
    run = aenb.train(family, digits, epochs=1, latent_dim=2, limit=300, verbose=False)
    _, items = run.plot().axes
    labels = [label.get_text() for label in items.get_yticklabels()]
    assert labels == ["original", "reconstruction", "generated"][:shown]


def test_the_same_figure_gives_the_same_bytes():
    x = DRAW.random((4, 8, 8, 1), "float32")
    assert to_png(run_figure(HISTORY, rows(x, x))) == to_png(run_figure(HISTORY, rows(x, x)))


@pytest.mark.parametrize("history", [{}, {"loss": [np.nan]}])
def test_a_run_of_no_epochs_says_so(history):
    x = DRAW.random((4, 8, 8, 1), "float32")
    figure = run_figure(history, rows(x, x))
    assert [text.get_text() for text in figure.axes[0].texts] == ["no epoch was completed"]
    assert to_png(figure).startswith(b"\x89PNG")


LENGTHS = (9, 4)


def signals():
    x = DRAW.normal(size=(2, 9, 5)).astype("float32")
    x[1, LENGTHS[1] :] = np.nan
    return x


@pytest.mark.parametrize("names", [("original", "reconstruction"), ("original", "corrupted", "reconstruction")])
def test_signals_are_drawn_as_long_as_they_were(names):
    x = signals()
    drawn = dict.fromkeys(names, np.nan_to_num(x)) | {"original": x}
    items = run_figure(HISTORY, drawn).axes[1]
    assert len(items.lines) == 3 * len(names)  # three channels
    for line in items.lines:
        assert np.isfinite(line.get_ydata()).sum() == sum(LENGTHS)
    assert [text.get_text() for text in items.get_legend().get_texts()] == list(names)
    assert [label.get_text() for label in items.get_yticklabels()] == ["channel 1", "channel 2", "channel 3"]
    assert items.get_xlabel()


def test_generated_signals_are_drawn_whole():
    items = run_figure(HISTORY, {"held out": signals(), "generated": np.zeros((2, 9, 5), "float32")}).axes[1]
    assert {np.isfinite(line.get_ydata()).sum() for line in items.lines} == {sum(LENGTHS), 2 * LENGTHS[0]}


def test_words_that_differ_stand_out_at_their_place():
    drawn = {"original": ["the cat sat", "a dog"], "reconstruction": ["the dog sat", "a"]}
    items = run_figure(HISTORY, drawn).axes[1]
    written = [(text.get_text(), text.get_color()) for text in items.texts if text.get_text().strip()]
    assert written == [
        ("the cat sat", GREY), ("the     sat", BLUE), ("    dog    ", ORANGE),
        ("a dog", GREY), ("a  ", BLUE), ("  _", ORANGE),
    ]  # fmt: skip
    assert [label.get_text() for label in items.get_yticklabels()] == ["original", "reconstruction"] * 2


def test_mathematics_in_a_text_is_left_alone():
    drawn = {"original": ["it costs $5 and $ x_1"], "reconstruction": ["it costs $\\frac"]}
    assert to_png(run_figure(HISTORY, drawn)).startswith(b"\x89PNG")
    assert examples_png(drawn).startswith(b"\x89PNG")


def test_the_title_of_few_images_is_whole():
    x = DRAW.random((3, 16, 16, 1), "float32")
    figure = run_figure({"loss": [2, 1]}, {"original": x, "reconstruction": x, "generated": x})
    to_png(figure)
    title = figure.axes[1].title if figure.axes[1].get_title() else figure.axes[1]._left_title
    assert title.get_window_extent().x1 <= figure.bbox.x1
