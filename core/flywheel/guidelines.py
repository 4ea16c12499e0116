"""Guidelines: what each class means, with examples from the review, every state of it, and what a change touches.

Definitions and pinned examples are written once and never overwritten: the newest line is in force. A pinned example is
kept as it looked, so that it is still there when the data has moved on.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.flywheel.decision import SAID
from core.flywheel.edits import Decision, plain
from core.flywheel.errors import ProjectError, StaleError
from core.flywheel.judgements import judgements
from core.flywheel.review import Queue, start_queue
from core.flywheel.store import now
from core.ids import aligned

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = [
    "PIN_KINDS",
    "Definition",
    "GuidelineError",
    "Pin",
    "define_class",
    "guideline_history",
    "guidelines_markdown",
    "pin_example",
    "pin_history",
    "pins",
    "second_look",
    "touched",
    "unpin_example",
]

# What a pinned example is for its class.
PIN_KINDS = {"positive": "belongs to it", "negative": "does not belong to it", "border": "border case"}
_REMOVED = "removed"
_PIN_COLUMNS = "number, at, by, label, example, kind, note, version, shown"
_UNKNOWN_SCORE = 0.5


class GuidelineError(ProjectError):
    """A guideline can't be written as asked."""


@dataclass(frozen=True)
class Definition:
    """One state of what a class means.

    Attributes
    ----------
    number : int
        The version of the guidelines that began with it.
    changes : tuple of (str, str)
        Against the state before: ("same" | "added" | "removed", words).
    """

    number: int
    at: str
    by: str
    label: str
    text: str
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Pin:
    """An example that shows what a class means, or the removal of one.

    Attributes
    ----------
    kind : str
        A key of `PIN_KINDS`, or ``"removed"``.
    version : int
        The version of the guidelines when it was pinned.
    shown : dict
        The values of the example when it was pinned, as JSON keeps them: text and features by column.
    """

    number: int
    at: str
    by: str
    label: str
    example: str
    kind: str
    note: str
    version: int
    shown: dict[str, Any]


# --- definitions ----------------------------------------------------------------------------------------------------


def define_class(project: Project, label: str, text: str, *, by: str = "", seen: int | None = None) -> bool:
    """Write what a class means, if that is something new.

    Parameters
    ----------
    project : Project
    label, text, by : str
    seen : int, optional
        The number of the definition that the writer had before them (0: none).

    Returns
    -------
    bool
        Whether anything was written.

    Raises
    ------
    StaleError
        If somebody has defined the class anew since.
    """
    text = text.strip()
    with project.store.writing():
        known = guideline_history(project, label)
        last = known[0] if known else None
        if (last.text if last else "") == text:
            return False
        if seen is not None and seen != (last.number if last else 0):
            who = (last.by if last else "") or "Somebody"
            raise StaleError(
                f"{who} has defined '{label}' anew since this was shown. Nothing was written. "
                "Read what changed and save again."
            )
        project.define(label, text, by=by)
    return True


def guideline_history(project: Project, label: str) -> list[Definition]:
    """Every state of what a class means, the newest first, with the words that changed."""
    rows = project.store.execute(
        "SELECT number, at, by, text FROM guidelines WHERE label = ? ORDER BY number", (label,)
    )
    found, before = [], ""
    for number, at, by, text in rows:
        if text != before:
            found.append(Definition(number, at, by, label, text, _changes(before, text)))
        before = text
    return found[::-1]


def _changes(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Word by word, whitespace kept: what stayed, what was added, what was removed."""
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    found: list[tuple[str, str]] = []
    for kind, start, end, first, last in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(old[start:end])))
            continue
        if start < end:
            found.append(("removed", "".join(old[start:end])))
        if first < last:
            found.append(("added", "".join(new[first:last])))
    return tuple(found)


# --- examples -------------------------------------------------------------------------------------------------------


def pin_example(project: Project, example: str, label: str, kind: str, *, by: str = "", note: str = "") -> Pin:
    """Show with an example what a class means; pinned again, the newer kind holds.

    Raises
    ------
    GuidelineError
        If the kind is unknown, the example is not in the data, or it is a test example.
    """
    if kind not in PIN_KINDS:
        raise GuidelineError(f"An example is pinned as one of {', '.join(PIN_KINDS)}. Got '{kind}' instead.")
    dataset = project.dataset
    if example not in dataset.frame.index:
        raise GuidelineError(f"Only an example that is in the data can be pinned. '{example}' is not. Choose another.")
    if dataset.split.at[example] in {"test", "sealed"}:
        raise GuidelineError(
            f"Guidelines take no examples of the test set, and '{example}' is one: those who label train would "
            "learn from it. Pin a train example."
        )
    shown = {name: plain(dataset.frame.at[example, name]) for name in dataset.schema.inputs}
    return _write_pin(project, example, label, kind, by, note.strip(), shown)


def unpin_example(project: Project, example: str, label: str, *, by: str = "") -> Pin:
    """Take an example off a class; the history keeps it.

    Raises
    ------
    GuidelineError
        If it is not pinned there.
    """
    pinned = next((pin for pin in pins(project, label) if pin.example == example), None)
    if pinned is None:
        raise GuidelineError(f"The example '{example}' is not pinned to '{label}' any more. Nothing was changed.")
    return _write_pin(project, example, label, _REMOVED, by, pinned.note, pinned.shown)


def _write_pin(project: Project, example: str, label: str, kind: str, by: str, note: str, shown: dict[str, Any]) -> Pin:
    row = {"at": now(), "by": by, "label": label, "example": example, "kind": kind, "note": note}
    with project.store.writing():
        version = int(project.guideline_version)
        written = {**row, "version": version, "shown": json.dumps(shown, ensure_ascii=False)}
        number = project.store.insert("pins", written)
    return Pin(number=number, version=version, shown=shown, **row)


def pin_history(project: Project, label: str | None = None) -> list[Pin]:
    """Everything that was pinned to a class (None: any) or taken off it, the oldest first."""
    rows = project.store.execute(
        f"SELECT {_PIN_COLUMNS} FROM pins WHERE ? IS NULL OR label = ? ORDER BY number", (label, label)
    )
    named = (dict(zip(_PIN_COLUMNS.split(", "), row, strict=True)) for row in rows)
    return [Pin(**row | {"shown": json.loads(row["shown"])}) for row in named]


def pins(project: Project, label: str | None = None) -> list[Pin]:
    """The examples that are pinned to a class (None: any), in the order of their pinning."""
    force: dict[tuple[str, str], Pin] = {}
    for pin in pin_history(project, label):
        force.pop((pin.label, pin.example), None)
        if pin.kind != _REMOVED:
            force[pin.label, pin.example] = pin
    return list(force.values())


# --- a second look --------------------------------------------------------------------------------------------------


def touched(project: Project) -> pd.DataFrame:
    """The decisions in force that concern a class which meant something else, or nothing yet, when they were made.

    A decision concerns the label it found, the one that was suggested and the one it gave. A definition that was
    changed and changed back touches nothing, nor does a decision that was made since.

    Returns
    -------
    DataFrame
        Indexed by id, in the order of the log: ``at``, ``by``, ``decision``, ``before``, ``suggested``, ``after``,
        ``guideline`` (the version that it followed), ``changed`` (the classes that changed, a tuple).
    """
    said = judgements(project)
    said = said[(said["decision"] != Decision.SKIP).to_numpy()]
    said = said.assign(suggested=_suggested(project, said))
    states: dict[str, list[tuple[int, str]]] = {}
    for number, label, text in project.store.execute("SELECT number, label, text FROM guidelines ORDER BY number"):
        states.setdefault(label, []).append((number, text))
    versions = said["guideline"].to_numpy(dtype=np.int64)
    hit = pd.DataFrame(False, index=said.index, columns=list(states))
    for label, known in states.items():
        numbers = [0, *(number for number, _ in known)]
        texts = ["", *(text for _, text in known)]
        differs = np.array([text != texts[-1] for text in texts])
        then = np.searchsorted(numbers, versions, side="right") - 1
        concerned = (said[["before", "suggested", "after"]] == label).any(axis=1)
        hit[label] = concerned & differs[then]
    said, hit = said[hit.any(axis=1)], hit[hit.any(axis=1)]
    # Few combinations of classes are shared by many decisions.
    patterns, which = np.unique(hit.to_numpy(dtype=bool), axis=0, return_inverse=True)
    names = pd.Series([tuple(hit.columns[pattern]) for pattern in patterns], dtype="object")
    return said.assign(changed=names.take(which.ravel()).set_axis(said.index))[
        ["at", "by", "decision", "before", "suggested", "after", "guideline", "changed"]
    ]


def _suggested(project: Project, said: pd.DataFrame) -> pd.Series:
    """What was suggested on each card; without one, what the turn before the decision suggests."""
    found = pd.Series(None, index=said.index, dtype="object")
    sources: list[tuple[pd.Series, pd.DataFrame]] = [
        (said["queue"] == number, project.store.read_frame(blob))
        for number, blob in project.store.execute("SELECT number, blob FROM queue")
        if (said["queue"] == number).any()
    ]
    # Each turn's suggestions hold until those of the next one.
    for turn in project.turns:
        made = (said["queue"] == 0) & (said["seq"] > turn.revision)
        if made.any():
            sources.append((made, turn.suspects))
    for rows, cards in sources:
        ids = said.index[rows.to_numpy(dtype=bool)]
        found.loc[ids] = cards["suggested"].reindex(ids).to_numpy(dtype=object)
    return found


def second_look(project: Project, *, by: str = "") -> Queue:
    """Start a queue of the decisions that changed definitions touch.

    The card offers the label as it is now to be kept and, as suggestion, the one that the decision replaced or refused.
    What was excluded comes back by undo only and is left out.

    Raises
    ------
    ProjectError
        If there is none.
    """
    found = touched(project)
    dataset = project.dataset
    found = found[(aligned(dataset.split, found.index) == "train").to_numpy()]
    given = aligned(dataset.labels, found.index)
    suggested = found["suggested"].where(found["suggested"] != given, found["before"])
    last = project.turns[-1] if project.turns else None
    scores = pd.Series(dtype=float) if last is None else last.suspects["score"]
    cards = pd.DataFrame(
        {
            "given": given,
            "suggested": suggested.where(suggested != given).astype("str"),
            "score": aligned(scores, found.index).fillna(_UNKNOWN_SCORE).astype(float),
            "flagged": True,
            "reasons": _reasons(found),
        }
    )
    return start_queue(
        project,
        cards,
        source="second look after a change of guidelines",
        turn=0 if last is None else last.number,
        by=by,
    )


def _reasons(found: pd.DataFrame) -> list[str]:
    classes = [" and ".join(f"'{label}'" for label in labels) for labels in found["changed"]]
    return [
        f"decided by {by or 'somebody'} ({SAID[decision]}) under version {version} of the guidelines; since then "
        f"{names} {'was' if len(labels) == 1 else 'were'} defined anew"
        for by, decision, version, names, labels in zip(
            found["by"], found["decision"], found["guideline"], classes, found["changed"], strict=True
        )
    ]


# --- out ------------------------------------------------------------------------------------------------------------


def guidelines_markdown(project: Project) -> str:
    """All guidelines as one readable text: definitions, examples, history."""
    known = project.guidelines
    pinned = pins(project)
    lines = [f"# Guidelines of {project.name}", "", f"Version {project.guideline_version}.", ""]
    for label in sorted({*known, *project.dataset.classes, *(pin.label for pin in pinned)}):
        lines += [f"## {label}", "", known.get(label) or "Not defined.", ""]
        for kind, meaning in PIN_KINDS.items():
            own = [pin for pin in pinned if pin.label == label and pin.kind == kind]
            if own:
                lines += [f"### {kind.capitalize()} examples ({meaning})", "", *map(_listed, own), ""]
        history = guideline_history(project, label)
        if history:
            lines += ["### History", ""]
            lines += [
                f"- version {each.number}, {each.at}, {each.by or 'somebody'}: {_flat(each.text)}" for each in history
            ]
            lines += [""]
    return "\n".join(lines)


def _listed(pin: Pin) -> str:
    values = "; ".join(f"{name}: {_flat('missing' if value is None else value)}" for name, value in pin.shown.items())
    note = f" ({_flat(pin.note)})" if pin.note else ""
    return f"- {values}{note} [example {pin.example}, pinned by {pin.by or 'somebody'}, {pin.at}]"


def _flat(text: object) -> str:
    return " ".join(str(text).split())
