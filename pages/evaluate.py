"""Evaluate: what the last turn says, where the model fails, and how much the test set can show."""

from __future__ import annotations

import streamlit as st

from pages.parts import (
    balance,
    calibration,
    dated,
    frame,
    hardest,
    judgement,
    mistakes,
    scores,
    seal,
    slices,
    test_set,
    threshold,
    turns,
    watched,
)

VIEWS = {
    "Metrics": scores.draw,
    "Mistakes": mistakes.draw,
    "Hardest": hardest.draw,
    "Error slices": slices.draw,
    "Balance": balance.view,
    "Threshold": threshold.draw,
    "Calibration": calibration.draw,
    "Test set": test_set.draw,
}

frame.guard()
opened = frame.project_or_stop("evaluate")
frame.heading("evaluate")
last = turns.last_or_stop(opened, why="There is nothing to read before the locked model has met the data.")
seal.claim(opened)
judgement.draw(opened, last)
dated.draw(opened, last)
watched.marks(opened, last)
seal.offer(opened, last)
tabs = st.tabs(list(VIEWS), key="evaluate-view", on_change="rerun")
for tab, view in zip(tabs, VIEWS.values(), strict=True):
    if tab.open:
        with tab:
            view(opened, last)
