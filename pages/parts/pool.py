"""The pool: examples without a label, what the model thinks of them, and the next ones to label as a queue of cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.flywheel import arrive, current_queue, is_of_pool, look_at_pool, start_queue
from core.flywheel.actions import SECONDS_PER_DECISION
from core.flywheel.annotators import is_annotated
from core.ids import aligned
from core.report import count, percent, pool_confidence, shorten, verb
from pages.parts import figure, jobs, queues, review_card, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from core.flywheel import PoolView, Project, Queue, Turn

__all__ = ["draw"]

_KIND = "pool"
_BATCH = 20
_MOST = 500


def draw(project: Project, turn: Turn, *, by: str) -> None:
    """Draw the pool: the card to label if a batch is open, otherwise the way to the next batch.

    Parameters
    ----------
    project : Project
    turn : Turn
        The last one.
    by : str
        Who signs the labels.
    """
    waiting = len(project.dataset.ids("pool"))
    queue = current_queue(project, by)
    if queue is not None and is_of_pool(queue):
        queue = arrive(project, queue)
        if queue.place < len(queue.cards):
            _card(project, queue, queue.place, turn, by=by)
            return
    job = jobs.panel(project.id, _KIND)
    if job is not None and job.running:
        return
    if queue is not None and is_of_pool(queue):
        _through(project, queue, turn)
    if not waiting and not is_annotated(project):
        _nothing(project)
        return
    _next(project, turn, waiting, by=by)
    if job is not None and job.state == "done" and len(job.result.confidence):
        _thinks(project, job.result)


def _card(project: Project, queue: Queue, place: int, turn: Turn, *, by: str) -> None:
    left = len(project.dataset.ids("pool"))
    st.progress(
        place / len(queue.cards),
        text=f"Card **{count(place + 1)}** of {count(len(queue.cards))} · {plain(queue.source)} · "
        f"{count(left)} without a label",
    )
    review_card.draw(project, queue, place, turn, by=by)


def _through(project: Project, queue: Queue, turn: Turn) -> None:
    """Say what became of the batch, and that the next one should come from a model that has seen it."""
    labels = aligned(project.dataset.labels, queue.cards.index)
    said = ", ".join(f"{count(held)} '{plain(shorten(name))}'" for name, held in labels.value_counts().items())
    with st.container(border=True):
        st.markdown(
            f"**The batch is through.** {count(labels.notna().sum())} of {count(len(labels), 'card')} "
            f"{verb(labels.notna().sum(), 'has', 'have')} a label now" + (f": {said}." if said else ".")
        )
        if turns.moved_on(project, turn):
            st.caption(
                f"Turn {turn.number} has not seen these labels. Run the next turn first: it says what they were "
                "worth, and its model chooses the next batch better."
            )
            turns.to_train(project, f"Run turn {turn.number + 1}")


def _nothing(project: Project) -> None:
    with st.container(border=True):
        st.markdown("**The pool is empty.** Every example has a label.")
        st.markdown(
            "Bring examples without a label on **Collect**: rows without a label go to the pool. The locked model "
            "then says which of them are worth a label most, and you label them here, one card at a time."
        )
        st.page_link(
            "pages/collect.py",
            label="Bring examples",
            icon=":material/arrow_forward:",
            query_params={"project": project.id},
        )
        turns.to_train(project, "See what more labels would be worth: the learning curve on Train")


def _next(project: Project, turn: Turn, waiting: int, *, by: str) -> None:
    labelled, people = len(project.dataset.ids("train")), is_annotated(project)
    with st.container(border=True):
        st.markdown(
            f"**{count(waiting, 'example')}** without a label, beside {count(labelled)} that the model can learn from."
            if waiting
            else "**The pool is empty.** Every example has a label, but annotators gave several: where they and the "
            "model do not settle it, another one is worth asking for."
        )
        most = min(_MOST, waiting + (labelled if people else 0))
        how_many, go, look = st.columns([2, 2, 3], vertical_alignment="bottom")
        n = int(how_many.number_input("How many", 1, most, min(_BATCH, most), key="pool-n"))
        if go.button(
            f"Label the next {n}",
            type="primary",
            key="label-next",
            shortcut=queues.GO,
            icon=":material/new_label:",
            width="stretch",
        ):
            jobs.start(project.id, _KIND, "Choosing what to label next", _work(project, n, queued=True, by=by))
        if waiting and look.button("What does the model think of the pool?", key="look-at-pool", type="tertiary"):
            jobs.start(project.id, _KIND, "Looking at the pool", _work(project, n, queued=False, by=by))
        minutes = max(1, round(n * SECONDS_PER_DECISION / 60))
        st.caption(
            f"The model of turn {turn.number} chooses: examples it wavers on, spread so that no two tell it the same. "
            f"About {count(minutes, 'minute')} of work. Each label moves its example to train."
            + (" Labelled ones that annotators and model do not settle are asked for again." if people else "")
        )
        turns.to_train(project, "What more labels would be worth: the learning curve on Train")


def _work(
    project: Project, n: int, *, queued: bool, by: str
) -> Callable[[Callable[[float, str], None], threading.Event], PoolView]:
    def work(progress: Callable[[float, str], None], cancel: threading.Event) -> PoolView:
        said = project.annotations if is_annotated(project) else None
        view = look_at_pool(project, n, annotations=said, progress=progress, cancel=cancel)
        if queued:
            what = "of the pool" if len(view.confidence) else "to label again"
            source = f"next {count(len(view.cards))} {what}, chosen by turn {view.turn}"
            start_queue(project, view.cards, source=source, turn=view.turn, by=by)
        return view

    return work


def _thinks(project: Project, view: PoolView) -> None:
    st.subheader(f"What the model of turn {view.turn} thinks of the pool", anchor=False)
    if view.version != project.dataset.version:
        st.caption(f"As it was before the last batch: {count(len(view.confidence), 'example')}.")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        figure.draw(
            pool_confidence(view.confidence),
            key="pool-confidence",
            caption="Far left it guesses, far right it is sure: being sure is not being right.",
        )
    right.dataframe(_classes(project, view), hide_index=True, height="content", key="pool-classes")


def _classes(project: Project, view: PoolView) -> pd.DataFrame:
    """The predicted classes of the pool beside those of train: what is rarer there than here."""
    predicted = view.predicted.value_counts()
    dataset = project.dataset
    known = dataset.labels_of("train").drop(dataset.generated, errors="ignore").value_counts()
    rows = pd.DataFrame({"pool": predicted, "train": known}).fillna(0).sort_values("pool", ascending=False)
    return pd.DataFrame(
        {
            "class": [shorten(name, 40) for name in rows.index],
            "predicted in the pool": [count(value) for value in rows["pool"]],
            "share": [percent(value) for value in rows["pool"] / max(1.0, rows["pool"].sum())],
            "share in train": [percent(value) for value in rows["train"] / max(1.0, rows["train"].sum())],
        }
    )
