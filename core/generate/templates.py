"""Texts from templates that the analyst writes: ``{product} did not {verb}``, with lists of fillers for the slots."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.generate.pieces import Mask, Pieces, Strings, drawn, glued
from core.generate.strategy import GenerateError
from core.train import TOKEN

__all__ = ["Template", "Templates", "lendable", "read_fillers", "read_templates"]

Integers = npt.NDArray[np.intp]

_SLOT = re.compile(r"\{([^{}]*)\}")
_MOST_TEMPLATES = 500


@dataclass(frozen=True)
class Template:
    """One template.

    Attributes
    ----------
    words : tuple of str
        What stands before, between and behind the slots: one more than there are slots.
    slots : tuple of str
        Their names. A name that stands twice is filled the same way.
    """

    words: tuple[str, ...]
    slots: tuple[str, ...]

    def __str__(self) -> str:
        slots = [f"{{{name}}}" for name in self.slots]
        return "".join(word + slot for word, slot in zip(self.words, [*slots, ""], strict=True))


def read_templates(lines: Sequence[str]) -> tuple[Template, ...]:
    """Read templates with slots in braces; blank lines are passed over.

    Raises
    ------
    GenerateError
        If there is none, a brace has no partner, or a slot has no name.

    Examples
    --------
    >>> [template.slots for template in read_templates(["{product} did not {verb}"])]
    [('product', 'verb')]
    """
    lines = [line.strip() for line in lines if line.strip()]
    if not 1 <= len(lines) <= _MOST_TEMPLATES:
        raise GenerateError(
            f"There must be 1 to {_MOST_TEMPLATES} templates. There are {len(lines)}. "
            "Write one, for example: {product} did not arrive"
        )
    return tuple(_read(line) for line in lines)


def _read(line: str) -> Template:
    parts = _SLOT.split(line)
    words, slots = tuple(parts[::2]), tuple(name.strip() for name in parts[1::2])
    if any("{" in word or "}" in word for word in words):
        raise GenerateError(f"Each brace of a template must have its partner. This has one without: '{line}'.")
    if not all(slots):
        raise GenerateError(f"Each slot of a template must have a name. One has none: '{line}'. Write {{product}}.")
    return Template(words, slots)


def read_fillers(written: str) -> dict[str, tuple[str, ...]]:
    """Read lists of fillers as an analyst types them: the name of the slot, a colon, and the fillers between commas.

    Parameters
    ----------
    written : str
        A slot a line.

    Raises
    ------
    GenerateError
        If a line has no colon or no fillers, or a slot stands twice.

    Examples
    --------
    >>> read_fillers("product: kettle, desk lamp")
    {'product': ('kettle', 'desk lamp')}
    """
    found: dict[str, tuple[str, ...]] = {}
    for line in (line.strip() for line in written.splitlines() if line.strip()):
        name, colon, listed = line.partition(":")
        name = name.strip().strip("{}").strip()
        fillers = tuple(dict.fromkeys(filler.strip() for filler in listed.split(",") if filler.strip()))
        if not colon or not name or not fillers:
            raise GenerateError(
                "A list of fillers must be the name of a slot, a colon and what fills it, between commas. "
                f"Got '{line}' instead. Write, for example, 'product: kettle, desk lamp'."
            )
        if name in found:
            raise GenerateError(f"The slot '{name}' has two lists of fillers. Put them in one.")
        found[name] = fillers
    return found


@dataclass(frozen=True)
class Templates:
    """Templates with what fills their slots.

    A slot without a list takes a word of the parent: one that is typical of its class. So each text comes from the
    example that it names as its parent, and no fold learns a word from another.

    Attributes
    ----------
    templates : sequence of Template
    fillers : mapping
        Slot to the words or phrases for it.
    """

    templates: Sequence[Template]
    fillers: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        named = {name for template in self.templates for name in template.slots}
        unused = [name for name in self.fillers if name not in named]
        empty = [name for name, fillers in self.fillers.items() if not fillers]
        if empty:
            raise GenerateError(f"A list of fillers must have some. That of '{empty[0]}' has none. Take it out.")
        if unused:
            raise GenerateError(
                f"A list of fillers must belong to a slot. No template has the slot '{unused[0]}'. "
                f"Write {{{unused[0]}}} into a template or take the list out."
            )

    @property
    def borrows(self) -> bool:
        """Whether some slot takes a word of the parent."""
        return any(name not in self.fillers for template in self.templates for name in template.slots)

    def write(self, words: Pieces, may: Mask, rng: np.random.Generator) -> pd.Series:
        """Fill a template for each parent.

        Parameters
        ----------
        words : Pieces
            The words of the parents, a text each.
        may : array of bool, shape (pieces,)
            The words that a slot without a list can take; see `lendable`. Each parent needs one if there is such a
            slot.
        rng : Generator

        Returns
        -------
        Series of shape (texts,)
            Indexed from 0.
        """
        which = rng.integers(len(self.templates), size=len(words.origin))
        made: Strings = np.empty(len(which), dtype=object)
        for place in np.unique(which).tolist():
            rows = np.flatnonzero(which == place)
            made[rows] = self._fill(self.templates[place], words, may, rows, rng)
        return pd.Series(made, dtype="str")

    def _fill(self, template: Template, words: Pieces, may: Mask, rows: Integers, rng: np.random.Generator) -> Strings:
        filled: dict[str, Strings] = {}
        for name in dict.fromkeys(template.slots):
            if name in self.fillers:
                filled[name] = np.array(self.fillers[name], dtype=object)[
                    rng.integers(len(self.fillers[name]), size=len(rows))
                ]
            else:
                # One word of each text, of those that may be taken.
                taken = drawn(words, may, 0.0, rng)
                lent = np.full(len(words.origin), "", dtype=object)
                lent[words.row[taken]] = [_bare(word) for word in words.words[taken].tolist()]
                filled[name] = lent[rows]
        parts = np.empty((len(rows), 2 * len(template.words) - 1), dtype=object)
        for number, word in enumerate(template.words):
            parts[:, 2 * number] = word
        for number, name in enumerate(template.slots):
            parts[:, 2 * number + 1] = filled[name]
        return glued(parts.ravel(), np.full(len(rows), parts.shape[1])).str.strip().to_numpy(dtype=object)


def lendable(words: Pieces, labels: pd.Series, typical: Mapping[str, frozenset[str]]) -> Mask:
    """Words that slots can take: typical of the class of their text.

    Parameters
    ----------
    words : Pieces
    labels : Series of shape (n,)
        Of the examples at which ``origin`` points.
    typical : mapping
        As `typical_words` returns it.
    """
    codes, distinct = pd.factorize(words.words)
    known = pd.Index([_bare(word).lower() for word in distinct], dtype="object")
    kinds, classes = pd.factorize(labels)
    fits = np.array([known.isin(typical.get(str(name), ())) for name in classes]).reshape(len(classes), len(known))
    return fits[kinds[words.of_text], codes]


def _bare(word: str) -> str:
    """The only token of letters in a word, without the signs around it; empty if there are several."""
    tokens = [token for token in TOKEN.findall(word) if token.isalpha()]
    return tokens[0] if len(tokens) == 1 else ""
