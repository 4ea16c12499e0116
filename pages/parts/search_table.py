"""What came of trying every method: a sentence and a table, from which a row can be taken over into the form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.generate import Search
from core.report import count, percent, shorten, signed, signed_interval
from pages.parts import frame, jobs, method_settings, target
from pages.parts.method_trial import SEARCH
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project
    from core.generate import Attempt
    from pages.parts.proposal import Ask

__all__ = ["draw", "fill"]

_KEY = "search-table"
_ROWS_AT_ONCE = 12


def draw(project: Project) -> None:
    """Say what came of trying everything, as a sentence and a table."""
    job = jobs.panel(project.id, SEARCH)
    if job is None or job.state != "done":
        return
    tried = job.result
    found: Search = tried.found
    with st.container(border=True):
        st.markdown(f"**All methods, for {plain(_aim(tried.ask))}**")
        st.markdown(plain(found.says))
        st.dataframe(
            _written(found.table, METRICS[project.headline]),
            hide_index=True,
            height="content" if len(found.table) <= _ROWS_AT_ONCE else 460,
            key=_KEY,
            on_select=lambda: _take(project, found),
            selection_mode="single-row",
            alt="Every method and amount that was tried, the best first. Choose a row to fill the form with it.",
        )
        free = (
            " By threshold: another decision threshold gives as much." if found.table["threshold_as_good"].any() else ""
        )
        st.caption(
            "Choose a row (Shift + Space) to fill the form above with it. Inside the folds of train, intervals "
            f"corrected for all {len(found.trials)} together (Holm). Likely: the change, drawn towards what the method "
            "gives in other amounts as far as luck explains that they differ. On the front: nothing that changes fewer "
            f"examples gives more.{free}"
        )
        if tried.version != project.dataset.version:
            st.caption("The data was changed since this trial.")


def _take(project: Project, found: Search) -> None:
    """Fill the form with the row that was chosen; what could not be tried can't be taken."""
    rows = st.session_state[_KEY].selection.rows
    if not rows:
        return
    if rows[0] >= len(found.trials):
        frame.tell("This could not be tried: see the last column.", icon=":material/info:")
        return
    asked = found.trials[rows[0]].attempt
    fill(project, asked)
    frame.tell(f"The form holds it: {asked}.")


def fill(project: Project, asked: Attempt) -> None:
    """Make the form say what an attempt was, before it is drawn."""
    st.session_state["method"] = asked.method.key
    method_settings.take(asked)
    target.take(project, asked)


def _aim(ask: Ask) -> str:
    if ask.whom:
        return shorten(ask.whom, 80)
    return ", ".join(f"{count(rows)} of '{shorten(name, 40)}'" for name, rows in ask.counts)


def _written(table: pd.DataFrame, title: str) -> pd.DataFrame:
    """The table of a search as a person would write it."""
    tried = table["problem"] == ""
    changes = [
        f"{signed(row.delta)} ({signed_interval(row.low, row.high)})" if row.problem == "" else "–"
        for row in table.itertuples()
    ]
    written = pd.DataFrame(
        {
            "method": table["title"],
            "amount": [percent(share, 0) if share == share else "–" for share in table["amount"]],
            "strength": [percent(strength, 0) if strength == strength else "–" for strength in table["strength"]],
            "rows": [f"{rows:+,}".replace("-", "\N{MINUS SIGN}") if rows else "–" for rows in table["rows"]],
            f"{title}": changes,
            "likely": [signed(likely) if likely == likely else "–" for likely in table["likely"]],
            "verdict": table["verdict"].where(tried, "not tried"),
            "on the front": table["pareto"].map({True: "yes", False: ""}),
            "by threshold": table["threshold_as_good"].map({True: "as much", False: ""}),
            "seconds": [f"{seconds:.1f}" if seconds == seconds else "–" for seconds in table["seconds"]],
            "why not": table["problem"],
        }
    )
    # What is said of none of them takes no room.
    empty = {"strength": "–", "by threshold": "", "why not": ""}
    return written.drop(columns=[name for name, nothing in empty.items() if (written[name] == nothing).all()])
