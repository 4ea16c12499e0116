"""Monitor: what has come since the model was released, whether the world has moved, and what to label next."""

from __future__ import annotations

import streamlit as st

from core.flywheel import kept_batches
from pages.parts import batches, dated, frame
from pages.parts.batches import to_collect

frame.guard()
opened = frame.project_or_stop("monitor")
frame.heading("monitor")
found = kept_batches(opened)
if not found:
    st.info(
        "No batch has come yet. Bring what the model meets after release: its drift is measured, and what confuses the "
        "model goes to the reviewer.",
        icon=":material/move_to_inbox:",
    )
    to_collect(opened)
else:
    batches.latest(opened, found)
    batches.over_time(opened, found)
    dated.all_turns(opened)
    batches.record(opened, found)
