"""Whether the verdict keeps its word: how often it claims a change that is none, and finds one that is there.

    python benchmarks/verdict.py [--simulations 1000]            # some minutes
    python benchmarks/verdict.py --training [--simulations 200]  # the luck of the training sample, a quarter of an hour

Two models err together: for a share `rho` of the examples both have the same fate, for the others each draws its own
from the same confusion. With no true change `gain` or `harm` should be said at most 5 % of the time; a true change of
2.8 standard errors should be found at least 75 % of the time; and the interval should be no wider than 1.1 x the exact
one, which is 2 x 1.96 standard deviations of the difference over all simulated test sets.

With --training two versions of the data are drawn, of which neither is better (three of ten train examples are others),
and the locked model is fitted on both. How often is a change claimed, by the interval of the test sample alone and by
the one that the luck of training is added to? And how often is one found that is there (labels that were wrong in 15 %
are wrong in 5 %)? The training samples are small against the largest test sets.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.dataset import Dataset
from core.evaluate import GAIN, HARM, NO_EVIDENCE, Refit, Verdict, compare, training_luck
from core.evaluate.scores import CELL_METRICS, cell_counts
from core.flywheel.refits import DIVISIONS, FOLDS
from core.train import LockedModel

TRAIN = 500
# Share of the train examples that are others in the second version, and test examples for each one of train.
FRESH = 0.3
RATIOS = (0.25, 0.5, 1, 3, 10)


@dataclass(frozen=True)
class Scenario:
    """A test set and how two models err on it."""

    name: str
    rows: int
    classes: tuple[float, ...]
    recall: tuple[float, ...]
    rho: float

    def cells(self, mended: float = 0.0) -> np.ndarray:
        """Chance of each (true, before, after), flattened; `after` has that share of its errors mended."""
        k = len(self.classes)
        prior = np.array(self.classes)
        confusion = prior * (1 - np.eye(k)) / (1 - prior)[:, np.newaxis] * (1 - np.array(self.recall))[:, np.newaxis]
        confusion += np.diag(self.recall)
        joint = np.empty((k, k, k))
        for true in range(k):
            own = confusion[true]
            joint[true] = (1 - self.rho) * np.outer(own, own) + self.rho * np.diag(own)
            joint[true, :, true] += mended * (joint[true].sum(axis=1) - joint[true, :, true])
            joint[true][:, np.arange(k) != true] *= 1 - mended
            joint[true] *= prior[true]
        return joint.ravel()

    def difference(self, counts: np.ndarray, metric: str) -> np.ndarray:
        """After less before, for cells of shape (..., cells)."""
        k = len(self.classes)
        true, before, after = np.unravel_index(np.arange(k**3), (k, k, k))
        score = CELL_METRICS[metric]
        of_after, of_before = (score(*cell_counts(counts, true, own, np.arange(k))) for own in (after, before))
        return of_after - of_before

    def mended_for(self, metric: str, errors: float) -> float:
        """The share of errors to mend for a true change of so many standard errors."""
        low, high = 0.0, 1.0
        for _ in range(20):
            middle = (low + high) / 2
            cells = self.cells(middle)
            drawn = np.random.default_rng(0).multinomial(self.rows, cells, size=2000).astype(float)
            true = self.difference(cells, metric)
            low, high = (middle, high) if true < errors * self.difference(drawn, metric).std() else (low, middle)
        return high

    def verdict(self, counts: np.ndarray, metric: str, seed: int) -> Verdict:
        """What `compare` says of a test set with these cells."""
        k = len(self.classes)
        true, before, after = np.unravel_index(np.repeat(np.arange(k**3), counts), (k, k, k))
        names = [str(code) for code in range(k)]
        frames = [pd.DataFrame(np.eye(k)[own], columns=names) for own in (before, after)]
        return compare(pd.Series(true.astype(str)), *frames, metric=metric, resamples=500, seed=seed)


SCENARIOS = (
    Scenario("two even classes", 300, (0.5, 0.5), (0.85, 0.85), 0.9),
    Scenario("two even classes", 2000, (0.5, 0.5), (0.85, 0.85), 0.5),
    Scenario("rare class (5 %)", 400, (0.95, 0.05), (0.97, 0.55), 0.7),
    Scenario("rare class (5 %)", 2000, (0.95, 0.05), (0.97, 0.55), 0.7),
    Scenario("rare class (1 %)", 3000, (0.99, 0.01), (0.99, 0.5), 0.7),
    Scenario("five uneven classes", 500, (0.4, 0.3, 0.2, 0.07, 0.03), (0.85, 0.85, 0.85, 0.55, 0.55), 0.7),
    Scenario("five uneven classes", 3000, (0.4, 0.3, 0.2, 0.07, 0.03), (0.85, 0.85, 0.85, 0.55, 0.55), 0.5),
)


def simulate(scenario: Scenario, metric: str, cells: np.ndarray, simulations: int) -> tuple[float, float, float]:
    """Share of gains, share of harms, and mean width of the interval against the exact one."""
    rng = np.random.default_rng(1)
    found = [scenario.verdict(rng.multinomial(scenario.rows, cells), metric, seed) for seed in range(simulations)]
    exact = 2 * 1.96 * np.std([one.delta for one in found])
    width = np.mean([one.high - one.low for one in found]) / exact
    return np.mean([one.verdict == GAIN for one in found]), np.mean([one.verdict == HARM for one in found]), width


def training_versions(rng: np.random.Generator, test: int, *, better: bool) -> tuple[Dataset, Dataset]:
    """Two versions of the same data with one test set: equally good, or the second with fewer wrong labels."""
    rows = TRAIN + round(FRESH * TRAIN)
    inputs = rng.normal(size=(rows + test, 8))
    logits = inputs @ np.array([1.2, -0.9, 0.7, 0.5, 0, 0, 0, 0]) + inputs[:, 0] * inputs[:, 1]
    truth = rng.random(len(inputs)) < 1 / (1 + np.exp(-logits))
    doubt = rng.random(len(inputs))
    frame = pd.DataFrame(inputs, columns=[f"x{place}" for place in range(8)])
    frame["id"] = [f"r{place}" for place in range(rows)] + [f"t{place}" for place in range(test)]
    judged = frame["id"].tolist()[rows:]

    def version(kept: np.ndarray, wrong: float) -> Dataset:
        flipped = (doubt < wrong) & (np.arange(len(inputs)) < rows)
        labelled = frame.assign(label=np.where(truth ^ flipped, "yes", "no"))
        chosen = labelled.iloc[np.concatenate([kept, np.arange(rows, rows + test)])]
        return Dataset.from_frame(chosen, label="label", id="id", test=judged)

    first, later = np.arange(TRAIN), np.arange(rows - TRAIN, rows)
    return version(first, 0.15), version(first if better else later, 0.05 if better else 0.15)


def training(simulations: int, recipe: str, *, better: bool) -> pd.DataFrame:
    """Share of claims by size of the test set: by the test sample alone, and with the luck of training."""
    said: list[dict[str, float]] = []
    sizes = [round(ratio * TRAIN) for ratio in RATIOS]
    for seed in range(simulations):
        versions = training_versions(np.random.default_rng([seed, better]), sizes[-1], better=better)
        predicted, refits = [], []
        for dataset in versions:
            model = LockedModel.for_dataset(dataset, recipe)
            inputs = dataset.inputs("test")
            fitted = model.fit(dataset)
            predicted.append(pd.DataFrame(fitted.predict_proba(inputs), index=inputs.index, columns=fitted.classes))
            out_of_fold = pd.DataFrame(index=dataset.ids("train"))
            made = model.refits(dataset, {"test": inputs}, out_of_fold, folds=FOLDS, divisions=DIVISIONS)
            refits.append([[Refit(probabilities) for probabilities, _ in folds] for folds in made["test"]])
        labels = versions[0].labels_of("test")
        for size in sizes:
            some = labels.iloc[:size]
            luck = training_luck(some, *refits, metric="accuracy")
            for name, own in (("test alone", None), ("with training", luck)):
                verdict = compare(some, *predicted, metric="accuracy", resamples=500, luck=own)
                claimed = verdict.verdict == GAIN if better else verdict.verdict != NO_EVIDENCE
                said.append({"size": size, "by": name, "claimed": claimed})
    return pd.DataFrame(said).pivot_table(index="size", columns="by", values="claimed", aggfunc="mean")


def training_table(simulations: int) -> None:
    """Print what the luck of the training sample does to claims."""
    print(f"{TRAIN:,} train examples, accuracy, {simulations} pairs of versions each\n")
    print("                                      no true change             a gain that is there")
    print("recipe                      test   test alone     training   test alone     training")
    for recipe in ("logistic_regression", "hist_gradient_boosting"):
        equal, better = (training(simulations, recipe, better=better) for better in (False, True))
        for size in equal.index:
            found = [
                f"{table.at[size, by]:11.1%}" for table in (equal, better) for by in ("test alone", "with training")
            ]
            print(f"{recipe:24} {size:7,}  {'  '.join(found)}", flush=True)


def main() -> None:
    """Run the simulation and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int)
    parser.add_argument("--training", action="store_true", help="the luck of the training sample")
    asked = parser.parse_args()
    if asked.training:
        training_table(asked.simulations or 200)
        return
    simulations = asked.simulations or 1000
    print(
        f"{simulations:,} simulated test sets each; the last digits of a share of 5 % are good to "
        f"{np.sqrt(0.05 * 0.95 / simulations):.1%}\n"
    )
    print("                                          no true change      2.8 standard errors")
    print("test set               rows  metric      claimed    width      found     width")
    for scenario in SCENARIOS:
        for metric in ("accuracy", "macro_f1"):
            gain, harm, width = simulate(scenario, metric, scenario.cells(), simulations)
            changed = scenario.cells(scenario.mended_for(metric, 2.8))
            found, _, changed_width = simulate(scenario, metric, changed, simulations)
            print(
                f"{scenario.name:20} {scenario.rows:6,}  {metric:10} {gain + harm:7.1%}  {width:7.2f}  "
                f"{found:9.1%}  {changed_width:7.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
