"""From files to a draft: read them, say which can't be read and what columns the others share, put them together."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pandas as pd
import streamlit as st

from core.collect import join_test_set, shared_columns, shown
from core.errors import FlywheelError
from core.report import count
from pages.parts import drafts, errors, files
from pages.parts.files import Source
from pages.parts.plain import plain

__all__ = ["draw"]

_NO_TEST = "none: split one off"
_NAMED = 8


def draw() -> None:
    """Take one or several files and make a draft of them."""
    sources = files.bring(
        "Labelled data: CSV, TSV, JSON, JSON Lines, Parquet, Arrow or Excel, also packed with gzip or zip",
        key="upload",
        help="One row per example, one column with the label. Rows without a label go to the pool. A second file can "
        "be the test set; others are put below the first.",
    )
    frames: dict[str, pd.DataFrame] = {}
    origins: dict[str, Source] = {}
    unread: list[str] = []
    waiting = False
    for source in sources:
        # A file that can't be read does not stand in the way of the others.
        with errors.calm(doing=f"reading {source.name}"):
            try:
                found = files.tables(source)
            except FlywheelError as error:
                unread.append(str(error))
                continue
            waiting |= found is None
            frames |= found or {}
            origins |= dict.fromkeys(found or {}, source)
    if not frames or waiting:
        _unread(unread, left_out=False)
        return
    with errors.calm(doing="putting the files together"):
        if len(sources) == 1 and len(frames) == 1 and not _asks(frames):
            _keep(frames, _NO_TEST, origins)
        _put_together(frames, origins)
    _unread(unread, left_out=True)


def _unread(sentences: list[str], *, left_out: bool) -> None:
    """Say which files can't be read, and that the others go on without them."""
    for said in sentences:
        st.error(("Left out: " if left_out else "") + plain(said), icon=":material/error:")


def _put_together(frames: dict[str, pd.DataFrame], origins: dict[str, Source]) -> None:
    """Draw what was read of several files, what their columns have in common, and the button that goes on with them."""
    names, test = list(frames), _NO_TEST
    if len(names) > 1:
        guess = next((name for name in names[1:] if re.search(r"test|holdout|valid", name, re.IGNORECASE)), _NO_TEST)
        options = [_NO_TEST, *names]
        test = st.selectbox(
            "Which file is the test set?", options, index=options.index(guess), format_func=shown, key="test-file"
        )
    sizes = [
        f"{plain(shown(name))}: {count(len(table), 'row')}, {count(table.shape[1], 'column')}"
        for name, table in frames.items()
    ]
    st.caption("  \n".join(sizes))
    fit = _in_common(frames)
    if st.button(
        "Use this file" if len(names) == 1 else "Use these files",
        type="primary",
        icon=":material/arrow_forward:",
        disabled=not fit,
    ):
        _keep(frames, test, origins)


def _in_common(frames: dict[str, pd.DataFrame]) -> bool:
    """Say which columns the files share and which only some have; False where they share none."""
    if len(frames) < 2:
        return True
    common, others = shared_columns(frames)
    if not others:
        st.caption(f":material/check: All have the same {count(len(common), 'column')}.")
        return True
    if not common:
        st.error(
            "These files share no column, so their rows can't stand below each other. Remove with × above what does "
            "not belong to the others.",
            icon=":material/view_column:",
        )
        return False
    lines = [
        "**These files don't have the same columns.** "
        f"{count(len(common), 'column is', 'columns are')} in all of them: {_listed(common)}.",
        *(f"{plain(shown(name))} has besides: {_listed(held)}." for name, held in others.items()),
        "Rows are put below each other, and stay empty where their file has no such column. Remove with × above what "
        "does not belong.",
    ]
    st.warning("  \n".join(lines), icon=":material/view_column:")
    return True


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return plain(", ".join(names[:_NAMED])) + (f" and {count(more, 'more', 'more')}" if more > 0 else "")


def _asks(frames: dict[str, pd.DataFrame]) -> bool:
    """Whether something was to be chosen on the way: the sheet of a workbook, or the table of an archive."""
    return any("there are also" in str(note) for table in frames.values() for note in table.attrs.get("notes", ()))


def _keep(frames: dict[str, pd.DataFrame], test: str, origins: dict[str, Source]) -> None:
    kept = [table for name, table in frames.items() if name != test]
    if not kept:
        raise FlywheelError("A test set needs examples to train on. Add the file that holds them.")
    first = next(name for name in frames if name != test)
    whole = kept[0] if len(kept) == 1 else pd.concat(kept, ignore_index=True)
    notes = [note for table in frames.values() for note in table.attrs.get("notes", ())]
    if test != _NO_TEST:
        whole, _ = join_test_set(whole, frames[test])
    whole.attrs["notes"] = notes
    drafts.keep(whole, PurePosixPath(origins[first].name).name.partition(".")[0])
    files.forget(origins.values())
    st.rerun()
