"""How many labels it takes to come near the full-data score: `next_to_label` against random order.

The labels of each set are hidden. Both arms start with the same 20 random examples, and 20 are labelled at each step:
at random, or those that `next_to_label` chooses from the probabilities of the locked model (trained on what is labelled
so far) and the features. After each step the model is scored on a test set that plays no other part. The labels needed
are those after which the running score (mean of the last three steps) first reaches 95 % of the macro F1 that the
model gets from all labels. The ratio is that of the mean labels needed over the seeds; below 1, fewer labels do.

    python benchmarks/active_learning.py [folder]     # or FLYWHEEL_DATA, default ../shared/data
    python benchmarks/active_learning.py --rows 2000 --seeds 2 --sets phoneme sms_spam     # a quick look
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.annotate import next_to_label
from core.dataset import Dataset
from core.train import LockedModel
from core.train.fit import TrainingSet
from core.train.learner import Fit

START = STEP = 20
SHARE = 0.95
RUNNING = 3
FEWEST_ROWS = 2_000
QUICK_TEST = 1_500


@dataclass(frozen=True)
class Source:
    """Where a set lies, its label, and where its true labels are if the given ones are known to be wrong at times."""

    name: str
    files: tuple[str, ...]
    label: str = "label"
    text: str | None = None
    id: str | None = None
    drop: tuple[str, ...] = ()
    truth: tuple[str, str] | None = None


SOURCES = (
    Source("ag_news", ("text/ag_news/test7600.csv",), text="text", id="id"),
    Source("sms_spam", ("text/sms_spam/data.csv",), text="text", id="id"),
    Source(
        "noisy_ag_news",
        ("text/noisy_ag_news/data.csv",),
        text="text",
        id="id",
        truth=("text/noisy_ag_news/truth.csv", "true_label"),
    ),
    Source(
        "vader_sentiment",
        ("text/vader_sentiment_raters/data_single_rater.csv",),
        text="text",
        id="id",
        drop=("source",),
        truth=("text/vader_sentiment_raters/truth.csv", "consensus"),
    ),
    Source("adult", ("tabular/adult/adult_train_12000.csv", "tabular/adult/adult_test_6000.csv"), "income"),
    Source("telco_churn", ("tabular/telco_churn/telco_churn_7043.csv",), "Churn", id="customerID"),
    Source("credit_default", ("tabular/credit_default/credit_default_10000.csv",), "default_next_month", id="ID"),
    Source("wine_quality", ("tabular/wine_quality/wine_quality_6497.csv",), "quality"),
    Source(
        "kepler_koi",
        ("tabular/kepler_koi/data.csv",),
        id="id",
        truth=("tabular/kepler_koi/truth.csv", "settled_truth"),
    ),
    Source("mammography", ("tabular/imbalanced/mammography.csv",)),
    Source("phoneme", ("tabular/imbalanced/phoneme.csv",)),
    Source(
        "acs_employed",
        ("drift/acs_ma_reference_2015_6000.csv",),
        "employed",
        id="id",
        drop=("prediction", "predicted_probability"),
    ),
    Source("electricity", ("drift/electricity_first_half_sample.csv",), "class"),
    Source("clinc150", ("text/clinc150_imbalanced/data.csv",), text="text", id="id", drop=("split",)),
)
# What the revised catalogue of kepler_koi does not settle has no truth.
UNKNOWN = "undecided"


def load(folder: Path, names: list[str], rows: int | None) -> Iterator[tuple[str, Dataset]]:
    """Name and data set of each set that is there and large enough; all its train labels are true ones."""
    for source in SOURCES:
        if names and source.name not in names:
            continue
        lacking = [file for file in source.files if not (folder / file).exists()]
        if lacking:
            print(f"{source.name}: {folder / lacking[0]} is missing, passed over", file=sys.stderr)
            continue
        frame = pd.concat([pd.read_csv(folder / file) for file in source.files], ignore_index=True)
        frame = frame.drop(columns=list(source.drop))
        if source.truth is not None:
            truth = pd.read_csv(folder / source.truth[0]).set_index("id")[source.truth[1]]
            frame[source.label] = truth.reindex(frame[source.id]).to_numpy()
            frame = frame[frame[source.label].notna() & (frame[source.label] != UNKNOWN)]
        if len(frame) < FEWEST_ROWS:
            print(f"{source.name}: {len(frame):,} rows are fewer than {FEWEST_ROWS:,}, passed over", file=sys.stderr)
            continue
        test = 0.25
        if rows is not None and len(frame) > rows + QUICK_TEST:
            frame = frame.sample(rows + QUICK_TEST, random_state=0)
            test = QUICK_TEST / len(frame)
        yield source.name, Dataset.from_frame(frame, label=source.label, text=source.text, id=source.id, test=test)


class Hidden:
    """A data set whose train labels are told on demand, and the locked model on those that were."""

    def __init__(self, dataset: Dataset) -> None:
        model = LockedModel.for_dataset(dataset)
        # Encoded once for all steps: a fit on some of the rows knows, bit for bit, nothing of the others.
        self.train = TrainingSet(model.recipe.to_dict(), dataset)
        self.features = model.features(dataset)[self.train.order]
        self.test = self.train.encoder.encode(dataset.inputs("test"))
        self.truth = self.train.classes.get_indexer(pd.Index(dataset.labels_of("test")))
        self.full = self.score(self.fit(np.arange(len(self))))

    def __len__(self) -> int:
        return len(self.train.ids)

    def fit(self, rows: np.ndarray) -> Fit:
        """The locked model on some of the rows."""
        labels = self.train.labels[rows]
        return Fit(
            self.train.recipe, self.train.encoded.take(rows), labels, len(self.train.classes), self.train.encoder.sizes
        )

    def score(self, fit: Fit) -> float:
        """Macro F1 on test."""
        predicted = fit.predict_proba(self.test).argmax(axis=1)
        return float(f1_score(self.truth, predicted, average="macro", zero_division=0.0))

    def random(self, pool: np.ndarray, fit: Fit, rng: np.random.Generator) -> np.ndarray:
        """Some of the pool in random order."""
        return rng.choice(pool, min(STEP, len(pool)), replace=False)

    def chosen(self, pool: np.ndarray, fit: Fit, rng: np.random.Generator) -> np.ndarray:
        """What `next_to_label` says of the pool."""
        found = fit.predict_proba(self.train.encoded.take(pool))
        probabilities = pd.DataFrame(found, index=self.train.ids[pool], columns=self.train.classes)
        ids = next_to_label(probabilities, features=self.features[pool], n=STEP)
        return self.train.ids.get_indexer(ids)


def labels_needed(hidden: Hidden, choose: Callable[..., np.ndarray], seed: int) -> int:
    """Labels after which the running score first reaches its share of the full-data score."""
    rng = np.random.default_rng(seed)
    labelled = np.zeros(len(hidden), dtype=bool)
    labelled[rng.choice(len(hidden), START, replace=False)] = True
    scores: list[float] = []
    while True:
        fit = hidden.fit(np.flatnonzero(labelled))
        scores.append(hidden.score(fit))
        reached = len(scores) >= RUNNING and np.mean(scores[-RUNNING:]) >= SHARE * hidden.full
        if reached or labelled.all():
            return int(labelled.sum())
        labelled[choose(np.flatnonzero(~labelled), fit, rng)] = True


def measured(dataset: Dataset, seeds: int) -> dict[str, Any]:
    """One row of the table."""
    hidden = Hidden(dataset)
    random = np.array([labels_needed(hidden, hidden.random, seed) for seed in range(seeds)])
    chosen = np.array([labels_needed(hidden, hidden.chosen, seed) for seed in range(seeds)])
    by_seed = np.sort(chosen / random)
    return {
        "pool": len(hidden),
        "classes": len(hidden.train.classes),
        "full-data score": round(hidden.full, 3),
        "random": round(random.mean()),
        "next_to_label": round(chosen.mean()),
        "ratio": round(chosen.mean() / random.mean(), 3),
        "by seed": f"{by_seed[0]:.2f}-{by_seed[-1]:.2f}",
    }


def main() -> None:
    """Print labels needed by set and arm, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("FLYWHEEL_DATA", "../shared/data"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, help="at most so many rows in train, for a quick look")
    parser.add_argument("--sets", nargs="+", default=[], help="only these: " + ", ".join(each.name for each in SOURCES))
    asked = parser.parse_args()
    rows = {}
    for name, dataset in load(Path(asked.folder), asked.sets, asked.rows):
        started = time.perf_counter()
        rows[name] = measured(dataset, asked.seeds)
        said = ", ".join(f"{key} {value}" for key, value in rows[name].items())
        print(f"{name}: {said} ({time.perf_counter() - started:.0f} s)", file=sys.stderr, flush=True)
    if not rows:
        sys.exit("No set was found. Name the folder that holds text/ and tabular/, or set FLYWHEEL_DATA.")
    table = pd.DataFrame.from_dict(rows, orient="index")
    print(f"\nLabels until {SHARE:.0%} of the full-data score, {asked.seeds} seeds\n\n" + table.to_string())
    print(f"\nmedian ratio {table['ratio'].median():.3f}, largest {table['ratio'].max():.3f}, {len(table)} sets")


if __name__ == "__main__":
    main()
