"""Whether the model's probabilities can be taken at their word: reliability diagram, calibration error, Brier score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.report import count, interval, number, percent, percent_interval, reliability_diagram
from pages.parts import figure, judged, paging
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.evaluate import Calibration
    from core.flywheel import Project, Turn

__all__ = ["draw"]


def draw(project: Project, turn: Turn) -> None:
    """Draw how often came true what the model said, on test or out of fold."""
    part = judged.part("calibration-part")
    found = judged.calibrated(project, turn, part)
    held = int(found.bins["count"].sum())
    left, right = st.columns([3, 2], gap="large")
    of = "the predicted class" if found.event is None else found.event
    with left:
        figure.draw(
            reliability_diagram(
                found.bins,
                said=f"probability of {of}" if found.event is None else f"probability of '{of}'",
                came_true="share that was right" if found.event is None else f"share labelled '{of}'",
            ),
            key=f"reliability-{part}",
            caption=f"{count(held, 'example')} in {count(len(found.bins), 'bin')} of about equally many; each with "
            "Wilson's 95% interval. On the dotted line the model is as good as its word. " + judged.SAID[part],
        )
    with right:
        _words(found)
        _scores(found)
    st.header("Each class against the rest", anchor=False)
    _classes(found, part)


def _words(found: Calibration) -> None:
    """What the diagram says of its surest bin and of the one that is furthest off."""
    bins = found.bins
    off = bins[(bins["said"] < bins["low"]) | (bins["said"] > bins["high"])]
    named = bins if off.empty else off
    gaps = (named["said"] - named["came_true"]).abs() * named["count"]
    row = bins.iloc[-1] if off.empty else named.loc[gaps.idxmax()]
    ends = percent_interval(row["low"], row["high"], 0)
    came = f"**{percent(row['came_true'], 0)}** ({ends})"
    st.markdown(
        f"When it says **{percent(row['said'], 0)}**, it is right in {came} of the cases."
        if found.event is None
        else f"Of those to which it gives **{percent(row['said'], 0)}** for **{plain(found.event)}**, {came} are "
        "labelled so."
    )
    if off.empty:
        st.caption("In no bin does what it says differ from what came true by more than chance explains.")
    else:
        wary = row["said"] < row["came_true"]
        st.caption(
            f"In {count(len(off))} of {count(len(bins), 'bin')} the difference is more than chance explains; this one "
            f"weighs most. Here it says too {'little' if wary else 'much'}."
        )


def _scores(found: Calibration) -> None:
    parts = found.parts
    rows = [
        ("Calibration error (ECE)", f"{number(found.ece[0])} ({interval(*found.ece[1:])})"),
        ("ECE as usually reported", number(found.ece_plain)),
        ("Brier score", f"{number(found.brier[0])} ({interval(*found.brier[1:])})"),
    ]
    if found.event is None:
        rows.append(("Squared error of the diagram", number(found.event_brier, 4)))
    rows += [
        ("\u2003miscalibration, adds", number(parts["reliability"], 4)),
        ("\u2003resolution, takes off", number(parts["resolution"], 4)),
        ("\u2003uncertainty, adds", number(parts["uncertainty"], 4)),
        ("\u2003blur within the bins, adds", number(parts["within"], 4)),
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["score", "value (95%)"]),
        hide_index=True,
        height="content",
        alt="Calibration error and Brier score with its parts",
    )
    st.caption(
        "ECE is the mean distance from the dotted line. Reported as usual, noise alone makes it greater than 0; the "
        "first line takes that off. The Brier score is the mean squared error of the probabilities: 0 is perfect, "
        f"{2 if found.event is None else 1} the worst."
    )


def _classes(found: Calibration, part: str) -> None:
    table = found.per_class.sort_values("support", kind="stable")
    shares = zip(table["share"], table["share_low"], table["share_high"], strict=True)
    briers = zip(table["brier"], table["brier_low"], table["brier_high"], strict=True)
    st.caption(
        "The rarest first. A mean probability below the interval of the share says that the model believes in the "
        "class too seldom, above it too often."
    )
    paging.table(
        pd.DataFrame(
            {
                "class": table.index,
                "examples": [count(value) for value in table["support"]],
                "share (95%)": [f"{percent(share)} ({percent_interval(low, high)})" for share, low, high in shares],
                "mean probability": [percent(value) for value in table["said"]],
                "Brier score (95%)": [f"{number(value)} ({interval(low, high)})" for value, low, high in briers],
            }
        ),
        key=f"calibration-classes-{part}",
        rows=15,
        noun="class",
        many="classes",
        alt="Calibration of each class against the rest",
    )
