"""What the decision in force on each example says: which label it found, which it left, who, when, by which guideline.

A decision such as "keep" only makes sense beside the label that was there then. Here the log is walked once, and each
decision is read as the label before and after it. Blind decisions on test examples are no part of it: what is learned
from decisions must not be learned from those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from core.flywheel import log
from core.flywheel.edits import Decision
from core.ids import aligned

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["judgements"]

_COLUMNS = ["seq", "at", "by", "decision", "before", "after", "guideline", "queue"]
_CHANGES = {Decision.SUGGESTED, Decision.OTHER}
_LABELS = {Decision.KEEP, *_CHANGES}


def judgements(project: Project, *, bulk: bool = True) -> pd.DataFrame:
    """The last decision in force on each example that is not of the test set, and which label it was about.

    Parameters
    ----------
    project : Project
    bulk : bool
        With those made for several at once, without a look at each.

    Returns
    -------
    DataFrame
        Indexed by id, in the order of the log: ``seq`` (its entry), ``at``, ``by``, ``decision``, ``before`` (the label
        when it was made; None if the example had none), ``after`` (the label it says is right; None if it names none:
        ambiguous, exclude, skip), ``guideline`` (the version it followed, 0 if none was written), ``queue`` (number of
        the queue, 0 if it was made elsewhere).
    """
    changed: dict[str, str] = {}
    rows: dict[str, tuple[object, ...]] = {}
    for entry in log.active(project.log):
        if entry.kind == "relabel":
            changed.update({example: label.strip() for example, label in entry.content["labels"].items()})
        elif entry.kind == "decide" and not entry.content.get("blind", False):
            queue, guideline = entry.content.get("queue"), str(entry.content.get("guideline"))
            about = (int(guideline) if guideline.isdecimal() else 0, queue[0] if queue else 0)
            counts = bulk or not entry.content.get("bulk", False)
            for example, (decision, label) in entry.content["decisions"].items():
                before = changed.get(example)
                if decision in _CHANGES:
                    changed[example] = str(label).strip()
                after = changed.get(example) if decision in _LABELS else None
                if counts:
                    rows.pop(example, None)
                    rows[example] = (entry.seq, entry.at, entry.by, decision, before, after, *about)
    found = pd.DataFrame.from_dict(rows, orient="index", columns=_COLUMNS)
    return _filled(found.set_axis(found.index.astype("str"), axis="index"), project)


def _filled(found: pd.DataFrame, project: Project) -> pd.DataFrame:
    """With the label of examples that no edit had changed; rows that came by a batch have kept theirs until then."""
    for labels in (project.dataset_at(0).labels, project.dataset.labels):
        brought = aligned(labels, found.index).astype("object")
        found["before"] = found["before"].where(found["before"].notna(), brought)
    kept = (found["decision"] == Decision.KEEP) & found["after"].isna()
    found["after"] = found["after"].mask(kept, found["before"])
    # One kind of "none": what the log holds as none, not what pandas makes of it.
    return found.astype({"before": "object", "after": "object"}).where(found.notna(), None)
