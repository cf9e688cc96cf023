"""The latent explorer without a page: what it is told, what it answers, and what stands where there is no kernel."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import PIL.Image
import pytest

import aenb
from aenb.core.backend import keras
from aenb.notebook.widgets.browser_decoder import page_decoder
from tests.test_views import DIGITS, untrained


@pytest.fixture(scope="module")
def explorer():
    return aenb.LatentExplorer(untrained("deep", latent_dim=5))


def told(explorer, name, dtype="<f4"):
    return np.frombuffer(getattr(explorer, name), dtype)


def test_points_are_codes_in_the_plane(explorer):
    run, about = explorer.run, explorer.about
    codes = told(explorer, "codes").reshape(-1, 5)
    np.testing.assert_allclose(codes, run.encode(DIGITS.x_test), atol=1e-6)
    axes, origin = np.array(about["axes"]), np.array(about["origin"])
    np.testing.assert_allclose(told(explorer, "points").reshape(-1, 2), (codes - origin) @ axes.T, atol=1e-5)
    assert told(explorer, "examples", "u1").shape == (DIGITS.x_test.size,)
    assert about["class_names"] == list("0123456789")


def test_sliders_are_ordered_by_what_dimensions_tell():
    vae = aenb.LatentExplorer(untrained("vae", latent_dim=4))
    kl = vae._layout.inputs.kl
    assert [slider["dimension"] for slider in vae.about["sliders"]] == list(np.argsort(-kl, kind="stable"))
    assert vae.about["sliders"][0]["low"] == pytest.approx(-2.3263)  # of the prior


def asked(explorer, monkeypatch, code, **content):
    sent = []
    monkeypatch.setattr(explorer, "send", lambda content, buffers=None: sent.append((content, buffers)))
    explorer._handle_custom_msg({"kind": "decode", **content}, [memoryview(np.asarray(code, "<f4").tobytes())])
    return sent


def test_the_kernel_decodes_what_is_asked_for(explorer, monkeypatch):
    code = np.arange(5.0)
    ((content, (image,)),) = asked(explorer, monkeypatch, code)
    assert content == {"kind": "decoded"}
    expected = np.round(explorer.run.decode(code[None].astype("float32")).clip(0, 1) * 255)
    np.testing.assert_array_equal(np.frombuffer(image, "u1"), expected.ravel())


@pytest.mark.parametrize("code", [np.zeros(4), np.full(5, np.nan), np.zeros(0)])
def test_what_is_no_code_is_not_answered(explorer, monkeypatch, code):
    assert asked(explorer, monkeypatch, code) == []


def test_a_conditional_model_is_asked_for_a_class(monkeypatch):
    explorer = aenb.LatentExplorer(untrained("vae", latent_dim=2, conditional=True))
    assert explorer.about["condition_classes"] == list("0123456789")
    assert explorer.about["steps"] == []  # the page has no labels for the decoder
    images = [asked(explorer, monkeypatch, [1.0, 1.0], label=label)[0][1][0] for label in (0, 3)]
    assert images[0] != images[1]


def test_texts_are_decoded_to_words(monkeypatch):
    explorer = aenb.LatentExplorer(untrained("deep", aenb.load_data("wordnet", limit=100), latent_dim=3))
    ((content, _),) = asked(explorer, monkeypatch, [0.5, 1.0, 1.5])
    assert isinstance(content["text"], str)
    assert len(explorer.about["texts"]) == len(explorer._layout.points)


def test_a_generator_walks_its_prior():
    explorer = aenb.LatentExplorer(untrained("gan", latent_dim=4))
    assert not explorer.about["has_examples"]
    assert explorer.classes == b""
    assert told(explorer, "codes").std() == pytest.approx(1, abs=0.1)


def test_discrete_codes_have_no_plane():
    with pytest.raises(aenb.AenbError, match=r'discrete. run.show\("codebook"\)'):
        aenb.LatentExplorer(untrained("vqvae"))
    with pytest.raises(aenb.AenbError, match='expected "pca" or "umap"'):
        aenb.LatentExplorer(untrained("deep"), plane="tsne")


def test_a_plane_by_neighbours_needs_its_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "umap", None)
    with pytest.raises(aenb.AenbError, match="pip install umap-learn"):
        aenb.LatentExplorer(untrained("deep"), plane="umap")


def test_a_host_without_anywidget_shows_the_static_page(monkeypatch):
    explorer = aenb.LatentExplorer(untrained("deep", latent_dim=3))
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
    monkeypatch.setenv("AENB_LIVE", "1")
    assert set(bundle(explorer)) == {"text/plain", "text/html", "image/png"}


# Selecting, placing, and the path as an animation


def test_what_is_selected_is_sorted_and_observed():
    explorer, seen = aenb.LatentExplorer(untrained("deep", latent_dim=3), limit=10), []
    shown = np.frombuffer(explorer.indices, "<u4")
    assert explorer.selected == ()
    explorer.observe(lambda change: seen.append(change.new), "selected")
    explorer.set_state({"selected": [int(shown[4]), int(shown[1]), int(shown[4])]})  # as the page does
    assert explorer.selected == (shown[1], shown[4])
    explorer.selected = shown[[2, 0]]
    explorer.selected = []
    assert seen == [(shown[1], shown[4]), (shown[0], shown[2]), ()]


@pytest.mark.parametrize("value", [[10**6], [-1], [0.5], "first", 3, [[0]], None])
def test_what_is_no_index_cannot_be_selected(explorer, value):
    with pytest.raises(aenb.AenbError, match="`selected`: expected indices of the 75 examples"):
        explorer.selected = value
    assert explorer.selected == ()


@pytest.fixture
def marked(explorer):
    yield explorer
    explorer.marks = []


def test_an_example_of_ones_own_is_placed_at_its_code(marked):
    x = DIGITS.x_test
    codes = marked.place(x[0], "mine")
    np.testing.assert_allclose(codes, marked.run.encode(x[:1]), atol=1e-6)
    (mark,) = marked.marks
    assert mark["name"] == "mine"
    np.testing.assert_array_equal(np.frombuffer(mark["code"], "<f4"), codes[0])
    np.testing.assert_array_equal(np.frombuffer(mark["example"], "u1"), np.round(255 * x[0].ravel()))
    marked.place((16 * x[1:3, ..., 0]).astype(int), "raw")
    marked.place(x[3:5], ["a", "mine"])  # replaces the first
    marked.place(x[5])
    marked.place(x[6])
    assert [mark["name"] for mark in marked.marks] == ["raw 1", "raw 2", "a", "mine", "mine 1", "mine 2"]
    marked._handle_custom_msg({"kind": "remove", "name": "raw 2"}, [])
    assert [mark["name"] for mark in marked.marks] == ["raw 1", "a", "mine", "mine 1", "mine 2"]


@pytest.mark.parametrize(
    ("x", "name", "message"),
    [
        (np.zeros((3, 9, 9)), None, "`x`: expected the shape"),
        (np.zeros((51, 8, 8)), None, "`x`: expected 1 to 50 examples; received 51"),
        (np.zeros((0, 8, 8)), None, "`x`: expected 1 to 50 examples; received 0"),
        (np.zeros((2, 8, 8)), ["one"], "`name`: expected a text, or a list of 2 different texts"),
        (np.zeros((2, 8, 8)), ["one", "one"], "`name`: expected a text"),
        (np.zeros((8, 8)), 3, "`name`: expected a text"),
    ],
)
def test_what_cannot_be_placed_is_refused(marked, x, name, message):
    with pytest.raises(aenb.AenbError, match=message):
        marked.place(x, name)
    assert marked.marks == []


def test_no_more_than_fifty_examples_are_placed(marked):
    marked.place(np.zeros((50, 8, 8)), "first")
    with pytest.raises(aenb.AenbError, match=r"explorer.marks = \[\]"):
        marked.place(np.zeros((1, 8, 8)), "second")
    marked.place(np.zeros((50, 8, 8)), "first")  # replaces them


def test_texts_rows_and_classes_are_placed_too():
    words = aenb.LatentExplorer(untrained("deep", aenb.load_data("wordnet", limit=100), latent_dim=3))
    assert words.place("the first day", "day").shape == (1, 3)
    assert words.marks[0]["text"].startswith("the first")
    frame = pd.DataFrame({"age": np.linspace(20, 80, 50), "height": np.linspace(150, 200, 50)})
    rows = aenb.LatentExplorer(untrained("deep", aenb.load_data(frame), latent_dim=2))
    np.testing.assert_allclose(rows.place(frame.iloc[3], "row"), rows.run.encode(frame.iloc[[3]]), atol=1e-6)
    digits = aenb.LatentExplorer(untrained("vae", latent_dim=2, conditional=True))
    np.testing.assert_allclose(
        digits.place(DIGITS.x_test[0], labels=7), digits.run.encode(DIGITS.x_test[:1], [7]), atol=1e-6
    )


def test_the_path_is_an_animation(marked, tmp_path):
    marked.place(DIGITS.x_test[3], "mine")
    end = np.linspace(-1, 1, 5)
    file = tmp_path / "new" / "path.gif"
    image = marked.animation(file, a="mine", b=end, steps=4, seconds=1)
    assert file.read_bytes() == image.data
    assert [one.name for one in file.parent.iterdir()] == ["path.gif"]
    start = marked.run.encode(DIGITS.x_test[3:4])[0]
    decoded = marked.run.decode(np.linspace(start, end, 4, dtype="float32"))
    with PIL.Image.open(file) as gif:
        assert (gif.n_frames, gif.info["loop"], gif.info["duration"]) == (6, 0, 250)
        for number, expected in enumerate([*decoded, decoded[2], decoded[1]]):
            gif.seek(number)
            pixels = np.asarray(gif.convert("L"))[12::24, 12::24]
            np.testing.assert_allclose(pixels, 255 * expected[..., 0].clip(0, 1), atol=1)
    by_index = marked.animation(a=3, b=end, steps=4, seconds=1)
    assert by_index.data == image.data  # example 3 is at the same code


def test_the_path_of_a_conditional_model_is_of_a_class():
    explorer = aenb.LatentExplorer(untrained("vae", latent_dim=2, conditional=True))
    zero, first, three = (explorer.animation(a=0, b=1, steps=2, label=label).data for label in (0, None, 3))
    assert zero == first
    assert zero != three
    with pytest.raises(aenb.AenbError, match="expected"):
        explorer.animation(a=0, b=1, label="eleven")


def test_the_page_asks_for_the_path_between_its_ends(explorer, monkeypatch):
    sent = []
    monkeypatch.setattr(explorer, "send", lambda content, buffers=None: sent.append((content, buffers)))
    explorer._handle_custom_msg({"kind": "animate"}, [])
    assert sent.pop()[0]["text"].startswith("`a`: expected A to be set in the explorer, or given")
    explorer.set_state({"ends": {"A": [0.0] * 5, "B": [1.0] * 5}})
    explorer._handle_custom_msg({"kind": "animate", "label": 3}, [])
    ((content, (gif,)),) = sent
    assert content == {"kind": "animation", "name": "r_A_to_B.gif", "frames": 46}
    assert gif == explorer.animation().data
    explorer.ends = {}


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("her", "Unknown placed example `her`"),
        (10**6, "expected the index of one of the 75 examples"),
        ([1.0], "`b`: expected a latent code, 5 finite numbers"),
        ([np.nan] * 5, "`b`: expected a latent code, 5 finite numbers"),
        (None, "`b`: expected B to be set"),
        (True, "`b`: expected a latent code"),
    ],
)
def test_an_end_that_is_no_code_is_named(explorer, end, message):
    with pytest.raises(aenb.AenbError, match=message):
        explorer.animation(a=0, b=end)


def test_what_is_no_image_has_no_animation():
    explorer = aenb.LatentExplorer(untrained("deep", aenb.load_data("breast_cancer"), latent_dim=2))
    with pytest.raises(aenb.AenbError, match=r"expected a run on images; .* run.decode\(np.linspace\(a, b, 24\)\)"):
        explorer.animation(a=0, b=1)


def test_the_kernel_sends_the_columns_that_are_asked_for(explorer, monkeypatch):
    sent = []
    monkeypatch.setattr(explorer, "send", lambda content, buffers=None: sent.append((content, buffers)))
    for number in (0, 1, -1, "0", None):
        explorer._handle_custom_msg({"kind": "column", "number": number}, [])
    ((content, (values,)),) = sent
    assert content == {"kind": "column", "number": 0, "names": None}
    np.testing.assert_allclose(np.frombuffer(values, "<f4"), explorer.run.score(DIGITS.x_test), rtol=1e-5)


# The decoder for the page; that it computes the same is tested in a browser


@pytest.mark.parametrize(
    ("family", "shape", "settings"),
    [
        ("shallow", (8, 8, 1), {}),
        ("deep", (8, 8, 1), {"activation": "gelu"}),
        ("deep", (7,), {}),
        ("vae", (13, 13, 3), {}),
        ("gan", (28, 28, 1), {}),
        ("aae", (28, 28, 1), {}),
    ],
)
def test_chains_of_known_layers_are_sent_whole(family, shape, settings):
    model = aenb.build_model(family, shape, latent_dim=4, **settings)
    steps, weights = page_decoder(model)
    part = next(model.get_layer(name) for name in ("decoder", "averaged_generator")
                if name in [layer.name for layer in model.layers])  # fmt: skip
    assert len(weights) == 4 * part.count_params()
    assert json.loads(json.dumps(steps)) == steps


def test_what_the_page_does_not_know_stays_in_the_kernel():
    assert page_decoder(aenb.build_model("attention", (8, 8, 1))) is None
    assert page_decoder(aenb.build_model("vae", (8, 8, 1), likelihood="continuous_bernoulli")) is None  # λ is no mean
    code = keras.Input((4,))
    two = keras.layers.Add()([keras.layers.Dense(64, "relu")(code), keras.layers.Dense(64)(code)])
    forked = keras.Model(code, keras.layers.Reshape((8, 8, 1))(two), name="decoder")
    assert page_decoder(aenb.build_model("deep", (8, 8, 1), latent_dim=4, decoder=forked)) is None


# Without a kernel


def bundle(explorer):
    found = explorer._repr_mimebundle_()
    return found[0] if isinstance(found, tuple) else found


def test_the_still_form_is_a_page_and_a_picture(explorer, monkeypatch):
    monkeypatch.setenv("AENB_LIVE", "0")
    still = bundle(explorer)
    assert set(still) == {"text/plain", "text/html", "image/png"}
    assert still == bundle(explorer)  # the same bytes each time
    about = json.loads(re.search(r"const about = (\{.*\});", still["text/html"])[1])
    assert about["count"] > 0.9 * len(explorer._layout.points)
    assert len(still["text/html"]) < 600_000
    monkeypatch.setenv("AENB_LIVE", "1")
    assert "application/vnd.jupyter.widget-view+json" in bundle(explorer)


def test_what_is_no_image_is_a_picture(monkeypatch):
    monkeypatch.setenv("AENB_LIVE", "0")
    still = bundle(aenb.LatentExplorer(untrained("deep", aenb.load_data("breast_cancer"))))
    assert "<script" not in still["text/html"]
    assert "<img" in still["text/html"]


def test_labels_cannot_end_the_script(monkeypatch):
    monkeypatch.setenv("AENB_LIVE", "0")
    x = np.random.default_rng(0).random((60, 8, 8))
    data = aenb.load_data((x, np.array(["</script><b>", "🙂'\""] * 30)))
    html = bundle(aenb.LatentExplorer(untrained("deep", data)))["text/html"]
    assert html.count("</script>") == 1
    assert "<b>" not in html


@pytest.mark.slow
def test_attention_is_asked_without_a_kernel():
    for data in (DIGITS, aenb.load_data("wordnet", limit=100), aenb.load_data("vowels", limit=100)):
        explorer = aenb.AttentionExplorer(untrained("attention", data))
        about = json.loads(re.search(r"const about = (\{.*\});", explorer._repr_html_())[1])
        assert about["kind"] == data.kind
        assert len(about["titles"]) == len(about["counts"])
    with pytest.raises(aenb.AenbError, match="no attention"):
        aenb.AttentionExplorer(untrained("deep"))
