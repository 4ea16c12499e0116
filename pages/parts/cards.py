"""Examples as cards: a row as keys and values with unusual ones marked, a text as a passage, several as a grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.report import Field, Usual, card, usual
from pages.parts.plain import escaped, passage

__all__ = ["example", "fields", "grid", "known"]

# Greys of the page's own text colour: they fit both themes.
_STYLE = {
    "list": "display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:0 1.5rem;margin:0;padding:0",
    "field": "padding:.3rem 0;border-bottom:1px solid color-mix(in srgb,currentColor 12%,transparent);min-width:0",
    "name": "font-size:.85rem;color:color-mix(in srgb,currentColor 75%,transparent);overflow-wrap:anywhere",
    "value": "margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums",
    "odd": "margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums;font-weight:650;"
    "text-decoration:underline dotted;text-underline-offset:.2em",
    "why": "font-size:.8rem;font-style:italic",
}


@st.cache_data(show_spinner=False, max_entries=32)
def _known(version: str, _dataset: Dataset) -> Usual:
    return usual(_dataset.part("train"), _dataset.schema)


def known(dataset: Dataset) -> Usual:
    """What is usual in the train part of a data set; learnt once a version."""
    return _known(dataset.version, dataset)


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
    row = dataset.frame.loc[example_id]
    if schema.text is not None:
        passage("missing" if pd.isna(row[schema.text]) else row[schema.text], label=label)
    shown = list(schema.features if columns is None else columns)
    if shown:
        fields(card(row[shown], known(dataset)), label=label)


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
