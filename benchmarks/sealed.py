"""What looks at the test set cost, and what the sealed examples say instead.

    python benchmarks/sealed.py [--simulations 300]     # some minutes

Somebody makes version after version of the data, each with three of ten train examples replaced by others from the same
source, so that none is meant to be better, and keeps the one that scores best on test. How much too good is its score
there, and its change against the first version, measured by 20,000 fresh examples? How often do the 95 % intervals hold
what is true? And what do the sealed examples say of the same version, which they had no part in choosing?
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.evaluate import compare, evaluate
from core.evaluate.scores import CELL_METRICS, cell_counts

TRAIN, JUDGED, FRESH, COLUMNS = 400, 300, 20_000, 8
REPLACED = 0.3
LOOKS = (1, 5, 20, 50)
METRIC = "macro_f1"


def draw(rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Examples of two classes, a third of them of the rarer one, that overlap."""
    labels = (rng.random(rows) < 0.33).astype(int)
    inputs = rng.normal(size=(rows, COLUMNS)) + 0.45 * labels[:, np.newaxis] * (np.arange(COLUMNS) < 4)
    return inputs, labels


def macro_f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """The score of one version, from the cells of its confusion matrix."""
    cells, counts = np.unique(labels * 2 + predicted, return_counts=True)
    truth, claimed = np.divmod(cells, 2)
    return float(CELL_METRICS[METRIC](*cell_counts(counts.astype(float), truth, claimed, np.arange(2))))


def framed(probabilities: np.ndarray) -> pd.DataFrame:
    """Chances of the second class as probabilities of both."""
    return pd.DataFrame(np.column_stack([1 - probabilities, probabilities]), columns=["0", "1"])


def simulate(rng: np.random.Generator) -> list[dict[str, object]]:
    """One project: versions, the one that is kept after so many looks, and what both parts say of it."""
    inputs, labels = draw(TRAIN, rng)
    parts = {"test": draw(JUDGED, rng), "sealed": draw(JUDGED, rng), "fresh": draw(FRESH, rng)}
    said: dict[str, list[np.ndarray]] = {name: [] for name in parts}
    for version in range(max(LOOKS)):
        if version:
            others = rng.random(TRAIN) < REPLACED
            new = draw(int(others.sum()), rng)
            inputs, labels = inputs.copy(), labels.copy()
            inputs[others], labels[others] = new
        model = LogisticRegression().fit(inputs, labels)
        for name, (rows, _) in parts.items():
            said[name].append(model.predict_proba(rows)[:, 1])
    scores = {
        name: [macro_f1(truth, (own >= 0.5).astype(int)) for own in said[name]] for name, (_, truth) in parts.items()
    }
    found = []
    for looks in LOOKS:
        kept = int(np.argmax(scores["test"][:looks]))
        true = scores["fresh"][kept]
        change = true - scores["fresh"][0]
        for name in ("test", "sealed"):
            truth = pd.Series(parts[name][1].astype(str))
            value, low, high = evaluate(truth, framed(said[name][kept])).metrics[METRIC]
            row = {"looks": looks, "part": name, "too good": value - true, "held": low <= true <= high}
            if kept:
                verdict = compare(truth, framed(said[name][0]), framed(said[name][kept]), metric=METRIC)
                row |= {
                    "true change": change,
                    "change too good": verdict.delta - change,
                    "change held": verdict.low <= change <= verdict.high,
                    "gain": verdict.verdict == "gain",
                }
            found.append(row)
    return found


def main() -> None:
    """Print what both parts say of the version that was kept, by the number of looks."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--simulations", type=int, default=300)
    simulations = options.parse_args().simulations
    rng = np.random.default_rng(0)
    found = pd.DataFrame([row for _ in range(simulations) for row in simulate(rng)])
    table = found.astype({"held": float}).groupby(["looks", "part"], sort=False)
    columns = ["too good", "held", "true change", "change too good", "change held", "gain"]
    print(f"{TRAIN} train, {JUDGED} test and as many sealed examples, {simulations} projects, {METRIC}")
    print(table[columns].agg(lambda values: values.dropna().astype(float).mean()).round(3).to_string())


if __name__ == "__main__":
    main()
