"""Whether the test set is fit to judge by, and whether it is like the world that the model will meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import wording
from core.collect import Finding, TwoSamples, drift, tell_apart
from core.collect.drift import EFFECT, SIGNIFICANT
from core.dataset import Dataset
from core.evaluate import METRICS, TestSetHealth, test_health
from core.evaluate.test_health import FEW
from core.flywheel import log
from core.flywheel.blind import reviewed
from core.flywheel.project import Project
from core.flywheel.turn import Turn
from core.ids import aligned, is_among, looked_up, present
from core.progress import Cancel, Progress, Steps
from core.statistics import wilson_interval

__all__ = ["Beside", "TestSetReport", "judge_test_set", "newest_batch"]

# From this AUC on what a classifier sees is more than a trifle, however sure it is.
_TOLD = 0.6
_MANY_LOOKS = 10
# From so many on, surely, wrong test labels are worth mending.
_NOISY_LABELS = 0.01
# A class that is so many times as frequent on one side is another mixture.
_RATIO = 1.25


@dataclass(frozen=True)
class Beside:
    """The test set beside other examples.

    Attributes
    ----------
    name : str
        What the others are, in words.
    rows : int
    classes : DataFrame
        Indexed by class: ``test`` and ``other`` (shares), each with ``_low`` and ``_high``.
    columns : DataFrame
        What `drift` says of the columns that the model sees, the test set being the reference.
    told : TwoSamples or None
        What a classifier makes of the two; None where there are too few rows.
    """

    name: str
    rows: int
    classes: pd.DataFrame
    columns: pd.DataFrame
    told: TwoSamples | None


@dataclass(frozen=True)
class TestSetReport:
    """What is known of a test set.

    Attributes
    ----------
    version : str
        Of the data that it speaks of.
    health : TestSetHealth
    findings : tuple of Finding
        What is wrong, worst first, each with what to do.
    beside : tuple of Beside
        Train, and the newest batch if there is one.
    """

    version: str
    health: TestSetHealth
    findings: tuple[Finding, ...]
    beside: tuple[Beside, ...]


def newest_batch(project: Project) -> pd.Index:
    """The examples that the last `Collect` in force brought and that are still there; none without one."""
    entries = log.active(project.log)
    last = next((entry for entry in reversed(entries) if entry.kind == "collect"), None)
    if last is None:
        return project.dataset.frame.index[:0]
    brought = project.dataset_at(last.seq).frame.index
    earlier = max((entry.seq for entry in entries if entry.seq < last.seq), default=0)
    new = brought[~is_among(brought, project.dataset_at(earlier).frame.index)]
    return new[is_among(new, project.dataset.frame.index)]


def judge_test_set(project: Project, progress: Progress | None = None, cancel: Cancel | None = None) -> TestSetReport:
    """Hold the test set against train, against the newest batch and against what it is asked to show.

    Parameters
    ----------
    project : Project
    progress, cancel
        See `core.progress`.

    Returns
    -------
    TestSetReport
        Nothing is learned from test labels beyond their counts.

    Raises
    ------
    Cancelled
        If the caller asked to stop.
    """
    dataset, turns = project.dataset, project.turns
    train = dataset.ids("train")
    train = train[~is_among(train, dataset.generated)]
    others = [("train", train), ("the newest batch", newest_batch(project))]
    others = [(name, ids) for name, ids in others if len(ids)]
    steps = Steps(len(others) + 1, progress, cancel)
    beside = []
    for name, ids in others:
        steps.start(f"comparing with {name}")
        beside.append(_beside(dataset, name, ids, cancel))
    steps.start("looking for copies")
    health = _health(project, turns)
    found = [*_size(health), *_power(health), *_labels(project), *_looks(project)]
    for one in beside:
        found += [*_classes(one), *_columns(one)]
    found += [finding for finding in project.findings(cancel=cancel) if finding.kind == "train_test_duplicates"]
    steps.finish()
    found.sort(key=lambda finding: -finding.severity)
    return TestSetReport(dataset.version, health, tuple(found), tuple(beside))


def _beside(dataset: Dataset, name: str, ids: pd.Index, cancel: Cancel | None) -> Beside:
    inputs = list(dataset.schema.inputs)
    test, other = dataset.inputs("test"), looked_up(dataset.frame[inputs], ids)
    labels = [dataset.labels_of("test"), present(aligned(dataset.labels, ids))]
    shares: dict[str, np.ndarray] = {}
    for side, own in zip(("test", "other"), labels, strict=True):
        counts = own.astype("str").value_counts().reindex(list(dataset.classes), fill_value=0).to_numpy()
        low, high = wilson_interval(counts, counts.sum())
        shares |= {side: counts / max(1, counts.sum()), f"{side}_low": low, f"{side}_high": high}
    return Beside(
        name,
        len(ids),
        pd.DataFrame(shares, index=pd.Index(list(dataset.classes), name="class")),
        drift(test, other),
        tell_apart(test, other, text=dataset.schema.text, cancel=cancel),
    )


def _health(project: Project, turns: list[Turn]) -> TestSetHealth:
    """What the test set can show, measured by what the last two turns predict."""
    if not turns:
        return test_health(project.dataset)
    last = turns[-1]
    recalls = last.evaluation.per_class["recall"]
    if len(turns) < 2:
        return test_health(project.dataset, recalls=recalls)
    old, new = (project.model.decide(turn.test_probabilities, turn.threshold) for turn in turns[-2:])
    return test_health(project.dataset, differing=old != new.reindex(old.index), verdict=last.verdict, recalls=recalls)


# --- what is wrong --------------------------------------------------------------------------------------------------


def _size(health: TestSetHealth) -> list[Finding]:
    if not health.size or health.rarest_support >= FEW:
        return []
    return [
        Finding(
            "test_size",
            "Too few of a class",
            0.5,
            f"Class '{health.rarest_class}' has {wording.count(health.rarest_support, 'test example')}; with fewer "
            f"than {FEW} its scores are mostly luck.",
            "Collect more of it, and give the test set a share of them.",
        )
    ]


def _power(health: TestSetHealth) -> list[Finding]:
    if not health.size or health.detectable <= 0.02:
        return []
    said = (
        f"Only a change of accuracy of {health.detectable:.1%} or more is likely to be seen with "
        f"{health.size:,} test examples; one of a point would take some {health.needed:,}."
    )
    if health.headline is not None:
        said += (
            f" For {METRICS[health.headline.metric]} the last turn says: a change of {health.headline.detectable:.3f} "
            f"is likely to be seen, and a point would take {health.headline.needed:,}."
        )
    return [
        Finding(
            "test_power",
            "Small changes go unseen",
            min(0.6, 10 * health.detectable),
            said,
            "Collect more and make a new project with a larger test set, or change the data in larger steps.",
        )
    ]


def _labels(project: Project) -> list[Finding]:
    """Whether the labels are known to be right."""
    found = reviewed(project)
    if found is None or not found.noise.reviewed:
        size = len(project.dataset.ids("test"))
        return [
            Finding(
                "test_labels",
                "Nobody has checked the labels",
                0.2,
                f"None of {wording.count(size, 'test label')} was reviewed blind: how many are wrong, and with them "
                "how high a score can be, is not known.",
                "Review a random sample blind: a hundred say much.",
            )
        ]
    noise = found.noise
    share, low, high = noise.left
    if low < _NOISY_LABELS:
        return []
    return [
        Finding(
            "test_labels",
            "Wrong labels are left",
            min(0.8, 0.3 + 2 * share),
            f"{noise.wrong:,} of {wording.count(noise.reviewed, 'test label')} that were reviewed blind "
            f"{wording.verb(noise.wrong, 'was', 'were')} wrong. About {share:.1%} of the test set ({low:.1%} to "
            f"{high:.1%}) still are, so that a perfect model would reach an accuracy of {1 - share:.1%} only.",
            "Let the sample grow: all of them, if the test set is small. Wrong labels cost every turn alike, and make "
            "changes harder to see.",
        )
    ]


def _looks(project: Project) -> list[Finding]:
    if project.looks <= _MANY_LOOKS:
        return []
    return [
        Finding(
            "test_looks",
            "Looked at often",
            0.3,
            f"The test set was looked at {wording.times(project.looks)}: whoever decides by it so often fits the data "
            "to it.",
            "Decide by out-of-fold figures, and keep the sealed examples, if there are any, for the end.",
        )
    ]


def _classes(beside: Beside) -> list[Finding]:
    """Classes whose share differs by more than chance and by more than a trifle."""
    frame = beside.classes
    apart = (frame["test_low"] > frame["other_high"]) | (frame["other_low"] > frame["test_high"])
    ratio = frame["test"].clip(lower=1e-6) / frame["other"].clip(lower=1e-6)
    moved = frame[apart & ~ratio.between(1 / _RATIO, _RATIO)]
    if moved.empty:
        return []
    worst = moved.iloc[int((moved["test"] - moved["other"]).abs().argmax())]
    return [
        Finding(
            "class_balance",
            f"Other classes than in {beside.name}",
            min(0.8, 0.3 + float((frame["test"] - frame["other"]).abs().sum())),
            f"The share of {wording.count(len(moved), 'class', 'classes')} differs between the test set and "
            f"{beside.name}: '{worst.name}' is {worst['test']:.1%} of the test set and {worst['other']:.1%} of "
            f"{beside.name}.",
            "A score over all examples speaks of the test set's mixture: read the classes one by one, or bring a test "
            "set that is mixed as the world is.",
        )
    ]


def _columns(beside: Beside) -> list[Finding]:
    drifted = beside.columns[beside.columns["drifted"]].sort_values("effect", ascending=False)
    told = beside.told
    seen = told is not None and told.told_apart and told.auc >= _TOLD
    if drifted.empty and not seen:
        return []
    said = ""
    if len(drifted):
        named = "; ".join(f"'{name}' ({row['detail']})" for name, row in drifted.head(3).iterrows())
        said = (
            f"Other values than in {beside.name} stand in {len(drifted):,} of "
            f"{wording.count(len(beside.columns), 'column')} (adjusted p below {SIGNIFICANT:g}, stability index of "
            f"{EFFECT:g} or more): {named}."
        )
    if told is not None and seen:
        said += (
            f" A classifier tells the two apart with an AUC of {told.auc:.2f} ({told.low:.2f} to {told.high:.2f}; "
            f"0.5 is guessing), most by '{told.columns.index[0]}'."
        )
    effect = float(drifted["effect"].max()) if len(drifted) else 0.0
    remedy = (
        "If the split was made by time or place on purpose, this is what it measures; otherwise let the app draw it."
        if beside.name == "train"
        else "The scores hold for data like the test set. If the batch is what the model will meet, make a project "
        "whose test set is drawn from it."
    )
    return [
        Finding(
            "test_drift",
            f"Not like {beside.name}",
            min(0.9, 0.35 + effect + (told.auc - 0.5 if told is not None and seen else 0.0)),
            said.strip(),
            remedy,
            columns=tuple(map(str, drifted.index)),
        )
    ]
