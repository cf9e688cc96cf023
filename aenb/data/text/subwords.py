"""Subword units: byte-pair encoding, with bytes as a fall-back, so no text of any script has an unknown token.

Sennrich, Haddow & Birch (2015), "Neural machine translation of rare words with subword units", arXiv 1508.07909: the
units are the 256 bytes of UTF-8, and pairs of units that are frequent in the training texts (Radford et al. 2019 for
bytes). They are learnt and found with the library `tokenizers`, if there are such pairs; bytes alone need no library.

Each byte is written as a printable character, as in GPT-2: those of printable ASCII and Latin-1 as themselves, the
others as the characters from 256. A space is "Ġ". Each text begins with a space, so the first word has the same units
as elsewhere; it is taken off again.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aenb.core.errors import AenbError
from aenb.data.values.words import NONE, UNKNOWN

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SIZE = 4000  # units of a vocabulary that is learnt, at most
LARGEST = 60_000  # units, since token ids are stored in 16 bits
FIRST = 2  # id of byte 0: the ids before it stand for no token, and for a hidden one
REPLACED = "\N{REPLACEMENT CHARACTER}"


def byte_characters() -> tuple[str, ...]:
    """Return the character that each byte is written as: 256 different ones.

    Example:
        >>> byte_characters()[ord("a")], byte_characters()[ord(" ")]
        ('a', 'Ġ')
    """
    printable = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(256, 512))
    return tuple(chr(byte if byte in printable else next(others)) for byte in range(256))


def without_surrogates(text: str) -> str:
    """Return a text that UTF-8 can encode, with "?" for unpaired surrogates, and without white space around it."""
    return text.encode("utf-8", "replace").decode("utf-8").strip()


@dataclass(frozen=True)
class Subwords:
    """A vocabulary of subword units.

    Attributes:
        merges: The pairs of units that are joined, in the order in which they were learnt, such as "t h" and "th e";
            none: texts are split into bytes.

    Example:
        >>> bytes_only = Subwords()
        >>> ids = bytes_only.encode(["Olá!", "🙂"], length=6)
        >>> ids.tolist()
        [[81, 110, 197, 163, 35, 0], [242, 161, 155, 132, 0, 0]]
        >>> bytes_only.decode(ids)
        ['Olá!', '🙂']
    """

    merges: tuple[str, ...] = ()

    @functools.cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The units in the order of their ids; the first stands for no token, the second for a hidden one."""
        joined = (merge.replace(" ", "") for merge in self.merges)
        return tuple(dict.fromkeys((NONE, UNKNOWN, *byte_characters(), *joined)))

    def check(self) -> None:
        """Raise an error if a pair does not consist of two units that are known before it.

        Raises:
            AenbError: It does not, or there are too many units.
        """
        known = set(byte_characters())
        for merge in self.merges:
            pair = merge.split(" ")
            if len(pair) != 2 or not known.issuperset(pair):
                raise AenbError(f"`merges`: expected pairs of known units; received {merge[:50]!r}.")
            known.add("".join(pair))
        if len(known) > LARGEST:
            raise AenbError(f"`merges`: expected at most {LARGEST:,} units; received {len(known):,}.")

    def encode(self, texts: Sequence[str], length: int | None = None) -> np.ndarray:
        """Return the ids of the units of texts.

        Args:
            texts: n texts.
            length: How many units to keep of each; None: as many as the longest has.

        Returns:
            (n, length), uint16, 0 after the end.

        Raises:
            AenbError: The library that finds the units is not installed.
        """
        rows = self.split(texts)
        width = max(map(len, rows), default=0) if length is None else length
        ids = np.zeros((len(rows), width), "uint16")
        for row, units in zip(ids, rows, strict=True):
            row[: min(width, len(units))] = units[:width]
        return ids

    def split(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return the ids of the units of each text: n arrays, uint16."""
        cleaned = [without_surrogates(text) for text in texts]
        if not self.merges:
            return [np.frombuffer(text.encode(), "uint8").astype("uint16") + FIRST for text in cleaned]
        found = self._library.encode_batch(cleaned)
        return [np.array(one.ids, "uint16") for one in found]

    def decode(self, ids: Any) -> list[str]:
        """Return the texts of token ids: (n, length) → n texts; bytes that are no UTF-8 become U+FFFD."""
        return [self._text(row) for row in np.asarray(ids)]

    def _text(self, row: np.ndarray) -> str:
        pieces = [self._bytes[number] for number in row[row != 0]]
        text = b"".join(pieces).decode("utf-8", "replace")
        return text.removeprefix(" ") if self.merges else text

    @functools.cached_property
    def _bytes(self) -> list[bytes]:
        """The bytes of each unit."""
        number = {character: byte for byte, character in enumerate(byte_characters())}
        units = (bytes(number[character] for character in unit) for unit in self.vocabulary[FIRST:])
        return [b"", REPLACED.encode(), *units]

    @functools.cached_property
    def _library(self) -> Tokenizer:
        from tokenizers import models

        ids = {unit: place for place, unit in enumerate(self.vocabulary)}
        pairs = [tuple(merge.split(" ")) for merge in self.merges]
        return _tokenizer(models.BPE(vocab=ids, merges=pairs))


def learn(texts: Iterable[str], size: int = SIZE) -> Subwords:
    """Learn subword units: those of the most frequent pairs, which occur at least twice.

    Args:
        texts: The training texts.
        size: How many units to learn, those of bytes included, at most.

    Returns:
        The same `Subwords` for the same texts.

    Raises:
        AenbError: The library `tokenizers` is not installed.
    """
    _require()
    from tokenizers import models, pre_tokenizers, trainers

    tokenizer = _tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, show_progress=False, special_tokens=[],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(map(without_surrogates, texts), trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return Subwords(tuple(merge if isinstance(merge, str) else " ".join(merge) for merge in merges))


def _tokenizer(model: Any) -> Tokenizer:
    _require()
    from tokenizers import Tokenizer, pre_tokenizers

    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    return tokenizer


def _require() -> None:
    """Raise an error if the library is not installed."""
    try:
        import tokenizers  # noqa: F401
    except ImportError as error:
        raise AenbError(
            "Subword units: expected the library tokenizers; it is not installed. Install it by "
            'pip install "aenb[text]", or take tokens="bytes".'
        ) from error
