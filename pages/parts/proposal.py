"""A proposal before it is applied: generated rows beside their parents, or the examples that would be left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.flywheel import Edit, Exclude, Generate, Project
from core.generate import METHODS, Fidelity, Focus, Method, fidelity, propose, propose_exclusions
from core.progress import Cancel, Progress, Steps
from core.report import count, shorten, verb
from pages.parts import examples, frame, jobs, paging, proposal_check, proposed_row

__all__ = ["CHECK", "KIND", "Ask", "apply", "draw", "number"]

KIND = "proposal"
CHECK = "check"
_CARDS_A_PAGE = 4
_STYLE = Path(__file__).parent / "card.css"


class Ask(NamedTuple):
    """What is asked of a method: how many of each class are to be made, or left out.

    A tuple, so that a trial that was asked for before a module was loaded anew still equals the same question.
    """

    method: str
    counts: tuple[tuple[str, int], ...]
    # As JSON: a tuple can be compared whatever the settings hold.
    settings: str = "{}"
    # Whom rows are made of, if not of whole classes; see `core.generate.Focus`.
    ids: tuple[str, ...] = ()
    whom: str = ""
    found_on_errors: bool = False

    @property
    def of(self) -> Method:
        """The method itself."""
        return METHODS[self.method]

    @property
    def target(self) -> Mapping[str, int] | Focus:
        """Class to count, and whom they are made of, as `core.generate` takes it."""
        counts = dict(self.counts)
        return Focus(self.ids, counts, self.whom, self.found_on_errors) if self.ids else counts

    @property
    def given(self) -> dict[str, Any]:
        """The settings, as `core.generate` takes them."""
        return dict(json.loads(self.settings))

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(number for _, number in self.counts)

    @property
    def _told(self) -> str:
        """The settings that are not the method's own, in brackets."""
        said = [
            count(len(value), name.removesuffix("s")) if isinstance(value, (list, dict)) else f"{name} {value:g}"
            for name, value in self.given.items()
        ]
        return f" ({', '.join(said)})" if said else ""

    def __str__(self) -> str:
        if self.of.finds:
            return f"{self.of.title}: of {', '.join(repr(shorten(name, 40)) for name, _ in self.counts)}"
        listed = ", ".join(f"{count(number)} of '{shorten(name, 40)}'" for name, number in self.counts)
        return f"{self.of.title}{self._told}: {listed}" + (f", made of {shorten(self.whom, 60)}" if self.whom else "")


# The version of the data, what was asked of it, and what came of it.
_Proposed = tuple[str, Ask, pd.DataFrame]
_Checked = tuple[str, Ask, Fidelity]


def apply(project: Project, ask: Ask, *, by: str) -> None:
    """Apply what is asked as one edit: at once if it was previewed, otherwise made in the background first."""
    proposal, revision = _made(project, ask), project.revision
    if proposal is not None:
        project.apply(_edit(ask, proposal.drop(index=_struck(project, ask, proposal)), by), revision=revision)
        frame.tell("Applied. One undo takes it back.")
        st.rerun()

    def work(progress: Progress, cancel: Cancel) -> _Proposed:
        steps = Steps(2, progress, cancel)
        steps.start("making the proposal")
        result = _make(project, dataset, ask)
        steps.start("saving")
        project.apply(_edit(ask, result[2], by), revision=revision)
        return result

    dataset = project.dataset
    jobs.start(project.id, KIND, f"Applying {ask}", work)


def number(project: Project, ask: Ask) -> int | None:
    """How many rows would be added, or examples left out: what was asked for, until it is known what came of it.

    None where only the method can say.
    """
    proposal = _made(project, ask)
    if proposal is None:
        return None if ask.of.finds else ask.total
    return len(proposal) - len(_struck(project, ask, proposal))


def draw(project: Project, ask: Ask) -> None:
    """Draw the proposal page by page; it is made in the background when it is not known yet."""
    # First and always: marks that are drawn dimly while the page is drawn anew would lose their style.
    st.html(_STYLE)
    dataset, proposal, title = project.dataset, _made(project, ask), f"Preview of {ask}"
    if proposal is None:
        job = jobs.registry().snapshot(project.id, KIND)
        if job is None or (not job.running and (job.state == "done" or job.title != title)):
            jobs.start(project.id, KIND, title, lambda progress, cancel: _make(project, dataset, ask))
        st.caption("Nothing to show yet: see above.")
        return
    if ask.of.excludes:
        _exclusions(dataset, proposal, key=f"proposal-{ask}")
    else:
        _rows(project, ask, proposal)


def _exclusions(dataset: Dataset, proposal: pd.DataFrame, *, key: str) -> None:
    shown = proposal.index[paging.page_of(len(proposal), key=key)]
    rows = dataset.frame.loc[shown, [dataset.schema.label, *dataset.schema.inputs]]
    st.dataframe(examples.readable(rows), hide_index=True, height="content", alt="Examples that would be left out")
    paging.controls(len(proposal), key=key)


def _rows(project: Project, ask: Ask, proposal: pd.DataFrame) -> None:
    """Draw generated rows with what was found out about them, and let the analyst strike some."""
    if len(proposal) < ask.total:
        st.info(
            f"{count(len(proposal))} of {count(ask.total)} {verb(len(proposal), 'was', 'were')} made: more would "
            "repeat an example or each other.",
            icon=":material/info:",
        )
    checked = _checked(project, ask)
    if checked is None:
        _offer_check(project, ask, proposal)
    else:
        proposal_check.summary(checked)
    jobs.panel(project.id, CHECK)
    struck = _struck(project, ask, proposal)
    shown = proposal_check.choose(proposal, checked, struck, key=_key(project, ask))
    if len(shown) and st.session_state.get(f"filter-{_key(project, ask)}") not in (None, "all", "struck"):
        left = shown[~shown.isin(struck)]
        if st.button(f"Strike {count(len(left), 'example')}", icon=":material/backspace:", disabled=not len(left)):
            _strike(project, ask, set(left), True)
            st.rerun()
    key = f"proposal-{ask}-{st.session_state.get(f'filter-{_key(project, ask)}')}"
    for example_id in shown[paging.page_of(len(shown), key=key, rows=_CARDS_A_PAGE)]:
        seen = None if checked is None else checked.rows.loc[example_id]
        leak = seen is not None and seen["flag"] == "leak"
        with st.container(border=True):
            left, right = st.columns([7, 1])
            with right.container(horizontal_alignment="right"):
                ticked = st.checkbox(
                    "Strike",
                    value=example_id in struck,
                    disabled=leak,
                    key=f"strike-{_key(project, ask)}-{example_id}-{example_id in struck}",
                    help="It lies next to a test example and is never added." if leak else None,
                )
            with left:
                proposed_row.draw(
                    project.dataset, example_id, proposal.loc[example_id], seen, struck=example_id in struck
                )
        if ticked != (example_id in struck):
            _strike(project, ask, {example_id}, ticked)
            st.rerun()
    paging.controls(len(shown), key=key, rows=_CARDS_A_PAGE, noun="generated example")
    if checked is not None:
        proposal_check.columns(checked, key=_key(project, ask))


def _offer_check(project: Project, ask: Ask, proposal: pd.DataFrame) -> None:
    dataset, turns = project.dataset, project.turns
    threshold = turns[-1].threshold if turns else None

    def work(progress: Progress, cancel: Cancel) -> _Checked:
        found = fidelity(dataset, project.model, proposal, threshold=threshold, progress=progress, cancel=cancel)
        return dataset.version, ask, found

    with st.container(horizontal=True, vertical_alignment="center"):
        running = CHECK in {job.kind for job in jobs.registry().running(project.id)}
        if st.button("Check these examples", icon=":material/straighten:", disabled=running, key="check"):
            jobs.start(project.id, CHECK, f"Check of {ask}", work)
        st.caption(
            "How near they are to real examples, and what a model calls them that has seen none of their parents."
        )


def _make(project: Project, dataset: Dataset, ask: Ask) -> _Proposed:
    if ask.of.excludes:
        return (
            dataset.version,
            ask,
            propose_exclusions(dataset, method=ask.method, target=ask.target, settings=ask.given),
        )
    rows = propose(dataset, method=ask.method, target=ask.target, settings=ask.given, model=project.model)
    return dataset.version, ask, rows


def _made(project: Project, ask: Ask) -> pd.DataFrame | None:
    """What was proposed last, if it was for this very question about this very data."""
    return _result(project, ask, KIND)


def _checked(project: Project, ask: Ask) -> Fidelity | None:
    """What was found out about these very rows."""
    return _result(project, ask, CHECK)


def _result(project: Project, ask: Ask, kind: str) -> Any:
    job = jobs.registry().snapshot(project.id, kind)
    known = job is not None and job.state == "done" and job.result[:2] == (project.dataset.version, ask)
    return job.result[2] if job is not None and known else None


# --- striking -------------------------------------------------------------------------------------------------------


def _key(project: Project, ask: Ask) -> str:
    return f"{project.dataset.version}-{ask}"


def _struck(project: Project, ask: Ask, proposal: pd.DataFrame) -> pd.Index:
    """The rows that are not to be added: those that the analyst struck, and what lies next to a test example."""
    ids = set(st.session_state.get(f"struck-{_key(project, ask)}", ()))
    checked = None if ask.of.excludes else _checked(project, ask)
    if checked is not None:
        ids |= set(checked.flagged("leak"))
    return proposal.index[proposal.index.isin(ids)]


def _strike(project: Project, ask: Ask, ids: set[str], struck: bool) -> None:
    key = f"struck-{_key(project, ask)}"
    known = set(st.session_state.get(key, ()))
    st.session_state[key] = tuple(sorted(known | ids if struck else known - ids))


def _edit(ask: Ask, proposal: pd.DataFrame, by: str) -> Edit:
    if ask.of.excludes:
        return Exclude(list(proposal.index), by=by, reason=str(ask))
    return Generate(proposal, method=ask.method, settings=ask.of.settled(ask.given), by=by, reason=str(ask))
