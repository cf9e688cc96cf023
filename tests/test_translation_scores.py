"""chrF, and the baselines of translation: the nearest example, and a dictionary of words."""

import numpy as np
import pytest

import aenb
from aenb.evaluation.metrics.bleu import bleu, words_and_marks
from aenb.evaluation.metrics.chrf import chrf
from aenb.evaluation.metrics.nearest_text import nearest_texts
from aenb.evaluation.metrics.word_dictionary import WordDictionary
from aenb.evaluation.scorers.scores import Scores, is_own
from aenb.latent.summaries import extracts, shortened

TEXTS = ["El perro rojo tiene un mar.", "¿Qué dijo él?", "Y dijo Dios: Sea la luz: y fué la luz."]
REFERENCES = ["El perro azul tiene un gato.", "¿Qué me dijo?", "Y dijo Dios: Haya luz; y hubo luz."]


class TestChrf:
    def test_it_is_that_of_sacrebleu(self):
        """What sacrebleu 2.6.0 gave by `corpus_chrf`, divided by 100, and by `corpus_bleu` with tokenize="intl"."""
        assert chrf(TEXTS, REFERENCES) == pytest.approx(0.43478200953767875, rel=1e-12)
        assert chrf(TEXTS[:1], REFERENCES[:1]) == pytest.approx(0.45412621009295314, rel=1e-12)
        assert chrf(["ab"], ["ab cd"]) == pytest.approx(0.47169811320754704, rel=1e-12)
        words = [[words_and_marks(text) for text in texts] for texts in (TEXTS, REFERENCES)]
        assert bleu(words[0], [[one] for one in words[1]]) == pytest.approx(0.19423843532942442, rel=1e-12)

    def test_its_ends(self):
        assert chrf(TEXTS, TEXTS) == 1
        assert chrf(["aaa"], ["bbb"]) == 0
        assert chrf([""], ["a"]) == 0
        assert chrf(["a b"], ["ab"]) == 1  # white space does not count

    def test_recall_counts_more_than_precision(self):
        assert chrf(["a red cat sat"], ["a red cat"]) > chrf(["a red cat"], ["a red cat sat"])

    def test_errors(self):
        with pytest.raises(aenb.AenbError, match="received 1 for 2 texts"):
            chrf(["a", "b"], ["a"])


class TestDictionary:
    def test_it_finds_which_words_stand_for_which(self):
        """Each noun occurs with each article and verb, so only counting all pairs together tells them apart."""
        parts = (
            [("the", "el"), ("a", "un")],
            [("cat", "gato"), ("dog", "perro"), ("bull", "toro")],
            [("runs", "corre"), ("eats", "come")],
        )
        pairs = [
            (f"{a} {b} {c}.", f"{c2} {a2} {b2}.") for a, a2 in parts[0] for b, b2 in parts[1] for c, c2 in parts[2]
        ]
        words = WordDictionary(*zip(*pairs, strict=True))
        assert words.translate(["A bull eats the dog."]) == ["Un toro come el perro ."]

    def test_its_probabilities_are_those_of_the_model(self):
        """One round from equal shares, by hand, with the word that stands for nothing."""
        one = WordDictionary(["a b", "a"], ["x y", "x"], rounds=1)  # c(x|a) = 1/3 + 1/2, c(y|a) = 1/3
        assert one.translate(["a"]) == ["X"]

    def test_unknown_words_stay(self):
        assert WordDictionary(["a cat"], ["un gato"]).translate(["Zaphod"]) == ["Zaphod"]

    def test_errors(self):
        with pytest.raises(aenb.AenbError, match="one for each source; received 1 for 2"):
            WordDictionary(["a", "b"], ["x"])


def test_the_nearest_text_shares_the_rarest_words():
    known = ["the cat and the dog", "the sea and the sun", "the zebra and the cat"]
    assert nearest_texts(known, ["a zebra", "the sun"], 1)[:, 0].tolist() == [2, 1]
    both = nearest_texts(known, ["a zebra"] * 600, 5)
    assert both.shape == (600, 3)
    assert (both[:, 0] == 2).all()


def test_scores_of_baselines_are_shown_beside_the_models():
    scores = Scores(chrf=0.5, nearest_chrf=0.25, word_chrf=0.125)
    assert [name for name in scores if is_own(name)] == ["chrf"]
    assert "nearest example" in scores._repr_html_()
    assert "0.125" in scores._repr_html_()


class TestSummaries:
    def test_the_words_that_the_code_depends_on_are_kept_in_order(self):
        def encode(texts):
            return np.array([[text.count("a"), text.count("b"), 0.1 * text.count("c")] for text in texts], float)

        assert extracts(["c aaa x b y bb", "a"], 3, encode) == ["aaa b bb", "a"]
        assert extracts(["c aaa x b y bb"], 4, encode) == ["c aaa b bb"]

    def test_one_step_is_the_best_of_all(self):
        draw = np.random.default_rng(0)
        words, vectors = list("abcdef"), draw.normal(size=(128, 4))

        def encode(texts):
            return np.stack(
                [np.tanh(sum((vectors[ord(word)] for word in text.split()), np.zeros(4))) for text in texts]
            )

        text = " ".join(words)
        every = [" ".join(words[:out] + words[out + 1 :]) for out in range(6)]
        distances = np.linalg.norm(encode(every) - encode([text]), axis=1)
        assert extracts([text], 5, encode) == [every[int(distances.argmin())]]

    def test_the_first_that_is_short_enough(self):
        assert shortened(["a b c", "", "a b", "a"], 2) == "a b"
        assert shortened(["a b c"], 2) == "a b"
