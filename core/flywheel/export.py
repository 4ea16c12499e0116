"""Take everything out of the app: corrected data, log, metrics, and a script that rebuilds the last turn's numbers."""

from __future__ import annotations

import inspect
import json
import math
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.flywheel import log, replay
from core.flywheel.edits import Collect, Correct, Edit, Generate, plain
from core.flywheel.edits import replay as replayed
from core.flywheel.guidelines import guidelines_markdown
from core.flywheel.slice_verdicts import watched_json
from core.flywheel.spreadsheet import write_csv
from core.flywheel.turn import Turn
from core.train import recipes

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["export"]

_READ_ME = """This folder was exported from the project "{name}".

data.csv, data.parquet   the data as it is now, with its split; ids in the first column
generated.csv            which examples were generated, and from which parents
annotations.csv          what several annotators said, one column each, if anybody was asked
excluded.csv             which examples were excluded, and from which part
log.json                 every edit, decision, undo and redo: who, when, why
metrics.json             the last turn: metrics with 95 % intervals, verdict, decision rule
ledger.csv               all turns
watched.json             the pinned slices: their conditions, who pinned them, what each turn did to them
guidelines.md            what each class means, with examples and every earlier definition
recipe.json              the locked recipe
rules.json               the rules (labelling functions): name, class, condition
raw.parquet, split.parquet, edits.json, rows/   what replay.py needs
replay.py                rebuilds the numbers of the last turn from the raw data:
                         python replay.py   (needs pandas, pyarrow and scikit-learn in the versions of recipe.json)

In the CSV files an apostrophe stands before text that a spreadsheet would run as a formula: it begins with = + - @, a
tab or a line end. The Parquet files hold the data exactly as it is.
"""
_PARTS = ("value", "low", "high")


def export(project: Project, path: str | Path) -> Path:
    """Write the project's results to a folder, or to a zip file if the path ends in ``.zip``.

    Parameters
    ----------
    project : Project
    path : path
        A folder that is made if missing, or a zip file.

    Returns
    -------
    Path
        What was written.
    """
    path = Path(path)
    if path.suffix == ".zip":
        with tempfile.TemporaryDirectory() as folder:
            _write(project, Path(folder))
            return Path(shutil.make_archive(str(path.with_suffix("")), "zip", folder))
    path.mkdir(parents=True, exist_ok=True)
    _write(project, path)
    return path


def _write(project: Project, folder: Path) -> None:
    dataset = project.dataset
    # A split column that the data came with says where the examples were then.
    name = "split"
    while name in dataset.frame.columns and name != dataset.schema.split_column:
        name += "_now"
    data = dataset.frame.copy().assign(**{name: dataset.split}).rename_axis("example")
    write_csv(data, folder / "data.csv")
    data.to_parquet(folder / "data.parquet")
    write_csv(dataset.parents.rename_axis("example"), folder / "generated.csv")
    write_csv(dataset.excluded.to_frame("split").rename_axis("example"), folder / "excluded.csv")
    annotations = project.annotations
    if annotations.shape[1]:
        write_csv(annotations.rename_axis("example"), folder / "annotations.csv")
    entries = [
        {
            "seq": entry.seq,
            "at": entry.at,
            "by": entry.by,
            "kind": entry.kind,
            "reason": entry.reason,
            "summary": entry.summary,
            "undoes_or_redoes": entry.target,
            "content": entry.content,
        }
        for entry in project.log
    ]
    _dump(folder / "log.json", entries)
    (folder / "recipe.json").write_text(project.model.recipe.to_json(), encoding="utf-8")
    (folder / "guidelines.md").write_text(guidelines_markdown(project), encoding="utf-8")
    (folder / "README.txt").write_text(_READ_ME.format(name=project.name), encoding="utf-8")
    _dump(folder / "watched.json", watched_json(project))
    _dump(folder / "rules.json", [rule.to_dict() for rule in project.rules])
    turns = project.turns
    if turns:
        write_csv(project.ledger(), folder / "ledger.csv", index=False)
        _dump(folder / "metrics.json", _metrics(project, turns[-1]))
        _write_replay(project, turns[-1], folder)


def _metrics(project: Project, turn: Turn) -> dict[str, Any]:
    """The last turn's numbers, and what it takes to compute them again."""
    dataset = project.dataset_at(turn.revision)
    schema = dataset.schema
    metrics = {
        name: {key: None if math.isnan(number) else number for key, number in zip(_PARTS, numbers, strict=True)}
        for name, numbers in turn.evaluation_then.metrics.items()
    }
    return {
        "turn": turn.number,
        "at": turn.at,
        "version": turn.version,
        "fingerprint": turn.fingerprint,
        "headline": project.headline,
        "metrics": metrics,
        "verdict": None if turn.verdict is None else json.loads(turn.verdict.to_json()),
        "label": schema.label,
        "inputs": list(schema.inputs),
        "kinds": schema.kinds,
        "text": schema.text,
        "classes": list(dataset.classes),
        "threshold": turn.threshold,
        "threshold_class": project.model.threshold_class(dataset) if turn.threshold is not None else None,
    }


def _write_replay(project: Project, turn: Turn, folder: Path) -> None:
    start = project.dataset_at(0)
    start.frame.to_parquet(folder / "raw.parquet")
    start.memberships[["split"]].to_parquet(folder / "split.parquet")
    (folder / "rows").mkdir(exist_ok=True)
    edits: list[dict[str, Any]] = []
    current = start
    waiting: list[Edit] = []
    for entry in log.active(project.log, until=turn.revision):
        edit = log.to_edit(project.store, entry)
        written: dict[str, Any] = {"seq": entry.seq, "kind": entry.kind, "content": entry.content}
        edits.append(written)
        if not isinstance(edit, (Collect, Correct, Generate)):
            waiting.append(edit)
            continue
        before = replayed(current, waiting)
        current, waiting = replayed(before, [edit]), []
        if isinstance(edit, Correct):
            # The values as they entered the data: numbers as numbers, dates as dates.
            there = [cell for cell in edit.cells if cell[0] in current.frame.index]
            cells = [[*cell, plain(current.frame.at[cell])] for cell in there]
            written["content"] = {"cells": cells}
        else:
            # The rows as they entered the data: with ids, without those that were known.
            added: pd.Index = current.frame.index.difference(before.frame.index, sort=False)
            written["rows"] = f"rows/{entry.seq}.parquet"
            current.frame.loc[added].to_parquet(folder / written["rows"])
    _dump(folder / "edits.json", edits)
    (folder / "replay.py").write_text(_replay_source(), encoding="utf-8")


def _replay_source() -> str:
    """The recipes and the replay in one file: the code that made the numbers is the code that makes them again."""
    second = inspect.getsource(replay)
    second = re.sub(r"^from __future__ .*\n", "", second, flags=re.MULTILINE)
    second = re.sub(r"^from core\.train\.recipes .*\n", "", second, flags=re.MULTILINE)
    return inspect.getsource(recipes) + "\n\n" + second


def _dump(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
