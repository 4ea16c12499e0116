"""The methods that make texts: what each is called, needs, and can be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.collect import describe_texts
from core.generate.method import Made, Make, Method, Sources
from core.generate.mixing import has_halves, has_sentences, mixed, partners, shuffled
from core.generate.pieces import Mask, Pieces, drawn
from core.generate.slips import case_and_punctuation, keyboard_slips, reading_slips
from core.generate.strategy import GenerateError
from core.generate.synonyms import learn_space, synonyms
from core.generate.templates import Templates, lendable, read_templates
from core.generate.typical import label_words, typical_words
from core.generate.variants import variants
from core.generate.words import FEWEST_WORDS, SHARE, Change, deletes, inserts, swaps
from core.schema import Modality
from core.train import RECIPES
from core.train.encoder import TOKEN

__all__ = ["TEXT_METHODS", "protected_words"]

Integers = npt.NDArray[np.intp]

_LARGEST_SHARE = 0.5
_MOST_PROTECTED = 1_000


def protected_words(sources: Sources, by_class: int) -> frozenset[str]:
    """The words that say most about the label: those that the locked model, fitted on these examples, goes by.

    Parameters
    ----------
    sources : Sources
    by_class : int
        How many words for each class.
    """
    if not by_class:
        return frozenset()
    recipe = sources.recipe or RECIPES["tfidf_logistic"]
    return sources.once(
        ("label words", recipe.fingerprint, by_class),
        lambda: frozenset().union(*label_words(recipe, sources.examples, sources.schema, by_class).values()),
    )


def _texts(sources: Sources) -> pd.Series:
    assert sources.schema.text is not None
    return sources.examples[sources.schema.text].astype("str").fillna("")


def _words(sources: Sources) -> Pieces:
    return sources.once("words", lambda: Pieces.of(_texts(sources)))


def _able(sources: Sources, counts: Mapping[str, int], can: Mask, needs: str, fewest: int = 1) -> Mask:
    """Who can be a parent; refuses a class that has too few.

    Raises
    ------
    GenerateError
        With what the method needs.
    """
    able = can & sources.chosen
    labels = sources.labels.to_numpy(dtype=object)
    for name in counts:
        found = int(np.count_nonzero(able & (labels == name)))
        if found < fewest:
            raise GenerateError(
                f"{needs} Class '{name}' has {found or 'none'}. Use random oversampling for it, or another method."
            )
    return able


def _made(sources: Sources, counts: Mapping[str, int], able: Mask, seed: int, write: Any) -> Made:
    made, base, other = variants(_texts(sources), sources.labels, able, counts, seed, write)
    assert sources.schema.text is not None
    return Made(made.to_frame(sources.schema.text), base, other)


# --- words ----------------------------------------------------------------------------------------------------------


def _changing(change_of: Callable[[Sources], Change], needs: str) -> Make:
    """A method that changes some of the words of a text."""

    def make(sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any]) -> Made:
        words, change = _words(sources), _with_share(change_of(sources), settings)
        protected = protected_words(sources, _protect(settings))
        may = change.may(words, (words.words != "") & ~_among(words, protected))
        besides = " Words that are protected don't count: protect fewer." if protected else ""
        able = _able(sources, counts, words.any_of_text(may), needs + besides)

        def write(base: Integers, rng: np.random.Generator) -> tuple[pd.Series, Integers]:
            taken = words.take(base)
            return change.apply(taken, drawn(taken, may[words.places(base)], change.share, rng), rng).join(), base

        return _made(sources, counts, able, seed, write)

    return make


def _with_share(change: Change, settings: Mapping[str, Any]) -> Change:
    share = settings.get("share", change.share)
    if not isinstance(share, (int, float)) or not 0 < share <= max(_LARGEST_SHARE, change.share):
        raise GenerateError(f"The share of words must be above 0 and at most {_LARGEST_SHARE}. Got {share!r} instead.")
    return replace(change, share=float(share))


def _protect(settings: Mapping[str, Any]) -> int:
    words = settings.get("protect", 0)
    if not isinstance(words, int) or not 0 <= words <= _MOST_PROTECTED:
        raise GenerateError(
            f"The number of protected words of a class must be a whole number from 0 to {_MOST_PROTECTED}. "
            f"Got {words!r} instead."
        )
    return int(words)


def _among(words: Pieces, protected: frozenset[str]) -> Mask:
    """Which words hold one of these, as the locked model reads words."""
    if not protected:
        return np.zeros(len(words.words), dtype=bool)
    codes, distinct = pd.factorize(words.words)
    folded = pd.Series(distinct, dtype="str").str.normalize("NFKC").str.lower()
    held = np.array([not protected.isdisjoint(TOKEN.findall(word)) for word in folded.tolist()], dtype=bool)
    return held[codes]


def _drop_and_swap(sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any]) -> Made:
    words, drop, swap = _words(sources), deletes(), swaps()
    free = words.words != ""
    may = drop.may(words, free)
    needs = f"Leaving out words needs texts of at least {FEWEST_WORDS} words between spaces."
    able = _able(sources, counts, words.any_of_text(may), needs)

    def write(base: Integers, rng: np.random.Generator) -> tuple[pd.Series, Integers]:
        taken = words.take(base)
        left = drop.apply(taken, drawn(taken, may[words.places(base)], SHARE, rng), rng)
        can = swap.may(left, np.ones(len(left.words), dtype=bool))
        return swap.apply(left, drawn(left, can, 0.0, rng), rng).join(), base

    return _made(sources, counts, able, seed, write)


def _inserts(sources: Sources) -> Change:
    return sources.once("inserts", lambda: inserts(_texts(sources), sources.labels))


def _synonyms(sources: Sources) -> Change:
    return sources.once("synonyms", lambda: synonyms(learn_space(_texts(sources), sources.labels), sources.labels))


# --- sentences, halves, templates -----------------------------------------------------------------------------------


def _shuffle(sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any]) -> Made:
    texts = _texts(sources)
    needs = "Another order of sentences needs texts of at least two different sentences or lines."
    able = _able(sources, counts, sources.once("sentences", lambda: has_sentences(texts)), needs)
    return _made(sources, counts, able, seed, lambda base, rng: (shuffled(texts.iloc[base], rng), base))


def _mix(sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any]) -> Made:
    texts = _texts(sources)
    needs = "Mixing needs two texts of a class with at least two words each."
    halves = sources.once("halves", lambda: has_halves(texts))
    able = _able(sources, counts, halves, needs, fewest=2)

    # Two halves in one script, where there is another such text.
    scripts = sources.once("scripts", lambda: describe_texts(texts)["script"])
    alike = sources.labels + "\0" + scripts.to_numpy(dtype=object)
    sizes = alike[able].value_counts()

    def write(base: Integers, rng: np.random.Generator) -> tuple[pd.Series, Integers]:
        other = partners(sources.labels, able, base, rng)
        paired = (alike.iloc[base].map(sizes) > 1).to_numpy()
        other[paired] = partners(alike, able, base[paired], rng)
        return mixed(texts.iloc[base], texts.iloc[other]), other

    return _made(sources, counts, able, seed, write)


def _templates(sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any]) -> Made:
    templates = Templates(read_templates(settings["templates"]), settings["fillers"])
    if len(counts) > 1:
        raise GenerateError(
            f"Templates are written for one class. The target has {len(counts)}: {', '.join(counts)}. Choose a class "
            "as the target."
        )
    words = _words(sources)
    may = np.ones(len(words.words), dtype=bool)
    if templates.borrows:
        typical = sources.once("typical words", lambda: typical_words(_texts(sources), sources.labels))
        may = lendable(words, sources.labels, typical)
    needs = "A slot without fillers takes a word that is typical of the class: one that several of its texts have."
    able = _able(sources, counts, words.any_of_text(may), needs)

    def write(base: Integers, rng: np.random.Generator) -> tuple[pd.Series, Integers]:
        return templates.write(words.take(base), may[words.places(base)], rng), base

    return _made(sources, counts, able, seed, write)


# --- the methods ----------------------------------------------------------------------------------------------------

_WORDS_CHANGE = {"share": SHARE, "protect": 0}


def _method(key: str, title: str, sentence: str, make: Make, settings: Mapping[str, Any] | None = None) -> Method:
    return Method(key, title, sentence, (Modality.TEXT,), make=make, settings=settings or {})


TEXT_METHODS = (
    _method(
        "synonyms",
        "Words of like company",
        "Copies texts and replaces words by others that stand among the same words in your own texts.",
        _changing(_synonyms, "Replacing words needs texts with words that at least five texts have."),
        _WORDS_CHANGE,
    ),
    _method(
        "swap_words",
        "Swap words",
        "Copies texts and swaps words with their neighbours.",
        _changing(lambda _: swaps(), "Swapping words needs texts of at least two different words between spaces."),
        _WORDS_CHANGE,
    ),
    _method(
        "delete_words",
        "Leave out words",
        "Copies texts and leaves out some of their words.",
        _changing(
            lambda _: deletes(), f"Leaving out words needs texts of at least {FEWEST_WORDS} words between spaces."
        ),
        _WORDS_CHANGE,
    ),
    _method(
        "insert_words",
        "Put in words",
        "Copies texts and puts in words that other texts of the class have.",
        _changing(_inserts, "Putting in words needs texts with words."),
        _WORDS_CHANGE,
    ),
    _method(
        "drop_and_swap",
        "Drop and swap words",
        "Copies texts, leaves out a tenth of the words and swaps two neighbours.",
        _drop_and_swap,
    ),
    _method(
        "keyboard_slips",
        "Keyboard slips",
        "Copies texts and hits the key beside the right one in some words (QWERTY, and 2-beolsik for Hangul).",
        _changing(lambda _: keyboard_slips(), "Keyboard slips need texts with Latin or Hangul letters."),
        _WORDS_CHANGE,
    ),
    _method(
        "ocr_slips",
        "Reading slips",
        "Copies texts and takes letters for others of a like shape, as a machine does that reads print (OCR).",
        _changing(lambda _: reading_slips(), "Reading slips need texts with letters that look like others."),
        _WORDS_CHANGE,
    ),
    _method(
        "case_and_punctuation",
        "Case and punctuation",
        "Copies texts and writes them in small or capital letters, without punctuation, or with another end.",
        _changing(lambda _: case_and_punctuation(), "Another way of writing needs texts with words."),
        {"protect": 0},
    ),
    _method(
        "shuffle_sentences",
        "Shuffle sentences",
        "Copies texts and puts their sentences in another order.",
        _shuffle,
    ),
    _method(
        "mix_texts",
        "Mix two texts",
        "Joins the first half of a text with the second half of another one of its class.",
        _mix,
    ),
    _method(
        "templates",
        "Templates",
        "Fills sentences that you write with words from your lists, or with typical words of the class.",
        _templates,
        {"templates": [], "fillers": {}},
    ),
)
