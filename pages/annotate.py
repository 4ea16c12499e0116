"""Annotate: the suspects of a turn as a review queue, one card at a time, settled with the keyboard."""

from __future__ import annotations

import streamlit as st

from core.flywheel import Project, Queue, Turn, arrive, current_queue
from core.report import suspect_scores
from pages.parts import (
    annotators,
    bands,
    better_ranking,
    choose_queue,
    figure,
    frame,
    guidelines,
    pool,
    queue_table,
    review_card,
    review_queue,
    review_says,
    rules,
    sidebar,
    strayed,
    test_labels,
    turns,
)


def start(project: Project, turn: Turn) -> None:
    """Show what the last turn doubts and offer the first queue."""
    st.header("Start a review", anchor=False)
    choose_queue.draw(project, turn)
    figure.draw(suspect_scores(turn.suspects["score"], turn.suspects["flagged"]), key="scores")


def review(project: Project, queue: Queue, turn: Turn, *, by: str) -> None:
    """Show the card the reviewer has come to, or what became of the queue."""
    queue = arrive(project, queue)
    place = queue.place
    review_queue.header(project, queue, place, turn)
    if place < len(queue.cards):
        ranked_by = project.turns[queue.turn] if queue.turn <= turn.number else None
        review_card.draw(project, queue, place, ranked_by, by=by)
    else:
        review_queue.ended(project, queue, turn)
    review_says.draw(project, queue)
    review_queue.simulated(project, queue, place)


def queue_and_card(project: Project, turn: Turn, *, by: str) -> None:
    """Show the queue with its card, or the way to one, and how much of the labels is probably wrong."""
    queue = current_queue(project, by)
    if queue is None:
        start(project, turn)
    else:
        review(project, queue, turn, by=by)
    better_ranking.draw(project, turn)
    review_queue.noise(project, turn)


# What is drawn by title; each is handed the project, its last turn and who signs.
VIEWS = {
    "Review": queue_and_card,
    "Table": queue_table.draw,
    "Audited fix": bands.draw,
    test_labels.TAB: test_labels.draw,
    "Guidelines": guidelines.draw,
    "Pool": pool.draw,
    "Annotators": annotators.draw,
    "Rules": rules.draw,
}

frame.guard()
opened = frame.project_or_stop("annotate")
frame.heading("annotate")
last = turns.last_or_stop(opened, why="The locked model has to meet the data before it can say which labels it doubts.")
strayed.notice(opened)
better_ranking.begin(opened, last)
tabs = st.tabs(list(VIEWS), key="annotate-view", on_change="rerun")
for tab, view in zip(tabs, VIEWS.values(), strict=True):
    if tab.open:
        with tab:
            view(opened, last, by=sidebar.reviewer())
