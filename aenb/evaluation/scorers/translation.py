"""Translations of held-out texts, compared with those of the nearest training example and of a dictionary of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aenb.data.record import Data
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.evaluation.metrics.bleu import bleu, words_and_marks
from aenb.evaluation.metrics.chrf import chrf
from aenb.evaluation.metrics.nearest_text import nearest_texts
from aenb.evaluation.metrics.reconstruction_scores import text_scores
from aenb.evaluation.metrics.word_dictionary import WordDictionary
from aenb.evaluation.scorers.data_cache import known
from aenb.evaluation.scorers.score_parts import score
from aenb.evaluation.teacher_forcing import predict_tokens
from aenb.latent import coding
from aenb.latent.trained_run import TrainedRun
from aenb.models.autoregressive.writing import Choice

EXAMPLES = 1000  # held-out pairs
LEARNT = 10_000  # training pairs of the dictionary
SHORT, CANDIDATES = 2.5, 10  # mean words of targets that are words, and how many are looked at


@score(order=9)
def translation(run: TrainedRun, data: Data, say: Callable[[str], object]) -> dict[str, float]:
    """Return `chrf`, `bleu` and the `perplexity` of translations of at most 1,000 held-out texts; only of pairs.

    Each token is the most probable one. BLEU is of words and punctuation marks, up to four in a row. The perplexity is
    of a token of the target, given those before it and the source. The baselines have the prefixes `nearest_`: the
    target of the training source with the nearest TF-IDF vector; and `word_`: each word by a dictionary, IBM model 1 of
    at most 10,000 training pairs. If targets are words, `top10_accuracy` is the share of sources whose target is among
    the ten most probable ones of a beam search, and `nearest_top10_accuracy` that of the ten nearest different ones.

    Args:
        run: The `Run`.
        data: Pairs of texts.
        say: Called with a progress message.
    """
    if not run.translates or not data.target_length:
        return {}
    part = spread(len(data.test), EXAMPLES)
    x, y = units(data.test[part]), units(data.targets_test[part])
    say(f"translations of {len(x):,} held-out texts")
    references = run.preprocessing.texts(y)
    with run.turns:
        found = coding.decode(run.model, coding.encode(run.model, x))
    scores = scores_of(run.preprocessing.texts(found), references)
    scores["perplexity"] = predict_tokens(run, x, y).perplexity
    say("the nearest examples, and a dictionary of words")
    scores |= known(data, "baselines of translation", lambda: _baselines(data, x, references))
    if np.mean([len(words_and_marks(text)) for text in references]) <= SHORT:
        say("ten candidates for each text")
        scores |= _among_ten(run, data, x, references)
    return scores


def predicted_scores(run: TrainedRun, data: Data) -> dict[str, float]:
    """Return the token `accuracy` of targets given the tokens before, and the `mean_accuracy` of the commonest ones."""
    part = spread(len(data.test), EXAMPLES)
    x, y = units(data.test[part]), units(data.targets_test[part])
    return text_scores(data.targets_train, y, predict_tokens(run, x, y).tokens)


def scores_of(texts: Sequence[str], references: Sequence[str], prefix: str = "") -> dict[str, float]:
    """Return the chrF and the BLEU of translations, in [0, 1]."""
    words = [words_and_marks(text) for text in texts]
    bleu_score = bleu(words, [[words_and_marks(text)] for text in references])
    return {f"{prefix}chrf": chrf(texts, references), f"{prefix}bleu": bleu_score}


def _baselines(data: Data, x: np.ndarray, references: Sequence[str]) -> dict[str, float]:
    some = spread(len(data.train), LEARNT)
    sources, targets = data.texts(data.train[:]), data.texts(data.targets_train)
    texts = data.texts(x)
    nearest = [targets[place] for place in nearest_texts(sources, texts)[:, 0]]
    dictionary = WordDictionary([sources[place] for place in some], [targets[place] for place in some])
    return scores_of(nearest, references, "nearest_") | scores_of(dictionary.translate(texts), references, "word_")


def _among_ten(run: TrainedRun, data: Data, x: np.ndarray, references: Sequence[str]) -> dict[str, float]:
    with run.turns:
        codes = coding.encode(run.model, x)
        found = coding.write(run.model, codes, Choice(beams=CANDIDATES, every=True), 0)
    targets = np.array(data.texts(data.targets_train), object)
    nearest = targets[nearest_texts(data.texts(data.train[:]), data.texts(x), 5 * CANDIDATES)]
    distinct = [list(dict.fromkeys(row))[:CANDIDATES] for row in nearest]
    return {
        "top10_accuracy": _share([run.preprocessing.texts(row) for row in found], references),
        "nearest_top10_accuracy": _share(distinct, references),
    }


def _share(candidates: Sequence[Sequence[str]], references: Sequence[str]) -> float:
    return float(np.mean([one in row for one, row in zip(references, candidates, strict=True)]))
