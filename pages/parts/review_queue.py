"""Around the review card: how far its queue has come, the simulated reviewer, the noise of the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.annotate import NoiseSummary, noise_summary
from core.flywheel import (
    SAID,
    decisions,
    is_of_pool,
    left_behind,
    move,
    next_place,
    others,
    simulate_reviewer,
)
from core.ids import aligned, present
from core.report import count, percent, percent_interval, shorten
from pages.parts import choose_queue, errors, frame, judged, queues, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Queue, Turn

__all__ = ["Offer", "ended", "header", "noise", "simulated"]

SIMULATED = "simulated reviewer"
_CONFUSIONS = 10


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
            choose_queue.draw(project, turn, queue)
    if beside := _beside(project, queue):
        st.caption(beside)
    last = project.log[-1] if project.log else None
    st.caption(
        "Each decision is on disk before the next card is shown."
        if last is None
        else f":material/check: Saved: {plain(last.summary)} · {plain(last.by)} · {last.at[:19].replace('T', ' ')} UTC"
    )
    _newer(project, queue, turn)


def _beside(project: Project, queue: Queue) -> str:
    """What else one should know of a queue: random cards among the ranked ones, and what others did in it."""
    said = []
    if "drawn" in queue.cards:
        said.append(f"About one card in {queues.EVERY} is drawn at random, the others are the most doubtful ones.")
    shares = [f"{plain(by or 'somebody')} settled {count(done)}" for by, done in others(project, queue).items()]
    if shares:
        said.append(f":material/group: {', '.join(shares)} of these; what others settled is passed over.")
    return " ".join(said)


@dataclass(frozen=True)
class Offer:
    """Another ranking that the reviewer may take instead of theirs.

    Attributes
    ----------
    said : str
        One or two sentences, plain text: what is offered and why.
    label : str
        Of the button.
    cards : callable
        Makes the cards when it is taken; there may be none left by then.
    source : str
        What the queue would hold, in words.
    turn : int
        The turn whose model ranked it.
    """

    said: str
    label: str
    cards: Callable[[], pd.DataFrame]
    source: str
    turn: int


def _newer(project: Project, queue: Queue, turn: Turn) -> None:
    """Offer another ranking where there is one; it is never swapped in under the reviewer."""
    offers: list[Offer] = []
    if is_of_pool(queue):
        # Suspects are no other order of what has no label.
        return
    if queue.turn < turn.number:
        offers.append(
            Offer(
                f"This order is of turn {queue.turn}. Turn {turn.number} has ranked the labels anew.",
                f"Take the order of turn {turn.number}",
                lambda: turn.suspects.iloc[queues.places(project, turn)],
                queues.named(turn),
                turn.number,
            )
        )
    elif turn.ranked_at is not None and queue.at < turn.ranked_at and queue.source == queues.named(turn):
        offers.append(
            Offer(
                f"The better ranking of turn {turn.number} is ready: other kinds of model were asked, too. What you "
                "have decided stays.",
                "Take the better order",
                lambda: turn.suspects.iloc[queues.places(project, turn)],
                queues.named(turn),
                turn.number,
            )
        )
    for offer in offers[:1]:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(plain(offer.said))
            if st.button(plain(offer.label), key="newer-queue"):
                _take(project, offer)


def _take(project: Project, offer: Offer) -> None:
    cards = offer.cards()
    if cards.empty:
        frame.tell("None of its suspects is left to be settled.", icon=":material/done_all:")
    else:
        queues.begin(project, cards, offer.source, offer.turn)
    st.rerun()


def ended(project: Project, queue: Queue, turn: Turn) -> None:
    """Draw what became of a queue that is through, and what comes next."""
    known = present(aligned(decisions(project)["decision"], queue.cards.index))
    said = ", ".join(f"{count(held)} {SAID[kind]}" for kind, held in known.value_counts().items())
    with st.container(border=True):
        st.markdown(f"**The queue is through.** {said[0].upper() + said[1:] if said else 'Nothing was decided'}.")
        _left_behind(project, queue)
        if turns.moved_on(project, turn):
            turns.to_train(project, f"Run turn {turn.number + 1} to see what the decisions were worth")
        else:
            st.caption("The data is as it was: another queue, or another class, may hold more.")
        if st.button("Back to the last card", shortcut="B", key=f"back-{queue.number}-end"):
            move(project, queue, next_place(project, queue, step=-1))
            st.rerun()


def _left_behind(project: Project, queue: Queue) -> None:
    """Draw the way back to cards that nobody has settled: passed over while another had them, or by opening a later."""
    behind = left_behind(project, queue)
    if len(behind) and st.button(
        f"Go to {count(len(behind), 'card')} left behind", key=f"left-behind-{queue.number}", icon=":material/undo:"
    ):
        move(project, queue, int(behind[0]))
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
        accuracy = right.slider("Right answers", 50, 100, 95, format="%d%%", key="simulated-accuracy")
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
            summary = project.undo(SIMULATED).summary
            frame.tell(f"{summary[0].upper()}{summary[1:]}.", icon=":material/undo:")
            st.rerun()


def noise(project: Project, turn: Turn) -> None:
    """Draw how many labels of each class are probably wrong."""
    box = st.expander(
        "How much of the labels is probably wrong", icon=":material/query_stats:", key="noise", on_change="rerun"
    )
    if not box.open:
        return
    found = _noise(turns.identity(project, turn), project, turn)
    with box:
        st.markdown(
            f"An estimated **{percent(found.share)}** ({percent_interval(found.low, found.high)}) of the "
            f"labels in train, judged by turn {turn.number}. A weak model sees noise in what is only hard."
        )
        classes, pairs = st.columns(2)
        classes.dataframe(_noise_rows(found.per_class.reset_index(), ["given"]), hide_index=True, height="content")
        confusions = found.confusions.head(_CONFUSIONS)
        with pairs:
            st.dataframe(_noise_rows(confusions, ["given", "probably"]), hide_index=True, height="content")
            _review_confusion(project, turn, list(confusions[["given", "probably"]].itertuples(index=False, name=None)))


def _review_confusion(project: Project, turn: Turn, pairs: list[tuple[str, str]]) -> None:
    """Draw the way from a confusion to a review of its suspects."""
    found = {pair: queues.places(project, turn, label=pair[0], probably=pair[1]) for pair in pairs}
    found = {pair: places for pair, places in found.items() if len(places)}
    if not found:
        st.caption("None of their suspects is left to be settled." if pairs else "No class is confused with another.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "A confusion",
            list(found),
            format_func=lambda pair: f"{shorten(pair[0], 24)} → {shorten(pair[1], 24)}",
            key="confusion",
        )
        st.button(
            f"Review {count(len(found[chosen]), 'suspect')}",
            key="review-confusion",
            icon=":material/rate_review:",
            on_click=_begin_confusion,
            args=(project, turn, chosen),
        )


@errors.calm(doing="starting the review")
def _begin_confusion(project: Project, turn: Turn, chosen: tuple[str, str]) -> None:
    # Looked for anew: some may have been decided since the button was drawn.
    cards = turn.suspects.iloc[queues.places(project, turn, label=chosen[0], probably=chosen[1])]
    queues.begin(project, cards, queues.named(turn, label=chosen[0], probably=chosen[1]), turn.number)
    # Out of the way: the card stands above.
    st.session_state["noise"] = False


@st.cache_data(show_spinner=False, max_entries=8)
def _noise(identity: str, _project: Project, _turn: Turn) -> NoiseSummary:
    found = judged.of(_project, _turn, "train")
    return noise_summary(found.labels, found.probabilities)


def _noise_rows(found: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return found[names].assign(
        **{
            "probably wrong": [count(value) for value in found["wrong" if "wrong" in found else "examples"]],
            "share": [percent(value) for value in found["share"]],
            "95% interval": [
                percent_interval(low, high) for low, high in zip(found["low"], found["high"], strict=True)
            ],
        }
    )
