"""What became of the words of a text: which of them stayed, and which parent each word of a generated text is from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import TypeVar

__all__ = ["NEW", "stayed", "traced"]

State = TypeVar("State", bound=Hashable)

# Of no parent.
NEW = -1


def traced(text: str, parents: Sequence[str]) -> list[tuple[str, int]]:
    """Cut a text where its words begin to be from elsewhere.

    Parameters
    ----------
    text : str
    parents : sequence of str
        The texts it was made from. A word that stands in several in its place is the first one's.

    Returns
    -------
    list of (str, int)
        Words in their order, with the place of the parent they are from, or `NEW`.

    Examples
    --------
    >>> traced("please help me tody", ["please help me today"])
    [('please help me', 0), ('tody', -1)]
    """
    words = text.split()
    source = [NEW] * len(words)
    for place in reversed(range(len(parents))):
        for number in _common(parents[place].split(), words)[1]:
            source[number] = place
    return _runs(words, source)


def stayed(parent: str, text: str) -> list[tuple[str, bool]]:
    """Cut a parent where its words begin to be others in the text that was made from it.

    Returns
    -------
    list of (str, bool)
        Words in their order, and whether the text has them in their place.
    """
    words = parent.split()
    kept = set(_common(words, text.split())[0])
    return _runs(words, [number in kept for number in range(len(words))])


def _common(one: list[str], other: list[str]) -> tuple[list[int], list[int]]:
    """The places of the words that both have in the same order."""
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return (
        [place for block in blocks for place in range(block.a, block.a + block.size)],
        [place for block in blocks for place in range(block.b, block.b + block.size)],
    )


def _runs(words: list[str], states: list[State]) -> list[tuple[str, State]]:
    pairs = zip(words, states, strict=True)
    return [(" ".join(word for word, _ in run), state) for state, run in groupby(pairs, key=lambda pair: pair[1])]
