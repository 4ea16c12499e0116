"""Annotate: the suspects of a turn as a review queue, one card at a time, settled with the keyboard."""

from __future__ import annotations

import streamlit as st

from core.flywheel import current_queue, next_place
from core.report import count, suspect_scores
from pages.parts import figure, frame, review_card, review_queue, sidebar, turns
from pages.parts.plain import plain

frame.guard()
project = frame.project_or_stop("annotate")
frame.heading("annotate")
turn = turns.last_or_stop(
    project, why="The locked model has to meet the data before it can say which labels it doubts."
)
by = sidebar.reviewer()
queue = current_queue(project)

if queue is None:
    st.subheader("Start a review", anchor=False)
    review_queue.chooser(project, turn)
    figure.draw(suspect_scores(turn.suspects["score"], turn.suspects["flagged"]), key="scores")
else:
    review_queue.header(project, queue, turn)
    place = next_place(project, queue)
    if place < len(queue.cards):
        ranked_by = project.turns[queue.turn] if queue.turn <= turn.number else None
        review_card.draw(project, queue, place, ranked_by, by=by)
    else:
        review_queue.ended(project, queue, turn)
    review_queue.simulated(project, queue)
    review_queue.table(project, queue, place)
review_queue.noise(project, turn)
review_queue.guidelines(project, by=by)
