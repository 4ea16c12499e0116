"""A case on the review card: all examples of one content with their labels, which one decision settles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.annotate import differences
from core.flywheel import members
from core.ids import looked_up
from core.report import count, shorten
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Queue

__all__ = ["draw"]

_LISTED = 20
_WIDTH = 90
_COLUMNS = 4


def draw(project: Project, queue: Queue, place: int) -> None:
    """Draw the case that the example of a card belongs to; nothing if it belongs to none."""
    ids = members(project, queue, place)
    if len(ids) < 2:
        return
    dataset = project.dataset
    labels = looked_up(dataset.labels, pd.Index(ids, dtype="str"))
    held = labels.value_counts()
    shares = ", ".join(f"**{count(number)}** {plain(shorten(name, 40))}" for name, number in held.items())
    with st.container(border=True, key=f"case-{queue.number}-{place}"):
        st.markdown(
            f":material/content_copy: **One case of {count(len(ids), 'equal example')}**: {shares}. "
            "Your decision settles all of them; one undo brings all back."
        )
        rows = differences(dataset, ids[:_LISTED])
        differ = [name for name in rows.columns if name != dataset.schema.label]
        st.dataframe(
            _table(rows, dataset.schema.label, dataset.schema.text, differ[:_COLUMNS]),
            hide_index=True,
            height="content",
            alt="The examples of the case with their labels and what differs between them",
        )
        st.caption(_said(len(ids), differ, text=dataset.schema.text))


def _table(rows: pd.DataFrame, label: str, text: str | None, differ: list[str]) -> pd.DataFrame:
    shown = pd.DataFrame({"example": rows.index, "label": rows[label].to_numpy()})
    for name in differ:
        values = rows[name]
        if name == text:
            shown[name] = excerpts(values.fillna("missing").astype("str").tolist())
        else:
            shown[name] = [shorten(value, 40) for value in values.astype("str").where(values.notna(), "missing")]
    return shown


def excerpts(texts: list[str]) -> list[str]:
    """Cut texts to where they begin to differ, with a little of what stands before."""
    same = next(
        (place for place, signs in enumerate(zip(*texts, strict=False)) if len(set(signs)) > 1), min(map(len, texts))
    )
    start = 0 if max(map(len, texts)) <= _WIDTH else max(0, same - _WIDTH // 3)
    return [("…" if start else "") + shorten(text[start:], _WIDTH) for text in texts]


def _said(size: int, differ: list[str], *, text: str | None) -> str:
    more = f"The first {_LISTED} of {count(size)}. " if size > _LISTED else ""
    hidden = differ[_COLUMNS:]
    if hidden:
        more += f"They also differ in {plain(', '.join(shorten(name, 30) for name in hidden[:5]))}. "
    if not differ:
        more += "They differ in nothing but the label. "
    elif text is None:
        more += "They differ only in what the model does not see. "
    return more + "If nothing tells them apart and both labels are right, call the case ambiguous."
