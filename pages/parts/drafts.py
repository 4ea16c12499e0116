"""Data that was uploaded and is not a project yet: read once, kept while the analyst settles what its columns are for.

The bytes of an upload are gone on a page switch, so what was read is kept in the process under an id, and the id in the
address: a page switch and F5 find it again.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st

from core.collect import infer_schema, retype
from core.report import shorten, written
from core.schema import Schema

__all__ = ["CHOSEN", "Draft", "Drafts", "close", "current", "keep", "reread", "save", "settled"]

CHOSEN = "chosen by the analyst"
_DRAFT = "draft"
_KEPT = 8


@dataclass(frozen=True)
class Draft:
    """A frame that waits to become a project.

    Parameters
    ----------
    schema : Schema
        As proposed, then as overruled.
    revision : int
        Counts the changes of the schema: a table that edits it is keyed on it.
    facts : DataFrame
        A row a column of `frame`: how many values are missing, how many differ, and some of them.
    brought : DataFrame
        As it was read, before any column was read in another way.
    kinds : dict of str to str
        The kinds that the analyst overruled, by column.
    missing : tuple of str
        The words that stand for a missing value besides those that are known.
    """

    id: str
    name: str
    frame: pd.DataFrame
    schema: Schema
    facts: pd.DataFrame
    brought: pd.DataFrame
    notes: tuple[str, ...] = ()
    revision: int = 0
    kinds: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


class Drafts:
    """The last few drafts of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drafts: OrderedDict[str, Draft] = OrderedDict()

    def get(self, draft_id: str) -> Draft | None:
        with self._lock:
            return self._drafts.get(draft_id)

    def put(self, draft: Draft) -> None:
        with self._lock:
            self._drafts[draft.id] = draft
            self._drafts.move_to_end(draft.id)
            while len(self._drafts) > _KEPT:
                self._drafts.popitem(last=False)

    def drop(self, draft_id: str) -> None:
        with self._lock:
            self._drafts.pop(draft_id, None)


@st.cache_resource(show_spinner=False)
def _drafts() -> Drafts:
    return Drafts()


def keep(frame: pd.DataFrame, name: str) -> Draft:
    """Make a draft of a frame and open it."""
    notes = tuple(str(note) for note in frame.attrs.get("notes", ()))
    draft = Draft(secrets.token_hex(6), name, frame, infer_schema(frame), _facts(frame), frame, notes)
    _drafts().put(draft)
    st.session_state[_DRAFT] = draft.id
    return draft


def current() -> Draft | None:
    """The draft that is open in this session or named in the address."""
    draft_id = st.session_state.get(_DRAFT) or st.query_params.get(_DRAFT)
    draft = _drafts().get(draft_id) if draft_id else None
    if draft is not None:
        st.session_state[_DRAFT] = st.query_params[_DRAFT] = draft.id
    return draft


def save(draft: Draft, schema: Schema) -> None:
    """Keep another schema with a draft."""
    _drafts().put(replace(draft, schema=schema, revision=draft.revision + 1))


def reread(draft: Draft, *, kinds: Mapping[str, str] | None = None, missing: Sequence[str] | None = None) -> None:
    """Keep a draft whose columns are read as other kinds, or with other words for a missing value.

    Roles that the analyst chose stay; the others are proposed anew.

    Raises
    ------
    ReadError
        If the values of a column are not of the kind that is asked for.
    """
    kinds = draft.kinds if kinds is None else kinds
    missing = draft.missing if missing is None else tuple(missing)
    frame, notes = retype(draft.brought, kinds, missing=missing)
    schema = infer_schema(frame)
    for column in draft.schema.columns:
        if column.reason == CHOSEN:
            schema = schema.with_role(column.name, column.role, CHOSEN)
    for name, kind in kinds.items():
        schema = schema.with_kind(name, kind)
    _drafts().put(
        replace(
            draft,
            frame=frame,
            schema=schema,
            facts=_facts(frame),
            notes=(*map(str, draft.brought.attrs.get("notes", ())), *notes),
            revision=draft.revision + 1,
            kinds=dict(kinds),
            missing=missing,
        )
    )


def close(draft: Draft) -> None:
    """Forget a draft."""
    _drafts().drop(draft.id)
    st.session_state[_DRAFT] = None
    st.query_params.pop(_DRAFT, None)


def settled(draft: Draft, split: str) -> Schema:
    """Free the columns that would split the data in another way than the one chosen: features, or ignored.

    Parameters
    ----------
    draft : Draft
    split : str
        ``chance``, or the role that decides: ``group``, ``time`` or ``split``.
    """
    schema = draft.schema
    for column in schema.columns:
        if column.role in {"group", "time", "split"} and column.role != split:
            learnable = column.role != "split" and (column.kind in {"numeric", "datetime"} or _few(draft, column.name))
            reason = f"the split does not follow this {column.role}"
            schema = schema.with_role(column.name, "feature" if learnable else "ignored", reason)
    return schema


def _few(draft: Draft, column: str) -> bool:
    return bool(draft.facts.loc[column, "different"] <= 50)


def _facts(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "missing": frame.isna().sum(),
            "different": frame.nunique(),
            "values": [
                ", ".join(shorten(written(value), 60) for value in frame[name].dropna().head(200).unique()[:4])
                for name in frame.columns
            ],
        },
        index=frame.columns,
    )
