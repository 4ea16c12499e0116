"""Around the review card: choosing a queue, how far it has come, the simulated reviewer, the noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.annotate import NoiseSummary, noise_summary
from core.flywheel import Decision, decisions, move, next_place, simulate_reviewer, start_queue
from core.flywheel.actions import SECONDS_PER_DECISION
from core.report import count, interval, percent, shorten
from pages.parts import errors, frame, queues, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Queue, Turn

__all__ = ["chooser", "ended", "header", "noise", "simulated"]

SIMULATED = "simulated reviewer"
_EVERY = "every class"
_SAID = {
    Decision.KEEP: "kept",
    Decision.SUGGESTED: "took the suggestion",
    Decision.OTHER: "gave another class",
    Decision.AMBIGUOUS: "ambiguous",
    Decision.EXCLUDE: "excluded",
    Decision.SKIP: "skipped",
}


def chooser(project: Project, turn: Turn) -> None:
    """Draw what a new queue may hold, how long it would take, and the button that starts it."""
    which, of = st.columns(2)
    flagged = which.segmented_control(
        "Which labels",
        [True, False],
        default=True,
        required=True,
        format_func=lambda chosen: "Suspects" if chosen else "All, most doubtful first",
        key="queue-flagged",
    )
    chosen = of.selectbox(
        "Given class", [None, *project.dataset.classes], format_func=_class_or_every, key="queue-class"
    )
    again = st.checkbox("Also what was decided already", key="queue-again")
    ranking = queues.ranking(project, turn, flagged=bool(flagged), label=chosen, again=again)
    if ranking.empty:
        st.info(
            f"Nothing of this kind is left to review in turn {turn.number}. Choose other labels, or go on: "
            "Evaluate says where the model fails, and the next turn ranks the labels anew.",
            icon=":material/done_all:",
        )
        return
    st.button(
        f"Review {count(len(ranking), 'example')}",
        type="primary",
        key="start-queue",
        on_click=_start,
        args=(project, ranking, queues.named(turn, flagged=bool(flagged), label=chosen), turn.number),
    )
    st.caption(
        f"About {_duration(len(ranking) * SECONDS_PER_DECISION)} at {SECONDS_PER_DECISION} seconds a decision, worst "
        "first. Stop whenever you like: the place is kept."
    )


@errors.calm(doing="starting the review")
def _start(project: Project, ranking: pd.DataFrame, source: str, turn: int) -> None:
    start_queue(project, ranking, source=source, turn=turn)


def _duration(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return count(minutes, "minute") if minutes < 90 else f"{minutes / 60:.1f} hours"


def header(project: Project, queue: Queue, place: int, turn: Turn) -> None:
    """Draw how far the queue has come, what was saved last, and the way to another queue."""
    left, right = st.columns([8, 2], vertical_alignment="center")
    total = len(queue.cards)
    left.progress(
        place / total, text=f"Card **{count(min(place + 1, total))}** of {count(total)} · {plain(queue.source)}"
    )
    with right.popover(
        "Another queue",
        icon=":material/queue:",
        key=f"another-queue-{queue.number}",
        on_change="rerun",
        width="stretch",
    ) as another:
        if another.open:
            chooser(project, turn)
    last = project.log[-1] if project.log else None
    st.caption(
        "Each decision is on disk before the next card is shown."
        if last is None
        else f":material/check: Saved: {plain(last.summary)} · {plain(last.by)} · {last.at[:19].replace('T', ' ')} UTC"
    )
    if queue.turn < turn.number:
        _newer(project, queue, turn)


def _class_or_every(name: str | None) -> str:
    return _EVERY if name is None else shorten(name, 40)


def _newer(project: Project, queue: Queue, turn: Turn) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"This order is of turn {queue.turn}. Turn {turn.number} has ranked the labels anew.")
        if st.button(f"Take the order of turn {turn.number}", key="newer-queue"):
            ranking = queues.ranking(project, turn)
            if ranking.empty:
                frame.tell(f"Turn {turn.number} has no suspects that are not settled.", icon=":material/done_all:")
            else:
                start_queue(project, ranking, source=queues.named(turn), turn=turn.number)
            st.rerun()


def ended(project: Project, queue: Queue, turn: Turn) -> None:
    """Draw what became of a queue that is through, and what comes next."""
    known = decisions(project)["decision"].reindex(queue.cards.index).dropna()
    said = ", ".join(f"{count(held)} {_SAID[Decision(kind)]}" for kind, held in known.value_counts().items())
    with st.container(border=True):
        st.markdown(f"**The queue is through.** {said[0].upper() + said[1:] if said else 'Nothing was decided'}.")
        if turns.moved_on(project, turn):
            turns.to_train(project, f"Run turn {turn.number + 1} to see what the decisions were worth")
        else:
            st.caption("The data is as it was: another queue, or another class, may hold more.")
        if st.button("Back to the last card", shortcut="B", key=f"back-{queue.number}-end"):
            move(project, queue, next_place(project, queue, step=-1))
            st.rerun()


def simulated(project: Project, queue: Queue, place: int) -> None:
    """Draw the reviewer who knows the truth, where there is one; clearly named, for demonstrations."""
    truth = project.dataset.schema.truth
    left = len(queue.cards) - place
    if truth is None:
        return
    with st.expander("Simulated reviewer", icon=":material/smart_toy:"):
        st.caption(
            f"For demonstrations: the answers come from the known truth in the column '{plain(truth)}', not from a "
            "person, and the log says so. One entry in the log."
        )
        cards, right, go, back = st.columns([2, 3, 3, 2], vertical_alignment="bottom")
        settled = cards.number_input("Cards", 1, max(1, left), min(50, max(1, left)), key=f"simulated-{queue.number}")
        accuracy = right.slider("Right answers", 50, 100, 95, format="%d %%", key="simulated-accuracy")
        if go.button(
            f"Settle the next {count(settled)}",
            key="simulate",
            disabled=not left,
            width="stretch",
            icon=":material/smart_toy:",
        ):
            done = simulate_reviewer(project, queue, int(settled), accuracy=accuracy / 100, by=SIMULATED)
            frame.tell(f"The simulated reviewer settled {count(done, 'card')}.", icon=":material/smart_toy:")
            st.rerun()
        last = project.undoable(SIMULATED)
        if back.button(
            "Take back",
            key="simulate-undo",
            disabled=last is None,
            width="stretch",
            help="Takes back what the simulated reviewer did last; your own undo leaves it alone.",
        ):
            frame.tell(project.undo(SIMULATED).summary.capitalize(), icon=":material/undo:")
            st.rerun()


def noise(project: Project, turn: Turn) -> None:
    """Draw how many labels of each class are probably wrong."""
    box = st.expander(
        "How much of the labels is probably wrong", icon=":material/query_stats:", key="noise", on_change="rerun"
    )
    if not box.open:
        return
    found = _noise(turns.identity(project, turn), turn)
    with box:
        st.markdown(
            f"An estimated **{percent(found.share)}** ({interval(100 * found.low, 100 * found.high, 1)} %) of the "
            f"training labels, judged by turn {turn.number}. A weak model sees noise in what is only hard."
        )
        classes, pairs = st.columns(2)
        classes.dataframe(_noise_rows(found.per_class.reset_index(), ["given"]), hide_index=True, height="content")
        pairs.dataframe(
            _noise_rows(found.confusions.head(10), ["given", "probably"]), hide_index=True, height="content"
        )


@st.cache_data(show_spinner=False, max_entries=8)
def _noise(identity: str, _turn: Turn) -> NoiseSummary:
    return noise_summary(_turn.suspects["given"], _turn.out_of_fold)


def _noise_rows(found: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return found[names].assign(
        **{
            "probably wrong": [count(value) for value in found["wrong" if "wrong" in found else "examples"]],
            "share": [percent(value) for value in found["share"]],
            "95 % interval": [
                f"{interval(100 * low, 100 * high, 1)} %" for low, high in zip(found["low"], found["high"], strict=True)
            ],
        }
    )
