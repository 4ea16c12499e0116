"""The form in which a check is stated without code, and what would break it before it is saved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.collect import Check, CheckError, read_checks
from core.collect.checks import COMPARISONS, Compared, HasPattern, IfThen, InRange, OneOf, Present, Unique, kind_of
from core.dataset import Dataset
from core.flywheel import SetChecks
from core.flywheel.findings import check_dataset
from core.report import count, shorten
from pages.parts import errors, frame
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project

__all__ = ["begin", "draw", "verdict"]

_DRAFT = "check-draft"
_ASKED = {
    "range": "lies in a range",
    "set": "is one of",
    "pattern": "matches a pattern",
    "present": "is not missing",
    "unique": "does not repeat",
    "compare": "stands to another column",
}
# What may be asked of a column that holds …
_OF_KIND = {
    "number": ("range", "set", "present", "unique", "compare"),
    "date": ("range", "present", "unique", "compare"),
    "text": ("set", "pattern", "present", "unique", "compare"),
}
_GRADES = {True: "severe", False: "worth knowing"}
_MOST_VALUES = 200


def begin(project_id: str, check: Check | None = None, *, editing: int | None = None) -> None:
    """Put a check into the form: an idea, or the one at place ``editing`` to change; None empties it."""
    number = st.session_state.get(_DRAFT, {}).get("number", 0) + 1
    written = None if check is None else check.to_dict()
    st.session_state[_DRAFT] = {"project": project_id, "number": number, "check": written, "editing": editing}


@st.fragment
@errors.calm(doing="stating a check")
def draw(project: Project, *, by: str) -> None:
    """Draw the form with what breaks the check; saving is one entry in the log."""
    draft = st.session_state.get(_DRAFT)
    if draft is None or draft["project"] != project.id:
        begin(project.id)
        draft = st.session_state[_DRAFT]
    dataset = project.dataset
    before = None if draft["check"] is None else read_checks([draft["check"]])[0]
    editing = draft["editing"]
    st.header("New check" if editing is None else "Change the check", anchor=False)
    with st.container(border=True):
        check, problem = None, ""
        try:
            check = _check(dataset, before, str(draft["number"]))
        except CheckError as error:
            problem = str(error)
        if check is None:
            if problem:
                st.warning(plain(problem), icon=":material/error:")
            else:
                st.caption("Say what must hold: what breaks it is shown here before you save it.")
        else:
            st.markdown(f"**{plain(check)}**  \n{verdict(dataset, check)}")
        _buttons(project, check, editing, by)


def verdict(dataset: Dataset, check: Check) -> str:
    """Say in words of Markdown whether the data meets a check; computed once for a version."""
    return _verdict(dataset.version, str(check.to_dict()), dataset, check)


@st.cache_data(show_spinner=False, max_entries=512)
def _verdict(version: str, written: str, _dataset: Dataset, _check: Check) -> str:
    found = check_dataset(_dataset, [_check])
    if found:
        return plain(found[0].message)
    return f":green[:material/check:] holds for all {count(len(_dataset) - len(_dataset.generated), 'example')}"


def _check(dataset: Dataset, before: Check | None, key: str) -> Check | None:
    """Draw what makes a check; None while it is not filled in."""
    inner = before.then if isinstance(before, IfThen) else before
    names = list(dict.fromkeys([*dataset.schema.inputs, dataset.schema.label, *dataset.frame.columns]))
    left, middle, right = st.columns([3, 3, 6], vertical_alignment="top")
    first = None if inner is None else inner.columns[0]
    column = left.selectbox(
        "Column",
        names,
        index=names.index(first) if first in names else 0,
        key=f"check-column-{key}",
        format_func=lambda name: shorten(name, 40),
    )
    kind = kind_of(dataset.frame[column])
    asked = list(_OF_KIND[kind])
    if kind == "text" and dataset.frame[column].nunique() > _MOST_VALUES:
        asked = [*asked[1:], asked[0]]
    same = inner is not None and column == first
    verb = middle.selectbox(
        "What must hold",
        asked,
        index=asked.index(inner.kind) if same and inner is not None and inner.kind in asked else 0,
        format_func=_ASKED.__getitem__,
        key=f"check-verb-{kind}-{key}",
    )
    with right:
        made = _stated(dataset, names, column, kind, verb, inner if same else None, f"{key}-{column}-{verb}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        grade = st.segmented_control(
            "If it is broken, that is",
            [True, False],
            default=before.severe if before is not None else True,
            required=True,
            format_func=_GRADES.__getitem__,
            key=f"check-severe-{key}",
        )
        if verb in ("range", "set", "pattern", "present"):
            where = st.toggle(
                "Only where another column has a certain value", isinstance(before, IfThen), key=f"check-where-{key}"
            )
            if where:
                made = _implied(dataset, [name for name in names if name != column], before, made, key)
    return None if made is None else replace(made, severe=bool(grade))


def _stated(
    dataset: Dataset, names: list[str], column: str, kind: str, verb: str, before: Check | None, key: str
) -> Check | None:
    """Draw the values that a check of a column takes."""
    if verb == "range":
        ends = (before.low, before.high) if isinstance(before, InRange) else (None, None)
        hint = "2026-01-31" if kind == "date" else "no end"
        typed = [
            place.text_input(title, "" if end is None else str(end), key=f"check-{title}-{key}", placeholder=hint)
            for place, title, end in zip(st.columns(2), ("From", "To"), ends, strict=True)
        ]
        read = [_end(each, kind) for each in typed]
        return InRange(column, *read) if any(end is not None for end in read) else None
    if verb == "set":
        values = _values(dataset, column, before.values if isinstance(before, OneOf) else (), f"check-values-{key}")
        return OneOf(column, values) if values else None
    if verb == "pattern":
        typed_pattern = st.text_input(
            "Regular expression for the whole value",
            before.pattern if isinstance(before, HasPattern) else "",
            key=f"check-pattern-{key}",
            placeholder="[A-Z]{2}-[0-9]{4}",
            help="In RE2's syntax: no look-around and no back-references, and no pattern can hang.",
        )
        return HasPattern(column, typed_pattern) if typed_pattern else None
    others = [name for name in names if name != column]
    if verb == "unique":
        known = [name for name in (before.together[1:] if isinstance(before, Unique) else ()) if name in others]
        more = st.multiselect("Together with", others, known, key=f"check-together-{key}", placeholder="it alone")
        return Unique((column, *more))
    if verb == "compare":
        return _compared(dataset, column, kind, others, before, key)
    return Present(column)


def _compared(
    dataset: Dataset, column: str, kind: str, others: list[str], before: Check | None, key: str
) -> Check | None:
    left, right = st.columns([1, 2])
    known = before if isinstance(before, Compared) else None
    operators = ["==", "!="] if kind == "text" else list(COMPARISONS)
    operator = left.selectbox(
        "How",
        operators,
        index=operators.index(known.operator) if known is not None else 0,
        format_func=lambda sign: COMPARISONS[sign][0],
        key=f"check-operator-{key}",
    )
    fitting = [name for name in others if kind_of(dataset.frame[name]) == kind]
    other = right.selectbox(
        "Other column",
        fitting,
        index=fitting.index(known.other) if known is not None and known.other in fitting else 0 if fitting else None,
        key=f"check-other-{key}",
        format_func=lambda name: shorten(name, 40),
    )
    return None if other is None else Compared(column, operator, other)


def _implied(dataset: Dataset, names: list[str], before: Check | None, then: Check | None, key: str) -> Check | None:
    known = before if isinstance(before, IfThen) else None
    names = [name for name in names if kind_of(dataset.frame[name]) != "date"]
    column = st.selectbox(
        "Where",
        names,
        index=names.index(known.column) if known is not None and known.column in names else 0,
        key=f"check-if-{key}",
        width=220,
        format_func=lambda name: shorten(name, 40),
    )
    if column is None:
        return None
    kept = known.values if known is not None and known.column == column else ()
    values = _values(dataset, column, kept, f"check-if-values-{key}-{column}")
    return IfThen(column, values, then) if values and then is not None else None


def _values(dataset: Dataset, column: str, known: tuple[Any, ...], key: str) -> tuple[str | float, ...]:
    """Draw the choice of values of one column; others can be typed."""
    numeric = kind_of(dataset.frame[column]) == "number"
    kept = [_exactly(value) for value in known]
    options = list(dict.fromkeys([*kept, *_frequent(dataset.version, column, dataset)]))
    picked = st.multiselect(
        "is one of" if "if-values" in key else "Values",
        options,
        kept,
        key=key,
        accept_new_options=True,
        placeholder="choose or type",
        format_func=lambda each: shorten(each, 60),
    )
    return tuple(_read_number(each, column) for each in picked) if numeric else tuple(picked)


@st.cache_data(show_spinner=False, max_entries=64)
def _frequent(version: str, column: str, _dataset: Dataset) -> list[str]:
    seen = _dataset.frame[column][_dataset.split.isin(["train", "pool"]).to_numpy()]
    return [_exactly(value) for value in seen.value_counts().head(_MOST_VALUES).index]


def _end(typed: str, kind: str) -> float | str | None:
    typed = typed.strip()
    if not typed:
        return None
    return typed if kind == "date" else _read_number(typed, "the range")


def _read_number(typed: str, what: str) -> float:
    try:
        number = float(typed)
    except ValueError:
        raise CheckError(f"'{what}' takes numbers, with a point. Got '{typed}'. Correct it.") from None
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _exactly(value: Any) -> str:
    """A value as it can be read back: not rounded, no separator of thousands."""
    return str(int(value)) if not isinstance(value, str) and float(value).is_integer() else str(value)


def _buttons(project: Project, check: Check | None, editing: int | None, by: str) -> None:
    with st.container(horizontal=True):
        if st.button(
            "Save the check" if editing is None else "Save the change",
            type="primary",
            key="check-save",
            disabled=check is None,
        ):
            assert check is not None
            save(project, check, editing=editing, by=by)
            begin(project.id)
            st.rerun()
        if editing is not None and st.button("Cancel", key="check-cancel"):
            begin(project.id)
            st.rerun()


def save(project: Project, check: Check, *, editing: int | None = None, by: str) -> None:
    """Add a check to those of the project, or put it in the place of one."""
    known = project.checks
    if check in known:
        frame.tell("This check is among yours already.", icon=":material/info:")
        return
    now = list(known)
    if editing is not None and editing < len(now):
        said = f"changed a check to: {check}"
        now[editing] = check
    else:
        said = f"added the check: {check}"
        now.append(check)
    project.apply(SetChecks(now, known=known, said=said, by=by))
    frame.tell(f"Saved: {said}.")
