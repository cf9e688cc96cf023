"""The family `attention`: patches, positions, padding, masking, and the maps of what it attends to."""

import numpy as np
import pytest

import aenb
from aenb.core.backend import keras
from aenb.core.backend import tf as tensorflow
from aenb.figures.views.attention_heads import head_by_head, over_sentence, over_signals, received, tinted
from aenb.latent.attention_maps import attention, on_places, rollout
from aenb.models.architecture.transformer import Patches, sincos
from aenb.models.players.masking import Masking
from tests import fresh

SMALL = {"latent_dim": 5, "embed_dim": 16, "num_heads": 2}


def items(shape, n=6, vocabulary=0):
    draw = np.random.default_rng(0)
    return draw.integers(1, vocabulary, (n, *shape), "int32") if vocabulary else draw.random((n, *shape), "float32")


def build(shape, **hyperparameters):
    keras.utils.set_random_seed(0)
    return aenb.build_model("attention", shape, **{**SMALL, **hyperparameters})


def one_step(model, x):
    """Train on a batch, without the compiling that `fit` begins with; return the loss."""
    batch = tensorflow.constant(x)
    return float(model.train_step((batch, batch))["loss"])


def encoded(model, x):
    return np.asarray(model.get_layer("encoder")(x))


# Patches and positions


@pytest.mark.parametrize("shape", [(8, 8, 1), (7, 5, 3), (1, 9, 2), (13, 4), (3, 1)])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_patches_of_any_size_are_cut_and_put_together_again(shape, size):
    patches, x = Patches(shape, size), items(shape)
    cut = patches.cut(tensorflow.constant(x))
    assert cut.shape == (6, patches.count, patches.width)
    np.testing.assert_array_equal(patches.join(cut), x)


def test_a_patch_is_a_square_of_the_image():
    x = items((7, 5, 3))
    cut = np.asarray(Patches((7, 5, 3), 3).cut(tensorflow.constant(x)))  # 3 × 2 of them
    np.testing.assert_array_equal(cut[:, 0], x[:, :3, :3].reshape(6, -1))
    np.testing.assert_array_equal(cut[:, 2], x[:, 3:6, :3].reshape(6, -1))
    below = cut[:, 5].reshape(6, 3, 3, 3)
    np.testing.assert_array_equal(below[:, :1, :2], x[:, 6:, 3:])
    assert not below[:, 1:].any()
    assert not below[:, :, 2:].any()


def test_marks_of_patches_are_spread_over_their_pixels():
    marks = np.arange(6.0)[None]
    expected = np.kron(np.arange(6.0).reshape(3, 2), np.ones((3, 3)))[:7, :5]
    np.testing.assert_array_equal(Patches((7, 5, 3), 3).spread(tensorflow.constant(marks))[0, ..., 0], expected)


@pytest.mark.parametrize("positions", ["learned", "sincos"])
def test_the_place_of_a_patch_matters(positions):
    """The code's layer reads each place by weights of its own; here they are made alike, to see the blocks alone."""
    encoder = build((8, 8, 1), positions=positions).get_layer("encoder")
    blocks = keras.Model(encoder.input, encoder.get_layer("flatten").output)
    x = items((8, 8, 1))
    swapped = np.roll(x, 4, axis=1)  # patches of 2 × 2: the upper half and the lower half change places
    same, other = (np.asarray(blocks(batch)).reshape(6, 16, 16) for batch in (x, swapped))
    assert np.abs(same.mean(axis=1) - other.mean(axis=1)).max() > 1e-3
    embed = encoder.get_layer("tokens").get_layer("embed" if positions == "learned" else "positions")
    embed.bias.assign(np.zeros(embed.bias.shape))
    same, other = (np.asarray(blocks(batch)).reshape(6, 16, 16) for batch in (x, swapped))
    np.testing.assert_allclose(same, np.roll(other, 8, axis=1), atol=1e-5)  # without places it can't tell


def test_sines_and_cosines_tell_all_places_apart():
    table = sincos((5, 7), 16)
    assert table.shape == (35, 16)
    distances = np.linalg.norm(table[:, None] - table[None], axis=-1)
    assert distances[~np.eye(35, dtype=bool)].min() > 0.3
    rates = 10000.0 ** (-np.arange(4) / 4)
    np.testing.assert_allclose(table[2 * 7 + 3, :4], np.sin(2 * rates), rtol=1e-5)
    np.testing.assert_allclose(table[2 * 7 + 3, 12:], np.cos(3 * rates), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("mask_ratio", [0.0, 0.5])
def test_sines_and_cosines_are_not_trained(mask_ratio):
    model, x = build((8, 8, 1), positions="sincos", mask_ratio=mask_ratio), items((8, 8, 1))
    one_step(model, x)
    table = model.get_layer("encoder").get_layer("tokens").get_layer("positions").bias
    np.testing.assert_array_equal(table, sincos((4, 4), 16))


# Sequences


def shorter(shape, vocabulary, length):
    """Return sequences of which the first ends after so many steps."""
    x = items(shape, vocabulary=vocabulary)
    x[0, length:] = 0
    return x


@pytest.mark.parametrize(("shape", "vocabulary"), [((9, 3), 0), ((9,), 12)])
@pytest.mark.parametrize("form", ["multihead", "additive"])
def test_what_fills_a_sequence_up_changes_neither_code_nor_gradients(shape, vocabulary, form):
    model, x = build(shape, vocabulary=vocabulary, form=form), shorter(shape, vocabulary, 5)
    encoder = model.get_layer("encoder")
    embed = encoder.get_layer("tokens").get_layer("embed")
    with tensorflow.GradientTape() as tape:
        before = encoder(x[:1])
        total = tensorflow.reduce_sum(tensorflow.square(before))
    gradient = np.asarray(tape.gradient(total, embed.bias.value))
    assert not gradient[5:].any()
    assert np.abs(gradient[:5]).min(axis=1).max() > 0
    whole, place = encoded(model, x[1:2]), np.array(embed.bias)
    place[5:] += np.random.default_rng(1).normal(size=place[5:].shape)
    embed.bias.assign(place)
    np.testing.assert_array_equal(encoder(x[:1]), before)
    assert np.abs(encoded(model, x[1:2]) - whole).max() > 1e-3  # one that is longer


@pytest.mark.slow
@pytest.mark.parametrize("mask_ratio", [0.0, 0.5])
@pytest.mark.parametrize(("shape", "vocabulary"), [((9, 3), 0), ((9,), 12)])
def test_a_sequence_of_nothing_has_a_finite_code_and_loss(shape, vocabulary, mask_ratio):
    model, x = build(shape, vocabulary=vocabulary, mask_ratio=mask_ratio), shorter(shape, vocabulary, 0)
    assert np.isfinite(encoded(model, x)).all()
    assert np.isfinite(one_step(model, x))
    assert np.isfinite(encoded(model, x)).all()


@pytest.mark.thorough
def test_digits_read_row_by_row_are_a_signal(digits):
    """Rows of pixels as steps; the last steps of half of them are missing, and do not count."""
    x = digits.x_train[..., 0] - 0.3
    x[::2, 6:] = np.nan
    run = aenb.train("attention", aenb.load_data(x, kind="signal"), epochs=10, num_layers=1, verbose=False)
    assert run.history["val_loss"][-1] < 0.5 * run.history["val_loss"][0]


# The masked autoencoder


def hidden_of(model, x, ratio):
    """Return codes and hidden patches as a step draws them, from the same random numbers each time."""
    masking = Masking(Patches(x.shape[1:], 2), ratio, "mse")
    return [np.asarray(made) for made in masking.encode(model.encoder, x, keras.random.SeedGenerator(5))]


@pytest.mark.slow
@pytest.mark.parametrize(("ratio", "count"), [(0.75, 12), (0.5, 8), (0.01, 1), (0.99, 15)])
def test_so_many_patches_are_hidden_and_others_in_each_item(ratio, count):
    _, hidden = hidden_of(build((8, 8, 1), mask_ratio=ratio), items((8, 8, 1), 50), ratio)
    assert (hidden.sum(axis=1) == count).all()
    assert len(np.unique(hidden, axis=0)) > 10


def test_the_encoder_sees_visible_patches_only():
    model, x = build((8, 8, 1), mask_ratio=0.75), items((8, 8, 1))
    code, hidden = hidden_of(model, x, 0.75)
    marks = np.asarray(Patches((8, 8, 1), 2).spread(tensorflow.constant(hidden)))
    other = np.where(marks, 1 - x, x)
    np.testing.assert_array_equal(hidden_of(model, other, 0.75)[0], code)
    shown = np.where(marks, x, 1 - x)
    assert np.abs(hidden_of(model, shown, 0.75)[0] - code).min(axis=1).max() > 1e-4


def test_with_a_visible_part_the_blocks_are_those_of_a_whole_item():
    """With all patches but one visible, and the weights of that one zero, the code is that of the whole item's sum."""
    model, x = build((8, 8, 1), mask_ratio=0.01), items((8, 8, 1), 1)
    code, hidden = hidden_of(model, x, 0.01)
    encoder = model.encoder
    tokens = np.asarray(encoder.get_layer("tokens")(x))[:, ~hidden[0]]
    read = np.asarray(encoder.get_layer("blocks")(tokens))[0]
    kernel, bias = (np.asarray(weight) for weight in encoder.get_layer("code").weights)
    places = kernel.reshape(16, 16, -1)[~hidden[0]]
    np.testing.assert_allclose(code[0], np.einsum("pd,pdk->k", read, places) * 16 / 15 + bias, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse", "mae", "bce"])
def test_the_masked_loss_is_the_error_of_hidden_patches(loss):
    model, x = build((7, 5, 3), mask_ratio=0.5, loss=loss), items((7, 5, 3))
    y = x.copy()
    y[0, 2:4] = np.nan  # not observed
    before = int(np.asarray(model.seeds.state)[1])
    got = model.test_step((tensorflow.constant(x), tensorflow.constant(y)))["loss"]
    seeds = keras.random.SeedGenerator(0)
    seeds.state.assign(np.array([np.asarray(model.seeds.state)[0], before]))
    code, hidden = Masking(Patches((7, 5, 3), 2), 0.5, loss).encode(model.encoder, x, seeds)
    made = np.asarray(model.decoder(code)).clip(1e-7, 1 - 1e-7)
    marks = np.kron(np.asarray(hidden).reshape(6, 4, 3), np.ones((1, 2, 2)))[:, :7, :5, None] * np.ones(3)
    entry = {
        "mse": (y - made) ** 2,
        "mae": np.abs(y - made),
        "bce": -y * np.log(made) - (1 - y) * np.log(1 - made),
    }[loss]
    counted = (marks > 0) & ~np.isnan(y)
    assert float(got) == pytest.approx(entry[counted].mean(), rel=1e-4)


def test_of_texts_hidden_words_and_the_end_count():
    model, x = build((9,), vocabulary=12, mask_ratio=0.5), shorter((9,), 12, 5)
    before = int(np.asarray(model.seeds.state)[1])
    got = model.test_step((tensorflow.constant(x), tensorflow.constant(x)))["loss"]
    seeds = keras.random.SeedGenerator(0)
    seeds.state.assign(np.array([np.asarray(model.seeds.state)[0], before]))
    code, hidden = Masking(Patches((9, 1), 1), 0.5, "tokens").encode(model.encoder, x, seeds)
    hidden, made = np.asarray(hidden), np.asarray(model.decoder(code))
    assert hidden[0, 5:].sum() == 0
    assert hidden.sum(axis=1).tolist() == [
        3,
        5,
        5,
        5,
        5,
        5,
    ]  # round(5 / 2) = 2 of 5 and round(9 / 2) = 4 of 9 are shown
    likelihood = np.take_along_axis(made, x[..., None], axis=-1)[..., 0]
    assert float(got) == pytest.approx(-np.log(likelihood[hidden | (x == 0)]).mean(), rel=1e-4)


def test_masked_training_learns_to_make_whole_items_from_codes(digits):
    settings = {"epochs": 12, "learning_rate": 4e-3, "num_layers": 1, "verbose": False}
    run = aenb.train("attention", digits, latent_dim=16, mask_ratio=0.5, **settings)
    scores = run.evaluate(parts="reconstruction")
    assert scores["mse"] < 0.6 * scores["mean_mse"]
    assert run.generate(2).shape == (2, 8, 8, 1)  # from codes like those of the data: there is no prior
    assert "not-checked" not in {finding.code for finding in run.diagnose()}


# Whole models


@pytest.mark.thorough
@pytest.mark.parametrize(
    "hyperparameters",
    [{"mask_ratio": 0.75}, {"form": "additive"}],
    ids=str,
)
def test_it_trains_with_xla(digits, hyperparameters):  # without it: the tests above, and the contract
    run = aenb.train("attention", digits, xla="on", epochs=2, num_layers=1, verbose=False, **SMALL, **hyperparameters)
    assert run.record["xla"]
    assert run.history["loss"][1] < run.history["loss"][0]


FRESH = """
import sys
import keras, numpy as np
from pathlib import Path

def output(folder, name):
    return np.asarray(keras.models.load_model(folder / name)(np.load(folder / "x.npy")))

folders = sorted(Path(sys.argv[1]).iterdir())
made = {folder.name: {"code": output(folder, "encoder.keras")} for folder in folders}
for folder in folders:
    decoder = keras.models.load_model(folder / "decoder.keras")
    made[folder.name]["parts"] = np.asarray(decoder(made[folder.name]["code"]))
    if not folder.name.startswith("masked"):
        made[folder.name]["whole"] = output(folder, "model.keras")
assert not any(name.startswith("aenb") for name in sys.modules)
import aenb.models.custom_objects
for folder in folders:
    if folder.name.startswith("masked"):
        made[folder.name]["whole"] = output(folder, "model.keras")
    np.savez(folder / "out.npz", **made[folder.name])
"""
KINDS = {
    "images": ((7, 5, 3), {"form": "additive", "positions": "sincos"}),
    "signals": ((9, 3), {"form": "additive"}),
    "masked_images": ((7, 5, 3), {"mask_ratio": 0.5}),
    "masked_texts": ((9,), {"vocabulary": 12, "mask_ratio": 0.5}),
}


@pytest.mark.thorough
def test_saved_they_give_the_same_in_a_fresh_process(tmp_path):
    """Without aenb, but for the whole model of a masked autoencoder, whose loss is aenb's."""
    models = {}
    for kind, (shape, hyperparameters) in KINDS.items():
        model, x = build(shape, **hyperparameters), shorter(shape, hyperparameters.get("vocabulary", 0), 3)
        one_step(model, x)
        models[kind] = model, x
        (tmp_path / kind).mkdir()
        np.save(tmp_path / kind / "x.npy", x)
        for name, part in {"model": model, **{n: model.get_layer(n) for n in ("encoder", "decoder")}}.items():
            part.save(tmp_path / kind / f"{name}.keras")
    fresh.run(FRESH, tmp_path)
    for kind, (model, x) in models.items():
        with np.load(tmp_path / kind / "out.npz") as out:
            np.testing.assert_allclose(out["code"], encoded(model, x), atol=1e-6)
            np.testing.assert_allclose(out["whole"], model(x), atol=1e-6)
            np.testing.assert_allclose(out["parts"], model(x), atol=1e-6)
        loaded = keras.models.load_model(tmp_path / kind / "model.keras")
        np.testing.assert_allclose(attention(loaded, x), attention(model, x), atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "hyperparameters", "message"),
    [
        ((13,), {}, r"received the input shape \(13,\).*Families for tables: shallow, deep, vae, gan"),
        ((8, 8, 1), {"embed_dim": 10, "num_heads": 4}, "expected a multiple of num_heads=4; received 10"),
        ((8, 8, 1), {"embed_dim": 6, "num_heads": 2, "positions": "sincos"}, "expected a multiple of 4"),
        ((8, 8, 1), {"mask_ratio": 0.5, "patch_size": 8}, "expected at least 2 patches"),
        ((9,), {"vocabulary": 5, "patch_size": 2}, "expected None for texts"),
        ((8, 8, 1), {"form": "multi"}, "Did you mean `multihead`"),
    ],
    ids=str,
)
def test_what_it_cannot_do_is_said(shape, hyperparameters, message):
    with pytest.raises(aenb.AenbError, match=message):
        aenb.build_model("attention", shape, **hyperparameters)


def test_parts_of_ones_own():
    whole = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])
    back = keras.Sequential([keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    with pytest.raises(aenb.AenbError, match="`mask_ratio`: expected 0 with your own `encoder`"):
        build((8, 8, 1), encoder=whole, mask_ratio=0.5)
    model, x = build((8, 8, 1), decoder=back, mask_ratio=0.5), items((8, 8, 1))
    one_step(model, x)
    np.testing.assert_allclose(model(x), back(encoded(model, x)), atol=1e-6)


# Attention maps


def softmax(scores):
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return scores / scores.sum(axis=-1, keepdims=True)


def test_maps_are_the_softmax_of_queries_and_keys():
    model, x = build((9, 3)), shorter((9, 3), 0, 5)
    encoder = model.get_layer("encoder")
    tokens, there = (np.asarray(part) for part in encoder.get_layer("tokens")(x))
    blocks = encoder.get_layer("blocks")
    layer = blocks.get_layer("attention_1")
    h = np.asarray(blocks.get_layer("before_attention_1")(tokens))
    q, k = (np.einsum("btd,dhe->bhte", h, np.asarray(part.kernel)) + np.asarray(part.bias)[:, None]
            for part in (layer.query_dense, layer.key_dense))  # fmt: skip
    scores = np.einsum("bhte,bhse->bhts", q, k) / np.sqrt(8)
    expected = softmax(np.where(there[:, None, None], scores, -np.inf)) * there[:, None, :, None]
    maps = attention(model, x)
    assert maps.shape == (6, 2, 2, 9, 9)
    np.testing.assert_allclose(maps[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(maps.sum(axis=-1), np.broadcast_to(there[:, None, None], (6, 2, 2, 9)), atol=1e-5)
    assert not maps[0, ..., 5:].any()


def test_the_additive_form_is_that_of_bahdanau():
    model, x = build((8, 8, 1), form="additive"), items((8, 8, 1))
    encoder = model.get_layer("encoder")
    blocks = encoder.get_layer("blocks")
    h = np.asarray(blocks.get_layer("before_attention_1")(encoder.get_layer("tokens")(x)))
    q, k = (np.asarray(blocks.get_layer(name)(h)) for name in ("query_1", "key_1"))
    v = np.asarray(blocks.get_layer("attention_1").scale)
    expected = softmax(np.tanh(q[:, :, None] + k[:, None]) @ v)
    maps = attention(model, x)
    assert maps.shape == (6, 2, 1, 16, 16)
    np.testing.assert_allclose(maps[:, 0, 0], expected, atol=1e-5)


def test_one_item_has_maps_without_the_first_axis():
    model, x = build((8, 8, 1)), items((8, 8, 1))
    maps = attention(model, x)
    for one in (x[1], x[1, ..., 0]):
        np.testing.assert_allclose(attention(model, one), maps[1], atol=1e-6)
    np.testing.assert_allclose(rollout(maps[1]), rollout(maps)[1], atol=1e-6)


def test_without_attention_there_are_no_maps():
    with pytest.raises(aenb.AenbError, match="encoder of `deep` has no attention layers"):
        attention(aenb.build_model("deep", (8, 8, 1)), items((8, 8, 1)))
    with pytest.raises(aenb.AenbError, match="expected the shape"):
        attention(build((8, 8, 1)), items((9, 8, 1)))


def test_rollout_by_hand():
    """Two layers of one head over two tokens; the third only fills up."""
    first = [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 0]]
    second = [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    # A′₁ = [[1, 0], [¼, ¾]], A′₂ = [[½, ½], [½, ½]]: A′₂ A′₁ = [[⅝, ⅜], [⅝, ⅜]]
    maps = np.array([first, second], "float32")[None, :, None]
    np.testing.assert_allclose(rollout(maps), [[0.625, 0.375, 0]])


def test_shares_lie_over_the_places_of_their_patch():
    model = build((7, 5, 3))  # patches of 2 × 2: 4 × 3 of them
    laid = on_places(model, np.arange(12.0)[None])
    np.testing.assert_array_equal(laid[0], np.kron(np.arange(12.0).reshape(4, 3), np.ones((2, 2)))[:7, :5])
    steps = build((9, 3))
    size = steps.get_layer("encoder").get_layer("tokens").get_layer("cells").target_shape[1]
    count = -(-9 // size)
    np.testing.assert_array_equal(on_places(steps, np.arange(count)), np.arange(count).repeat(size)[:9])
    with pytest.raises(aenb.AenbError, match="for images or signals"):
        on_places(build((9,), vocabulary=20), np.ones(9))


def test_what_is_attended_to_most_is_most_orange():
    x, shares = items((7, 5, 3)), items((7, 5))
    shares[:, 0, 0] = 2.0  # the strongest
    orange = np.array([0xE6, 0x9F, 0x00]) / 255
    np.testing.assert_allclose(tinted(x, shares)[:, 0, 0], 0.25 * x[:, 0, 0] + 0.75 * orange, atol=1e-6)
    faint = shares[0].argmin()
    np.testing.assert_allclose(tinted(x, shares)[0].reshape(-1, 3)[faint], x[0].reshape(-1, 3)[faint], atol=1e-6)


def test_what_a_head_receives_is_the_mean_over_queries():
    maps = items((2, 3, 4, 4))
    np.testing.assert_allclose(received(maps)[0, 4], maps[0, 1, 1].mean(axis=0), atol=1e-6)


def test_attention_is_drawn_over_images_signals_and_sentences():
    drawn = head_by_head(items((7, 5, 3), 2), items((7, 5), 2), items((4, 7, 5), 2)).axes[0]
    assert [label.get_text() for label in drawn.get_xticklabels()] == [
        "image",
        "rolled out",
        *(f"head {n}" for n in range(1, 5)),
    ]
    assert len(over_signals(items((9, 2), 3), items((9,), 3)).axes) == 3
    maps = np.full((2, 3, 4, 4), 0.25, "float32")
    figure = over_sentence(["a", "$red$", "cat"], maps, rollout(maps))
    squares, (bars,) = (part.axes for part in figure.subfigs)
    assert [axes.get_title(loc="left") for axes in squares][::3] == ["layer 1, head 1", "layer 2, head 1"]
    assert [text.get_text() for text in bars.get_yticklabels()] == ["a", "$red$", "cat"]
