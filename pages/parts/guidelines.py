"""Guidelines: what each class means, with examples from the review, its history, and the second look after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.flywheel import (
    PIN_KINDS,
    SAID,
    Decision,
    Definition,
    Pin,
    StaleError,
    define_class,
    guideline_history,
    judgements,
    pin_example,
    pin_history,
    pins,
    second_look,
    touched,
    unpin_example,
)
from core.ids import aligned
from core.report import ACCENT, ALERT, Field, count, moment, shorten, written
from pages.parts import cards, errors, frame, paging, sidebar
from pages.parts.plain import escaped, plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw", "pin"]

_HEADS = {"positive": "Belongs to it", "border": "Border cases", "negative": "Does not belong to it"}
_SHORT = {"positive": "positive", "border": "border case", "negative": "negative"}
_ICONS = {
    "positive": ":material/add_circle:",
    "border": ":material/help:",
    "negative": ":material/do_not_disturb_on:",
}
_FIELDS_SHOWN = 6
_TEXT_WIDTH = 300
_RECENT = 5
_MARKS = {
    "same": "",
    "added": f"text-decoration:none;font-weight:650;background:color-mix(in srgb,{ACCENT} 22%,transparent)",
    "removed": f"opacity:.75;background:color-mix(in srgb,{ALERT} 18%,transparent)",
}
_TAGS = {"same": "span", "added": "ins", "removed": "del"}
_PASSAGE = "white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.45;font-size:.93rem"


def draw(project: Project, turn: Turn, *, by: str) -> None:
    """Draw the classes on the left and, on the right, what the chosen one means, its examples and its history."""
    _second_look(project)
    left, right = st.columns([1, 3], gap="large")
    with left:
        label = _choose(project)
    with right:
        st.header(shorten(label, 60), anchor=False)
        history = guideline_history(project, label)
        _editor(project, label, history, by)
        _pinned(project, label, by)
        _from_review(project, label, by)
        _history(project, label, history)


def _choose(project: Project) -> str:
    known, pinned = project.guidelines, pins(project)
    classes = sorted({*project.dataset.classes, *known, *(each.label for each in pinned)})
    held = {label: sum(each.label == label for each in pinned) for label in classes}
    captions = [
        ("defined" if known.get(label) else "not defined yet") + f" · {count(held[label], 'example')}"
        for label in classes
    ]
    with st.container(height=560 if len(classes) > 9 else "content", border=False):
        chosen = st.radio(
            "Class",
            classes,
            captions=captions,
            key="guideline-class",
            format_func=lambda label: plain(shorten(label, 40)),
        )
    st.caption(f"Version {project.guideline_version} of the guidelines. Each decision is logged with its version.")
    return str(chosen)


# --- the definition -------------------------------------------------------------------------------------------------


def _editor(project: Project, label: str, history: list[Definition], by: str) -> None:
    seen = history[0].number if history else 0
    key = f"guideline-{label}-{seen}"
    with st.form(f"guideline-form-{label}", border=False):
        st.text_area(
            "What belongs to it, and what does not",
            history[0].text if history else "",
            key=key,
            height=120,
            placeholder="One or two sentences a new reviewer could follow.",
        )
        st.form_submit_button("Save", on_click=_save, args=(project, label, key, seen, by))
    if history:
        last = history[0]
        st.caption(f"Version {last.number}, by {plain(last.by or 'somebody')}, {moment(last.at)}.")


@errors.calm(doing="saving the guideline")
def _save(project: Project, label: str, key: str, seen: int, by: str) -> None:
    text = str(st.session_state.get(key) or "")
    try:
        new = define_class(project, label, text, by=by, seen=seen)
    except StaleError:
        # What was typed stays in the editor, on top of the newer definition, which the history shows.
        newer = guideline_history(project, label)[0].number
        st.session_state[f"guideline-{label}-{newer}"] = text
        raise
    frame.tell(f"Saved: what '{label}' means." if new else "Nothing was changed: it says so already.")


# --- the second look ------------------------------------------------------------------------------------------------


@st.cache_data(show_spinner=False, max_entries=16)
def _touched(project_id: str, revision: int, version: str, turns: int, _project: Project) -> tuple[int, int, list[str]]:
    """How many decisions are touched, how many of them can be looked at, and through which classes."""
    found = touched(_project)
    there = aligned(_project.dataset.split, found.index).eq("train").sum()
    return len(found), int(there), sorted({label for labels in found["changed"] for label in labels})


def _second_look(project: Project) -> None:
    held, there, classes = _touched(
        project.id, project.revision, project.guideline_version, len(project.turns), project
    )
    if not held:
        return
    with st.container(border=True):
        text, go = st.columns([4, 1], vertical_alignment="center")
        names = ", ".join(f"**{plain(shorten(label, 30))}**" for label in classes[:5])
        more = f" and {count(len(classes) - 5)} more" if len(classes) > 5 else ""
        gone = f" {count(held - there)} of them excluded the example: only undo brings it back." if held > there else ""
        text.markdown(
            f"{count(held, 'decision')} {'was' if held == 1 else 'were'} made before {names}{more} came to mean what "
            f"{'it means' if len(classes) == 1 else 'they mean'} now.{gone}"
        )
        go.button(
            f"Second look at {count(there)}",
            key="second-look",
            type="primary",
            disabled=not there,
            width="stretch",
            on_click=_look,
            args=(project,),
            help="They become the queue under Review: what was decided can be kept or changed.",
        )


@errors.calm(doing="starting the second look")
def _look(project: Project) -> None:
    queue = second_look(project, by=sidebar.reviewer())
    st.session_state["annotate-view"] = "Review"
    frame.tell(f"The queue holds {count(len(queue.cards), 'decision')} for a second look.")


# --- examples -------------------------------------------------------------------------------------------------------


def _pinned(project: Project, label: str, by: str) -> None:
    st.subheader("Examples", anchor=False)
    own = pins(project, label)
    if not own:
        st.caption("No example yet. Pin some below, or from the card while you review: they say more than a sentence.")
        return
    for place, (kind, head) in zip(st.columns(3), _HEADS.items(), strict=True):
        with place:
            st.markdown(f"**{head}**")
            shown = [each for each in own if each.kind == kind]
            if not shown:
                st.caption("None yet.")
            for each in shown:
                with st.container(border=True):
                    _example(each.shown, label=f"{head}: {each.example}")
                    st.caption(f"{plain(each.note)}  \n{_signed(each)}" if each.note else _signed(each))
                    st.button(
                        "Take off",
                        key=f"unpin-{each.number}",
                        type="tertiary",
                        icon=":material/close:",
                        on_click=_unpin,
                        args=(project, each.example, label, by),
                        help="The history keeps it.",
                    )


def _signed(each: Pin) -> str:
    return f"{plain(each.by or 'somebody')}, {moment(each.at)}"


def _example(shown: dict[str, object], *, label: str) -> None:
    """Draw the values of an example small: its text, or its first columns."""
    texts = {name: value for name, value in shown.items() if isinstance(value, str) and len(value) > 60}
    for value in texts.values():
        st.html(
            f'<div role="group" aria-label="{escaped(label)}" style="{_PASSAGE}">'
            f"{escaped(shorten(value, _TEXT_WIDTH))}</div>"
        )
    rest = [Field(name, written(value)) for name, value in shown.items() if name not in texts]
    if rest:
        cards.fields(rest[:_FIELDS_SHOWN], label=label)
    if len(rest) > _FIELDS_SHOWN:
        st.caption(f"and {count(len(rest) - _FIELDS_SHOWN, 'more column')}")


@errors.calm(doing="taking the example off")
def _unpin(project: Project, example: str, label: str, by: str) -> None:
    unpin_example(project, example, label, by=by)
    frame.tell(f"Taken off '{label}'. The history keeps it.", icon=":material/close:")


def pin(project: Project, example: str, given: str, suggested: str | None, by: str) -> None:
    """Draw a popover that pins an example to a class as positive, negative or border case; for the review card.

    Parameters
    ----------
    project : Project
    example : str
    given : str
    suggested : str or None
        Offered first, together with the given class.
    by : str
        Who signs it.
    """
    first = [label for label in (suggested, given) if label is not None and not pd.isna(label)]
    with st.popover(
        "Pin to a guideline", icon=":material/push_pin:", type="tertiary", key=f"pin-{example}", on_change="rerun"
    ) as box:
        if box.open:
            _pin_form(project, example, first, by)


def _pin_form(project: Project, example: str, first: list[str], by: str) -> None:
    classes = [*first, *(label for label in project.dataset.classes if label not in first)]
    label = st.selectbox("Class", classes, key=f"pin-class-{example}", format_func=lambda name: shorten(name, 40))
    kind = st.radio(
        "It is",
        list(PIN_KINDS),
        horizontal=True,
        format_func=_SHORT.__getitem__,
        key=f"pin-kind-{example}",
    )
    note = st.text_input("Why", key=f"pin-note-{example}", max_chars=200, placeholder="optional")
    st.button(
        "Pin",
        key=f"pin-save-{example}",
        type="primary",
        on_click=_pin,
        args=(project, example, label, kind, by, note),
    )


@errors.calm(doing="pinning the example")
def _pin(project: Project, example: str, label: str, kind: str, by: str, note: str) -> None:
    pin_example(project, example, label, kind, by=by, note=note)
    # The popover on the card, if it was pinned there: it has done its work.
    st.session_state[f"pin-{example}"] = False
    frame.tell(f"Pinned to '{label}' as {_SHORT[kind]}.", icon=":material/push_pin:")


@st.cache_data(show_spinner=False, max_entries=8)
def _reviewed(project_id: str, revision: int, _project: Project) -> pd.DataFrame:
    """What was reviewed and is still in the data, the latest first."""
    said = judgements(_project)
    there = aligned(_project.dataset.split, said.index).isin(["train", "pool"])
    return said[(there & (said["decision"] != Decision.SKIP)).to_numpy()].iloc[::-1]


def _from_review(project: Project, label: str, by: str) -> None:
    box = st.expander("Pin from what was reviewed", icon=":material/push_pin:", key="pin-recent", on_change="rerun")
    if not box.open:
        return
    with box:
        mine = st.toggle(f"Only what concerns {plain(shorten(label, 40))}", value=True, key="pin-mine")
        said = _reviewed(project.id, project.revision, project)
        if mine:
            said = said[((said["before"] == label) | (said["after"] == label)).to_numpy()]
        if said.empty:
            st.caption(
                "Nothing was reviewed yet." if not mine else "Nothing that concerns this class was reviewed yet."
            )
            return
        key = f"pin-recent-{label}-{mine}"
        pinned = {each.example: each.kind for each in pins(project, label)}
        for example, row in said.iloc[paging.page_of(len(said), key=key, rows=_RECENT)].iterrows():
            with st.container(border=True):
                _reviewed_one(project, str(example), row, label, pinned.get(str(example)), by)
        paging.controls(len(said), key=key, rows=_RECENT)


def _reviewed_one(project: Project, example: str, row: pd.Series, label: str, kind: str | None, by: str) -> None:
    values = project.dataset.example(example)[list(project.dataset.schema.inputs)]
    _example(dict(values), label=f"Example {example}")
    given, after = plain(row["before"]), "" if pd.isna(row["after"]) else plain(row["after"])
    labels = f"**{given}**" if after in ("", given) else f"**{given}** → **{after}**"
    said, buttons = st.columns([1, 1], vertical_alignment="center")
    said.caption(f"{labels} · {plain(row['by'] or 'somebody')} {SAID[row['decision']]}")
    with buttons.container(horizontal=True, horizontal_alignment="right"):
        for each, word in _SHORT.items():
            st.button(
                word.capitalize(),
                key=f"recent-{each}-{example}-{label}",
                icon=_ICONS[each],
                type="tertiary",
                disabled=kind == each,
                help=f"Pin it as a {word} example." if each != "border" else "Pin it as a border case.",
                on_click=_pin,
                args=(project, example, label, each, by, ""),
            )


# --- history --------------------------------------------------------------------------------------------------------


def _history(project: Project, label: str, history: list[Definition]) -> None:
    pinned = pin_history(project, label)
    if not history and not pinned:
        return
    box = st.expander("History", icon=":material/history:", key="guideline-history", on_change="rerun")
    if not box.open:
        return
    with box:
        for each in history:
            st.caption(f"Version {each.number} · {plain(each.by or 'somebody')} · {moment(each.at)}")
            st.html(_changes(each) if each.text else '<div style="opacity:.75">The definition was taken away.</div>')
        if pinned:
            st.dataframe(
                pd.DataFrame(
                    {
                        "when": [moment(each.at) for each in pinned[::-1]],
                        "who": [each.by or "–" for each in pinned[::-1]],
                        "what": [_SHORT.get(each.kind, "taken off") for each in pinned[::-1]],
                        "example": [each.example for each in pinned[::-1]],
                        "shown": [_in_a_line(each.shown) for each in pinned[::-1]],
                        "version": [each.version for each in pinned[::-1]],
                    }
                ),
                hide_index=True,
                height="content",
                alt="Examples pinned to this class and taken off it, the newest first",
            )


def _in_a_line(shown: dict[str, object]) -> str:
    values = [f"{name}: {written(value)}" if len(shown) > 1 else written(value) for name, value in shown.items()]
    return shorten("; ".join(values), 120)


def _changes(each: Definition) -> str:
    """The text with what was added and removed marked; the first one as it is."""
    if all(kind == "added" for kind, _ in each.changes):
        return f'<div style="{_PASSAGE};max-width:75ch">{escaped(each.text)}</div>'
    words = "".join(
        f'<{_TAGS[kind]} style="{_MARKS[kind]}">{escaped(text)}</{_TAGS[kind]}>' for kind, text in each.changes
    )
    return f'<div style="{_PASSAGE};max-width:75ch">{words}</div>'
