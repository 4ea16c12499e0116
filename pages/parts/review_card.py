"""One suspect to settle: the example, its labels as the model sees them, and the decisions with their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.annotate import chances as chances_of
from core.dataset import Dataset
from core.flywheel import Decision, current_queue, decide, is_of_pool, move, next_place
from core.report import ACCENT, NEUTRAL, Usual, card, percent, shorten, usual
from pages.parts import cards, cases, errors, frame, queues
from pages.parts.plain import escaped, plain

if TYPE_CHECKING:
    from core.flywheel import Project, Queue, Turn

__all__ = ["KEYS", "draw"]

# Digits give a label, letters do not. C and R belong to Streamlit.
KEYS = {
    Decision.KEEP: "1",
    Decision.SUGGESTED: "2",
    Decision.OTHER: "3",
    Decision.AMBIGUOUS: "A",
    Decision.EXCLUDE: "X",
    Decision.SKIP: "S",
    "back": "B",
}
_NAME_WIDTH = 30
_STYLE = {
    "text": "white-space:pre-wrap;overflow-wrap:anywhere;font-size:1.2rem;line-height:1.6;max-width:68ch",
    "labels": "margin:0;padding:0",
    "row": "display:grid;grid-template-columns:5.5rem minmax(0,1fr) auto;gap:0 .75rem;align-items:baseline;"
    "padding:.3rem 0",
    "term": "color:color-mix(in srgb,currentColor 75%,transparent);font-size:.9rem",
    "name": "margin:0;font-weight:650;font-size:1.1rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap",
    "share": "margin:0;font-variant-numeric:tabular-nums",
    "track": "grid-column:1/-1;height:6px;border-radius:3px;margin-top:.3rem;"
    "background:color-mix(in srgb,currentColor 12%,transparent)",
}


def draw(project: Project, queue: Queue, place: int, turn: Turn | None, *, by: str) -> None:
    """Draw the card at one place of a queue: what is looked at on the left, what is decided on the right.

    Parameters
    ----------
    project : Project
    queue : Queue
    place : int
        Of an example that is still in train.
    turn : Turn, optional
        The turn that ranked the queue, for the probabilities.
    by : str
        Who signs the decisions.
    """
    dataset = project.dataset
    example = str(queue.cards.index[place])
    left, right = st.columns([8, 5], gap="large")
    with left, st.container(border=True):
        _example(project, dataset, queue, example)
    with left:
        cases.draw(project, queue, place)
        _why(project, queue.cards.iloc[place])
    with right:
        # A card of the pool carries its own; no turn has judged it.
        chances = chances_of(queue.cards.iloc[place]) if is_of_pool(queue) else _chances(turn, example)
        _labels(dataset, queue.cards.iloc[place], example, chances)
        _buttons(project, queue, place, chances, by)


@st.cache_resource(show_spinner=False, max_entries=16)
def _known(_dataset: Dataset, project_id: str, queue: int) -> Usual:
    # Keyed on the queue, not on the version: a decision changes the version, but not what values are usual.
    return usual(_dataset.part("train"), _dataset.schema)


def _example(project: Project, dataset: Dataset, queue: Queue, example: str) -> None:
    schema = dataset.schema
    row = dataset.frame.loc[example]
    if schema.text is not None:
        text = "missing" if pd.isna(row[schema.text]) else row[schema.text]
        st.html(f'<div role="group" aria-label="Text of the example" style="{_STYLE["text"]}">{escaped(text)}</div>')
    if schema.features:
        known = _known(dataset, project.id, queue.number)
        cards.fields(card(row[list(schema.features)], known), label="Example")
    origin = ""
    if example in dataset.generated:
        origin = f" · generated from {plain(dataset.parents.loc[example, 'parent'])}"
    st.caption(f"Example {plain(example)}{origin}")


def _chances(turn: Turn | None, example: str) -> pd.Series:
    """The out-of-fold probability of each class, largest first; empty if the turn did not judge the example."""
    if turn is None or example not in turn.out_of_fold.index:
        return pd.Series(dtype=float)
    return turn.out_of_fold.loc[example].sort_values(ascending=False, kind="stable")


def _labels(dataset: Dataset, suspect: pd.Series, example: str, chances: pd.Series) -> None:
    rows = [_label("given", suspect["given"], chances, NEUTRAL)] if pd.notna(suspect["given"]) else []
    if pd.notna(suspect["suggested"]):
        rows.append(_label("suggested", suspect["suggested"], chances, ACCENT))
    st.html(f'<dl aria-label="Labels" style="{_STYLE["labels"]}">{"".join(rows)}</dl>')
    now = dataset.labels.loc[example]
    if pd.notna(now) and now != suspect["given"]:
        st.caption(f"Relabelled since it was ranked: now **{plain(now)}**.")


def _label(term: str, name: str, chances: pd.Series, colour: str) -> str:
    share = float(chances.get(name, 0.0))
    said = _said(share) if len(chances) else ""
    bar = f'<div style="width:{100 * share:.1f}%;height:100%;border-radius:3px;background:{colour}"></div>'
    return (
        f'<div style="{_STYLE["row"]}"><dt style="{_STYLE["term"]}">{term}</dt>'
        f'<dd style="{_STYLE["name"]}" title="{escaped(name)}">{escaped(name)}</dd>'
        f'<dd style="{_STYLE["share"]}">{said}</dd><div aria-hidden="true" style="{_STYLE["track"]}">{bar}</div></div>'
    )


def _said(share: float) -> str:
    """A probability in whole percent, never 0 % or 100 % for what is only nearly so."""
    return "under 1 %" if share < 0.005 else "over 99 %" if share > 0.995 else percent(share, 0)


def _buttons(project: Project, queue: Queue, place: int, chances: pd.Series, by: str) -> None:
    dataset = project.dataset
    suspect = queue.cards.iloc[place]
    given, suggested = suspect["given"], suspect["suggested"]
    revision = project.revision
    # The place is part of each key: a press that was meant for this card finds no button on the next one.
    suffix = f"{queue.number}-{place}"

    def button(key: str, label: str, decision: str, name: str | None = None, *, hint: str | None = None) -> None:
        st.button(
            label,
            key=f"{key}-{suffix}",
            shortcut=KEYS[key],
            help=hint,
            width="stretch",
            on_click=_settle,
            args=(project, queue.number, place, decision, name, by, revision),
        )

    keeping = f"Keep **{plain(shorten(given, _NAME_WIDTH))}**"
    if pd.isna(given):
        pass
    elif dataset.labels.loc[queue.cards.index[place]] == given:
        button(Decision.KEEP, keeping, Decision.KEEP)
    else:
        # Somebody who comes back to a card that they relabelled keeps the first label by giving it again.
        button(Decision.KEEP, keeping, Decision.OTHER, given)
    if pd.notna(suggested):
        button(Decision.SUGGESTED, f"Take **{plain(shorten(suggested, _NAME_WIDTH))}**", Decision.SUGGESTED)
    others = [name for name in dataset.classes if name not in (given, suggested)]
    if others:
        others.sort(key=lambda name: -float(chances.get(name, 0.0)))
        choice, give = st.columns([3, 2], vertical_alignment="bottom")
        with choice:
            other = st.selectbox(
                "Another class",
                others,
                key=f"class-{suffix}",
                format_func=lambda name: f"{shorten(name, _NAME_WIDTH)} · {_said(float(chances.get(name, 0.0)))}",
                label_visibility="collapsed",
            )
        with give:
            button(Decision.OTHER, "Give it", Decision.OTHER, other)
    first, second = st.columns(2)
    with first:
        button(Decision.AMBIGUOUS, "Ambiguous", Decision.AMBIGUOUS, hint="Nobody could tell. The label stays as it is.")
        button(Decision.SKIP, "Skip", Decision.SKIP, hint="Nothing is said; it comes again in the next queue.")
    with second:
        button(
            Decision.EXCLUDE, "Exclude", Decision.EXCLUDE, hint="Leaves the example out of train. Undo brings it back."
        )
        st.button(
            "Back",
            key=f"back-{suffix}",
            shortcut=KEYS["back"],
            disabled=next_place(project, queue, place, step=-1) == place,
            help="To the card before this one. What was decided there stays until you decide again.",
            width="stretch",
            on_click=_back,
            args=(project, queue.number, place, by),
        )


def _why(project: Project, suspect: pd.Series) -> None:
    term = "Suspect score" if pd.notna(suspect["given"]) else "Uncertainty"
    st.caption(f"{term} {suspect['score']:.2f}: {plain(suspect['reasons'])}.")
    guidelines = project.guidelines
    for name in (suspect["given"], suspect["suggested"]):
        if name in guidelines:
            st.markdown(f"**{plain(name)}** means: {plain(guidelines[name])}")


@errors.calm(doing="saving the decision")
def _settle(
    project: Project, number: int, place: int, decision: str, label: str | None, by: str, revision: int
) -> None:
    """Run before the page is drawn again; no session state is touched, so that a fast press can't cut it in two."""
    queue = _queue(project, number, by)
    if queue is None or next_place(project, queue) != place:
        frame.tell(queues.meanwhile(project, queue, place, since=revision), icon=":material/info:")
        return
    decide(project, queue, place, decision, label, by=by, revision=revision)


@errors.calm(doing="going back")
def _back(project: Project, number: int, place: int, by: str) -> None:
    queue = _queue(project, number, by)
    if queue is not None:
        move(project, queue, next_place(project, queue, place, step=-1))


def _queue(project: Project, number: int, by: str) -> Queue | None:
    """The reviewer's queue, if it is still the one that was shown."""
    queue = current_queue(project, by)
    return queue if queue is not None and queue.number == number else None
