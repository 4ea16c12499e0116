"""The queue as a table: filter, sort, page, select, and one decision on many rows."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.flywheel import (
    SAID,
    Decision,
    Filter,
    current_queue,
    decide_rows,
    evidence,
    is_of_pool,
    list_cards,
    matching,
    move,
    open_rows,
)
from core.ids import aligned, present
from core.report import count, percent, percent_interval, shorten
from pages.parts import bands, errors, examples, frame, paging, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel import Audit, Figure, Project, Queue, Turn

__all__ = ["draw"]

_STATES = {"": "any", "open": "nothing yet", "decided": "anything", **{each: SAID[each] for each in Decision}}
_FLAGGED = {"all labels": None, "suspects": True, "not suspects": False}
_ORIGINS = {"all": None, "collected": False, "generated": True}
_SCOPES = {False: "Selected on this page", True: "All that match and are open"}
_COLUMNS_SHOWN = 8
_TEXT_WIDTH = 160


def draw(project: Project, turn: Turn, *, by: str) -> None:
    """Draw the rows that match the filter, page by page, and what can be decided on them."""
    queue = current_queue(project, by)
    source = "turn"
    if queue is not None:
        source = st.radio(
            "Examples",
            ["queue", "turn"],
            horizontal=True,
            format_func={
                "queue": f"The queue: {plain(shorten(queue.source, 60))}",
                "turn": f"All labels of turn {turn.number}",
            }.__getitem__,
            key="table-source",
            label_visibility="collapsed",
        )
    shown_queue = queue if source == "queue" else None
    name = f"queue {queue.number}" if queue is not None and source == "queue" else turns.identity(project, turn)
    cards = turn.suspects if shown_queue is None else shown_queue.cards
    state = f"{project.id}/{name}/{project.revision}"
    listing = _listing(state, project, cards)
    wanted = _filter(project.dataset, listing, flagged=shown_queue is None)
    found, still_open = _matching(state, astuple(wanted), listing, project.dataset, wanted)
    if found.empty:
        st.info("No example matches. Take a filter away, or search for other words.", icon=":material/filter_alt_off:")
        return
    key = f"listing-{abs(hash((name, astuple(wanted))))}"
    page = paging.page_of(len(found), key=key)
    shown = found.iloc[page]
    chosen = _rows(project.dataset, shown, f"{key}-{page.start}-{project.revision}")
    paging.controls(len(found), key=key, noun="example")
    _bulk(project, turn, shown_queue, found, still_open, shown.iloc[chosen], by)


@st.cache_resource(show_spinner=False, max_entries=4)
def _listing(state: str, _project: Project, _cards: pd.DataFrame) -> pd.DataFrame:
    return list_cards(_project, _cards)


@st.cache_resource(show_spinner=False, max_entries=8)
def _matching(
    state: str, asked: tuple[object, ...], _listing: pd.DataFrame, _dataset: Dataset, _wanted: Filter
) -> tuple[pd.DataFrame, int]:
    """The rows that match, in their order, and how many of them are open."""
    rows = matching(_listing, _dataset, _wanted)
    return rows, int(open_rows(rows).sum())


# --- what is shown --------------------------------------------------------------------------------------------------


def _filter(dataset: Dataset, listing: pd.DataFrame, *, flagged: bool) -> Filter:
    """Draw the filters and the order; what is used most stands in one row, the rest behind a button."""
    inputs = list(dataset.schema.inputs)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Containing", key="table-words", width=180, placeholder="words, as they stand", icon=":material/search:"
        )
        given = st.selectbox("Given", _classes(listing["given"]), key="table-given", width=135, format_func=_or_any)
        suggested = st.selectbox(
            "Suggested", _classes(listing["suggested"]), key="table-suggested", width=135, format_func=_or_any
        )
        decision = st.selectbox(
            "Decided", list(_STATES), key="table-decision", width=135, format_func=_STATES.__getitem__
        )
        names = ["", "score", "given", "suggested", "decision", "by", *inputs]
        sort, descending = st.selectbox(
            "Order by",
            [(name, down) for name in names for down in (False, True)],
            key="table-sort",
            width=180,
            format_func=lambda order: f"{order[0] or 'place in the order'} {'↓' if order[1] else '↑'}",
        )
        with st.popover("More", icon=":material/tune:", key="table-more"):
            column = st.selectbox(
                "Search for the words in",
                ["", *inputs],
                key="table-column",
                format_func=lambda name: name or "every text column and the id",
            )
            kinds = list(_FLAGGED) if flagged else list(_FLAGGED)[:1]
            kind = st.selectbox("Which labels", kinds, key="table-flagged", disabled=not flagged)
            origins = list(_ORIGINS) if len(dataset.generated) else list(_ORIGINS)[:1]
            origin = st.selectbox("Origin", origins, key="table-origin", disabled=len(origins) == 1)
            lowest, highest = st.slider("Score", 0.0, 1.0, (0.0, 1.0), 0.01, key="table-scores")
            people = ["", *sorted(name for name in listing["by"].unique() if name)]
            who = st.selectbox("Decided by", people, key="table-by", format_func=_or_any)
    return Filter(
        given=given or None,
        suggested=suggested or None,
        lowest=lowest,
        highest=highest,
        flagged=_FLAGGED[kind],
        decision=decision or None,
        by=who or None,
        words=words.strip(),
        column=column,
        generated=_ORIGINS[origin],
        sort=sort,
        descending=descending,
    )


def _classes(labels: pd.Series) -> list[str]:
    return ["", *sorted(present(labels).unique())]


def _or_any(name: str) -> str:
    return shorten(name, 40) or "any"


def _rows(dataset: Dataset, shown: pd.DataFrame, key: str) -> list[int]:
    """Draw the rows of one page; returns the places of those that are selected."""
    schema = dataset.schema
    rows = shown[["card", "given", "suggested", "score"]].assign(
        given=shown["given"].astype("object").fillna("none yet"),
        decision=[SAID.get(said, "") for said in shown["decision"]],
        by=shown["by"],
    )
    # The text first: it is what is decided on.
    names = sorted(schema.inputs, key=lambda name: name != schema.text)[:_COLUMNS_SHOWN]
    values = examples.readable(aligned(dataset.frame[names], shown.index))
    if schema.text is not None and schema.text in values:
        said = values[schema.text].fillna("no longer in the data" if schema.text else "")
        values = values.assign(**{schema.text: [shorten(text, _TEXT_WIDTH) for text in said]})
    values = values.rename(columns={name: f"{name} (column)" for name in values.columns if name in rows})
    event = st.dataframe(
        rows.join(values),
        hide_index=True,
        height=390,
        key=f"rows-{key}",
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "score": st.column_config.NumberColumn(format="%.2f", width=60),
            "card": st.column_config.NumberColumn(width=60),
            "decision": st.column_config.TextColumn(width=150 if (rows["decision"] != "").any() else 80),
            "by": st.column_config.TextColumn(width=130 if (rows["by"] != "").any() else 40),
            **({schema.text: st.column_config.TextColumn(width="large")} if schema.text else {}),
        },
        alt="Examples with their given and suggested label, score, decision and values",
    )
    return [place for place in event.selection.rows if place < len(shown)]


# --- what is decided ------------------------------------------------------------------------------------------------


def _bulk(
    project: Project,
    turn: Turn,
    queue: Queue | None,
    matched: pd.DataFrame,
    still_open: int,
    selected: pd.DataFrame,
    by: str,
) -> None:
    """Draw the decisions for the selected rows, or for all that match and are open."""
    with st.container(border=True):
        scope, opens = st.columns([4, 1], vertical_alignment="center")
        every = scope.radio(
            "Decide on",
            [False, True],
            horizontal=True,
            # The numbers stand below: an option whose words change is another one, and the choice is lost.
            format_func=_SCOPES.__getitem__,
            captions=[count(len(selected), "row"), count(still_open, "row")],
            key="table-scope",
            label_visibility="collapsed",
        )
        with opens:
            _open_card(project, queue, selected)
        if queue is not None and is_of_pool(queue):
            st.caption("What has no label yet is labelled one by one: select a row and open its card.")
            return
        rows = matched[open_rows(matched)] if every else selected
        if rows.empty:
            st.caption(
                "Nothing that matches is open."
                if every
                else "Select rows by the boxes on their left; the box in the head selects the page."
            )
            return
        found = bands.audit(project, turn)
        sure = not every or st.checkbox(
            f"Yes, one decision on {count(len(rows), 'example')} that nobody looks at one by one",
            key=f"table-sure-{len(rows)}-{project.revision}",
        )
        _decisions(project, rows, found, sure=bool(sure), every=bool(every), by=by)


def _open_card(project: Project, queue: Queue | None, selected: pd.DataFrame) -> None:
    here = queue is not None and len(selected) == 1
    st.button(
        "Open the card",
        key="table-open",
        icon=":material/open_in_new:",
        disabled=not here,
        width="stretch",
        help="Of one selected row of the queue.",
        on_click=_open,
        args=(project, queue, int(selected["card"].iloc[0]) - 1 if here else 0),
    )


@errors.calm(doing="opening a card")
def _open(project: Project, queue: Queue, place: int) -> None:
    move(project, queue, place)
    st.session_state["annotate-view"] = "Review"


def _decisions(project: Project, rows: pd.DataFrame, found: Audit, *, sure: bool, every: bool, by: str) -> None:
    revision = project.revision

    def button(decision: str, label: str, *, other: str | None = None, primary: bool = False) -> None:
        # What changes data unseen needs the figure of a review.
        changes = decision in {Decision.SUGGESTED, Decision.OTHER, Decision.EXCLUDE}
        known = not (every and changes) or evidence(found, rows, decision, other) is not None
        st.button(
            label,
            key=f"table-do-{decision}",
            disabled=not sure or not known,
            type="primary" if primary else "secondary",
            help=None if known else "Needs a figure: review a random sample of the bands under 'Audited fix' first.",
            on_click=_decide,
            args=(project, rows, decision, other, found if every else None, by, revision),
        )

    with st.container(horizontal=True, vertical_alignment="bottom"):
        button(Decision.KEEP, "Keep the given")
        button(Decision.SUGGESTED, "Take the suggestion", primary=True)
        button(Decision.AMBIGUOUS, "Ambiguous")
        button(Decision.EXCLUDE, "Exclude")
        other = st.selectbox(
            "Another class",
            project.dataset.classes,
            key="table-class",
            label_visibility="collapsed",
            width=200,
            format_func=lambda name: shorten(name, 40),
        )
        button(Decision.OTHER, "Give this class", other=other)
    _figures(found, rows, every=every)


def _figures(found: Audit, rows: pd.DataFrame, *, every: bool) -> None:
    """Say beside the buttons how often the suggestion is right in the bands of these rows."""
    right, wrong = (evidence(found, rows, decision) for decision in (Decision.SUGGESTED, Decision.EXCLUDE))
    if right is not None and wrong is not None:
        how = " at random" if right.random else ", not at random,"
        st.markdown(
            f"In the bands of these examples, of {count(right.reviewed)} reviewed{how} the suggestion was right in "
            f"**{_share(right)}**, the given label wrong in **{_share(wrong)}**."
            + ("" if right.random else " Worst cards first look surer than the rest is.")
        )
    elif every:
        st.warning(
            "No figure says how often the suggestion is right here: some of these examples lie in a band that was not "
            "reviewed, or are no suspects of the last turn. All of them at once can be kept or called ambiguous only.",
            icon=":material/warning:",
        )
    else:
        st.caption(
            "No reviewed sample says how often the suggestion is right here. You answer for the examples that you "
            "select."
        )


def _share(figure: Figure) -> str:
    return f"{percent(figure.share, 0)} ({percent_interval(figure.low, figure.high, 0)})"


@errors.calm(doing="deciding on the examples")
def _decide(
    project: Project,
    rows: pd.DataFrame,
    decision: str,
    label: str | None,
    found: Audit | None,
    by: str,
    revision: int,
) -> None:
    how = "all that match in the table" if found is not None else "selected in the table"
    entry = decide_rows(project, rows, decision, label, audit=found, by=by, reason=how, revision=revision)
    frame.tell(f"{entry.summary[0].upper()}{entry.summary[1:]}. Undo takes it back.")
