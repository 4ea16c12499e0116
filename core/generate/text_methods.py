"""The methods that make texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.generate.method import Made, Method, Sources
from core.generate.strategy import GenerateError
from core.generate.text import FEWEST_WORDS, count_words, drop_and_swap
from core.schema import Modality

__all__ = ["TEXT_METHODS"]


def _words(sources: Sources, counts: Mapping[str, int], seed: int, settings: Mapping[str, Any]) -> Made:
    text = sources.schema.text
    assert text is not None
    texts = sources.examples[text]
    long = (count_words(texts) >= FEWEST_WORDS).to_numpy()
    able = sources.labels[long & sources.chosen].unique()
    short = [name for name in counts if name not in able]
    if short:
        raise GenerateError(
            f"Leaving out words needs texts of at least {FEWEST_WORDS} words between spaces. Class '{short[0]}' has "
            "none. Use random oversampling for it."
        )
    base = sources.draw(counts, seed, among=long)
    made = drop_and_swap(texts.iloc[base], seed).reset_index(drop=True)
    return Made(made.to_frame(text), base, base)


TEXT_METHODS = (
    Method(
        "drop_and_swap",
        "Drop and swap words",
        "Copies texts, leaves out a tenth of the words and swaps two neighbours.",
        (Modality.TEXT,),
        make=_words,
    ),
)
