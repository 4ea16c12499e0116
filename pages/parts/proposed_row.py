"""One generated row beside its parents: what changed is marked, and what was found out about it stands in one line."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.generate import FLAGS
from core.report import NEW, Field, count, number, percent, stayed, traced, written
from pages.parts import cards
from pages.parts.plain import escaped, plain

__all__ = ["draw", "made_of", "parent_text"]


def draw(dataset: Dataset, example_id: str, row: pd.Series, seen: pd.Series | None, *, struck: bool) -> None:
    """Draw a generated row.

    Parameters
    ----------
    dataset : Dataset
        With its parents.
    example_id : str
        Id that the row will have.
    row : Series
        Of what `core.generate.propose` made.
    seen : Series, optional
        Its line of ``Fidelity.rows``, once that is known.
    struck : bool
        Whether the analyst has struck it.
    """
    schema = dataset.schema
    parents = [dataset.example(row[name]) for name in ("parent", "other_parent") if pd.notna(row[name])]
    changed = [name for name in schema.features if written(row[name]) != written(parents[0][name])]
    said = []
    if schema.text is not None:
        texts = written(row[schema.text]), [written(parent[schema.text]) for parent in parents]
        if texts[0] != texts[1][0]:
            said.append(_difference(*texts))
    if changed:
        said.append(f"{count(len(changed), 'value')} changed")
    ids = " and ".join(plain(row[name]) for name in ("parent", "other_parent") if pd.notna(row[name]))
    label = f"~~{plain(row[schema.label])}~~ struck" if struck else f"**{plain(row[schema.label])}**"
    st.markdown(f"{label}, made from {ids}: {', '.join(said) or 'an exact copy'}")
    if seen is not None:
        st.caption(_seen(row[schema.label], seen))
    if schema.text is not None:
        _texts(*texts)
    # Below a text only what is not its parent's.
    shown = schema.features if schema.text is None else changed
    if shown:
        values = [
            Field(
                name,
                written(row[name]),
                " · ".join(["parent: " + written(parents[0][name]), *(written(each[name]) for each in parents[1:])])
                if name in changed
                else None,
            )
            for name in shown
        ]
        cards.fields(values, label=f"Generated example {example_id}")


def _difference(text: str, parents: list[str]) -> str:
    """How many words are not the first parent's, or that they only stand otherwise."""
    words = dict.fromkeys((NEW, 0, 1), 0)
    for piece, source in traced(text, parents):
        words[source] += len(piece.split())
    said = [f"{count(words[NEW], 'word')} new"] if words[NEW] else []
    if words[1]:
        said.append(f"{count(words[1], 'word')} of the other parent")
    return ", ".join(said) or "fewer words"


def _seen(label: str, seen: pd.Series) -> str:
    """What was found out about a row, in one line."""
    words = []
    if pd.notna(seen["relative"]):
        words.append(f"{number(seen['relative'], 2)} of the usual distance to the nearest example")
    if seen["flag"]:
        words.append(f"**{FLAGS[seen['flag']]}**")
    if seen["other_class"]:
        words.append(f"the model calls it **{plain(seen['predicted'])}**")
    words.append(f"{percent(seen['probability'], 0)} for {plain(label)}")
    return " · ".join(words)


def _texts(text: str, parents: list[str]) -> None:
    places = st.columns(len(parents) + 1)
    for place, parent, name in zip(places, parents, ("Parent", "Other parent"), strict=False):
        place.caption(name)
        place.html(_passage(parent_text(parent, text), name))
    places[-1].caption("Generated")
    places[-1].html(_passage(made_of(text, parents), "Generated"))


def _passage(marked: str, label: str) -> str:
    return f'<div class="rc" role="group" aria-label="{label}" style="line-height:1.55">{marked}</div>'


def parent_text(parent: str, text: str) -> str:
    """Write a parent as HTML, those words marked that the generated text does not have in their place."""
    return " ".join(
        escaped(piece)
        if stays
        else f'<mark class="rc-for-given" title="not in the generated text">{escaped(piece)}</mark>'
        for piece, stays in stayed(parent, text)
    )


def made_of(text: str, parents: list[str]) -> str:
    """Write a generated text as HTML, new words and those of the second parent marked."""
    marks = {NEW: ("rc-for-suggested", "new"), 1: ("rc-of-second", "of the other parent")}
    return " ".join(
        f'<mark class="{marks[source][0]}" title="{marks[source][1]}">{escaped(piece)}</mark>'
        if source in marks
        else escaped(piece)
        for piece, source in traced(text, parents)
    )
