"""Examples as cards: a row as keys and values with unusual ones marked, a text as a passage, several as a grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.report import Field, Usual, card, shorten, usual
from core.train import weighed
from pages.parts.plain import escaped, passage

__all__ = ["example", "fields", "grid", "known", "known_in_queue", "lines", "reading"]

# Greys of the page's own text colour: they fit both themes.
_STYLE = {
    "list": "display:grid;grid-template-columns:repeat(auto-fill,minmax(min(15rem,100%),1fr));gap:0 1.5rem;"
    "margin:0;padding:0",
    "field": "padding:.3rem 0;border-bottom:1px solid color-mix(in srgb,currentColor 12%,transparent);min-width:0",
    "name": "font-size:.85rem;color:color-mix(in srgb,currentColor 75%,transparent);overflow-wrap:anywhere",
    "value": "margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums",
    "odd": "margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums;font-weight:650;"
    "text-decoration:underline dotted;text-underline-offset:.2em",
    "why": "font-size:.8rem;font-style:italic",
}


# From these log-odds on, 2 to 1, a word or a column is drawn as one that says much.
_SAYS_MUCH = 0.7
_LONG_TEXT = 600
_FEW_FIELDS, _MANY_FIELDS = 5, 36


@st.cache_data(show_spinner=False, max_entries=32)
def _known(version: str, _dataset: Dataset) -> Usual:
    return usual(_dataset.frame, _dataset.schema, rows=(_dataset.split == "train").to_numpy())


def known(dataset: Dataset) -> Usual:
    """What is usual in the train part of a data set; learnt once a version."""
    return _known(dataset.version, dataset)


@st.cache_resource(show_spinner=False, max_entries=16)
def known_in_queue(_dataset: Dataset, project_id: str, queue: int) -> Usual:
    """What is usual in train, learnt once a queue: a decision changes the version, but not what values are usual."""
    return usual(_dataset.frame, _dataset.schema, rows=(_dataset.split == "train").to_numpy())


def fields(values: Sequence[Field], *, label: str = "Example") -> None:
    """Draw keys and values in as many columns as fit; unusual values are underlined and say why.

    Parameters
    ----------
    values : sequence of Field
        As `core.report.card` makes them.
    label : str
        Names the list for a screen reader.
    """
    st.html(f'<dl aria-label="{escaped(label)}" style="{_STYLE["list"]}">{"".join(map(_field, values))}</dl>')


def example(dataset: Dataset, example_id: str, *, label: str = "Example", columns: Sequence[str] | None = None) -> None:
    """Draw one example as the model sees it: its text, if there is one, then its features.

    Parameters
    ----------
    dataset : Dataset
    example_id : str
    label : str
        Names the card for a screen reader.
    columns : sequence of str, optional
        The columns to show below the text; by default the features.
    """
    schema = dataset.schema
    row = dataset.example(example_id)
    if schema.text is not None:
        passage("missing" if pd.isna(row[schema.text]) else row[schema.text], label=label)
    shown = list(schema.features if columns is None else columns)
    if shown:
        fields(card(row[shown], known(dataset)), label=label)


def reading(text: object, weights: Mapping[str, float] | None = None, *, sides: tuple[str, str] = ("", "")) -> str:
    """Write a text for the review card, as HTML: whole, with the words marked that speak for one label or the other.

    Parameters
    ----------
    text : object
        The cell; missing ones are called so.
    weights : mapping, optional
        Word to weight: below 0 it speaks for the first of the labels, above 0 for the second.
    sides : (str, str)
        The two labels.
    """
    if pd.isna(text):  # type: ignore[call-overload]
        return '<p class="rc-quiet">missing</p>'
    words = str(text)
    marked = "".join(_piece(piece, weight, sides) for piece, weight in weighed(words, weights or {}))
    # What may scroll can be reached with the keyboard.
    size = ' class="rc-text rc-long" tabindex="0"' if len(words) > _LONG_TEXT else ' class="rc-text"'
    return f'<div role="group" aria-label="Text of the example"{size}>{marked}</div>'


def _piece(piece: str, weight: float, sides: tuple[str, str]) -> str:
    if not weight:
        return escaped(piece)
    side = "given" if weight < 0 else "suggested"
    much = " rc-strong" if abs(weight) >= _SAYS_MUCH else ""
    title = escaped(_speaks(weight, sides))
    return f'<mark class="rc-for-{side}{much}" title="{title}">{escaped(piece)}</mark>'


def _speaks(weight: float, sides: tuple[str, str]) -> str:
    much = "much " if abs(weight) >= _SAYS_MUCH else ""
    side = sides[int(weight > 0)]
    # Without a given label, what does not speak for the suggested one speaks against it.
    return f"speaks {much}for {shorten(side, 40)}" if side else f"speaks {much}against {shorten(sides[1], 40)}"


def lines(
    values: Sequence[Field], weights: Mapping[str, float] | None = None, *, sides: tuple[str, str] = ("", "")
) -> str:
    """Write keys and values for the review card, as HTML: a line each, unusual values underlined with the reason.

    Parameters
    ----------
    values : sequence of Field
    weights : mapping, optional
        Column to weight, drawn as a bar to the left (below 0: for the first of the labels) or to the right.
    sides : (str, str)
        The two labels.
    """
    most = max([_SAYS_MUCH, *(abs(weight) for weight in (weights or {}).values())])
    written = [
        _line(field, None if weights is None else weights.get(field.name, 0.0) / most, most, sides) for field in values
    ]
    half = -(-len(written) // 2) if len(written) > _FEW_FIELDS else len(written)
    stacks = [("Columns of the example", written[:half]), ("More columns of the example", written[half:])]
    listed = "".join(f'<dl aria-label="{label}">{"".join(stack)}</dl>' for label, stack in stacks if stack)
    listed = f'<div class="rc-fields{"" if weights is None else " rc-leans"}">{listed}</div>'
    if len(values) <= _MANY_FIELDS:
        return listed
    return f'<div class="rc-scroll" tabindex="0" role="group" aria-label="All columns">{listed}</div>'


def _line(field: Field, share: float | None, most: float, sides: tuple[str, str]) -> str:
    odd = ' class="rc-odd"' if field.unusual else ""
    line = f"<dt>{escaped(field.name)}</dt><dd{odd}>{escaped(field.value)}</dd>"
    if share is not None:
        line += f'<dd class="rc-lean">{_bar(share, most, sides)}</dd>'
    why = f'<dd class="rc-why">{escaped(field.unusual)}</dd>' if field.unusual else ""
    return f'<div class="rc-field">{line}{why}</div>'


def _bar(share: float, most: float, sides: tuple[str, str]) -> str:
    if not share:
        return ""
    side, said = "left" if share < 0 else "right", escaped(_speaks(share * most, sides))
    return (
        f'<span role="img" aria-label="{said}" title="{said}">'
        f'<i class="rc-{side}" style="width:{50 * abs(share):.0f}%"></i></span>'
    )


def grid(
    dataset: Dataset,
    example_ids: Sequence[str],
    *,
    title: Callable[[str], str],
    below: Callable[[str], None] | None = None,
    across: int = 3,
    columns: Sequence[str] | None = None,
) -> None:
    """Draw several examples as bordered cards side by side.

    Parameters
    ----------
    dataset : Dataset
    example_ids : sequence of str
        The ones of this page: a few dozen at most.
    title : callable
        Id to the heading of its card, as Markdown made plain by the caller.
    below : callable, optional
        Draws what stands under the example, such as its buttons.
    across : int
        Cards in one row.
    columns : sequence of str, optional
        As in `example`.
    """
    for start in range(0, len(example_ids), across):
        for place, example_id in zip(st.columns(across), example_ids[start : start + across], strict=False):
            with place.container(border=True):
                st.markdown(title(example_id))
                example(dataset, example_id, label=f"Example {example_id}", columns=columns)
                if below is not None:
                    below(example_id)


def _field(field: Field) -> str:
    value = f'<dd style="{_STYLE["odd" if field.unusual else "value"]}">{escaped(field.value)}</dd>'
    why = f'<dd style="{_STYLE["value"]};{_STYLE["why"]}">{escaped(field.unusual)}</dd>' if field.unusual else ""
    return f'<div style="{_STYLE["field"]}"><dt style="{_STYLE["name"]}">{escaped(field.name)}</dt>{value}{why}</div>'
