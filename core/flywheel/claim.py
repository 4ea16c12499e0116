"""The final claim of a project: what the sealed examples said of one turn when they were opened. It never changes."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import wording
from core.evaluate import METRICS, Evaluation, Verdict
from core.evaluate.scores import SMALLER_IS_BETTER
from core.flywheel.store import Store
from core.statistics import difference_interval

if TYPE_CHECKING:
    from core.flywheel.project import Project

__all__ = ["AFTER", "JUDGED", "Claim", "claim_json", "read_claim", "with_claim", "worded"]

# What the ledger says of the turn that was judged by the sealed examples, and of those that came later.
JUDGED = "judged by the sealed examples"
AFTER = "after the seal was opened"

Score = tuple[float, float, float]

# What the store keeps in columns of their own; the rest is JSON.
_COLUMNS = ("at", "by", "turn", "version", "fingerprint")
_EVALUATIONS = ("evaluation", "first", "on_test")
_VERDICTS = ("verdict", "test_verdict")


@dataclass(frozen=True)
class Claim:
    """What a project claims in the end: one turn, judged by examples that no choice has ever looked at.

    Attributes
    ----------
    at, by : str
        When and by whom the sealed examples were opened.
    turn, version, fingerprint
        What was judged: the turn's number, its data and its locked model.
    looks : int
        How often the test set had been looked at by then.
    size : int
        Sealed examples.
    headline : str
        The metric of the claim, see `METRICS`.
    evaluation : Evaluation
        Of the turn, on the sealed examples.
    first : Evaluation or None
        Of turn 0 on the same examples; None where turn 0 is the turn that was judged.
    verdict : Verdict or None
        The turn against turn 0, paired on the sealed examples; None with ``first``.
    on_test : Evaluation
        Of the turn, on the test set as it was then.
    test_verdict : Verdict or None
        The turn against turn 0 on the test set, as the ledger said then.
    sentence : str
        The claim in words, to be quoted.
    """

    at: str
    by: str
    turn: int
    version: str
    fingerprint: str
    looks: int
    size: int
    headline: str
    evaluation: Evaluation
    first: Evaluation | None
    verdict: Verdict | None
    on_test: Evaluation
    test_verdict: Verdict | None
    sentence: str

    @property
    def score(self) -> Score:
        """The headline metric on the sealed examples, with its 95% interval."""
        return self.evaluation.metrics[self.headline]

    @property
    def test_score(self) -> Score:
        """The headline metric on the test set, with its 95% interval."""
        return self.on_test.metrics[self.headline]

    @property
    def difference(self) -> Score:
        """How much better the turn is on the sealed examples than on test, with a 95% interval.

        Below zero is what choosing by the test set has flattered, and luck; the two sets share no example.
        """
        value, low, high = difference_interval(self.score, self.test_score)
        return (-value, -high, -low) if self.headline in SMALLER_IS_BETTER else (value, low, high)

    def row(self) -> dict[str, Any]:
        """What the store keeps of it."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in (*_EVALUATIONS, *_VERDICTS):
            values[name] = None if values[name] is None else values[name].to_json()
        columns = {name: values.pop(name) for name in _COLUMNS}
        return columns | {"content": json.dumps(values, ensure_ascii=False)}


def read_claim(store: Store) -> Claim | None:
    """The claim of a project, once its sealed examples were opened."""
    rows = store.execute(f"SELECT {', '.join(_COLUMNS)}, content FROM claims")
    if not rows:
        return None
    *columns, content = rows[0]
    values = dict(zip(_COLUMNS, columns, strict=True)) | json.loads(content)
    for names, kind in ((_EVALUATIONS, Evaluation), (_VERDICTS, Verdict)):
        for name in names:
            values[name] = None if values[name] is None else kind.from_json(values[name])
    return Claim(**values)


def worded(turn: int, looks: int, size: int, headline: str, score: Score, verdict: Verdict | None) -> str:
    """Say the claim in words, to be quoted."""
    value, low, high = score
    said = (
        f"On {wording.count(size, 'sealed example')}, opened once after the test set had been looked at "
        f"{wording.times(looks)}, turn {turn} reaches {METRICS[headline]} {value:.3f} (95% interval {low:.3f} to "
        f"{high:.3f})."
    )
    if verdict is None:
        return said
    change = f"{wording.signed(verdict.delta)} ({wording.signed_interval(verdict.low, verdict.high)})"
    return f"{said} Against turn 0 on the same examples: {change}, {verdict.verdict}."


def with_claim(project: Project, table: pd.DataFrame) -> pd.DataFrame:
    """The ledger's table with a column ``seal``, if there is a claim: the turn it is about, and those after it."""
    claim = project.claim
    if claim is None or table.empty:
        return table
    turn = table["turn"]
    return table.assign(seal=np.select([turn == claim.turn, turn > claim.turn], [JUDGED, AFTER], ""))


def claim_json(claim: Claim) -> dict[str, Any]:
    """The claim as others read it, every number with its interval."""

    def scores(evaluation: Evaluation | None) -> dict[str, Any] | None:
        return None if evaluation is None else {name: _score(values) for name, values in evaluation.metrics.items()}

    def said(verdict: Verdict | None) -> dict[str, Any] | None:
        return None if verdict is None else json.loads(verdict.to_json())

    return {
        "sentence": claim.sentence,
        "at": claim.at,
        "by": claim.by,
        "turn": claim.turn,
        "version": claim.version,
        "fingerprint": claim.fingerprint,
        "looks_at_test_before": claim.looks,
        "sealed_examples": claim.size,
        "headline": claim.headline,
        "metrics": scores(claim.evaluation),
        "metrics_of_turn_0": scores(claim.first),
        "metrics_on_test": scores(claim.on_test),
        "sealed_against_test": _score(claim.difference),
        "verdict": said(claim.verdict),
        "verdict_on_test": said(claim.test_verdict),
        "per_class": json.loads(claim.evaluation.per_class.reset_index().to_json(orient="records")),
    }


def _score(values: Score) -> dict[str, float | None]:
    return {
        name: None if math.isnan(value) else value for name, value in zip(("value", "low", "high"), values, strict=True)
    }
