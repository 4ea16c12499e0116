"""What the audit found, worst first: how bad, where, what to do, and a button that does it as one edit."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.flywheel import chosen, dismiss, dismissed_findings, edit_of, findings_before, restore
from core.flywheel.findings import finding_key
from core.flywheel.mend import size
from core.report import count, moment, shorten
from pages.parts import audited, choose_queue, choosing, errors, frame, jobs, paging, sidebar
from pages.parts.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.collect import Finding
    from core.flywheel import Edit, Project

__all__ = ["draw", "listed"]

# From this severity on a finding is called by that word.
_LEVELS = ((0.6, "severe", "orange"), (0.3, "worth mending", "blue"), (0.0, "worth knowing", "gray"))
_A_PAGE = 10
_ANY = "any"
# A button of that kind tells with its edit that a finding was mended.
_MENDS = ("exclude", "correct", "drop_column", "relabel", "dismiss")
_VERBS = {"exclude": "Exclude", "correct": "Correct", "relabel": "Relabel"}
# Excluded without a look these would take good examples along: their button comes below what is looked at.
_LOOK_FIRST = ("outliers",)
_NOUNS = {"exclude": "example", "correct": "cell", "relabel": "example"}


def draw(project: Project) -> None:
    """Draw the findings of the data as it is, or how far the audit is."""
    found = audited.findings(project)
    if found is None:
        job = jobs.panel(project.id, audited.KIND)
        if job is not None and not job.running:
            st.button("Audit the data", icon=":material/search:", on_click=audited.again, args=(project,))
        _last(project)
        if before := findings_before(project):
            st.caption("Found before your last edit, without what it mended. The data is being looked at again.")
            listed(project, before[:_A_PAGE])
        return
    _last(project)
    if not found:
        st.success("The audit found nothing to mend.", icon=":material/check_circle:")
    else:
        _summary(found)
        shown = _filtered(found)
        key = f"findings-{abs(hash(tuple(finding_key(finding) for finding in shown)))}"
        listed(project, shown[paging.page_of(len(shown), key=key, rows=_A_PAGE)])
        if len(shown) > _A_PAGE or not shown:
            paging.controls(len(shown), key=key, rows=_A_PAGE, noun="finding")
    _dismissed(project)


def listed(project: Project, found: Sequence[Finding]) -> None:
    """Draw some findings, each in a box of its own."""
    # A click on what another tab has changed meanwhile finds no button any more.
    version = project.dataset.version[:8]
    known: Counter[str] = Counter()
    for finding in found:
        name = f"{finding.kind}-{'-'.join(finding.columns[:1])}"
        known[name] += 1
        with st.container(border=True):
            _finding(project, finding, f"{name}-{known[name]}-{version}")


def _level(finding: Finding) -> tuple[str, str]:
    return next((word, colour) for least, word, colour in _LEVELS if finding.severity >= least)


def _summary(found: Sequence[Finding]) -> None:
    """Say how many there are, by severity, and how many a button mends."""
    words = Counter(_level(finding)[0] for finding in found)
    said = ", ".join(f"{count(words[word])} {word}" for _, word, _ in _LEVELS if words[word])
    buttons = sum(finding.fix is not None for finding in found)
    st.markdown(
        f"**{count(len(found), 'finding')}**: {said}."
        + (f" {count(buttons)} can be mended with one edit each; undo takes it back." if buttons else "")
    )


def _filtered(found: Sequence[Finding]) -> list[Finding]:
    """Draw the filters, where there is enough to filter, and apply them."""
    if len(found) <= _A_PAGE // 2:
        return list(found)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = [word for _, word, _ in _LEVELS if any(_level(finding)[0] == word for finding in found)]
        level = st.selectbox("How bad", [_ANY, *words], key="findings-level", width=180)
        kinds = sorted({finding.kind for finding in found})
        kind = st.selectbox(
            "Kind", [_ANY, *kinds], key="findings-kind", width=260, format_func=lambda name: name.replace("_", " ")
        )
        columns = list(dict.fromkeys(name for finding in found for name in finding.columns))
        column = st.selectbox(
            "Column", [_ANY, *columns], key="findings-column", width=260, format_func=lambda name: shorten(name, 40)
        )
    return [
        finding
        for finding in found
        if level in (_ANY, _level(finding)[0])
        and kind in (_ANY, finding.kind)
        and (column == _ANY or column in finding.columns)
    ]


def _finding(project: Project, finding: Finding, key: str) -> None:
    word, colour = _level(finding)
    made = choosing.choice(key)
    said, acts = st.columns([5, 2], vertical_alignment="top", gap="medium")
    said.markdown(
        f"**{plain(finding.title)}** :{colour}-badge[{word}]  \n{plain(finding.message)}  \n"
        f":gray[{plain(finding.remedy)}]"
    )
    opened, look_first = bool(st.session_state.get(f"look-{key}")), finding.kind in _LOOK_FIRST
    with acts:
        mends = not look_first and _mend(project, finding, made, key)
        if not mends:
            _look(finding, key, opened=opened, first=True)
        with st.container(horizontal=True, horizontal_alignment="right"):
            if mends:
                _look(finding, key, opened=opened, first=False)
            _dismiss(project, finding, key)
    if opened:
        choosing.draw(project, finding, key)
        if look_first:
            _, below = st.columns([5, 2], gap="medium")
            with below:
                _mend(project, finding, made, key)


def _mend(project: Project, finding: Finding, made: choosing.Choice, key: str) -> bool:
    """Draw the button that mends the finding, or what was chosen of it; False where there is none."""
    some = finding.fix is not None and finding.fix != "drop_column"
    total = size(finding)
    number = total - len(made.left_out) if some else len(made.values)
    if finding.kind == "conflicting_labels" and project.turns:
        if st.button("Settle them case by case", key=f"settle-{key}", width="stretch", help="Go to Annotate."):
            st.session_state["annotate-view"] = "Review"
            st.session_state["queue-what"] = choose_queue.COPIES
            frame.navigate("annotate")
        return True
    if finding.fix is None and not number:
        return False
    if finding.fix == "drop_column":
        label = f"Drop '{plain(shorten(finding.columns[0], 24))}'"
    else:
        fix = finding.fix or "correct"
        of_all = f"{count(number)} of " if some and number < total else ""
        what = f"{of_all}{count(total if some else number, _NOUNS[fix])}"
        empties = finding.fix == "correct" and not any(made.values.values()) and not any(_there(finding))
        label = f"Make {what} missing" if empties else f"{_VERBS[fix]} {what}"
    st.button(
        label,
        key=f"mend-{key}",
        width="stretch",
        disabled=finding.fix != "drop_column" and number == 0,
        help="One edit; undo takes it back.",
        on_click=_do,
        args=(project, finding, made),
    )
    return True


def _there(finding: Finding) -> Iterator[bool]:
    """Whether there is a value among those to be put, one after the other."""
    return (value is not None for value in finding.values)


@errors.calm(doing="mending a finding")
def _do(project: Project, finding: Finding, made: choosing.Choice) -> None:
    edit = edit_of(chosen(finding, left_out=made.left_out, values=made.values), by=sidebar.reviewer())
    if edit is not None:
        _apply(project, edit)


def _apply(project: Project, edit: Edit) -> None:
    entry = project.apply(edit)
    frame.tell(f"{entry.summary[0].upper()}{entry.summary[1:]}. Undo takes it back.")


def _look(finding: Finding, key: str, *, opened: bool, first: bool) -> None:
    """Draw the switch that opens what the finding is about; the card's first button where nothing else is."""
    if not size(finding):
        return
    noun = "cell" if finding.cells and finding.fix in ("correct", None) else "example"
    # How many rows there are case by case is not known before they are looked up.
    what = "them" if finding.kind == "conflicting_labels" else count(size(finding), noun)
    st.button(
        "Hide them" if opened else f"Look at {what}",
        key=f"open-{key}",
        type="secondary" if first else "tertiary",
        width="stretch" if first else "content",
        icon=":material/expand_less:" if opened else ":material/expand_more:",
        on_click=partial(st.session_state.__setitem__, f"look-{key}", not opened),
    )


def _dismiss(project: Project, finding: Finding, key: str) -> None:
    """Draw the way to say that a finding is as it should be."""
    with st.popover("Dismiss", key=f"dismiss-{key}", type="tertiary", icon=":material/visibility_off:"):
        st.markdown("It is as it should be: do not show it again, unless it comes to be about more than now.")
        reason = st.text_input("Why, for the log", key=f"why-{key}", max_chars=200)
        st.button("Dismiss the finding", key=f"dismissed-{key}", on_click=_set_aside, args=(project, finding, reason))


@errors.calm(doing="dismissing a finding")
def _set_aside(project: Project, finding: Finding, reason: str) -> None:
    _apply(project, dismiss(finding, by=sidebar.reviewer(), reason=reason.strip()))


def _dismissed(project: Project) -> None:
    """Draw the findings that were dismissed, with who did it and why, and the way back."""
    found = dismissed_findings(project)
    if not found:
        return
    with st.expander(f"Dismissed: {count(len(found), 'finding')}", icon=":material/visibility_off:"):
        for place, (finding, entry) in enumerate(found):
            said, back = st.columns([5, 1], vertical_alignment="center")
            why = f": {plain(entry.reason)}" if entry.reason else ""
            said.markdown(
                f"**{plain(finding.title)}**  \n:gray[{plain(entry.by or 'somebody')}, {plain(moment(entry.at))}{why}]"
            )
            back.button("Show again", key=f"restore-{place}", on_click=_restore, args=(project, finding))


@errors.calm(doing="bringing a finding back")
def _restore(project: Project, finding: Finding) -> None:
    _apply(project, restore(finding, by=sidebar.reviewer()))


def _last(project: Project) -> None:
    """Say what was mended last and offer to take it back, as long as nothing was done since."""
    entry = project.undoable(sidebar.reviewer())
    if entry is None or entry.kind not in _MENDS or entry.seq != project.revision:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        why = f" ({plain(shorten(entry.reason, 80))})" if entry.reason else ""
        st.markdown(f":material/check: {plain(entry.summary[0].upper() + entry.summary[1:])}{why}.")
        st.button("Undo it", key="undo-mend", icon=":material/undo:", on_click=_undo, args=(project,))


@errors.calm(doing="taking an edit back")
def _undo(project: Project) -> None:
    made = project.undo(sidebar.reviewer())
    frame.tell(made.summary[0].upper() + made.summary[1:], icon=":material/undo:")
