"""The sealed examples: what they are for, the one dialog that opens them, and the claim that they leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS
from core.flywheel import AFTER, JUDGED, opened_elsewhere, refusal
from core.report import count, interval, moment, number, signed, signed_interval, times
from pages.parts import errors, jobs, sidebar, verdicts
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Claim, Project, Turn

__all__ = ["claim", "column", "entry", "line", "offer"]

_KIND = "seal"
_ASKED = "seal-asked"
# The ledger has many columns: its marks are short.
_MARKS = {JUDGED: "claim", AFTER: "after"}
_SCORES = {"precision": "precision", "recall": "recall", "f1": "F1"}


def claim(project: Project) -> None:
    """Draw the claim, if there is one, with all that it says."""
    found = project.claim
    if found is None:
        return
    jobs.panel(project.id, _KIND)
    if _asked_no_longer() == project.id:
        # Another tab was quicker, or this one had not noticed.
        st.error(plain(refusal(project)), icon=":material/lock_open:")
    title = METRICS[found.headline]
    with st.container(border=True, key="claim"):
        st.header(f"The final claim, turn {found.turn}", anchor=False)
        sealed, test, said = st.columns([2, 2, 5], vertical_alignment="top", gap="medium")
        with sealed:
            _score(f"{title}, sealed", found.score, "On the sealed examples, which took no part in any choice.")
        with test:
            _score(f"{title}, test", found.test_score, f"Turn {found.turn} on the test set, as it was then.")
        with said:
            st.markdown(_said(found))
            st.caption(_difference(found))
        st.code(found.sentence, language=None, wrap_lines=True)
        st.caption(_signed(found, project.turns[-1].number))
        with st.expander("Every metric and each class on the sealed examples", icon=":material/table_rows:"):
            _tables(found)


def offer(project: Project, turn: Turn) -> None:
    """Say that there are sealed examples, what they are for, and offer to open them; nothing where there are none."""
    size = len(project.dataset.ids("sealed"))
    if project.claim is not None or not size:
        return
    job = jobs.panel(project.id, _KIND)
    if job is not None and job.running:
        return
    refused = refusal(project)
    with st.container(border=True, key="seal"):
        words, button = st.columns([5, 2], vertical_alignment="center", gap="medium")
        opened = opened_elsewhere(project)
        where = "not looked at" if opened is None else f"opened in '{plain(opened.name)}'"
        words.markdown(
            f":material/{'lock' if opened is None else 'lock_open'}: **{count(size, 'sealed example')}, {where}**"
        )
        words.caption(
            "Every look at the test set makes its score a little too good. These took no part in any choice: opened "
            "once, when the data is as good as you can make it, they say what the project claims in the end."
            if refused is None
            else plain(refused)
        )
        button.button(
            "Open the sealed set…",
            key="open-seal",
            icon=":material/lock_open:",
            disabled=refused is not None,
            width="stretch",
            on_click=_ask,
            args=(project.id,),
        )
    if st.session_state.get(_ASKED) == project.id:
        _confirm(project, turn)


def entry(project: Project) -> None:
    """Draw the claim as the fixed entry of the ledger: one sentence, when and by whom."""
    found = project.claim
    if found is None:
        return
    with st.container(border=True, key="claim-entry"):
        st.markdown(f":material/lock_open: **The final claim, turn {found.turn}.** {plain(found.sentence)}")
        st.caption(_signed(found, project.turns[-1].number))


def column(table: pd.DataFrame) -> dict[str, pd.Series]:
    """The ledger's column that marks the turn of the claim and those after it; nothing while there is no claim."""
    return {"seal": table["seal"].map(_MARKS).fillna("–")} if "seal" in table else {}


def line(project: Project) -> None:
    """Say in one line what the project claims."""
    found = project.claim
    if found is None:
        return
    against = "" if found.verdict is None else f", {verdicts.badge(found.verdict.verdict)} against turn 0"
    st.markdown(
        f":material/lock_open: **Final claim, turn {found.turn}:** {METRICS[found.headline]} "
        f"{verdicts.score(*found.score)} on {count(found.size, 'sealed example')}{against}"
    )


def _ask(project_id: str) -> None:
    # Kept until it is answered: a job that ends meanwhile draws the page anew, and the dialog with it.
    st.session_state[_ASKED] = project_id


def _asked_no_longer() -> str | None:
    return st.session_state.pop(_ASKED, None)


@st.dialog("Open the sealed set?", width="medium", on_dismiss=_asked_no_longer)
@errors.calm(doing="preparing to open the sealed set")
def _confirm(project: Project, turn: Turn) -> None:
    """Say what it means before it is done."""
    refused = refusal(project)
    if refused is not None:
        st.error(plain(refused), icon=":material/lock_open:")
        if st.button("Close", key="seal-close"):
            _asked_no_longer()
            st.rerun()
        return
    size = count(len(project.dataset.ids("sealed")), "sealed example")
    beside = ", and turn 0 beside it," if turn.number else ""
    st.warning("**Once in the life of this project.** It can't be undone.", icon=":material/warning:")
    st.markdown(
        f"- It judges **turn {turn.number}**{beside} by {size}: data version `{turn.version[:8]}`.\n"
        f"- The test set was looked at **{times(project.looks)}** so far.\n"
        "- What comes out is the project's final claim, fixed in the ledger **whether it is good or bad**.\n"
        "- You can go on afterwards, but no later turn can be judged by these examples."
    )
    if not turn.number:
        st.markdown("- Only turn 0 was run: there is nothing to compare it with. Improve the data first?")
    sure = st.checkbox(f"I have done what I could: turn {turn.number} is what I claim", key="seal-sure")
    left, right = st.columns(2)
    if left.button(
        "Open the sealed set",
        key="seal-open",
        type="primary",
        icon=":material/lock_open:",
        disabled=not sure,
        width="stretch",
    ):
        by = sidebar.reviewer()
        _asked_no_longer()
        jobs.start(
            project.id,
            _KIND,
            "Opening the sealed set",
            lambda progress, cancel: project.open_sealed(by=by, progress=progress, cancel=cancel),
        )
    if right.button("Not yet", key="seal-not", width="stretch"):
        _asked_no_longer()
        st.rerun()


def _score(label: str, score: tuple[float, float, float], help_: str) -> None:
    value, low, high = score
    st.metric(label, number(value), help=help_)
    st.caption(f"95% interval {interval(low, high)}")


def _said(found: Claim) -> str:
    """What the turn did against turn 0, by the sealed examples and by the test set."""
    if found.verdict is None:
        return f"**Turn {found.turn}**, the first: there is no turn to compare it with."
    lines = [f"**Turn {found.turn} against turn 0**"]
    for where, verdict in (("sealed", found.verdict), ("test", found.test_verdict)):
        if verdict is not None:
            lines.append(f"{where}: {verdicts.badge(verdict.verdict)} {verdicts.change(verdict)}")
    return "  \n".join(lines)


def _difference(found: Claim) -> str:
    """What the score on the sealed examples says of that on test."""
    value, low, high = found.difference
    said = f"Sealed against test: {signed(value)} ({signed_interval(low, high)})."
    if high < 0:
        return f"{said} The test set has flattered turn {found.turn}: it was chosen by, or its examples are easier."
    if low > 0:
        return f"{said} The test set was harder: its looks have flattered nothing."
    return f"{said} The interval holds zero: what deciding by the test set has cost can't be told from chance."


def _signed(found: Claim, last: int) -> str:
    by = f" by {plain(found.by)}" if found.by else ""
    said = (
        f"Opened {moment(found.at)}{by}, after {count(found.looks, 'look')} at the test set. "
        f"Data {found.version[:8]}, lock {found.fingerprint[:8]}. "
    )
    later = last - found.turn
    if later > 0:
        since = "The turn" if later == 1 else f"The {count(later, 'turn')}"
        said += f"{since} since can't be judged by these examples: the seal is broken."
    else:
        said += "The claim is fixed; later turns can't be judged by these examples."
    return said


def _tables(found: Claim) -> None:
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "metric": METRICS[name],
                    "sealed (95%)": verdicts.score(*values),
                    "test (95%)": verdicts.score(*found.on_test.metrics[name]),
                }
                for name, values in found.evaluation.metrics.items()
            ]
        ),
        hide_index=True,
        height="content",
        width="content",
        key="claim-metrics",
        alt="Every metric of the turn on the sealed examples and on test, with intervals.",
    )
    classes = found.evaluation.per_class
    st.dataframe(
        pd.DataFrame(
            {
                "class": classes.index.astype(str),
                "examples": classes["support"].to_numpy(),
                **{f"{title} (95%)": _of_classes(classes, name) for name, title in _SCORES.items()},
            }
        ),
        hide_index=True,
        height="content" if len(classes) <= 20 else 640,
        width="content",
        key="claim-classes",
        alt="Precision, recall and F1 of each class on the sealed examples, with intervals.",
    )


def _of_classes(classes: pd.DataFrame, name: str) -> list[str]:
    values = classes[[name, f"{name}_low", f"{name}_high"]]
    return [verdicts.score(*row) for row in values.itertuples(index=False)]
