"""How well suspects are ranked against cleanlab, on sets whose labels were really wrong.

For each set the locked model's out-of-fold probabilities are made once. `find_suspects` and cleanlab's own scores rank
the very same probabilities; the measure is the average precision of finding the labels that the truth contradicts.

    python benchmarks/label_errors.py [folder]     # or FLYWHEEL_DATA, default ../shared/data
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.annotate import find_suspects
from core.dataset import Dataset
from core.train import LockedModel

BASELINE = "self confidence"
CLEANLAB = {
    BASELINE: {"method": "self_confidence"},
    "normalized margin": {"method": "normalized_margin"},
    "weighted entropy": {"method": "confidence_weighted_entropy"},
    "adjusted": {"method": "self_confidence", "adjust_pred_probs": True},
}


@dataclass(frozen=True)
class Source:
    """Where a set lies, and which column of the truth says that a given label is wrong (missing: not known)."""

    name: str
    data: str
    truth: str
    wrong: str
    text: str | None = None
    drop: tuple[str, ...] = ()


SOURCES = (
    Source("noisy_ag_news", "text/noisy_ag_news/data.csv", "text/noisy_ag_news/truth.csv", "is_error", "text"),
    Source("wrench_youtube", "text/wrench_youtube/train_weak.csv", "text/wrench_youtube/truth.csv", "is_error", "text"),
    Source(
        "vader_raters",
        "text/vader_sentiment_raters/data_single_rater.csv",
        "text/vader_sentiment_raters/truth.csv",
        "is_error",
        "text",
        ("source",),
    ),
    Source(
        "music_genre",
        "tabular/music_genre_crowd/train_majority.csv",
        "tabular/music_genre_crowd/truth.csv",
        "majority_is_error",
    ),
    Source("kepler_koi", "tabular/kepler_koi/data.csv", "tabular/kepler_koi/truth.csv", "is_error"),
)


def load(folder: Path) -> Iterator[tuple[str, Dataset, pd.Series]]:
    """Name, data set without a test part, and which labels are wrong, of each set that is there."""
    for source in SOURCES:
        if not (folder / source.data).exists():
            print(f"{source.name}: {folder / source.data} is missing, passed over", file=sys.stderr)
            continue
        frame = pd.read_csv(folder / source.data, dtype={"id": "str"}).drop(columns=list(source.drop))
        dataset = Dataset.from_frame(frame, label="label", text=source.text, id="id", test=0.0)
        truth = pd.read_csv(folder / source.truth, dtype={"id": "str"}).set_index("id")
        yield source.name, dataset, truth[source.wrong].reindex(dataset.frame.index)


def rankings(dataset: Dataset) -> tuple[pd.DataFrame, dict[str, float]]:
    """Score of each example by ranking, and what the steps took in seconds."""
    model = LockedModel.for_dataset(dataset)
    started = time.perf_counter()
    probabilities = model.out_of_fold(dataset)
    folds = time.perf_counter() - started
    labels = dataset.labels.loc[probabilities.index]
    codes = probabilities.columns.get_indexer(labels)
    scores = {
        name: 1 - get_label_quality_scores(codes, probabilities.to_numpy(), **how) for name, how in CLEANLAB.items()
    }
    scores["find_suspects"] = find_suspects(labels, probabilities)["score"].reindex(labels.index)
    started = time.perf_counter()
    suspects = find_suspects(labels, probabilities, refit=model.refitter(dataset))
    seconds = {"out of fold": folds, "with refit": time.perf_counter() - started}
    scores["with refit"] = suspects["score"].reindex(labels.index)
    return pd.DataFrame(scores, index=labels.index), seconds


def main() -> None:
    """Print average precision by set and ranking, and the ratios to cleanlab's self-confidence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("FLYWHEEL_DATA", "../shared/data"))
    rows = {}
    for name, dataset, wrong in load(parser.parse_args().folder):
        scores, seconds = rankings(dataset)
        known = wrong.notna().to_numpy()
        truth = wrong[known].astype(int)
        rows[name] = {"rows": len(wrong), "wrong": truth.mean()}
        rows[name] |= {how: average_precision_score(truth, scores.loc[known, how]) for how in scores}
        print(f"{name}: " + ", ".join(f"{step} {taken:.1f} s" for step, taken in seconds.items()), file=sys.stderr)
    if not rows:
        sys.exit("No set was found. Name the folder that holds text/ and tabular/, or set FLYWHEEL_DATA.")
    table = pd.DataFrame.from_dict(rows, orient="index")
    rankings_only = table.drop(columns=["rows", "wrong"])
    ratios = rankings_only.div(rankings_only[BASELINE], axis="index")
    ratios.loc["geometric mean"] = np.exp(np.log(ratios).mean())
    print("\nAverage precision\n\n" + table.round(3).to_string())
    print(f"\nRatio to cleanlab's {BASELINE}\n\n" + ratios.round(3).to_string())


if __name__ == "__main__":
    main()
