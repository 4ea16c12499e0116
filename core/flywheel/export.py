"""Take everything out of the app: corrected data, log, metrics, and a script that rebuilds the last turn's numbers."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.collect import checks_source, needs_source, to_pandera
from core.flywheel import log, replay
from core.flywheel.batches import batches_json
from core.flywheel.blind import reviewed_json
from core.flywheel.claim import claim_json
from core.flywheel.dated import dated_tests
from core.flywheel.dated_verdicts import dated_table
from core.flywheel.edits import Collect, Correct, Edit, Generate, plain
from core.flywheel.edits import replay as replayed
from core.flywheel.guidelines import guidelines_markdown
from core.flywheel.notes import notes_json
from core.flywheel.origins import origins
from core.flywheel.sealed import in_sight, sealed_predictions
from core.flywheel.slice_verdicts import watched_json
from core.flywheel.spreadsheet import write_csv
from core.flywheel.standalone import standalone
from core.flywheel.turn import Turn
from core.ids import is_among
from core.train import encoder, learner, pipelines

if TYPE_CHECKING:
    from core.evaluate import Evaluation, Verdict
    from core.flywheel.project import Project

__all__ = ["export"]

_READ_ME = """This folder was exported from the project "{name}".

data.csv, data.parquet   the data as it is now, with its split; ids in the first column{sealed}
generated.csv            which examples were generated: parents, method, settings, seed, entry of the log
annotations.csv          what several annotators said, one column each, if anybody was asked
excluded.csv             which examples were excluded, and from which part
log.json                 every edit, decision, undo and redo: who, when, why
metrics.json             the last turn: metrics with 95% intervals, verdict, decision rule; metrics and verdict_then
                         are those of the test labels as they were when it ran, metrics_now and verdict those of now
ledger.csv               all turns; columns that end in _then say what was said when they ran
test_labels.json         the blind review of test labels: its sample, what it found, the noise with its interval
claim.json, sealed.csv   once the sealed examples were opened: the final claim, and what was predicted for each of them
notes.json               notes on turns, every state of each
watched.json             the pinned slices: their conditions, who pinned them, what each turn did to them
batches.json             what came after the project began and what became of it, if anything came
test_sets.csv            every turn on every test set, where there are dated ones; set 0 is the project's own
guidelines.md            what each class means, with examples and every earlier definition
recipe.json              the locked recipe
rules.json               the rules (labelling functions): name, class, condition
checks.json              what must hold of the data, if anything was stated, as a schema of pandera; import
                         pandera_checks.py, if it is there, before reading it
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
    # Who reads the export must not stumble over what is sealed.
    shown = in_sight(project, dataset.frame.index)
    data = dataset.frame.assign(**{name: dataset.split}).loc[shown].rename_axis("example")
    write_csv(data, folder / "data.csv")
    data.to_parquet(folder / "data.parquet")
    write_csv(origins(project).rename_axis("example"), folder / "generated.csv")
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
            "undoes_or_redoes": None if entry.is_act else entry.target,
            "goes_back_to": entry.target if entry.is_act else None,
            "content": entry.content,
        }
        for entry in project.log
    ]
    _dump(folder / "log.json", entries)
    (folder / "recipe.json").write_text(project.model.recipe.to_json(), encoding="utf-8")
    (folder / "guidelines.md").write_text(guidelines_markdown(project), encoding="utf-8")
    hidden = len(dataset) - len(shown)
    sealed = f"; the {hidden:,} sealed examples were not opened and are left out" if hidden else ""
    (folder / "README.txt").write_text(_READ_ME.format(name=project.name, sealed=sealed), encoding="utf-8")
    _dump(folder / "notes.json", notes_json(project))
    _dump(folder / "watched.json", watched_json(project))
    _write_batches(project, folder)
    _dump(folder / "test_labels.json", reviewed_json(project))
    _dump(folder / "rules.json", [rule.to_dict() for rule in project.rules])
    if project.checks:
        (folder / "checks.json").write_text(to_pandera(project.checks, name=project.name), encoding="utf-8")
        if needs_source(project.checks):
            (folder / "pandera_checks.py").write_text(checks_source(), encoding="utf-8")
    _write_claim(project, folder)
    turns = project.turns
    if turns:
        write_csv(project.ledger(), folder / "ledger.csv", index=False)
        _dump(folder / "metrics.json", _metrics(project, turns[-1]))
        _write_replay(project, turns[-1], folder)


def _write_batches(project: Project, folder: Path) -> None:
    kept = batches_json(project)
    if kept:
        _dump(folder / "batches.json", kept)
    if dated_tests(project):
        write_csv(dated_table(project), folder / "test_sets.csv", index=False)


def _write_claim(project: Project, folder: Path) -> None:
    claim, predictions = project.claim, sealed_predictions(project)
    if claim is not None and predictions is not None:
        _dump(folder / "claim.json", claim_json(claim))
        write_csv(predictions.rename_axis("example"), folder / "sealed.csv")


def _metrics(project: Project, turn: Turn) -> dict[str, Any]:
    """The last turn's numbers, and what it takes to compute them again."""
    dataset = project.dataset_at(turn.revision)
    schema = dataset.schema
    return {
        "turn": turn.number,
        "at": turn.at,
        "version": turn.version,
        "fingerprint": turn.fingerprint,
        "headline": project.headline,
        "metrics": _numbers(turn.evaluation_then),
        "metrics_now": _numbers(turn.evaluation),
        "verdict": _verdict(turn.verdict),
        "verdict_then": _verdict(turn.verdict_then),
        "label": schema.label,
        "inputs": list(schema.inputs),
        "kinds": schema.kinds,
        "text": schema.text,
        "classes": list(dataset.classes),
        "threshold": turn.threshold,
        "threshold_class": project.model.threshold_class(dataset) if turn.threshold is not None else None,
    }


def _numbers(evaluation: Evaluation) -> dict[str, dict[str, float | None]]:
    return {
        name: {key: None if math.isnan(number) else number for key, number in zip(_PARTS, numbers, strict=True)}
        for name, numbers in evaluation.metrics.items()
    }


def _verdict(verdict: Verdict | None) -> dict[str, Any] | None:
    return None if verdict is None else dict(json.loads(verdict.to_json()))


def _write_replay(project: Project, turn: Turn, folder: Path) -> None:
    start = project.dataset_at(0)
    shown = in_sight(project, start.frame.index)
    start.frame.loc[shown].to_parquet(folder / "raw.parquet")
    start.memberships.loc[shown, ["split"]].to_parquet(folder / "split.parquet")
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
            written["content"] = {"cells": _entered(current.frame, edit.cells)}
        else:
            # The rows as they entered the data: with ids, without those that were known.
            added: pd.Index = current.frame.index[~is_among(current.frame.index, before.frame.index)]
            written["rows"] = f"rows/{entry.seq}.parquet"
            current.frame.loc[added].to_parquet(folder / written["rows"])
    _dump(folder / "edits.json", edits)
    (folder / "replay.py").write_text(_replay_source(), encoding="utf-8")


def _entered(frame: pd.DataFrame, cells: Iterable[tuple[str, str]]) -> list[list[Any]]:
    """The values of some cells, ``[example, column, value]`` each; those that are no longer there are left out."""
    columns: dict[str, list[str]] = {}
    for example, column in cells:
        columns.setdefault(column, []).append(example)
    found: list[list[Any]] = []
    for column, examples in columns.items():
        there = pd.Index(examples)[is_among(pd.Index(examples), frame.index)]
        found += [[example, column, plain(value)] for example, value in frame.loc[there, column].items()]
    return found


def _replay_source() -> str:
    """The recipes and the replay in one file: the code that made the numbers is the code that makes them again."""
    return standalone(pipelines, encoder, learner, replay)


def _dump(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
