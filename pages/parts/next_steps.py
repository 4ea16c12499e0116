"""What to do next: the ranked actions, what each should bring, and the button that leads to where it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core.ids import is_among
from core.report import count, foretold_chart, percent, percent_interval, signed, signed_interval
from pages.parts import errors, figure, frame, jobs, queues, sidebar, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Action, Forecast, Project, Turn

__all__ = ["draw", "foretold_view", "in_one_line"]

JOB = "forecast"
# More are behind a switch.
_SHOWN = 5
_GO = {"stop": "Test set", "test": "Test labels", "review": "Review", "settle": "Settle"}
_WHAT = (
    "The locked model is trained anew on train as it would be after each action, in several possible truths of its "
    "labels. Points are those of the headline metric, by right labels; the 80% interval is for what the next turn "
    "measures, so the luck of the test set is in it. Test is not looked at."
)


def draw(project: Project, actions: Sequence[Action], *, most: int = _SHOWN) -> None:
    """Draw the actions, the first one standing out, and the way to forecasts.

    Parameters
    ----------
    project : Project
    actions : sequence of Action
        As `Project.actions` gives them.
    most : int
        How many are shown before somebody asks for all.
    """
    _forecasts(project, actions)
    everything = len(actions) > most and bool(st.session_state.get("all-actions"))
    for place, action in enumerate(actions if everything else actions[:most]):
        _one(project, action, first=place == 0)
    if len(actions) > most:
        st.toggle(f"Show all {len(actions)}", key="all-actions")


def in_one_line(project: Project) -> None:
    """Say what comes next after a turn, and lead to the list."""
    action = next((each for each in project.actions(sidebar.reviewer()) if each.kind != "turn"), None)
    if action is None:
        return
    points = _points(action)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(plain(action.title), key="next-step", type="primary", icon=frame.screen(action.page).icon):
            _go(project, action)
        if points:
            st.markdown(points, width="content")
        st.page_link("pages/overview.py", label="All that can be done", icon=":material/arrow_forward:")


def _forecasts(project: Project, actions: Sequence[Action]) -> None:
    """Offer to make forecasts, or say what they are."""
    last = project.turns[-1] if project.turns else None
    if last is None:
        return
    job = jobs.panel(project.id, JOB)
    if job is not None and job.running:
        return
    if any(action.forecast is not None for action in actions):
        made = next(each.forecast for each in actions if each.forecast is not None and each.forecast.rows)
        st.caption(_said(project, last, made), help=_WHAT)
    elif not turns.moved_on(project, last):
        if st.button("Forecast what each would bring", key="forecast", icon=":material/query_stats:", help=_WHAT):
            _begin(project)
        st.caption("As points with an interval, from small fits inside train. It takes a while and runs by itself.")


def _said(project: Project, turn: Turn, made: Forecast | None) -> str:
    said = f"Forecast from turn {turn.number}, in points of the headline metric, with 80% intervals."
    if made is not None and made.part:
        said += f" Made on {count(made.rows)} examples of train."
    if turns.moved_on(project, turn):
        said += " The data has changed since: the next turn tells, and a new forecast goes on from there."
    return said


@errors.calm(doing="starting the forecast")
def _begin(project: Project) -> None:
    from core.flywheel import forecast_actions

    by = sidebar.reviewer()
    jobs.start(
        project.id,
        JOB,
        "Forecast",
        lambda progress, cancel: forecast_actions(project, by=by, progress=progress, cancel=cancel).number,
    )


def _one(project: Project, action: Action, *, first: bool) -> None:
    minutes = f"about {max(1, round(action.minutes))} min" if action.minutes else ""
    figures = " · ".join(each for each in (_points(action), minutes) if each)
    target = frame.screen(action.page)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        words = st.container()
        words.markdown(f"**{plain(action.title)}**" + (f"  \n{figures}" if figures else ""))
        words.caption(plain(action.why))
        if st.button(
            _GO.get(action.kind, target.title),
            key=f"go-{action.kind}-{action.title}",
            type="primary" if first else "secondary",
            icon=target.icon,
            # Room for the longest name on any screen, and all of them aligned.
            width=150,
            help=f"Go to {target.title}.",
        ):
            _go(project, action)


def _points(action: Action) -> str:
    made = action.forecast
    if made is None:
        return ""
    if made.low == made.high == 0:
        return "no points by itself"
    ends = signed_interval(100 * made.low, 100 * made.high, 1)
    return f"**{signed(100 * made.gain, 1)} points** ({ends})"


@errors.calm(doing="going to where it is done")
def _go(project: Project, action: Action) -> None:
    """Go to the page of an action, with what it is about already chosen."""
    from core.flywheel import kept_forecasts

    setup = action.setup
    if action.kind in {"review", "settle"} and action.key:
        turn = project.turns[-1]
        kept = kept_forecasts(project, turn)
        place = -1 if kept is None else next(n for n, each in enumerate(kept.actions) if each.key == action.key)
        ids = None if kept is None else kept.ids_of(place)
        if action.kind == "settle":
            cards = queues.cases(project, turn)
            cards = cards if ids is None else cards[is_among(cards.index, ids)]
            source = queues.named(turn, copies=True)
        else:
            cards = turn.suspects.iloc[queues.places(project, turn, ids=ids)]
            where = _where(action)
            source = queues.named(turn, label=setup.get("label"), where=where)
        if len(cards):
            queues.begin(project, cards, source, turn.number)
        st.session_state["annotate-view"] = "Review"
    elif action.kind == "test":
        st.session_state["annotate-view"] = "Test labels"
    elif action.kind == "stop":
        st.session_state["evaluate-view"] = "Test set"
    elif action.kind == "collect" and project.turns:
        st.session_state["collect-view"] = "Add rows"
    elif action.kind == "generate":
        _aim(project, action)
    frame.navigate(action.page)


def _where(action: Action) -> str | None:
    from core.evaluate import Predicate, sentence

    written = action.setup.get("predicates")
    return None if written is None else sentence([Predicate.from_dict(each) for each in written])


def _aim(project: Project, action: Action) -> None:
    """Choose on Generate the class or the slice that the action is for, and its method."""
    from core.flywheel import kept_forecasts
    from pages.parts import handover, target

    if "method" in action.setup:
        st.session_state["method"] = action.setup["method"]
    if "label" in action.setup:
        st.session_state["target-False"] = f"{target.CLASS}{action.setup['label']}"
        return
    kept = kept_forecasts(project, project.turns[-1])
    where = _where(action)
    if kept is not None and where is not None:
        place = next(n for n, each in enumerate(kept.actions) if each.key == action.key)
        handover.bring(project, where, kept.ids_of(place))


def foretold_view(project: Project) -> None:
    """Show how forecasts have held so far; nothing before the first was put to the test."""
    from core.flywheel import foretold

    found = foretold(project)
    if not found:
        return
    from core.statistics import wilson_interval

    held = sum(each.inside for each in found)
    low, high = wilson_interval(held, len(found))
    with st.expander(f"How forecasts have held: {held} of {len(found)} intervals", icon=":material/rule:"):
        st.markdown(
            f"{count(held)} of {count(len(found))} 80% intervals held what the next turn measured "
            f"({percent(held / len(found), 0)}, {percent_interval(float(low), float(high), 0)}). A turn counts "
            "that took in one action and little else."
        )
        figure.draw(foretold_chart(found), key="foretold")
