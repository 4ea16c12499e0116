"""The part of the audit that looks at how values are written: variants of one spelling, slips, and odd formats.

Each different value is looked at once. What is right is learned outside test, and said of all parts alike.

References
----------
Rahm and Do, "Data cleaning: problems and current approaches", 2000: the kinds of errors. Damerau 1964: one slip is an
insertion, a deletion, a substitution or a swap of neighbours. Mahdavi et al., "Raha", 2019: errors show as rare values
and as rare patterns of characters, column by column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from core.collect.audited import Audited, Coded
from core.collect.finding import Finding, examples_of, listed

__all__ = ["check_formats", "check_spellings", "folded", "slips"]

# More different values than this are names or texts.
MOST_VALUES = 50_000
MOST_RARE, MOST_USUAL = 5_000, 2_000
# How often a value must occur for a rare one to be a slip of it, and how much more often than that one.
USUAL, TIMES = 4, 5
# Slips allowed, as a share of the characters.
SLIPS = 0.25
SLIPS_IN_WORDS = 0.4
RARE = 0.02
USUAL_SHARE = 0.95
# A column keeps to a few formats if these, each of a share that counts, are nearly all of it.
LEAST_FORMAT = 50
RARE_FORMAT, USUAL_FORMAT = 0.02, 0.05
MOST_FORMATS, MOST_WIDTHS = 4, 2
_NUMBER = re.compile("[0-9]+")

_Mask = npt.NDArray[np.bool_]
_Values = npt.NDArray[np.object_]


def check_spellings(audited: Audited) -> Iterator[Finding]:
    """Yield values that are written otherwise than the rest of their column."""
    for name in audited.worded:
        coded = audited.coded(name)
        if 2 <= len(coded.values) <= MOST_VALUES:
            variants = _variants(coded)
            varies = _given(variants)
            yield from _respelled(audited, coded, variants, coded.where(varies), "spelling_variants")
            slipped = slips(coded, varies)
            where = _alone(audited, coded, _given(slipped))
            yield from _respelled(audited, coded, slipped, where, "misspelled")


def check_formats(audited: Audited) -> Iterator[Finding]:
    """Yield values of another format than the rest of their column, but for those whose value is known by now."""
    for name in audited.worded:
        coded = audited.coded(name)
        if 2 <= len(coded.values) <= MOST_VALUES:
            yield from _odd_formats(audited, coded)


def _given(instead: _Values) -> _Mask:
    return np.array([value is not None for value in instead], dtype=bool)


def _alone(audited: Audited, coded: Coded, marked: _Mask) -> npt.NDArray[np.int64]:
    """Rows with a marked value, but for those where a whole group of another column has it."""
    rows = np.append(marked, False)[coded.codes]
    return np.flatnonzero(rows & ~audited.in_whole_groups(coded.name, rows))


def folded(values: pa.Array) -> pa.Array:
    """Write texts without what people vary: case, width, blanks, and what joins their words or ends them."""
    plain = pc.utf8_lower(pc.utf8_normalize(values, "NFKC"))
    plain = pc.replace_substring_regex(plain, r"[\s_-]+", " ")
    return pc.utf8_trim(plain, " .,;:")


def _texts(coded: Coded) -> pa.Array:
    return pa.array(coded.values, pa.large_string())


def _variants(coded: Coded) -> _Values:
    """For each value the one that it is another spelling of; None for those that are no variant."""
    plain = folded(_texts(coded))
    groups = pd.factorize(plain.to_pandas())[0]
    main = _most_frequent(groups, coded.counts)[groups]
    # Signs and numbers are told apart by what was folded; of two that are as frequent, neither is the variant.
    lettered = pc.match_substring_regex(plain, r"\pL").to_numpy(zero_copy_only=False)
    varies = (main != np.arange(len(main))) & lettered & (coded.counts[main] > coded.counts)
    instead = np.full(len(main), None, dtype=object)
    instead[varies] = coded.values[main[varies]]
    return instead


def _most_frequent(groups: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Position of the most frequent member of each group, the first one at a tie."""
    order = np.argsort(-counts, kind="stable")[::-1]
    first = np.empty(groups.max() + 1, dtype=np.int64)
    first[groups[order]] = order
    return first


def slips(coded: Coded, settled: _Mask) -> _Values:
    """For each rare value the one that it was probably meant to be; None for all others.

    A slip leaves the numbers as they are (another number is another code), so that all that differs in them alone
    counts as one template. And it makes a word that is rare: "north" beside "south" is no slip.

    Parameters
    ----------
    coded : Coded
        A column of text.
    settled : array of shape (m,), bool
        Values that are explained already.

    Returns
    -------
    array of shape (m,), object
    """
    instead = np.full(len(coded.values), None, dtype=object)
    plain = folded(_texts(coded))
    template, names = pd.factorize(pc.replace_substring_regex(plain, "[0-9]+", "0").to_pandas())
    words = [str(name) for name in names]
    counts = np.bincount(template, weights=coded.counts).astype(np.int64)
    everywhere = np.bincount(template, weights=coded.everywhere).astype(np.int64)
    lengths = np.array([len(word) for word in words])
    numbers = np.array([word.count("0") for word in words])
    possible = np.array([any(map(str.isalpha, word)) for word in words]) & (lengths >= 2)
    usual = np.flatnonzero(possible & (counts >= USUAL))
    usual = usual[np.argsort(-counts[usual], kind="stable")][:MOST_USUAL]
    rare = np.flatnonzero(possible & (everywhere <= max(2, RARE * coded.present)))
    rare = rare[np.argsort(everywhere[rare], kind="stable")][:MOST_RARE]
    if not len(usual) or not len(rare):
        return instead
    distance = cdist([words[i] for i in rare], [words[i] for i in usual], scorer=OSA.distance, dtype=np.int32)
    close = (distance > 0) & (distance <= np.maximum(1, np.floor(SLIPS * lengths[usual]))[None, :])
    close &= counts[usual][None, :] >= TIMES * np.maximum(1, everywhere[rare])[:, None]
    close &= numbers[rare][:, None] == numbers[usual][None, :]
    # Codes of two or three letters are all alike; only where hardly anything else occurs is a rare one a slip.
    if counts[usual[:2]].sum() < USUAL_SHARE * counts.sum():
        letters = np.array([sum(map(str.isalpha, words[i])) for i in usual])
        close &= (letters > 3)[None, :]
    cost = np.where(close, distance - counts[usual][None, :] / (2 * counts[usual].max()), np.inf)
    best = usual[cost.argmin(axis=1)]
    known = _known_words(words, counts)
    found = np.full(len(words), -1, dtype=np.int64)
    for i, j in zip(rare[close.any(axis=1)].tolist(), best[close.any(axis=1)].tolist(), strict=True):
        if _is_slip(words[i], words[j], known):
            found[i] = j
    main = _most_frequent(template, coded.counts)
    for value in np.flatnonzero((found[template] >= 0) & ~settled).tolist():
        instead[value] = _with_numbers(coded.values[main[found[template[value]]]], str(coded.values[value]))
    return instead


def _known_words(texts: list[str], counts: npt.NDArray[np.int64]) -> dict[str, int]:
    known: dict[str, int] = {}
    for text, count in zip(texts, counts.tolist(), strict=True):
        for word in text.split():
            known[word] = known.get(word, 0) + count
    return known


def _is_slip(value: str, target: str, known: dict[str, int]) -> bool:
    """Whether the words by which two texts differ are rare ones in the rare text, and near to each other."""
    here, there = value.split(), target.split()
    while here and there and here[0] == there[0]:
        here, there = here[1:], there[1:]
    while here and there and here[-1] == there[-1]:
        here, there = here[:-1], there[:-1]
    if not here or not there:
        return False
    usual = max(known[word] for word in there)
    if any(known[word] * TIMES > usual for word in set(here) - set(there)):
        return False
    left, right = " ".join(here), " ".join(there)
    return bool(OSA.distance(left, right) <= max(1, SLIPS_IN_WORDS * len(right)))


def _with_numbers(text: str, numbered: str) -> str:
    """One text with the numbers of another, in their order."""
    numbers = iter(_NUMBER.findall(numbered))
    return _NUMBER.sub(lambda _: next(numbers), text)


_SAYS = {
    "spelling_variants": (
        "'{name}' has values in several spellings",
        ("differs", "differ"),
        "from a more frequent value of '{name}' only in case, blanks or signs between words",
        "Give them the most frequent spelling.",
        0.35,
    ),
    "misspelled": (
        "'{name}' has values that look misspelled",
        ("has", "have"),
        "a value of '{name}' that is rare, and a slip or two away from a frequent one",
        "Look through them, then give them the frequent spelling.",
        0.3,
    ),
}


def _respelled(
    audited: Audited, coded: Coded, instead: _Values, where: npt.NDArray[np.int64], kind: str
) -> Iterator[Finding]:
    where = audited.unsettled(coded.name, where)
    if not len(where):
        return
    title, verbs, what, remedy, severity = _SAYS[kind]
    cells = audited.cells({coded.name: where})
    changed = np.unique(coded.codes[where])
    order = changed[np.argsort(-coded.everywhere[changed], kind="stable")]
    yield Finding(
        kind,
        title.format(name=coded.name),
        min(0.6, severity + len(where) / len(audited)),
        f"{audited.of_examples(len(where), *verbs)} {what.format(name=coded.name)}: "
        f"{examples_of(((coded.values[i], instead[i]) for i in order), 4)}.",
        remedy,
        ids=cells.ids,
        columns=(coded.name,),
        cells=cells,
        values=instead[coded.codes[where]].tolist(),
        fix="correct",
    )


def _odd_formats(audited: Audited, coded: Coded) -> Iterator[Finding]:
    """Values whose pattern of letters and digits is rare in a column that otherwise keeps to a few patterns."""
    where = audited.unsettled(coded.name, coded.where(odd_formats(coded)))
    if not len(where):
        return
    cells = audited.cells({coded.name: where})
    places = np.unique(coded.codes[where])[:4]
    usual = coded.values[np.argsort(-coded.everywhere, kind="stable")[:2]]
    yield Finding(
        "odd_format",
        f"'{coded.name}' has values of another format",
        min(0.5, 0.3 + len(where) / len(audited)),
        f"{audited.of_examples(len(where), 'has', 'have')} a pattern of letters and digits that is rare in "
        f"'{coded.name}': {listed((repr(str(coded.values[i])) for i in places), 4)}; usual are "
        f"{' and '.join(repr(str(value)) for value in usual)}.",
        "Correct them where you know what was meant, or make them missing.",
        ids=cells.ids,
        columns=(coded.name,),
        cells=cells,
    )


def odd_formats(coded: Coded) -> _Mask:
    """Mark values whose pattern is rare in a column of few patterns.

    Parameters
    ----------
    coded : Coded
        A column of text.

    Returns
    -------
    array of shape (m,), bool
    """
    shape = pc.replace_substring_regex(_texts(coded), r"\pL+", "a")
    runs = pc.replace_substring_regex(shape, r"[0-9]+", "9").to_numpy(zero_copy_only=False)
    exact = pc.replace_substring_regex(shape, "[0-9]", "9").to_numpy(zero_copy_only=False)
    odd = np.zeros(len(runs), dtype=bool)
    for patterns, most in ((runs, MOST_FORMATS), (exact, MOST_WIDTHS)):
        groups, names = pd.factorize(patterns)
        share = np.bincount(groups, weights=coded.everywhere) / max(1, coded.present)
        usual = share >= USUAL_FORMAT
        digits = np.array(["9" in str(name) for name in names])
        few = usual.sum() <= most and share[usual].sum() >= USUAL_SHARE
        if coded.present >= LEAST_FORMAT and few and share[usual & digits].sum() >= 0.5:
            odd |= (share < RARE_FORMAT)[groups]
    return odd
