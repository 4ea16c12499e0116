"""What the way in which test labels are corrected does to the score of this model, and to that of an equally good next.

    python benchmarks/blind_review.py [--simulations 1000]      # a quarter of an hour

Each simulation draws a truth, test labels of which some are wrong, and two models that are equally good: this one and
the next. The labels are then corrected in one of these ways, and both models scored on what comes out, as the app
would:

- not at all;
- where this model disagrees, by a reviewer who is always right;
- where this model disagrees, by one who is anchored: where the label was right and the model wrong, they take the
  model's answer in 30 % of the cases (they see it on the card; of labels that were wrong they find the truth);
- a random sample of 300, blind, by a reviewer who is always right;
- all of them, blind, by a reviewer who is always right;
- all of them, blind, by a reviewer who errs in 5 %.

A fair way leaves the next model where it is: a difference of 0, called harm in at most 2.5 %. The first setting is the
plainest: two classes, every tenth label wrong, models that err independently. The second has five classes, fewer wrong
labels, and models that share half of their mistakes, as two turns of one locked model do.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.evaluate import compare, label_noise

ACCURACY = 0.85
SAMPLE = 300
ANCHORED = 0.3
SLIPS = 0.05


@dataclass(frozen=True)
class Setting:
    """A test set, how noisy its labels are, and how two models err on it.

    ``shared`` is the share of the examples on which both models say the same.
    """

    name: str
    rows: int
    classes: int
    noise: float
    shared: float


SETTINGS = (
    Setting("two classes, 10 % of the labels wrong, errors independent", 2_000, 2, 0.10, 0.0),
    Setting("five classes, 5 % of the labels wrong, half of the answers shared", 2_000, 5, 0.05, 0.5),
)


def other(rng: np.random.Generator, codes: np.ndarray, classes: int) -> np.ndarray:
    """Another class than the one that stands there."""
    return (codes + rng.integers(1, classes, len(codes))) % classes


def spoiled(rng: np.random.Generator, codes: np.ndarray, classes: int, share: float) -> np.ndarray:
    """The same with a share of wrong ones."""
    return np.where(rng.random(len(codes)) < share, other(rng, codes, classes), codes)


def ways(
    rng: np.random.Generator, truth: np.ndarray, labels: np.ndarray, model: np.ndarray, classes: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Each way of correcting labels, and the labels that come out."""
    yield "not corrected", labels
    disagrees = labels != model
    yield "where the model disagrees, always right", np.where(disagrees, truth, labels)
    misled = disagrees & (labels == truth) & (rng.random(len(truth)) < ANCHORED)
    yield "where the model disagrees, anchored", np.where(misled, model, np.where(disagrees, truth, labels))
    sample = np.zeros(len(truth), dtype=bool)
    sample[rng.permutation(len(truth))[:SAMPLE]] = True
    yield f"blind, a random {SAMPLE}, always right", np.where(sample, truth, labels)
    yield "blind, all, always right", truth
    yield "blind, all, errs in 5 %", spoiled(rng, truth, classes, SLIPS)


def verdict(labels: np.ndarray, before: np.ndarray, after: np.ndarray, classes: int) -> tuple[float, str]:
    """What the app says of the next model: the difference in accuracy, and the word for it."""
    names = np.array([f"c{code}" for code in range(classes)])
    ids = pd.RangeIndex(len(labels)).astype("str")
    frames = [pd.DataFrame(np.eye(classes)[codes], index=ids, columns=names) for codes in (before, after)]
    found = compare(pd.Series(names[labels], index=ids), *frames, metric="accuracy")
    return found.delta, found.verdict


def simulate(setting: Setting, simulations: int) -> tuple[pd.DataFrame, float]:
    """One line a way and simulation; and how often the interval of the noise held the truth."""
    lines, covered = [], 0
    for seed in range(simulations):
        rng = np.random.default_rng([seed, setting.rows, setting.classes])
        truth = rng.integers(0, setting.classes, setting.rows)
        labels = spoiled(rng, truth, setting.classes, setting.noise)
        first, second = (spoiled(rng, truth, setting.classes, 1 - ACCURACY) for _ in range(2))
        second = np.where(rng.random(setting.rows) < setting.shared, first, second)
        drawn = rng.permutation(setting.rows)[:SAMPLE]
        noise = label_noise(int((labels != truth)[drawn].sum()), SAMPLE, setting.rows)
        covered += noise.low <= (labels != truth).mean() <= noise.high
        for way, judged in ways(rng, truth, labels, first, setting.classes):
            delta, word = verdict(judged, first, second, setting.classes)
            seeming, true = (judged == first).mean(), (truth == first).mean()
            lines.append(
                {"way": way, "seeming": seeming, "flattered": seeming - true, "next": delta, "harm": word == "harm"}
            )
    return pd.DataFrame(lines), covered / simulations


def spread(values: pd.Series, digits: int = 3, sign: str = "") -> str:
    """A mean with the middle 95 % of the simulations."""
    low, high = values.quantile([0.025, 0.975])
    return f"{values.mean():{sign}.{digits}f} ({low:{sign}.{digits}f} to {high:{sign}.{digits}f})"


def main() -> None:
    """Print a table a setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1000)
    simulations = parser.parse_args().simulations
    for setting in SETTINGS:
        found, covered = simulate(setting, simulations)
        print(f"\n{setting.name}; {setting.rows:,} test examples, both models right in {ACCURACY:.0%}")
        print(f"| {'corrected':42} | this model seems | too high by | the next seems | called harm |")
        for way, held in found.groupby("way", sort=False):
            print(
                f"| {way:42} | {spread(held['seeming'])} | {100 * held['flattered'].mean():+.1f} points "
                f"| {spread(100 * held['next'], 1, '+')} points | {held['harm'].mean():.1%} |"
            )
        print(f"The interval of the noise, from {SAMPLE} blind: held the truth in {covered:.1%} of {simulations:,}.")


if __name__ == "__main__":
    main()
