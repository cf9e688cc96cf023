"""Scores of texts: BLEU against a literal computation and the library, self-BLEU, perplexity, and collapse."""

import itertools
import math

import numpy as np
import pytest

import aenb
from aenb.evaluation.diagnosis.collapse import posterior_collapse
from aenb.evaluation.diagnosis.measurements import Measurements
from aenb.evaluation.language_model import fit_language_model
from aenb.evaluation.metrics.bleu import bleu, self_bleu, words_and_marks

DRAW = np.random.default_rng(0)
WORDS = ["the", "cat", "dog", "saw", "a", "red", "house", "and", "then", "left"]


def sentence(low=4, high=12):
    return [WORDS[number] for number in DRAW.integers(len(WORDS), size=DRAW.integers(low, high))]


def literal_bleu(text, references, orders=4):
    """Return the BLEU of one text, straight from its definition, without Counter arithmetic."""
    precisions = []
    for order in range(1, orders + 1):
        grams = [tuple(text[i : i + order]) for i in range(len(text) - order + 1)]
        if not grams:
            continue
        shared = 0
        for gram in set(grams):
            most = max(sum(tuple(ref[i : i + order]) == gram for i in range(len(ref))) for ref in references)
            shared += min(grams.count(gram), most)
        precisions.append(shared / len(grams))
    nearest = min(references, key=lambda ref: (abs(len(ref) - len(text)), len(ref)))
    if min(precisions) == 0:
        return 0.0
    penalty = 1 if len(text) > len(nearest) else math.exp(1 - len(nearest) / len(text))
    return penalty * math.exp(sum(map(math.log, precisions)) / len(precisions))


class TestBleu:
    def test_it_is_that_of_the_definition(self):
        found = []
        for _ in range(40):
            text, others = sentence(2, 20), [sentence() for _ in range(3)]
            found.append(bleu([text], [others], orders=2))
            assert found[-1] == pytest.approx(literal_bleu(text, others, orders=2), abs=1e-12)
        assert max(found) > 0

    def test_it_is_that_of_the_library(self):
        sacrebleu = pytest.importorskip("sacrebleu")
        texts = [sentence(5, 14) for _ in range(60)]
        references = [[text[:3] + sentence(3, 9), sentence()] for text in texts]
        streams = [[" ".join(others[place]) for others in references] for place in range(2)]
        score = sacrebleu.corpus_bleu(
            [" ".join(text) for text in texts], streams, tokenize="none", smooth_method="none"
        )
        assert bleu(texts, references) == pytest.approx(score.score / 100, abs=1e-9)

    def test_self_bleu_is_that_with_all_others_as_references(self):
        texts = [sentence(4, 9) for _ in range(12)]
        others = [[*texts[:place], *texts[place + 1 :]] for place in range(len(texts))]
        for orders in (1, 2, 3):
            assert self_bleu(texts, orders) == pytest.approx(bleu(texts, others, orders), abs=1e-12)

    def test_it_is_one_for_the_same_and_falls_with_each_wrong_word(self):
        text = sentence(8, 9)
        scores = [bleu([["x"] * wrong + text[wrong:]], [[text]], orders=1) for wrong in range(9)]
        assert scores[0] == 1
        assert all(before > after for before, after in itertools.pairwise(scores))

    def test_words_of_any_script(self):
        assert words_and_marks("Ça va, 漢字?") == ["Ça", "va", ",", "漢字", "?"]

    @pytest.mark.parametrize("call", [lambda: bleu([], []), lambda: bleu([["a"]], [[]]), lambda: self_bleu([["a"]])])
    def test_nothing_to_compare_is_refused(self, call):
        with pytest.raises(aenb.AenbError, match="expected"):
            call()


@pytest.fixture(scope="module")
def collapsed():
    """Return a text VAE whose posterior has collapsed: the KL is charged in full."""
    texts = [f"{a} {b}" for a in ("a cat", "the dog", "my hen") for b in ("sat", "ran", "ate", "slept", "hid")]
    return aenb.train(
        "vae", texts * 4, latent_dim=4, decoder_type="gru", hidden_units=(8,), free_bits=0.0, beta=1.0, epochs=2,
        verbose=False, xla="off",
    )  # fmt: skip


class TestRuns:
    def test_a_collapse_is_named_with_the_remedy(self, collapsed):
        (finding,) = posterior_collapse(Measurements(collapsed))
        assert finding.code == "posterior-collapse"
        assert "language model" in finding.message
        assert finding.remedy == "free_bits = 0.5"

    def test_scores_of_a_text_vae(self, collapsed):
        scores = collapsed.evaluate(verbose=False)
        assert {"nll", "perplexity", "active_units", "kl", "accuracy", "bleu", "self_bleu"} <= set(scores)
        tokens = 4  # three words and the end; the longest text has no end
        assert scores["perplexity"] == pytest.approx(math.exp(scores["nll"] / 3), rel=0.2)
        assert scores["perplexity"] < len(collapsed.data.vocabulary) + tokens

    def test_a_language_model_of_the_same_decoder_is_as_good(self, collapsed):
        """A collapsed VAE is a language model."""
        model = fit_language_model(collapsed, epochs=2)
        nll = model.nll(collapsed.data.x_test).mean()
        assert nll == pytest.approx(collapsed.evaluate(verbose=False)["nll"], rel=0.15)

    def test_a_decoder_that_decodes_at_once_is_no_language_model(self, digits):
        run = aenb.train("vae", digits, epochs=1, limit=50, verbose=False, xla="off", hidden_units=(4,))
        with pytest.raises(aenb.AenbError, match="decoder_type"):
            fit_language_model(run)
