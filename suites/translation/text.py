"""A tokenizer of a real one's kind and size with made-up pieces: the real vocabularies cannot be had without a network.

Its work is that of SentencePiece's unigram model: find the likeliest way to cut a text into pieces.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import Any

LETTERS = "etaoinshrdlcumwfgypbvk"


class Pieces:
    """Cuts text into pieces and puts them together again."""

    def __init__(self, size: int) -> None:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers

        pieces = _pieces(size)
        self._words = [piece[1:] for piece, _ in pieces if piece.startswith("▁") and len(piece) > 1]
        self._tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
        self._tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        self._tokenizer.decoder = decoders.Metaspace()

    def text(self, words: int, seed: int) -> str:
        """As many words, those early in the vocabulary more often."""
        chance = random.Random(seed)
        places = (int(len(self._words) ** chance.random()) - 1 for _ in range(words))
        return " ".join(self._words[place] for place in places)

    def encode(self, text: str, end: int) -> list[int]:
        """As many tokens as the text has words, which have at least one each; the last one is ``end``."""
        return [*self._tokenizer.encode(text).ids[: text.count(" ")], end]

    def decode(self, tokens: list[int]) -> str:
        """The text of these tokens."""
        return str(self._tokenizer.decode(tokens))


@lru_cache
def pieces(size: int) -> Pieces:
    """The tokenizer with ``size`` pieces, made once in a process."""
    return Pieces(size)


def _pieces(size: int) -> list[tuple[str, float]]:
    """Pieces and their scores: letters, so that any text can be cut, then beginnings of words and later parts."""
    chance = random.Random(0)
    found = dict.fromkeys(("<pad>", "</s>", "<unk>", "▁", *LETTERS, *LETTERS.upper()))
    while len(found) < size:
        letters = "".join(chance.choices(LETTERS, k=chance.randint(2, 7)))
        found[chance.choice(("▁", "")) + letters] = None
    return [(piece, -math.log(rank + 1)) for rank, piece in enumerate(found)]


def as_bytes(text: str) -> Any:
    """Text as raw input: an array of its UTF-8 bytes."""
    import numpy

    return numpy.frombuffer(text.encode(), dtype="uint8")
