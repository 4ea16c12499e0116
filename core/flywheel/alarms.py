"""What is alarming about a batch, in plain sentences, each with what to do; in the shape of the audit's findings."""

from __future__ import annotations

from core import wording
from core.collect import EFFECT, Finding
from core.collect.drift import SIGNIFICANT
from core.evaluate import METRICS
from core.flywheel.batch_report import COLUMN, CONFIDENCE, LABEL, PREDICTED, BatchReport

__all__ = ["alarms_of"]

_NAMED = 3


def alarms_of(report: BatchReport, headline: str) -> tuple[Finding, ...]:
    """Say what is alarming about a batch, the worst first; nothing if it is like what the model knows.

    Parameters
    ----------
    report : BatchReport
    headline : str
        Name of the headline metric.
    """
    found = [
        *_score(report, headline),
        *_columns(report),
        *_told(report),
        *_labels(report),
        *_elsewhere(report),
        *_predictions(report),
        *_confidence(report),
        *_slices(report),
        *_checks(report),
    ]
    return tuple(sorted(found, key=lambda finding: -finding.severity))


def _score(report: BatchReport, headline: str) -> list[Finding]:
    lost = report.lost
    if report.score is None or report.test_score is None or lost is None:
        return []
    return [
        Finding(
            "batch_score",
            "The model does worse",
            0.9,
            f"{METRICS[headline]} is {_scored(report.score)} on {wording.count(report.labelled, 'labelled row')} of "
            f"the batch and {_scored(report.test_score)} on the test set: worse by {lost[0]:.3f} ({lost[1]:.3f} to "
            f"{lost[2]:.3f}). The test set no longer says how good the model is on what comes in.",
            "Add the rows and run the next turn, and keep a later labelled batch as a dated test set to judge by.",
        )
    ]


def _columns(report: BatchReport) -> list[Finding]:
    drifted = report.drifted
    if drifted.empty:
        return []
    drifted = drifted[drifted["of"] == COLUMN]
    if drifted.empty:
        return []
    compared = int((report.columns["of"] == COLUMN).sum())
    named = "; ".join(f"'{name}' ({row['detail']})" for name, row in drifted.head(_NAMED).iterrows())
    more = f"; and {len(drifted) - _NAMED:,} more" if len(drifted) > _NAMED else ""
    return [
        Finding(
            "batch_drift",
            "Columns have drifted",
            min(0.8, 0.35 + float(drifted["effect"].max())),
            f"{len(drifted):,} of {wording.count(compared, 'column')} "
            f"{wording.verb(len(drifted), 'holds', 'hold')} other values than train (adjusted p below "
            f"{SIGNIFICANT:g}, stability index of {EFFECT:g} or more): {named}{more}.",
            "See whether the world has moved or the file is made in another way. If it has moved, label some of the "
            "rows that are least like train.",
            columns=tuple(map(str, drifted.index)),
        )
    ]


def _told(report: BatchReport) -> list[Finding]:
    if report.told is None or not report.told_apart:
        return []
    auc, low, high = report.told
    return [
        Finding(
            "batch_told",
            "The batch is of another kind",
            min(0.75, 0.2 + (auc - 0.5)),
            f"A classifier tells it from train with an AUC of {auc:.2f} ({low:.2f} to {high:.2f}; 0.5 is guessing), "
            f"most by '{report.most}'. Columns together may have moved where none has by itself.",
            "Label some of the rows that are least like train: they tell the model most that is new.",
        )
    ]


def _labels(report: BatchReport) -> list[Finding]:
    row = _row(report, LABEL)
    if row is None:
        return []
    return [
        Finding(
            "batch_labels",
            "Other classes than in train",
            0.6,
            f"The classes of {wording.count(report.labelled, 'labelled row')} are mixed in another way than those of "
            f"train ({row}).",
            "If the world is mixed so now, a threshold or a balance that was chosen before may no longer fit.",
        )
    ]


def _elsewhere(report: BatchReport) -> list[Finding]:
    if not report.elsewhere:
        return []
    return [
        Finding(
            "batch_elsewhere",
            "Predicted otherwise elsewhere",
            0.7,
            f"Of {wording.count(report.new, 'new row')}, {report.elsewhere:,} came with other probabilities than the "
            f"model of turn {report.turn} gives them here. The rows were changed after they were predicted, or "
            "libraries of other versions are at work there.",
            "Predict the rows again where the model runs, with the versions that its README names.",
        )
    ]


def _predictions(report: BatchReport) -> list[Finding]:
    row = _row(report, PREDICTED)
    if row is None:
        return []
    return [
        Finding(
            "batch_predictions",
            "The model predicts other classes",
            0.5,
            f"What the model of turn {report.turn} predicts is mixed in another way than on the test set ({row}).",
            "Either the classes are mixed in another way now, or the model errs in one direction: labels tell which.",
        )
    ]


def _confidence(report: BatchReport) -> list[Finding]:
    row = _row(report, CONFIDENCE)
    if row is None:
        return []
    less = report.confidence["batch"][2] < report.confidence["test"][2]
    return [
        Finding(
            "batch_confidence",
            f"The model is {'less' if less else 'more'} sure than before",
            0.55 if less else 0.35,
            f"How sure the model of turn {report.turn} is differs from the test set ({row}).",
            "Label some of the rows that it is least sure of."
            if less
            else "Being sure is not being right: have some of the rows labelled at random.",
        )
    ]


def _slices(report: BatchReport) -> list[Finding]:
    return [
        Finding(
            "batch_slice",
            "A pinned slice grows",
            0.5,
            f"'{each['slice']}' is {each['batch']:.1%} of the batch ({each['batch_low']:.1%} to "
            f"{each['batch_high']:.1%}) and {each['train']:.1%} of train.",
            "It was pinned because the model errs there: with more of it the score will fall. Collect labels for it.",
        )
        for each in report.slices
        if each["grows"]
    ]


def _checks(report: BatchReport) -> list[Finding]:
    broken = sorted(report.checks, key=lambda check: (not check[2], -check[1]))
    if not broken:
        return []
    said = "; ".join(
        f"{number:,} {wording.verb(number, 'breaks', 'break')} '{check}'" for check, number, _ in broken[:_NAMED]
    )
    more = f"; and {wording.count(len(broken) - _NAMED, 'more check')}" if len(broken) > _NAMED else ""
    return [
        Finding(
            "batch_checks",
            "Rows break your checks",
            0.7 if broken[0][2] else 0.25,
            f"Of {wording.count(report.new, 'new row')}: {said}{more}.",
            "Leave out the rows that break a severe check, or refuse the batch and have the file mended.",
        )
    ]


def _row(report: BatchReport, of: str) -> str | None:
    """What moved, if predictions, confidence or labels drifted."""
    drifted = report.drifted
    if drifted.empty:
        return None
    rows = drifted[drifted["of"] == of]
    return None if rows.empty else f"{rows['detail'].iloc[0]}; stability index {rows['effect'].iloc[0]:.2f}"


def _scored(score: tuple[float, float, float]) -> str:
    return f"{score[0]:.3f} ({score[1]:.3f} to {score[2]:.3f})"
