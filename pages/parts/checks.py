"""Checks on the screen: what must hold of the data, what breaks it, ideas for more, and the way in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.collect import Check
from core.collect.check_ideas import suggest_checks
from core.collect.checked import ask_new
from core.collect.pandera_schema import checks_source, from_pandera, needs_source, to_pandera
from core.dataset import Dataset
from core.flywheel import SetChecks
from core.report import count, verb
from pages.parts import audited, check_form, errors, frame, paging
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project

__all__ = ["broken_by", "draw", "leave_out"]

_A_PAGE = 10
_IDEAS_A_PAGE = 8


def draw(project: Project, *, by: str) -> None:
    """Draw the checks of a project, a form for a new one, ideas from the data, and the schema to take along."""
    checks = project.checks
    if checks:
        st.markdown(
            f"**{count(len(checks), 'check')}**, asked of every version of the data and of every batch before it is "
            "added. What breaks one is among the findings."
        )
        _listed(project, checks, by)
    else:
        st.markdown(
            "A check says what you know must hold: *an age lies between 0 and 120*, *a contract does not end before "
            "it starts*. It is asked of every version of the data and of every batch before it is added; what breaks "
            "it becomes a finding."
        )
    check_form.draw(project, by=by)
    _ideas(project, checks, by)
    _in_and_out(project, checks, by)


def _listed(project: Project, checks: tuple[Check, ...], by: str) -> None:
    told = _told(project, checks)
    part = paging.page_of(len(checks), key="checks", rows=_A_PAGE)
    for place in range(part.start, part.stop):
        check = checks[place]
        with st.container(border=True):
            said, acts = st.columns([5, 2], vertical_alignment="center")
            grade = ":orange-badge[severe]" if check.severe else ":gray-badge[worth knowing]"
            said.markdown(f"**{plain(check)}** {grade}  \n{told[place]}")
            with acts.container(horizontal=True, horizontal_alignment="right"):
                st.button(
                    "Change",
                    key=f"check-change-{place}",
                    type="tertiary",
                    icon=":material/edit:",
                    on_click=check_form.begin,
                    args=(project.id, check),
                    kwargs={"editing": place},
                )
                st.button(
                    "Remove",
                    key=f"check-remove-{place}",
                    type="tertiary",
                    icon=":material/delete:",
                    on_click=_remove,
                    args=(project, check, by),
                )
    if len(checks) > _A_PAGE:
        paging.controls(len(checks), key="checks", rows=_A_PAGE, noun="check")


def _told(project: Project, checks: tuple[Check, ...]) -> list[str]:
    """What the audit says of each check, in words of Markdown; it asked them already, or does so now."""
    if audited.findings(project) is None:
        return [":gray[being asked: the audit is running]"] * len(checks)
    # Among all, those that were dismissed included.
    found = project.audits.look(project.dataset, checks)
    broken = {finding.title.partition(": ")[2]: finding.message for finding in found if finding.kind == "check"}
    return [plain(broken[str(check)]) if str(check) in broken else ":green[:material/check:] holds" for check in checks]


@errors.calm(doing="removing a check")
def _remove(project: Project, check: Check, by: str) -> None:
    known = project.checks
    said = f"removed the check: {check}"
    project.apply(SetChecks([each for each in known if each != check], known=known, said=said, by=by))
    frame.tell(f"Saved: {said}. Undo brings it back.")


# --- ideas ----------------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=8)
def _found(version: str, _dataset: Dataset) -> list[Check]:
    return suggest_checks(_dataset)


def _ideas(project: Project, checks: tuple[Check, ...], by: str) -> None:
    """Draw what holds of nearly all the data, each one click away from being a check."""
    box = st.expander(
        "Ideas from your data", expanded=not checks, icon=":material/lightbulb:", key="check-ideas", on_change="rerun"
    )
    if not box.open:
        return
    with box, st.spinner("Looking at each column", show_time=False):
        dataset = project.dataset
        ideas = [idea for idea in _found(dataset.version, dataset) if idea not in checks]
        if not ideas:
            st.caption("Nothing holds of nearly all examples that is not among your checks already.")
            return
        st.caption(
            "This holds of nearly all examples of train and pool. Whether it must hold, only you know: add what is a "
            "rule of your domain, change what is not quite it."
        )
        part = paging.page_of(len(ideas), key="check-ideas", rows=_IDEAS_A_PAGE)
        for place, idea in enumerate(ideas[part]):
            words, said, acts = st.columns([5, 4, 2.4], vertical_alignment="center")
            words.markdown(plain(idea))
            said.caption(check_form.verdict(dataset, idea))
            with acts.container(horizontal=True, horizontal_alignment="right"):
                st.button("Add", key=f"check-add-{place}", on_click=_add, args=(project, idea, by))
                st.button(
                    "Change",
                    key=f"check-use-{place}",
                    type="tertiary",
                    on_click=_use,
                    args=(project.id, idea),
                )
        paging.controls(len(ideas), key="check-ideas", rows=_IDEAS_A_PAGE, noun="idea")


@errors.calm(doing="adding a check")
def _add(project: Project, idea: Check, by: str) -> None:
    check_form.save(project, idea, by=by)
    # It stays open: as a rule several are added.
    st.session_state["check-ideas"] = True


def _use(project_id: str, idea: Check) -> None:
    check_form.begin(project_id, idea)
    # Out of the way, so that the form is on screen.
    st.session_state["check-ideas"] = False
    frame.tell("The idea is in the form: change it, then save it.", icon=":material/lightbulb:")


# --- in and out -----------------------------------------------------------------------------------------------------


def _in_and_out(project: Project, checks: tuple[Check, ...], by: str) -> None:
    """Offer the checks as a schema of pandera, and take one in."""
    box = st.expander(
        "Take them along, or bring some", icon=":material/swap_horiz:", key="check-files", on_change="rerun"
    )
    if not box.open:
        return
    with box:
        st.caption(
            "As a schema of pandera, an open library that checks tables in Python, in its JSON format. It runs in a "
            "pipeline that knows nothing of this app."
        )
        with st.container(horizontal=True):
            st.download_button(
                "Download checks.json",
                data=lambda: to_pandera(project.checks, name=project.name),
                file_name="checks.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
                disabled=not checks,
            )
            if needs_source(checks):
                st.download_button(
                    "Download pandera_checks.py",
                    data=checks_source,
                    file_name="pandera_checks.py",
                    mime="text/x-python",
                    icon=":material/download:",
                    on_click="ignore",
                    help="Import it before reading the schema: pandera has no checks between columns of its own.",
                )
        file = st.file_uploader("A schema of pandera, as JSON", type=["json"], key=f"check-file-{project.revision}")
        if file is not None:
            _bring(project, file.getvalue().decode("utf-8", "replace"), by)


def _bring(project: Project, text: str, by: str) -> None:
    brought, left_out = from_pandera(text)
    known = project.checks
    new = [check for check in brought if check not in known]
    fitting = [check for check in new if set(check.columns) <= set(project.dataset.frame.columns)]
    st.markdown(f"{count(len(brought), 'check')} read, **{count(len(fitting))} new** and about columns of this data.")
    if left_out:
        st.caption(f"No check here can say: {plain('; '.join(left_out[:8]))}.")
    if fitting and st.button(
        f"Add {count(len(fitting), 'check')}", type="primary", icon=":material/add:", key="check-bring"
    ):
        said = f"added {count(len(fitting), 'check')} of a schema"
        project.apply(SetChecks([*known, *fitting], known=known, said=said, by=by))
        frame.tell(f"Saved: {said}.")
        st.rerun()


# --- a batch --------------------------------------------------------------------------------------------------------


def broken_by(project: Project, new: pd.DataFrame) -> pd.Series:
    """Show which new rows break which check before they are added.

    Returns
    -------
    Series of bool
        By id of the new rows: whether it breaks a severe check.
    """
    checks = project.checks
    broken, unasked = ask_new(project.dataset.frame, new, checks)
    for why in unasked.values():
        st.warning(plain(why), icon=":material/error:")
    severe = broken[[place for place, check in enumerate(checks) if check.severe]].any(axis=1)
    anything = broken.any(axis=1)
    if not checks or not len(new):
        return severe
    if not anything.any():
        st.markdown(
            f":green[:material/check:] All {count(len(new), 'new row')} meet your {count(len(checks), 'check')}."
        )
        return severe
    some = int(anything.sum())
    st.warning(
        f"{count(some)} of {count(len(new), 'new row')} {verb(some, 'breaks', 'break')} a check.",
        icon=":material/rule:",
    )
    for place, check in enumerate(checks):
        rows = new[broken[place].to_numpy(dtype=bool)]
        if len(rows):
            grade = "" if check.severe else " · worth knowing"
            with st.expander(f"{count(len(rows), 'row')}: {plain(check)}{grade}"):
                columns = list(dict.fromkeys([*check.columns, *new.columns]))
                paging.table(rows[columns], key=f"broken-{place}", rows=10, noun="row")
    return severe


def leave_out(severe: pd.Series) -> bool:
    """Ask whether new rows that break a severe check are left out."""
    number = int(severe.sum())
    if not number:
        return False
    return bool(
        st.radio(
            "What to do with them",
            [True, False],
            format_func=lambda out: (
                f"Leave out the {count(number, 'row')} that {verb(number, 'breaks', 'break')} a severe check"
                if out
                else "Add them anyway: they stand among the findings"
            ),
            key=f"broken-choice-{number}",
        )
    )
