"""The form in which a rule is made without code, and what it would do before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.annotate import Preview, Rule, RuleError, marks, preview, proposed_name, readable_columns, seen_by_rules
from core.annotate.combinations import AllOf, AnyOf, Not
from core.annotate.conditions import Compares, Condition, Contains, Matches, Missing
from core.dataset import Dataset
from core.flywheel import SetRules
from core.report import SECOND, count, percent, percent_interval, shorten, written
from pages.parts import errors, frame
from pages.parts.plain import escaped, plain

if TYPE_CHECKING:
    from core.flywheel import Project

__all__ = ["begin", "draw", "fits"]

_DRAFT = "rule-draft"
_COMMON = ("is missing", "is there")
_COMPARED = ("is at least", "is at most", "is above", "is below", "lies between", "is", "is not", *_COMMON)
# What may be asked of a column that holds …
_VERBS = {
    "text": (
        "contains any of",
        "contains all of",
        "contains none of",
        "matches",
        "does not match",
        "is one of",
        "is not one of",
        *_COMMON,
    ),
    "number": _COMPARED,
    "date": _COMPARED,
}
_OPERATORS = {
    "is at least": ">=",
    "is at most": "<=",
    "is above": ">",
    "is below": "<",
    "lies between": "between",
    "is": "equals",
    "is not": "equals",
    "is one of": "one of",
    "is not one of": "one of",
}
_DENIED = {"contains none of", "does not match", "is not", "is not one of", "is there"}
_MOST_PARTS = 6
_MOST_VALUES = 200
_MARK = f"background:color-mix(in srgb,{SECOND} 30%,transparent);color:inherit;border-radius:3px;padding:0 .1em"


@dataclass(frozen=True)
class _Part:
    """One condition as the form shows it."""

    column: str
    verb: str
    values: tuple[Any, ...] = ()
    whole_words: bool = False
    match_case: bool = False


def begin(project_id: str, rule: Rule | None = None, *, editing: str | None = None) -> None:
    """Put a rule into the form: an idea, a copy, or one to change (``editing`` is its name); None empties it."""
    known = st.session_state.get(_DRAFT, {})
    parts = _parts(rule.condition)[1] if rule is not None else []
    st.session_state[_DRAFT] = {
        "project": project_id,
        "number": known.get("number", 0) + 1,
        "rule": None if rule is None else rule.to_dict(),
        "editing": editing,
        "rows": list(range(max(1, len(parts)))),
    }


def fits(rule: Rule) -> bool:
    """Whether the form can show a rule: combinations within combinations it can't."""
    try:
        return 0 < len(_parts(rule.condition)[1]) <= _MOST_PARTS
    except ValueError:
        return False


def _parts(condition: Condition) -> tuple[str, list[_Part]]:
    """A condition as the form shows it: how its parts are joined, and the parts."""
    if isinstance(condition, (AllOf, AnyOf)):
        return ("and" if isinstance(condition, AllOf) else "or"), [_part(each) for each in condition.parts]
    return "and", [_part(condition)]


def _part(condition: Condition) -> _Part:
    inner = condition.part if isinstance(condition, Not) else condition
    denied = isinstance(condition, Not)
    if isinstance(inner, Contains) and not (denied and inner.every):
        verb = "contains none of" if denied else "contains all of" if inner.every else "contains any of"
        return _Part(inner.column, verb, inner.words, inner.whole_words, inner.match_case)
    if isinstance(inner, Matches):
        verb = "does not match" if denied else "matches"
        return _Part(inner.column, verb, (inner.pattern,), match_case=inner.match_case)
    if isinstance(inner, Missing):
        return _Part(inner.column, "is there" if denied else "is missing")
    if isinstance(inner, Compares):
        for verb, operator in _OPERATORS.items():
            if operator == inner.operator and (verb in _DENIED) == denied:
                return _Part(inner.column, verb, inner.values)
    raise ValueError("combinations within combinations")


@st.fragment
@errors.calm(doing="making a rule")
def draw(project: Project, *, by: str) -> None:
    """Draw the form with its preview; saving is one entry in the log."""
    draft = st.session_state.get(_DRAFT)
    if draft is None or draft["project"] != project.id:
        begin(project.id)
        draft = st.session_state[_DRAFT]
    dataset = project.dataset
    rule = None if draft["rule"] is None else Rule.from_dict(draft["rule"])
    joiner, parts = ("and", []) if rule is None else _parts(rule.condition)
    editing, number = draft["editing"], draft["number"]
    st.subheader(f"Change '{plain(editing)}'" if editing else "New rule", anchor=False)
    with st.container(border=True):
        found = [
            _row(dataset, parts[place] if place < len(parts) else None, f"{number}-{row}", place, draft)
            for place, row in enumerate(draft["rows"])
        ]
        joined = _joiner(draft, joiner)
        label, name = st.columns([2, 5])
        chosen = label.selectbox(
            "Then it votes for",
            dataset.classes,
            index=dataset.classes.index(rule.label) if rule is not None and rule.label in dataset.classes else 0,
            key=f"rule-class-{number}",
            format_func=lambda each: shorten(each, 40),
        )
        condition, problem = _condition(found, joined)
        others = [each.name for each in project.rules if each.name != editing]
        proposed = "" if condition is None else proposed_name(condition, chosen, others)
        typed = name.text_input(
            "Name", editing or "", key=f"rule-name-{number}", placeholder=proposed or "A name is proposed"
        )
        made = None if condition is None else _rule(typed.strip() or proposed, chosen, condition, rule)
        trial = _preview(dataset, made, problem)
        _buttons(project, made if trial is not None else None, editing, others, by)
    if made is not None and trial is not None:
        _show(dataset, made, trial)


def _joiner(draft: dict[str, Any], joiner: str) -> str:
    """How several conditions are joined, and the way to a further one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(draft["rows"]) < _MOST_PARTS:
            st.button(
                "Further condition", icon=":material/add:", type="tertiary", key="rule-further", on_click=_further
            )
        if len(draft["rows"]) > 1:
            chosen = st.segmented_control(
                "Conditions must hold",
                ["and", "or"],
                default=joiner,
                required=True,
                format_func=lambda each: "All must hold" if each == "and" else "One is enough",
                key=f"rule-join-{draft['number']}",
                label_visibility="collapsed",
            )
            return str(chosen)
    return joiner


def _further() -> None:
    draft = st.session_state[_DRAFT]
    st.session_state[_DRAFT] = draft | {"rows": [*draft["rows"], max(draft["rows"]) + 1]}


def _remove(row: int) -> None:
    draft = st.session_state[_DRAFT]
    st.session_state[_DRAFT] = draft | {"rows": [each for each in draft["rows"] if each != row]}


@st.cache_data(show_spinner=False, max_entries=16)
def _columns(version: str, _dataset: Dataset) -> dict[str, str]:
    return readable_columns(_dataset)


def _row(dataset: Dataset, part: _Part | None, key: str, place: int, draft: dict[str, Any]) -> _Part:
    """Draw one condition: column, what is asked of it, values."""
    columns = _columns(dataset.version, dataset)
    several = len(draft["rows"]) > 1
    left, middle, right, last = st.columns([2, 2, 5, 0.6], vertical_alignment="bottom")
    names = list(columns)
    column = left.selectbox(
        "Column",
        names,
        index=names.index(part.column) if part is not None and part.column in names else 0,
        key=f"rule-column-{key}",
        format_func=lambda each: shorten(each, 40),
    )
    verbs = _VERBS[columns[column]]
    if columns[column] == "text" and dataset.schema.kinds.get(column) == "categorical":
        # Of a category one asks which it is, rarely what it contains.
        verbs = tuple(sorted(verbs, key=lambda each: "one of" not in each))
    verb = middle.selectbox(
        "Condition",
        verbs,
        index=verbs.index(part.verb) if part is not None and part.verb in verbs else 0,
        # Another kind of column asks other questions.
        key=f"rule-verb-{columns[column]}-{key}",
    )
    same = part if part is not None and (part.column, part.verb) == (column, verb) else None
    if several:
        last.button(
            "",
            icon=":material/close:",
            help="Remove this condition",
            key=f"rule-remove-{key}",
            type="tertiary",
            on_click=_remove,
            args=(draft["rows"][place],),
        )
    with right:
        return _values(dataset, column, columns[column], verb, same, key)


def _values(dataset: Dataset, column: str, kind: str, verb: str, part: _Part | None, key: str) -> _Part:
    values = () if part is None else part.values
    if verb in _COMMON:
        return _Part(column, verb)
    if verb in ("is one of", "is not one of"):
        options = _frequent(dataset.version, column, dataset)
        known = [str(value) for value in values]
        picked = st.multiselect(
            "Values",
            [*options, *(value for value in known if value not in options)],
            default=known,
            key=f"rule-values-{key}-{column}",
            accept_new_options=True,
            format_func=lambda each: shorten(each, 60),
        )
        return _Part(column, verb, tuple(picked))
    if kind == "text":
        words = verb.startswith("contains")
        entry, options_ = st.columns([5, 4], vertical_alignment="bottom")
        typed = entry.text_input(
            "Words, with commas between" if words else "Regular expression",
            ", ".join(values) if words else "".join(map(str, values)),
            key=f"rule-words-{words}-{key}",
            placeholder="free, win now" if words else r"https?://\S+",
            help=None if words else "In RE2's syntax: no look-around and no back-references, and no pattern can hang.",
        )
        with options_.container(horizontal=True):
            whole = words and st.checkbox(
                "Whole words", part.whole_words if part is not None else True, key=f"rule-whole-{key}"
            )
            case = st.checkbox("Match case", part.match_case if part is not None else False, key=f"rule-case-{key}")
        found = tuple(word.strip() for word in typed.split(",") if word.strip()) if words else (typed,) * bool(typed)
        return _Part(column, verb, found, whole, case)
    asked = ("From", "To") if verb == "lies between" else ("Value",)
    typed_values = []
    for place, (cell, title) in enumerate(zip(st.columns(len(asked)), asked, strict=True)):
        before = _exactly(values[place]) if place < len(values) else ""
        hint = "2026-01-31" if kind == "date" else "a number"
        typed_values.append(
            cell.text_input(title, before, key=f"rule-value-{kind}-{place}-{key}", placeholder=hint).strip()
        )
    return _Part(column, verb, tuple(typed_values) if all(typed_values) else ())


def _exactly(value: object) -> str:
    """A value as it can be read back: not rounded, no separator of thousands."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


@st.cache_data(show_spinner=False, max_entries=64)
def _frequent(version: str, column: str, _dataset: Dataset) -> list[str]:
    return [
        str(value)
        for value in _dataset.frame[column].iloc[seen_by_rules(_dataset)].value_counts().head(_MOST_VALUES).index
    ]


def _condition(parts: list[_Part], joined: str) -> tuple[Condition | None, str]:
    """The condition that the form holds; None with what is wrong, or with nothing while it is not filled in."""
    if any(not part.values and part.verb not in _COMMON for part in parts):
        return None, ""
    try:
        found = tuple(_asked(part) for part in parts)
        return found[0] if len(found) == 1 else AllOf(found) if joined == "and" else AnyOf(found), ""
    except RuleError as error:
        return None, str(error)


def _asked(part: _Part) -> Condition:
    condition: Condition
    if part.verb.startswith("contains"):
        every = part.verb == "contains all of"
        condition = Contains(part.column, part.values, every, part.whole_words, part.match_case)
    elif part.verb in ("matches", "does not match"):
        condition = Matches(part.column, part.values[0], part.match_case)
    elif part.verb in _COMMON:
        condition = Missing(part.column)
    else:
        condition = Compares(part.column, _OPERATORS[part.verb], part.values)
    return Not(condition) if part.verb in _DENIED else condition


def _rule(name: str, label: str, condition: Condition, before: Rule | None) -> Rule:
    return Rule(name, label, condition, on=before is None or before.on)


def _preview(dataset: Dataset, rule: Rule | None, problem: str) -> Preview | None:
    if rule is None:
        if problem:
            st.warning(plain(problem), icon=":material/error:")
        else:
            st.caption("Say what to look for: what the rule would hit is shown here before you save it.")
        return None
    found, said = _tried(dataset.version, rule.to_json(), dataset)
    if found is None:
        st.warning(plain(said), icon=":material/error:")
        return None
    pool = f" and **{count(found.pool)}** of {count(found.of_pool)} in the pool" if found.of_pool else ""
    st.markdown(
        f"Hits **{count(found.train)}** of {count(found.of_train)} train examples "
        f"({percent(found.train / max(1, found.of_train))}){pool}."
        + (
            f" **{percent(found.agreed / found.train)}** of the labels there are {plain(rule.label)} "
            f"({percent_interval(found.low, found.high)}, {count(found.agreed)} of {count(found.train)}), "
            f"against {percent(found.base)} of all."
            if found.train
            else ""
        )
    )
    return found


@st.cache_data(show_spinner=False, max_entries=128)
def _tried(version: str, rule: str, _dataset: Dataset) -> tuple[Preview | None, str]:
    """What a rule would do, or what is wrong with it: a slow one is tried once."""
    try:
        return preview(Rule.from_json(rule), _dataset), ""
    except RuleError as error:
        return None, str(error)


def _buttons(project: Project, rule: Rule | None, editing: str | None, others: list[str], by: str) -> None:
    with st.container(horizontal=True):
        if st.button(
            "Save the change" if editing else "Save the rule", type="primary", key="rule-save", disabled=rule is None
        ):
            assert rule is not None
            _save(project, rule, editing, by)
            begin(project.id)
            st.rerun()
        if editing and st.button("Cancel", key="rule-cancel"):
            begin(project.id)
            st.rerun()


def _save(project: Project, rule: Rule, editing: str | None, by: str) -> None:
    now = list(project.rules)
    places = [place for place, each in enumerate(now) if each.name == editing]
    if places:
        now[places[0]] = rule
    else:
        now.append(rule)
    said = f"changed the rule '{editing}'" if places else f"added the rule '{rule.name}'"
    project.apply(SetRules(now, changed=[rule.name], said=said, by=by))
    frame.tell(f"Saved: {said}.")


def _show(dataset: Dataset, rule: Rule, found: Preview) -> None:
    """Draw some of the examples a rule hits, with what it found marked."""
    if not found.examples:
        st.caption("It hits nothing. Try other words, or fewer conditions.")
        return
    rows = "".join(_example(dataset, rule, example) for example in found.examples)
    st.caption("Some of what it hits, drawn at random")
    st.html(f'<ul aria-label="Examples that the rule hits" style="list-style:none;margin:0;padding:0">{rows}</ul>')


def _example(dataset: Dataset, rule: Rule, example: str) -> str:
    row = dataset.example(example)
    label = row[dataset.schema.label]
    given = escaped(shorten(label, 24)) if isinstance(label, str) else "no label"
    sign = "" if label == rule.label or not isinstance(label, str) else " ≠"
    shown = dict.fromkeys([*([dataset.schema.text] if dataset.schema.text else []), *rule.condition.columns])
    kinds = readable_columns(dataset)
    said = []
    for name in shown:
        pieces = marks(rule.condition, name, row[name]) if kinds.get(name) == "text" else [(written(row[name]), False)]
        text = "".join(
            f'<mark style="{_MARK}">{escaped(piece)}</mark>' if hit else escaped(piece) for piece, hit in pieces
        )
        said.append(text if name == dataset.schema.text else f"<b>{escaped(name)}</b> {text}")
    return (
        '<li style="display:grid;grid-template-columns:9rem minmax(0,1fr);gap:1rem;padding:.45rem 0;'
        'border-bottom:1px solid color-mix(in srgb,currentColor 12%,transparent)">'
        f'<span style="font-weight:650;overflow-wrap:anywhere">{given}{sign}</span>'
        f'<span style="overflow-wrap:anywhere;line-height:1.5">{" · ".join(said)}</span></li>'
    )
