"""The locked model of one turn out of the app: a file of skops, and a script that predicts with it."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.errors import FlywheelError
from core.flywheel import predict
from core.flywheel.errors import ProjectError
from core.flywheel.predict import MODEL, PREDICTED, PROBABILITY
from core.flywheel.standalone import standalone
from core.ids import present
from core.progress import Cancel, Progress, Steps
from core.train import encoder, learner, pipelines, portable

if TYPE_CHECKING:
    from core.flywheel.project import Project
    from core.flywheel.turn import Turn

__all__ = ["export_model", "read_back", "stamp"]

_READ_ME = """The locked model of turn {number} of the project "{name}".

model.skops    the fitted model: plain values and estimators of scikit-learn, no pickle. It holds no train examples,
               but the categories and words that it knows
predict.py     predicts rows with it, without the app:
               python predict.py new.csv predictions.csv
recipe.json    how it was made, with the versions of the libraries
about.json     which turn, on which data, and what it scored

It needs the columns {columns}. Install what it was made with:
pip install {needs} skops

predictions.csv holds the rows, {predicted}, a column {probability}<class> for each class, and {model}. Bring
it to the project as a batch, and its predictions are read back.
"""


def stamp(project: Project, turn: Turn) -> str:
    """What an exported model signs its predictions with: fingerprint of the model, version of the data, turn."""
    return f"{turn.fingerprint} {turn.version[:12]} turn {turn.number}"


def export_model(
    project: Project,
    path: str | Path,
    number: int | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Path:
    """Write the model of one turn as a zip file.

    Parameters
    ----------
    project : Project
    path : path
        Of the zip file.
    number : int, optional
        The turn; by default the last. Its model is fitted again, on the data of the turn: the same numbers, bit for
        bit.
    progress, cancel
        See `core.progress`.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ProjectError
        If there is no such turn.
    Cancelled
        If the caller asked to stop; nothing is written then.
    """
    # What was not asked for is not loaded: only who exports a model needs it.
    import skops.io

    turns = project.turns
    if not turns or not 0 <= (turns[-1].number if number is None else number) < len(turns):
        last = f"the last is turn {turns[-1].number}" if turns else "there is none yet"
        raise ProjectError(f"The model of a turn is exported, and {last}. Got {number} instead.")
    turn = turns[-1 if number is None else number]
    dataset = project.dataset_at(turn.revision)
    steps = Steps(2, progress, cancel)
    steps.start(f"fitting the model of turn {turn.number}")
    fitted = project.fitted(cancel=cancel, turn=turn.number)
    steps.start("writing it")
    schema = dataset.schema
    score, low, high = turn.headline
    about: dict[str, Any] = {
        "stamp": stamp(project, turn),
        "project": project.name,
        "turn": turn.number,
        "version": turn.version,
        "fingerprint": turn.fingerprint,
        "headline": {"metric": project.headline, "value": score, "low": low, "high": high},
        "classes": list(dataset.classes),
        "threshold": turn.threshold,
        "text": schema.text,
        "dtypes": {name: str(dataset.frame[name].dtype) for name in schema.inputs},
    }
    plain = {"model": portable.to_plain(fitted.model), "about": json.dumps(about)}
    versions = project.model.recipe.versions
    read_me = _READ_ME.format(
        number=turn.number,
        name=project.name,
        columns=", ".join(schema.inputs),
        needs=" ".join(f"{library}=={version}" for library, version in sorted(versions.items())),
        predicted=PREDICTED,
        probability=PROBABILITY,
        model=MODEL,
    )
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".model-") as folder:
        made = Path(folder) / "model.zip"
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("model.skops", skops.io.dumps(plain, compression=zipfile.ZIP_DEFLATED))
            archive.writestr("predict.py", standalone(pipelines, encoder, learner, portable, predict))
            archive.writestr("recipe.json", project.model.recipe.to_json())
            archive.writestr("about.json", json.dumps(about, ensure_ascii=False, indent=1))
            archive.writestr("README.txt", read_me)
        made.replace(path)
    steps.finish()
    return path


def read_back(project: Project, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame | None, int | None]:
    """Part what ``predict.py`` added from the rows it was added to.

    Parameters
    ----------
    project : Project
    frame : DataFrame
        A batch as it was read.

    Returns
    -------
    rows : DataFrame
        `frame` without the columns of predictions.
    probabilities : DataFrame of shape (n, classes) or None
        What was predicted elsewhere, in the order of the data's classes; None if the file has no predictions.
    turn : int or None
        Of the model that made them.

    Raises
    ------
    FlywheelError
        If the predictions are of several models, of another project's, or not whole.
    """
    if MODEL not in frame.columns:
        return frame, None, None
    ours = [name for name in frame.columns if name in (MODEL, PREDICTED) or str(name).startswith(PROBABILITY)]
    rows = frame.drop(columns=ours)
    stamps = present(frame[MODEL]).astype("str").unique().tolist()
    turns = {stamp(project, turn): turn.number for turn in project.turns}
    if len(stamps) != 1 or frame[MODEL].isna().any() or stamps[0] not in turns:
        known = ", ".join(f"'{name}'" for name in turns) or "none, since no turn was run"
        raise FlywheelError(
            f"Predictions that are read back must be of one model of this project ({known}), in each row. The column "
            f"'{MODEL}' says {', '.join(repr(name) for name in stamps[:3]) or 'nothing'}. Predict the rows with one "
            "exported model, or leave the columns that begin with 'flywheel_' away."
        )
    classes = list(project.dataset.classes)
    named = {f"{PROBABILITY}{name}": name for name in classes}
    found = frame.reindex(columns=list(named)).apply(pd.to_numeric, errors="coerce").rename(columns=named)
    # Of a class that came later, the model of an earlier turn says nothing.
    there = [name for name in classes if f"{PROBABILITY}{name}" in frame.columns]
    found = found.assign(**dict.fromkeys([name for name in classes if name not in there], 0.0))[classes]
    if found.isna().any(axis=None) or ((found.sum(axis=1) - 1).abs() > 1e-3).any():
        raise FlywheelError(
            f"The probabilities of the classes ('{PROBABILITY}…') must be there in each row and sum to 1. They do not. "
            "Predict the rows again."
        )
    return rows, found, turns[stamps[0]]
