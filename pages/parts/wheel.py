"""The wheel at a glance: its five stages with their state, and the ledger's chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core.evaluate import METRICS
from core.report import count, ledger_chart, percent, shorten
from pages.parts import audited, data_view, figure, frame, verdicts
from pages.parts.plain import plain
from pages.parts.turns import moved_on

if TYPE_CHECKING:
    from core.flywheel import Action, Project

__all__ = ["headline_title", "ledger_figure", "strip"]


def headline_title(project: Project) -> str:
    """The headline metric as people call it."""
    return METRICS[project.headline]


def ledger_figure(project: Project, *, key: str, caption: str | None = None) -> None:
    """Draw the headline metric turn by turn."""
    drawn = project.ledger().rename(columns={"score": "value"})[["turn", "value", "low", "high", "verdict"]]
    figure.draw(ledger_chart(drawn, metric=headline_title(project)), key=key, caption=caption)


def strip(project: Project, actions: Sequence[Action]) -> None:
    """Draw the five stages side by side, each a way to its page; the one to go to next is marked."""
    said = _states(project, actions)
    first = actions[0].page if actions else ""
    places = st.container(key="wheel").columns(len(said), gap="small")
    for place, (slug, lines) in zip(places, said.items(), strict=True):
        screen = frame.screen(slug)
        with place.container(border=True, height="stretch"):
            st.page_link(screen.path, label=f"**{screen.title}**", icon=screen.icon)
            st.markdown("  \n".join(lines))
            if slug == first:
                st.markdown(":blue-badge[:material/arrow_forward: next]")


def _states(project: Project, actions: Sequence[Action]) -> dict[str, list[str]]:
    dataset, turns = project.dataset, project.turns
    review = max((each for each in actions if each.kind == "review"), key=lambda each: each.count, default=None)
    changed = not turns or moved_on(project, turns[-1])
    if turns:
        annotate = f"{count(review.count)} to review" if review else "nothing to review"
        last = turns[-1]
        evaluate = [f"turn {last.number}", verdicts.score(*last.headline)]
    else:
        annotate, evaluate = "after turn 0", ["after turn 0"]
    classes = data_view.balance(dataset).sum(axis=1)
    generate = [f"rarest: {plain(shorten(classes.idxmin(), 20))}, {percent(classes.min() / classes.sum())}"]
    if len(dataset.generated):
        generate.append(f"{count(len(dataset.generated))} generated")
    pending = plain("; ".join(project.pending)) or "the data was changed"
    return {
        "collect": [count(len(dataset), "example"), audited.said(project)],
        "annotate": [annotate],
        "generate": generate,
        "train": [f"turn {len(turns)} is next" if changed else "up to date", pending if turns and changed else ""],
        "evaluate": evaluate,
    }
