"""One suspect to settle: the example, its labels as the model sees them, and the decisions with their keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from core.annotate import chances as chances_of
from core.annotate import spoken
from core.dataset import Dataset
from core.flywheel import Decision, StaleError, current_queue, decide, is_of_pool, move, next_place
from core.ids import looked_up, positions
from core.report import Usual, card, records, shorten
from pages.parts import beside, cards, cases, errors, frame, guidelines, insight, queues
from pages.parts.plain import escaped, plain

if TYPE_CHECKING:
    from core.flywheel import Project, Queue, Turn

__all__ = ["KEYS", "OTHER_KEYS", "draw"]

# Digits give a label, letters do not. C and R belong to Streamlit.
KEYS = {
    Decision.KEEP: "1",
    Decision.SUGGESTED: "2",
    Decision.AMBIGUOUS: "A",
    Decision.EXCLUDE: "X",
    Decision.SKIP: "S",
    "back": "B",
}
_WITHOUT_LABEL = {
    Decision.AMBIGUOUS: ("Ambiguous", "Both are plausible, nobody could tell. The label stays as it is."),
    Decision.EXCLUDE: ("Exclude", "No class fits: the example is left out of train. Undo brings it back."),
    Decision.SKIP: ("Skip", "Nothing is said; it comes again in the next queue."),
}
# Of the other classes, the most probable first.
OTHER_KEYS = "3456789"
_NAME_WIDTH = 24
# Another class that is less probable is named without its probability: nobody decides by it.
_WORTH_SAYING = 0.005
# While one card is looked at, what the next ones need is found out.
_AHEAD = 3
_SIGNS = (
    '◂ speaks for <mark class="rc-for-given">{}</mark>',
    'speaks for <mark class="rc-for-suggested">{}</mark> ▸',
)
# Without a given label everything speaks for or against the suggested one.
_SIGNS_OF_ONE = (_SIGNS[0].replace("speaks for", "speaks against"), _SIGNS[1])
_STYLE = Path(__file__).parent / "card.css"


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
    suspect = queue.cards.iloc[place]
    example = str(queue.cards.index[place])
    suffix = f"{queue.number}-{place}"
    # A card of the pool carries its own; no turn has judged it.
    chances = chances_of(suspect) if is_of_pool(queue) else _chances(turn, example)
    last = project.turns[-1]
    asked = insight.of(project, last, queue.cards, range(place, min(place + _AHEAD, len(queue.cards))))
    known = cards.known_in_queue(dataset, project.id, queue.number)
    st.html(_STYLE)
    left, right = st.columns([8, 5], gap="medium")
    with left:
        cases.draw(project, queue, place)
        with st.container(border=True, key=f"example-{suffix}"):
            st.html(_example(dataset, example, suspect, known, asked.found))
        if asked.found is None:
            insight.wait(project, last, asked, key=suffix)
        else:
            near = beside.nearest(dataset, example, asked.found.near, _sides(suspect), known, insight.NEIGHBOURS)
            if near:
                st.html(near)
    with right:
        _decisions(project, queue, place, chances, by)
        st.html(beside.evidence(spoken(suspect), suspect["score"], suspect["reasons"], given=bool(_sides(suspect)[0])))
        means = beside.guidelines(project.guidelines, [name for name in _sides(suspect) if name])
        if means:
            st.html(means)
        guidelines.pin(project, example, suspect["given"], suspect["suggested"], by)


def _sides(suspect: pd.Series) -> tuple[str, str]:
    """The given and the suggested label; empty where there is none."""
    given, suggested = (suspect[name] if pd.notna(suspect[name]) else "" for name in ("given", "suggested"))
    return str(given), str(suggested)


def _chances(turn: Turn | None, example: str) -> pd.Series:
    """The out-of-fold probability of each class, largest first; empty if the turn did not judge the example."""
    if turn is None:
        return pd.Series(dtype=float)
    (place,) = positions(pd.Index([example], dtype="str"), turn.out_of_fold.index)
    known = turn.out_of_fold.iloc[place] if place >= 0 else pd.Series(dtype=float)
    return known.sort_values(ascending=False, kind="stable")


def _example(dataset: Dataset, example: str, suspect: pd.Series, known: Usual, found: insight.Found | None) -> str:
    """The example as HTML: its text with the words that speak for a label, its columns with those that do."""
    schema, sides = dataset.schema, _sides(suspect)
    (row,) = records(dataset.frame, [example], schema.inputs)
    said = found or insight.NOTHING
    parts = [_head(dataset, example, sides, marked=bool(said.words or said.columns))]
    if schema.text is not None:
        parts.append(cards.reading(row[schema.text], said.words, sides=sides))
    if schema.features:
        values = card({name: row[name] for name in schema.features}, known)
        parts.append(cards.lines(values, said.columns or None, sides=sides))
    return f'<div class="rc">{"".join(parts)}</div>'


def _head(dataset: Dataset, example: str, sides: tuple[str, str], *, marked: bool) -> str:
    origin = f" · generated from {dataset.parents.loc[example, 'parent']}" if example in dataset.generated else ""
    key = ""
    if marked:
        said = [
            f'<span class="rc-clip">{sign.format(escaped(shorten(name, 18)))}</span>'
            for sign, name in zip(
                _SIGNS if sides[0] else _SIGNS_OF_ONE, sides if sides[0] else sides[1:] * 2, strict=True
            )
            if name
        ]
        hint = "How the answer of the locked model, which has not seen this example, would change without it"
        key = f'<span class="rc-key" title="{hint}">{"".join(said)}</span>'
    return f'<p class="rc-head rc-quiet"><span class="rc-clip">Example {escaped(example + origin)}</span>{key}</p>'


def _decisions(project: Project, queue: Queue, place: int, chances: pd.Series, by: str) -> None:
    """The decisions with their keys: both labels side by side, the other classes, and what gives no label."""
    dataset = project.dataset
    suspect = queue.cards.iloc[place]
    given, suggested = _sides(suspect)
    revision = project.revision
    # The place is part of each key: a press that was meant for this card finds no button on the next one.
    suffix = f"{queue.number}-{place}"

    def settled(decision: str, name: str | None = None) -> dict[str, Any]:
        return {"on_click": _settle, "args": (project, queue.number, place, decision, name, by, revision)}

    def share(name: str) -> float | None:
        return float(chances.get(name, 0.0)) if len(chances) else None

    first, second = st.columns(2, gap="small")
    now = looked_up(dataset.labels, queue.cards.index[place : place + 1]).iloc[0]
    if given:
        with first:
            st.html(beside.label("given", given, share(given)))
            # Somebody who comes back to a card that they relabelled keeps the first label by giving it again.
            does = settled(Decision.KEEP) if now == given else settled(Decision.OTHER, given)
            _button("keep", suffix, f"Keep **{_short(given)}**", KEYS[Decision.KEEP], does)
    if suggested:
        with second if given else first:
            st.html(beside.label("suggested", suggested, share(suggested)))
            does = settled(Decision.SUGGESTED)
            _button("suggested", suffix, f"Take **{_short(suggested)}**", KEYS[Decision.SUGGESTED], does)
    if pd.notna(now) and now != given:
        st.caption(f"Relabelled since it was ranked: now **{plain(now)}**.")
    others = sorted(
        (name for name in dataset.classes if name not in (given, suggested)), key=lambda name: -(share(name) or 0.0)
    )
    _others(others, share, suffix, lambda name: settled(Decision.OTHER, name))
    with st.container(horizontal=True, gap="xsmall"):
        for decision, (name, hint) in _WITHOUT_LABEL.items():
            _button(decision, suffix, name, KEYS[decision], settled(decision), hint=hint)
        _button(
            "back",
            suffix,
            "Back",
            KEYS["back"],
            {"on_click": _back, "args": (project, queue.number, place, by)},
            hint="To the card before this one. What was decided there stays until you decide again.",
            disabled=next_place(project, queue, place, step=-1) == place,
        )
    st.html(beside.legend(_legend(bool(given), bool(suggested), len(others))))


def _others(
    others: list[str],
    share: Callable[[str], float | None],
    suffix: str,
    settled: Callable[[str | None], dict[str, Any]],
) -> None:
    """A button and a key for each of the most probable other classes; all of them in a box, if there are more."""
    if not others:
        return

    def named(name: str) -> str:
        chance = share(name) or 0.0
        return shorten(name, _NAME_WIDTH) + (f" · {beside.said(chance)}" if chance >= _WORTH_SAYING else "")

    with st.container(horizontal=True, gap="xsmall"):
        for key, name in zip(OTHER_KEYS, others, strict=False):
            _button(f"other{key}", suffix, plain(named(name)), key, settled(name))
    if len(others) > len(OTHER_KEYS):
        chosen = f"class-{suffix}"
        st.selectbox(
            "Another class: choosing it gives it",
            others,
            index=None,
            key=chosen,
            format_func=named,
            placeholder=f"Any of the {len(others)} other classes: choosing gives it",
            label_visibility="collapsed",
            on_change=_choose,
            args=(chosen, *settled(None)["args"]),
        )


def _button(
    key: str,
    suffix: str,
    label: str,
    shortcut: str,
    does: dict[str, Any],
    *,
    hint: str | None = None,
    disabled: bool = False,
) -> None:
    wide = "stretch" if key in ("keep", "suggested") else "content"
    st.button(label, key=f"{key}-{suffix}", shortcut=shortcut, help=hint, disabled=disabled, width=wide, **does)


def _legend(given: bool, suggested: bool, others: int) -> list[tuple[str, str]]:
    """Key and what it does, for the keys that this card has."""
    last = OTHER_KEYS[: max(1, others)][-1]
    said = {
        KEYS[Decision.KEEP]: "keep" if given else "",
        KEYS[Decision.SUGGESTED]: "take" if suggested else "",
        OTHER_KEYS[0] if last == OTHER_KEYS[0] else f"{OTHER_KEYS[0]}–{last}": "other class" if others else "",
        KEYS[Decision.AMBIGUOUS]: "both plausible",
        KEYS[Decision.EXCLUDE]: "none fits",
        KEYS[Decision.SKIP]: "skip",
        KEYS["back"]: "back",
        "Ctrl/⌘ Z": "undo",
    }
    return [(key, does) for key, does in said.items() if does]


def _short(name: str) -> str:
    return plain(shorten(name, _NAME_WIDTH))


@errors.calm(doing="saving the decision")
def _settle(
    project: Project, number: int, place: int, decision: str, label: str | None, by: str, revision: int
) -> None:
    """Run before the page is drawn again; no session state is touched, so that a fast press can't cut it in two."""
    queue = _queue(project, number, by)
    if queue is not None and next_place(project, queue) == place:
        try:
            decide(project, queue, place, decision, label, by=by, revision=revision)
        except StaleError:
            # Two presses that met on the way are one too many; anything else that changed has to be looked at.
            if next_place(project, _queue(project, number, by) or queue) == place:
                raise
        else:
            return
    frame.tell(queues.meanwhile(project, queue, place, since=revision), icon=":material/info:")


def _choose(
    key: str, project: Project, number: int, place: int, decision: str, _: None, by: str, revision: int
) -> None:
    """Give the class that was chosen in the box."""
    if name := st.session_state.get(key):
        _settle(project, number, place, decision, name, by, revision)


@errors.calm(doing="going back")
def _back(project: Project, number: int, place: int, by: str) -> None:
    queue = _queue(project, number, by)
    if queue is not None:
        move(project, queue, next_place(project, queue, place, step=-1))


def _queue(project: Project, number: int, by: str) -> Queue | None:
    """The reviewer's queue, if it is still the one that was shown."""
    queue = current_queue(project, by)
    return queue if queue is not None and queue.number == number else None
