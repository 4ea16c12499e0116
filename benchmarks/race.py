"""The model's side against the data's side at equal budget, on sets whose labels were really wrong, as it comes out.

    python benchmarks/race.py [folder]                 # or FLYWHEEL_DATA, default ../shared/data
    python benchmarks/race.py --minutes 30 --reviews 50 --seeds 3   # budget of each side, decisions a turn, races a set

The reviewer is simulated and right in 95 %; a fit costs 5 s and a decision 10 s of the budget. Test labels are the true
ones. Sets on which the model's side wins stay in the table.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.dataset import Dataset
from core.evaluate import compare
from core.flywheel.race import Rules, run_race

Loaded = tuple[pd.DataFrame, pd.Series]


@dataclass(frozen=True)
class Source:
    """A set: the file of its rows, that of the truth, and the column of the truth."""

    name: str
    data: str
    truth: str
    column: str
    text: str | None = None
    label: Callable[[pd.DataFrame, pd.DataFrame], pd.Series] | None = None
    drop: tuple[str, ...] = ()

    def load(self, folder: Path) -> Loaded:
        """Rows with the labels as given, and the truth by id where it is settled."""
        rows = pd.read_csv(folder / self.data, dtype={"id": "str"}).drop(columns=list(self.drop))
        truth = pd.read_csv(folder / self.truth, dtype={"id": "str"}).set_index("id")
        if self.label is not None:
            rows = rows.assign(label=self.label(rows, truth))
        known = truth[self.column].reindex(rows["id"])
        settled = known[known.notna() & (known != "undecided")]
        return rows[rows["id"].isin(settled.index)], settled.astype("str")


_MUSIC = "tabular/music_genre_crowd"
SOURCES = (
    Source("noisy_ag_news", "text/noisy_ag_news/data.csv", "text/noisy_ag_news/truth.csv", "true_label", text="text"),
    Source(
        "wrench_youtube", "text/wrench_youtube/train_weak.csv", "text/wrench_youtube/truth.csv", "gold", text="text"
    ),
    Source(
        "vader_raters",
        "text/vader_sentiment_raters/data_single_rater.csv",
        "text/vader_sentiment_raters/truth.csv",
        "consensus",
        text="text",
        drop=("source",),
    ),
    Source("music majority", f"{_MUSIC}/train_majority.csv", f"{_MUSIC}/truth.csv", "gold"),
    Source(
        "music one worker",
        f"{_MUSIC}/train_majority.csv",
        f"{_MUSIC}/truth.csv",
        "gold",
        label=lambda rows, truth: rows["id"].map(truth["single"]),
    ),
    Source("kepler_koi", "tabular/kepler_koi/data.csv", "tabular/kepler_koi/truth.csv", "settled_truth"),
)


def raced(source: Source, folder: Path, *, minutes: float, reviews: int, seed: int) -> dict[str, object]:
    """One race on one set: where all sides start, where each ends, and the paired difference."""
    rows, truth = source.load(folder)
    dataset = Dataset.from_frame(rows, label="label", text=source.text, id="id", test=0.3, seed=seed)
    started = time.perf_counter()
    rules = Rules(budget=60 * minutes, reviews_per_turn=reviews, seed=seed)

    def tell(share: float, said: str) -> None:
        print(f"{source.name}: {share:.0%} {said}", file=sys.stderr, flush=True)

    finish = run_race(dataset, truth, rules, progress=tell)
    ends = finish.table.groupby("arm").tail(1).set_index("arm")
    labels = truth.loc[finish.ends["data"].index]
    verdict = compare(labels, finish.ends["model"], finish.ends["data"], metric=rules.metric)
    wrong = float((dataset.labels_of("train") != truth.reindex(dataset.ids("train"))).mean())
    return {
        "set": source.name,
        "seed": seed,
        "train": len(dataset.ids("train")),
        "wrong": f"{wrong:.0%}",
        "start": f"{finish.table['score'].iloc[0]:.3f}",
        **{arm: f"{ends.at[arm, 'score']:.3f}" for arm in ("model", "data", "both")},
        "data against model": f"{verdict.delta:+.3f} ({verdict.low:+.3f} to {verdict.high:+.3f})",
        "ahead": {"gain": "data", "harm": "model"}.get(verdict.verdict, "can't tell"),
        "seconds": f"{time.perf_counter() - started:.0f}",
    }


def main() -> None:
    """Run the races and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=os.environ.get("FLYWHEEL_DATA", "../shared/data"))
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--reviews", type=int, default=15)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--sets", help="names, with commas between them")
    arguments = parser.parse_args()
    folder = Path(arguments.folder)
    wanted = None if arguments.sets is None else set(arguments.sets.split(","))
    header = True
    for source in SOURCES:
        if wanted is not None and source.name not in wanted:
            continue
        if not (folder / source.data).exists():
            print(f"{source.name}: {folder / source.data} is missing, passed over", file=sys.stderr)
            continue
        for seed in range(arguments.seeds):
            row = raced(source, folder, minutes=arguments.minutes, reviews=arguments.reviews, seed=seed)
            if header:
                print("| " + " | ".join(row) + " |\n|" + "---|" * len(row))
                header = False
            print("| " + " | ".join(map(str, row.values())) + " |", flush=True)


if __name__ == "__main__":
    main()
