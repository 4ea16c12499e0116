"""Whom generated rows are made of: whole classes, or a slice, hard examples, two classes that are confused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.flywheel import predicted, watched_slices
from core.generate import EXCLUDING, MAKING, Focus, Method, Strategy, focus_on, on_confused, on_hard, on_slice
from core.report import count, shorten
from pages.parts import handover
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.evaluate import Predicate
    from core.flywheel import Project, Turn
    from core.generate import Attempt

__all__ = ["CLASS", "SHARE", "choose", "take"]

SHARE = "share"
# What a choice on the screen begins with if it is a class: one may be called like a strategy.
CLASS = "class "
_BROUGHT, _PINNED, _HARD, _CONFUSED, _TRIED = "brought", "pinned ", "hard", "confused", "tried"
# What was taken over from a table of trials, by whether it excludes.
_TAKEN = "generate-tried"
_PAIRS = 10


def take(project: Project, asked: Attempt) -> None:
    """Make what an attempt was aimed at the target that is chosen next."""
    focus = asked.focus
    st.session_state[_TAKEN] = {
        "project": project.id,
        "excludes": asked.method.excludes,
        "counts": dict(asked.counts),
        "focus": None if focus is None else (focus.ids, focus.words, focus.found_on_errors),
    }
    st.session_state[_key(asked.method)] = _TRIED


def _key(method: Method) -> str:
    return f"target-{method.excludes}"


def choose(project: Project, method: Method) -> str | float | Mapping[str, int] | Focus:
    """Let the analyst choose, and say what was chosen as `core.generate` understands it.

    Raises
    ------
    GenerateError
        If the choice holds no example of train.
    """
    dataset, turn = project.dataset, project.turns[-1] if project.turns else None
    named = EXCLUDING if method.excludes else MAKING
    options = [*map(str, named), SHARE, *(f"{CLASS}{name}" for name in dataset.classes)]
    words = {each: _said(each, excludes=method.excludes) for each in options}
    if not method.excludes:
        # A slice may be made larger; examples to leave out are sought in whole classes.
        aimed = _aims(project, turn)
        words |= aimed
        options = [*options[:3], *aimed, *options[3:]]
    tried = _tried(project, method)
    if tried is not None:
        options.append(_TRIED)
        words[_TRIED] = _as_tried(tried)
    key = _key(method)
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)
    target = str(st.selectbox("Target", options, format_func=words.__getitem__, key=key))
    if target == SHARE:
        return float(st.slider("Share of the largest class", 5, 100, 50, 5, format="%d%%", key="share") / 100)
    if target.startswith(CLASS):
        return target.removeprefix(CLASS)
    if target in set(Strategy):
        return Strategy(target)
    if target == _TRIED and tried is not None:
        return tried
    return _focus(project, target, turn)


def _tried(project: Project, method: Method) -> Mapping[str, int] | Focus | None:
    """What was taken over for methods of this kind in this project, if anything was."""
    known = st.session_state.get(_TAKEN)
    if known is None or (known["project"], known["excludes"]) != (project.id, method.excludes):
        return None
    counts: Mapping[str, int] = known["counts"]
    if known["focus"] is None:
        return counts
    ids, words, found_on_errors = known["focus"]
    return Focus(ids, counts, words, found_on_errors)


def _as_tried(target: Mapping[str, int] | Focus) -> str:
    counts = target.counts if isinstance(target, Focus) else target
    said = ", ".join(f"{count(number)} of {shorten(name, 30)}" for name, number in counts.items())
    return f"As it was tried: {said}" + (f", of {shorten(target.words, 60)}" if isinstance(target, Focus) else "")


def _said(target: str, *, excludes: bool) -> str:
    """Write a target of whole classes as one would say it."""
    if target == SHARE:
        return "Shrink larger classes to a share" if excludes else "Grow smaller classes to a share of the largest"
    if target.startswith(CLASS):
        return f"Only {shorten(target.removeprefix(CLASS), 50)}"
    return (EXCLUDING if excludes else MAKING)[Strategy(target)].capitalize()


def _aims(project: Project, turn: Turn | None) -> Mapping[str, str]:
    """What can be aimed at beside whole classes, and how it is said."""
    brought = handover.brought(project)
    aims = {} if brought is None else {_BROUGHT: f"The slice {shorten(brought[0], 60)}"}
    aims |= {
        f"{_PINNED}{each.number}": f"The pinned slice {shorten(str(each), 60)}" for each in watched_slices(project)
    }
    if turn is not None:
        aims |= {_HARD: "The hardest examples", _CONFUSED: "Two classes that are taken for each other"}
    return aims


def _focus(project: Project, target: str, turn: Turn | None) -> Focus:
    dataset = project.dataset
    brought = handover.brought(project)
    if target == _BROUGHT and brought is not None:
        return focus_on(dataset, brought[1], words=brought[0], found_on_errors=True)
    if target.startswith(_PINNED):
        number = int(target.removeprefix(_PINNED))
        pinned = next(each for each in watched_slices(project) if each.number == number)
        return _pinned(dataset.version, str(number), project, pinned.predicates)
    assert turn is not None
    if target == _HARD:
        share = st.slider(
            "How many of train",
            1,
            30,
            10,
            format="%d%%",
            key="hard-share",
            help=f"Those with the highest loss out of fold in turn {turn.number}. Wrong labels are among them: look "
            "through the suspects first.",
        )
        return on_hard(dataset, turn.out_of_fold, share=share / 100)
    said = predicted(project, turn, "train")
    pairs = _pairs(said.labels, said.decided)
    # Without a mistake the two first classes stand there, and the message says that none is taken for the other.
    pair = st.selectbox(
        "Which two",
        list(pairs) or [tuple(dataset.classes[:2])],
        format_func=lambda two: plain(
            f"{shorten(two[0], 30)} and {shorten(two[1], 30)}: {count(pairs.get(two, 0), 'mistake')}"
        ),
        key=f"confused-{turn.number}",
    )
    return on_confused(dataset, said.decided, *pair)


@st.cache_data(show_spinner=False, max_entries=16)
def _pinned(version: str, number: str, _project: Project, _predicates: tuple[Predicate, ...]) -> Focus:
    return on_slice(_project.dataset, _predicates)


def _pairs(labels: pd.Series, said: pd.Series) -> dict[tuple[str, str], int]:
    """The pairs of classes that are taken for each other most, with how often."""
    wrong = (labels != said).to_numpy()
    both = pd.DataFrame({"one": labels[wrong].to_numpy(), "other": said[wrong].to_numpy()})
    swapped = both["one"] > both["other"]
    both.loc[swapped, ["one", "other"]] = both.loc[swapped, ["other", "one"]].to_numpy()
    counted = both.value_counts().head(_PAIRS)
    return {(str(one), str(other)): int(times) for (one, other), times in counted.items()}
