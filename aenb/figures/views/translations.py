"""Pairs of texts: translations of held-out texts, and the attention between the two sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from aenb.core.tables import html_table
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.figures.plots import ORANGE, STYLE, clear_to, draw_examples, drawable
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs
from aenb.latent.cross_attention import has_cross_attention

TABLE, SENTENCES, TOKENS = 10, 2, 22  # translations in the table, sentences in the figure, tokens of one
LONGEST = 14  # characters of a token's label


def _translates(inputs: ViewInputs) -> bool:
    return inputs.run.translates and inputs.data.target_length > 0


def _aligns(inputs: ViewInputs) -> bool:
    return _translates(inputs) and has_cross_attention(inputs.model)


def _written(inputs: ViewInputs, rows: np.ndarray) -> dict[str, list[str]]:
    """Return sources, references and translations of some held-out pairs."""
    x, texts = units(inputs.data.test[rows]), inputs.run.preprocessing.texts
    reference, translation = inputs.data.targets_test[rows], inputs.run.reconstruct(x)
    return {"source": texts(x), "reference": texts(reference), "translation": texts(translation)}


def _table(inputs: ViewInputs) -> str:
    """Return the first held-out pairs as HTML, with every text escaped."""
    columns = _written(inputs, np.arange(min(TABLE, len(inputs.data.test))))
    rows = [["source", "translation", "reference"]]
    rows += [list(texts) for texts in zip(*(columns[name] for name in rows[0]), strict=True)]
    return html_table(rows, values="left")


@view(
    order=1, summary="held-out texts, their references and translations, as they are", fits=_translates, beside=_table
)
def translations(inputs: ViewInputs) -> Figure:
    """Write held-out sources, with the words of their translations that differ from the reference in orange."""
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 3.4), layout="constrained")
        draw_examples(figure.subplots(), _written(inputs, inputs.data.shown))
        return figure


@view(order=5, summary="what the decoder looks at in the source, for each token of its translation", fits=_aligns)
def alignment(inputs: ViewInputs) -> Figure:
    """Draw the attention between sentences, the mean of all heads, for some held-out sources of few tokens."""
    data, run = inputs.data, inputs.run
    lengths = (data.test != 0).sum(axis=1)
    short = np.flatnonzero((lengths <= TOKENS) & (lengths >= min(4, lengths.max())))
    short = short if len(short) else np.argsort(lengths)[:SENTENCES]
    x = units(data.test[short[spread(len(short), SENTENCES)]])
    y = run.reconstruct(x)
    maps = run.attention(x, y).mean(axis=(1, 2))  # (sentences, target length, source length)
    pairs = [(_tokens(inputs, source), _tokens(inputs, target)) for source, target in zip(x, y, strict=True)]
    return between_sentences(pairs, maps)


def _tokens(inputs: ViewInputs, ids: np.ndarray) -> list[str]:
    present = ids[ids != 0][:TOKENS]
    return [text.strip() or "·" for text in inputs.run.preprocessing.texts(present[:, None])]


def between_sentences(pairs: Sequence[tuple[Sequence[str], Sequence[str]]], maps: np.ndarray) -> Figure:
    """Draw what each token of a target attends to in its source.

    Args:
        pairs: n pairs of the tokens of a source and of a target.
        maps: (n, target length, source length), in [0, 1]; rows and columns after the tokens are left out.

    Returns:
        A Figure with a square for each pair.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 4.2), layout="constrained")
        panels = figure.subplots(1, len(pairs), squeeze=False)[0]
        for axes, (source, target), shares in zip(panels, pairs, maps, strict=True):
            axes.imshow(shares[: len(target), : len(source)], cmap=clear_to(ORANGE), vmin=0, vmax=1, aspect="auto")
            for tokens, ticks, turn in ((source, axes.set_xticks, 90), (target, axes.set_yticks, 0)):
                words = [drawable(token[:LONGEST]) for token in tokens]
                ticks(np.arange(len(words)), words, rotation=turn, fontsize=8, parse_math=False)
            axes.set(xlabel="source", ylabel="translation")
            axes.tick_params(length=0)
        figure.suptitle(
            "deeper orange: the token of that row was predicted while looking more at that column", fontsize=9
        )
        return figure
