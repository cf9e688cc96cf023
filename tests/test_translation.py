"""Models from texts to other texts: their attention over the source, what they write, and all that a run does."""

import itertools

import numpy as np
import pytest

import aenb
from aenb.core.backend import keras, tf
from aenb.core.html import escape
from aenb.data.corruption import make_task
from aenb.evaluation.teacher_forcing import predict_tokens
from aenb.latent import coding
from aenb.latent.cross_attention import cross_attention
from aenb.models.architecture.text_body import counted, tokens_before
from aenb.models.autoencoder import interface, parts
from aenb.models.autoregressive.writing import Choice
from tests import fresh
from tests.thorough import thorough

SOURCE, TARGET, WORDS = 4, 3, 6
DRAW = np.random.default_rng(0)
X = np.array([[2, 3, 4, 0], [5, 4, 3, 2], [3, 0, 0, 0]], "int32")
Y = np.array([[2, 3, 0], [4, 5, 2], [0, 0, 0]], "int32")
EVERY = [text for text in itertools.product(range(WORDS), repeat=TARGET)
         if all(later == 0 for now, later in itertools.pairwise(text) if now == 0)]  # fmt: skip
KINDS = {
    "transformer": ("attention", {"embed_dim": 8, "num_heads": 2, "num_layers": 2}),
    "gru": ("deep", {"hidden_units": (6, 5)}),
    "deep transformer": ("deep", {"hidden_units": (8,), "decoder_type": "attention"}),
    "narrow transformer": ("attention", {"embed_dim": 8, "num_heads": 2, "bottleneck": True, "latent_dim": 3}),
    "narrow gru": ("deep", {"hidden_units": (6,), "bottleneck": True, "latent_dim": 3}),
}
PAIRS = [(f"{a} {b} {c}", f"{c2} {b2} {a2}") for (a, a2), (b, b2), (c, c2) in itertools.product(
    [("the", "el"), ("a", "un"), ("my", "mi")], [("red", "rojo"), ("big", "gran"), ("<b>", "&")],
    [("cat", "gato"), ("dog", "perro"), ("sea", "mar"), ("sun", "sol")])]  # fmt: skip


def built(kind):
    """Return a model whose weights are large enough for tokens to matter."""
    family, given = KINDS[kind]
    model = aenb.build_model(family, (SOURCE,), vocabulary=WORDS, target_length=TARGET, **given)
    for weight in model.trainable_variables:
        weight.assign(weight + DRAW.normal(0, 0.4, weight.shape))
    return model


@pytest.fixture(
    scope="module", params=["transformer", "gru", *thorough("deep transformer", "narrow transformer", "narrow gru")]
)
def model(request):
    return built(request.param)


def log_p(model, x, y):
    """Return log p(y|x) by the full pass: (n,)."""
    codes = keras.ops.convert_to_tensor(coding.encode(model, x))
    shares = np.asarray(parts(model)["decoder"]([tokens_before(tf.constant(y)), codes]))
    own = np.take_along_axis(shares, y[..., None], -1)[..., 0]
    return (np.log(own) * np.asarray(counted(y))).sum(-1)


class TestModel:
    def test_the_probabilities_of_all_targets_of_a_source_add_up_to_one(self, model):
        y = np.array(EVERY, "int32")
        assert np.exp(log_p(model, np.repeat(X[:1], len(y), 0), y)).sum() == pytest.approx(1, abs=1e-3)

    def test_what_is_written_step_by_step_is_the_most_probable_token_of_the_full_pass(self, model):
        texts = coding.reconstruct(model, X)
        assert texts.shape == (3, TARGET)
        codes = keras.ops.convert_to_tensor(coding.encode(model, X))
        best = np.asarray(parts(model)["decoder"]([tokens_before(tf.constant(texts)), codes])).argmax(-1)
        np.testing.assert_array_equal(texts, np.where(np.cumsum(texts == 0, axis=1) > 1, 0, best))

    def test_a_search_with_all_beams_returns_the_most_probable_targets_in_order(self, model):
        codes = coding.encode(model, X[:1])
        found = coding.write(model, codes, Choice(beams=200, every=True), 0)[0]
        scores = log_p(model, np.repeat(X[:1], 20, 0), found[:20])
        assert (np.diff(scores) <= 1e-4).all()
        every = np.array(EVERY, "int32")
        assert scores[0] == pytest.approx(log_p(model, np.repeat(X[:1], len(every), 0), every).max(), abs=1e-4)

    def test_the_loss_is_that_of_a_token_of_the_targets(self, model):
        net = interface(model)
        loss = float(net.test_step((tf.constant(X), tf.constant(Y)))["loss"])
        assert loss == pytest.approx(-log_p(model, X, Y).sum() / np.asarray(counted(Y)).sum(), rel=1e-4)

    def test_the_target_depends_on_the_source_and_not_on_its_padding(self, model):
        assert abs(log_p(model, X[:1], Y[:1]) - log_p(model, X[1:2], Y[:1])) > 1e-3
        if len(interface(model).code_shape) == 2:
            codes = coding.encode(model, X)
            assert (codes[X == 0] == 0).all()
            assert (codes[X != 0] != 0).any(axis=-1).all()

    def test_the_parts_are_of_stock_layers(self, model):
        for part in parts(model).values():
            assert {type(layer).__module__.partition(".")[0] for layer in part._flatten_layers()} == {"keras"}


def test_attention_is_a_distribution_over_the_tokens_of_the_source():
    model = built("transformer")
    maps = cross_attention(model, X, Y)
    assert maps.shape == (3, 2, 2, TARGET, SOURCE)
    sums = maps.sum(axis=-1)
    np.testing.assert_allclose(sums, np.broadcast_to(np.asarray(counted(Y))[:, None, None], sums.shape), atol=1e-5)
    assert (maps[2, ..., 1:] == 0).all()  # one token is there, the others are padding
    with pytest.raises(aenb.AenbError, match="without a bottleneck"):
        cross_attention(built("narrow gru"), X, Y)


@pytest.mark.parametrize(
    ("family", "given", "words"),
    [
        ("attention", {"target_length": 3, "mask_ratio": 0.5}, "`mask_ratio`: expected its default"),
        ("attention", {"target_length": 3, "num_heads": 5}, "a multiple of num_heads=5"),
        ("attention", {"bottleneck": True}, "`bottleneck`: expected its default"),
        ("deep", {"target_length": 3, "hidden_units": (4, 8), "decoder_type": "attention"}, "one width"),
    ],
)
def test_what_does_not_fit_is_refused(family, given, words):
    with pytest.raises(aenb.AenbError, match=words):
        aenb.build_model(family, (4,), vocabulary=6, **given)


@pytest.fixture(scope="module")
def run():
    """Return a run that has learnt a little grammar, whose order of words differs."""
    return aenb.train("attention", aenb.load_data(PAIRS * 3, tokens="bytes"), name="t", task="translate", embed_dim=32,
                      num_layers=1, epochs=30, batch_size=16, learning_rate=5e-3, seed=0, xla="off",
                      verbose=False)  # fmt: skip


class TestRun:
    def test_it_translates(self, run):
        sources, targets = zip(*PAIRS, strict=True)
        right = np.mean([one == other for one, other in zip(run.translate(list(sources)), targets, strict=True)])
        assert right > 0.9
        assert run.translate(sources[0]) == run.translate([sources[0]], beams=3)[0] == targets[0]
        ten = run.candidates(sources[0], 5)
        assert ten[0] == targets[0]
        assert len(set(ten)) == 5

    def test_its_scores_are_those_of_its_translations(self, run):
        scores = run.evaluate(verbose=False)
        assert scores["chrf"] > max(scores["nearest_chrf"], scores["word_chrf"], 0.9) or scores["chrf"] == 1
        assert {"bleu", "perplexity", "nearest_bleu", "word_bleu", "accuracy", "mean_accuracy"} <= set(scores)
        assert "mse" not in scores
        predictions = predict_tokens(run, run.data.x_test, run.data.targets_test)
        np.testing.assert_allclose(
            predictions.log_p,
            log_p(run.model, run.data.x_test, run.data.targets_test.astype("int32")),
            rtol=1e-3,
            atol=1e-4,
        )
        assert scores["perplexity"] == pytest.approx(np.exp(-predictions.log_p.sum() / predictions.counts.sum()))
        assert scores["accuracy"] > scores["mean_accuracy"]

    def test_other_pairs_are_scored_in_its_units(self, run):
        other = run.evaluate(PAIRS[:20], parts="translation", verbose=False)
        assert 0.9 < other["chrf"] <= 1

    def test_it_shows_translations_with_their_markup_escaped_and_the_attention(self, run):
        views = run.show()
        assert {"translations", "alignment"} <= set(views)
        assert "reconstructions" not in views
        page = run.show("translations")._repr_html_()
        assert escape("<b>") in page
        assert "<b>" not in page
        assert len(views["alignment"].axes) == 2
        assert run.show("alignment").pictures()
        assert "token accuracy" in repr(run)
        assert not [finding for finding in run.diagnose() if finding.code in ("not-checked", "learned-nothing")]
        maps = run.attention(PAIRS[0][0], PAIRS[0][1])
        assert maps.shape == (1, 1, 4, run.preprocessing.target_length, *run.preprocessing.input_shape)

    def test_it_is_the_same_in_a_fresh_process(self, run, tmp_path):
        run.save(tmp_path / "t")
        code = "import aenb, sys; print(aenb.load_run(sys.argv[1]).translate(['the red sun', 'my big dog'], beams=2))"
        assert fresh.run(code, tmp_path / "t").stdout.strip() == str(
            run.translate(["the red sun", "my big dog"], beams=2)
        )

    def test_a_loaded_run_takes_its_pairs_again(self, run, tmp_path):
        loaded = aenb.load_run(run.save(tmp_path / "t")).adopt(PAIRS * 3)
        np.testing.assert_array_equal(loaded.data.targets_test, run.data.targets_test)
        with pytest.raises(aenb.AenbError, match="what this run was trained on"):
            aenb.load_run(tmp_path / "t").adopt([(b, a) for a, b in PAIRS * 3])

    def test_what_it_can_not_do_is_said(self, run):
        for call, words in (
            (lambda: run.generate(2), "run.translate"),
            (lambda: run.score(["the red cat"]), "reconstructs its examples"),
            (lambda: aenb.LatentExplorer(run), "bottleneck = True gives one code"),
            (lambda: run.attention("the red cat", np.zeros((1, 2), int)), "a target for each of 1 sources"),
            (lambda: aenb.train("vae", PAIRS, task="translate", tokens="bytes", verbose=False), "deep, attention"),
            (lambda: aenb.train("attention", "digits", task="translate", verbose=False), "expected pairs of texts"),
        ):
            with pytest.raises(aenb.AenbError, match=words):
                call()

    def test_odd_sources_are_translated_too(self, run):
        odd = ["", "x" * 10_000, "🙂 مرحبا", "the\x00\ud800", "the red cat"]
        texts = run.translate(odd)
        assert [type(text) for text in texts] == [str] * 5
        assert texts[-1] == run.translate("the red cat")

    def test_a_comparison_has_the_scores_of_translation(self, run):
        comparison = aenb.compare(run, run)
        assert {"chrf", "bleu"} <= set(comparison.to_frame().columns)
        assert "word for word" in comparison.baselines

    def test_its_summaries_are_short_enough(self, run):
        assert run.summarise("the red cat", length=2) in run.translate("the red cat")
        assert len(run.summarise(["the red cat"], length=2)[0].split()) <= 2


def test_the_magic_reads_units_and_the_task(shell, tmp_path):
    shell.user_ns["pairs"] = PAIRS
    cell = "embed_dim = 8\nnum_heads = 2\nnum_layers = 1"
    shell.run_cell_magic(
        "autoencoder", "attention t --data pairs --task translate --tokens bytes --epochs 1 --quiet", cell
    )
    run = shell.user_ns["t"]
    assert run.translates
    assert run.preprocessing.tokens == "bytes"
    assert "--tokens bytes" in run.to_cell()


def test_a_training_that_summarises_texts_reconstructs_them_from_a_part():
    tf.random.set_seed(0)
    x = tf.constant([[2, 3, 4, 5, 0], [5, 4, 3, 2, 6]])
    given, target = make_task("summarise", None, 0.5, "text")(x, [0, 1])
    np.testing.assert_array_equal(target, x)
    for row, whole in zip(np.asarray(given), np.asarray(x), strict=True):
        kept = row[row != 0]
        assert (row[: len(kept)] != 0).all()
        assert [token for token in whole if token in kept] == kept.tolist()
    assert (np.asarray(given) != np.asarray(x)).any()
