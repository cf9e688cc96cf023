"""Decoders that write texts one token at a time: their likelihood, their cache, and how tokens are chosen."""

import itertools

import numpy as np
import pytest

import aenb
from aenb.core.backend import keras, tf
from aenb.evaluation.language_model import LanguageModel, num_tokens, perplexity
from aenb.models.architecture.text_body import counted, tokens_before
from aenb.models.autoencoder import parts
from aenb.models.autoregressive.text_bound import HIDDEN, hide
from aenb.models.autoregressive.text_decoder import text_body
from aenb.models.autoregressive.writing import NEVER, Choice, Writer, restricted
from aenb.models.losses.likelihoods import LIKELIHOODS, parameter_of

LENGTH, WORDS, SIZE, SHAPES = 5, 7, 3, {"gru": (6, 5), "attention": (8, 8)}
DRAW = np.random.default_rng(0)
TEXTS = np.array([[2, 3, 4, 0, 0], [6, 5, 4, 3, 2], [0, 0, 0, 0, 0], [2, 2, 2, 2, 0]], "int32")
CODES = DRAW.normal(size=(len(TEXTS), SIZE)).astype("float32")


@pytest.fixture(scope="module", params=SHAPES)
def model(request):
    """Return a model whose weights are large enough for tokens to matter."""
    built = aenb.build_model("vae", (LENGTH,), vocabulary=WORDS, latent_dim=SIZE, decoder_type=request.param,
                             hidden_units=SHAPES[request.param])  # fmt: skip
    for weight in built.trainable_variables:
        weight.assign(weight + DRAW.normal(0, 0.5, weight.shape))
    return built


def writer(model):
    decoder = parts(model)["decoder"]
    kind = "attention" if any("places" in layer.name for layer in decoder.layers) else "gru"
    return Writer(text_body(kind, SHAPES[kind], WORDS), decoder)


def logits(model, texts, codes):
    """Return η by the full pass: (n, length, vocabulary)."""
    given = [np.asarray(tokens_before(texts)), codes]
    return np.asarray(parameter_of(parts(model)["decoder"], LIKELIHOODS["categorical"])(given))


def log_p(model, texts, codes):
    """Return log p(x|z) by the full pass: (n,)."""
    log_probs = np.asarray(tf.nn.log_softmax(logits(model, texts, codes)))
    return (np.take_along_axis(log_probs, texts[..., None], -1)[..., 0] * np.asarray(counted(texts))).sum(-1)


def steps(model, texts, codes):
    """Return η by the path that writes texts: (n, length, vocabulary)."""
    own, found, before = writer(model), [], np.asarray(tokens_before(texts))
    memory = own._body.start(own._decoder, tf.constant(codes))
    for position in range(LENGTH):
        step, memory = own._body.step(own._decoder, tf.constant(before[:, position]), tf.constant(position), memory)
        found.append(np.asarray(step))
    return np.stack(found, axis=1)


class TestLikelihood:
    def test_the_cached_step_equals_the_full_pass(self, model):
        np.testing.assert_allclose(steps(model, TEXTS, CODES), logits(model, TEXTS, CODES), atol=2e-5)

    def test_teacher_forcing_gives_the_product_of_the_probabilities_of_the_steps(self, model):
        probabilities = np.asarray(tf.nn.softmax(steps(model, TEXTS, CODES)))
        product = [
            np.prod([probabilities[row, place, text[place]] for place in range(int(num_tokens(TEXTS)[row]))])
            for row, text in enumerate(TEXTS)
        ]
        np.testing.assert_allclose(np.exp(log_p(model, TEXTS, CODES)), product, rtol=1e-4)

    def test_texts_of_all_lengths_have_the_probability_one_together(self, model):
        """Those of up to five tokens that end, and those that are cut."""
        texts = [text for text in itertools.product(range(WORDS), repeat=LENGTH)
                 if all(later == 0 for now, later in itertools.pairwise(text) if now == 0)]  # fmt: skip
        texts = np.array(texts, "int32")
        some = np.repeat(CODES[:1], len(texts), axis=0)
        assert np.exp(log_p(model, texts, some)).sum() == pytest.approx(1, abs=1e-3)

    def test_a_prediction_does_not_depend_on_later_tokens(self, model):
        for place in range(LENGTH):
            other = TEXTS.copy()
            other[:, place:] = 5
            np.testing.assert_allclose(
                logits(model, other, CODES)[:, : place + 1], logits(model, TEXTS, CODES)[:, : place + 1], atol=1e-5
            )
        changed = np.abs(logits(model, other, CODES) - logits(model, np.roll(TEXTS, 1, axis=1), CODES))
        assert changed.max() > 0.01

    def test_a_prediction_depends_on_the_code(self, model):
        assert np.abs(logits(model, TEXTS, CODES) - logits(model, TEXTS, -CODES)).max() > 0.01

    def test_the_parts_are_of_stock_layers(self, model):
        for part in parts(model).values():
            assert {type(layer).__module__.partition(".")[0] for layer in part._flatten_layers()} == {"keras"}

    def test_the_bound_has_the_likelihood_of_the_codes_that_are_drawn(self, model):
        """With a posterior that is nearly a point, log p(x|z) is that of its mean."""
        own = keras.models.clone_model(parts(model)["encoder"])
        own.set_weights(parts(model)["encoder"].get_weights())
        head = own.get_layer("z_log_var")
        head.set_weights([np.zeros(head.weights[0].shape), np.full(SIZE, -40.0)])
        kind = "attention" if "places" in {layer.name for layer in parts(model)["decoder"].layers} else "gru"
        exact = aenb.build_model("vae", (LENGTH,), vocabulary=WORDS, latent_dim=SIZE, decoder_type=kind,
                                 hidden_units=SHAPES[kind], encoder=own, decoder=parts(model)["decoder"])  # fmt: skip
        found = np.asarray(exact.bound_terms((TEXTS, TEXTS), 2, keras.random.SeedGenerator(0))[0])
        np.testing.assert_allclose(found, np.stack([log_p(model, TEXTS, np.asarray(own(TEXTS)[0]))] * 2), rtol=1e-3)

    def test_uniform_predictions_have_a_perplexity_of_the_vocabulary(self, model):
        decoder = keras.models.clone_model(parts(model)["decoder"])
        decoder.get_layer("output").set_weights([np.zeros(w.shape) for w in decoder.get_layer("output").weights])
        nll = LanguageModel(decoder).nll(TEXTS)
        np.testing.assert_allclose(nll, num_tokens(TEXTS) * np.log(WORDS), rtol=1e-5)
        assert perplexity(nll.mean(), num_tokens(TEXTS).mean()) == pytest.approx(WORDS, rel=1e-4)


class TestWriting:
    def test_the_most_probable_tokens(self, model):
        """Each token is the most probable one after those written, and 0 after the end."""
        texts = np.asarray(writer(model).write(CODES))
        best = logits(model, texts, CODES).argmax(-1)
        is_over = np.cumsum(texts == 0, axis=1) > 1
        np.testing.assert_array_equal(texts, np.where(is_over, 0, best))

    def test_a_search_with_all_beams_finds_the_most_probable_text(self, model):
        texts = [text for text in itertools.product(range(WORDS), repeat=LENGTH)
                 if all(later == 0 for now, later in itertools.pairwise(text) if now == 0)]  # fmt: skip
        texts = np.array(texts, "int32")
        found = np.asarray(writer(model).write(CODES[:2], Choice(beams=500)))
        for code, text in zip(CODES[:2], found, strict=True):
            of_all = log_p(model, texts, np.repeat(code[None], len(texts), axis=0))
            assert log_p(model, text[None], code[None])[0] == pytest.approx(of_all.max(), abs=1e-4)

    def test_beams_are_no_worse_than_the_most_probable_tokens(self, model):
        own = writer(model)
        few, greedy = (np.asarray(own.write(CODES, Choice(beams=count))) for count in (4, 1))
        assert (log_p(model, few, CODES) >= log_p(model, greedy, CODES) - 1e-4).mean() > 0.7

    def test_a_search_takes_a_single_code(self, model):
        own = writer(model)
        several, one = (np.asarray(own.write(codes, Choice(beams=3))) for codes in (CODES, CODES[:1]))
        np.testing.assert_array_equal(one, several[:1])
        np.testing.assert_array_equal(writer(model).write(CODES[:1], Choice(beams=3)), one)

    def test_samples_have_the_frequencies_of_the_distribution(self, model):
        codes, temperature = np.repeat(CODES[:1], 4000, axis=0), 0.7
        first = np.asarray(writer(model).write(codes, Choice(temperature=temperature), seed=1))[:, 0]
        expected = np.asarray(tf.nn.softmax(logits(model, TEXTS[:1], CODES[:1])[0, 0] / temperature))
        np.testing.assert_allclose(np.bincount(first, minlength=WORDS) / 4000, expected, atol=0.03)

    @pytest.mark.slow
    def test_the_same_seed_gives_the_same_samples(self, model):
        own, codes = writer(model), np.repeat(CODES, 8, axis=0)
        one, same, other = (np.asarray(own.write(codes, Choice(temperature=1.0), seed)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, same)
        assert (one != other).any()
        greedy = np.asarray(own.write(codes))
        np.testing.assert_array_equal(np.asarray(own.write(codes, Choice(top_k=1), 5)), greedy)
        np.testing.assert_array_equal(np.asarray(own.write(codes, Choice(top_p=1e-6), 5)), greedy)

    @pytest.mark.parametrize(("top_k", "top_p", "kept"), [
        (2, None, [1, 3]), (None, 0.5, [3]), (None, 0.51, [1, 3]), (3, 0.85, [1, 3]), (9, 1.0, [0, 1, 2, 3]),
    ])  # fmt: skip
    def test_only_the_most_probable_are_kept(self, top_k, top_p, kept):
        """Those of a top-p are the fewest whose probabilities reach p, among those of the top-k."""
        shares = np.log(np.array([[0.1, 0.3, 0.1 - 1e-6, 0.5]], "float32"))
        found = np.flatnonzero(np.asarray(restricted(shares, top_k, top_p))[0] > NEVER)
        if top_k == 3:
            assert {1, 3} <= set(found)
        else:
            assert found.tolist() == kept

    def test_beams_are_not_drawn(self):
        with pytest.raises(aenb.AenbError, match="beams"):
            Choice(temperature=1.0, beams=2)


class TestTraining:
    def test_the_weight_of_the_kl_rises_in_cycles(self):
        """Fu et al. 2019: β = min(1, 2 τ), τ the part of a cycle that has passed; after the last one it stays."""
        model = aenb.build_model("vae", (LENGTH,), vocabulary=WORDS, decoder_type="gru", hidden_units=(4,),
                                 latent_dim=2, kl_warmup=10, kl_cycles=3, beta=0.5)  # fmt: skip
        bound = model.players[0].loss.__self__
        weights = [float(bound._kl_weight(step)) for step in range(80)]
        expected = [0.5 * min(1, 2 * ((step % 20) / 20)) if step < 60 else 0.5 for step in range(80)]
        np.testing.assert_allclose(weights, expected, atol=1e-6)

    @pytest.mark.slow
    def test_a_lagging_decoder_is_updated_for_every_third_step_only(self):
        model = aenb.build_model("vae", (LENGTH,), vocabulary=WORDS, decoder_type="gru", hidden_units=(4,),
                                 latent_dim=2, lagging_steps=5, decoder_every=3)  # fmt: skip
        step, moved = tf.function(model.train_step, autograph=False), []
        for _ in range(7):
            before = [part.get_weights() for part in (model.encoder, model.decoder)]
            step((tf.constant(TEXTS), tf.constant(TEXTS)))
            after = [part.get_weights() for part in (model.encoder, model.decoder)]
            moved.append([any((a != b).any() for a, b in zip(*pair, strict=True))
                          for pair in zip(before, after, strict=True)])  # fmt: skip
        assert moved == [[True, number in (3, 5, 6, 7)] for number in range(1, 8)]

    def test_hidden_tokens_are_a_share_of_the_tokens(self):
        tokens = tf.constant(DRAW.integers(2, 9, (200, 50)) * (DRAW.random((200, 50)) < 0.5))
        hidden = np.asarray(hide(tokens, 0.3, keras.random.SeedGenerator(0)))
        there = np.asarray(tokens) != 0
        assert (hidden[~there] == 0).all()
        assert (hidden[there] == HIDDEN).mean() == pytest.approx(0.3, abs=0.02)
        np.testing.assert_array_equal(np.where(hidden == HIDDEN, tokens, hidden), np.asarray(tokens))

    @pytest.mark.parametrize(("family", "given", "message"), [
        ("vae", {"decoder_type": "gru"}, "decoder_type"),
        ("vae", {"word_dropout": 0.2, "vocabulary": WORDS}, "word_dropout"),
        ("deep", {"word_dropout": 0.2, "vocabulary": WORDS}, "word_dropout"),
        ("vae", {"decoder_type": "attention", "hidden_units": (8, 16), "vocabulary": WORDS}, "hidden_units"),
    ])  # fmt: skip
    def test_what_does_not_fit_is_refused(self, family, given, message):
        with pytest.raises(aenb.AenbError, match=message):
            aenb.build_model(family, (LENGTH,), **given)


@pytest.fixture(scope="module")
def run():
    """Return a run on texts that follow a rule."""
    texts = [f"{a}{b}{c}" for a in ("C", "M", "P") for b in ("at", "en", "ill") for c in ("", ".", "!", "?")]
    return aenb.train(
        "deep", aenb.load_data(texts * 5, tokens="bytes"), latent_dim=8, decoder_type="gru", hidden_units=(24,),
        epochs=30, batch_size=16, learning_rate=5e-3, verbose=False, xla="off",
    )  # fmt: skip


class TestRuns:
    def test_it_learns_texts_with_capital_letters_and_marks(self, run):
        texts = ["Cat!", "Mill."]
        assert run.encode(texts).shape == (2, 8)
        scores = run.evaluate(verbose=False)
        assert scores["accuracy"] > max(0.6, scores["mean_accuracy"] + 0.2)
        assert 0.2 < scores["bleu"] <= 1
        made = run.reconstruct(texts)
        assert isinstance(made, list)
        assert all(isinstance(one, str) for one in made)
        np.testing.assert_array_equal(run.preprocessing.inputs(made), run.reconstruct(run.preprocessing.inputs(texts)))

    def test_a_path_between_two_texts_is_texts(self, run):
        path = run.interpolate("Cat!", "Mill.", steps=4)
        assert [path[0], path[-1]] == run.reconstruct(["Cat!", "Mill."])
        assert len(path) == 4

    def test_saved_it_writes_the_same(self, run, tmp_path):
        again = aenb.load_run(run.save(tmp_path / "r"))
        texts = ["Pen?", "🙂"]
        assert again.reconstruct(texts) == run.reconstruct(texts)
        options = {"density": "gaussian", "temperature": 0.8, "top_k": 20, "seed": 3}
        assert again.texts(again.generate(4, **options)) == run.texts(run.generate(4, **options))
        assert again.preprocessing.tokens == "bytes"

    def test_a_model_that_decodes_at_once_draws_no_tokens(self):
        plain = aenb.train("deep", ["a cat", "a dog", "the cat", "a hen", "the hen"], epochs=1, latent_dim=2,
                           verbose=False, xla="off", hidden_units=(4,))  # fmt: skip
        with pytest.raises(aenb.AenbError, match="temperature"):
            plain.generate(2, temperature=1.0)
