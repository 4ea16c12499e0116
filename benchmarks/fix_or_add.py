"""What a fix is said to be worth in rows, against what it is by the truth, on sets whose labels were really wrong.

    python benchmarks/fix_or_add.py [folder]            # or FLYWHEEL_DATA, default ../shared/data
    python benchmarks/fix_or_add.py --reviews 0         # nothing reviewed; else 30 suspects, a third at most
    python benchmarks/fix_or_add.py --truth             # by the truth alone, which is quick

Of each set three tenths are put aside, to be scored on by their true labels; a third of the rest is the project, and
what is left are the rows that could be added. By the truth: the open suspects of the project get their true labels, and
the locked model with them is held against the locked model with more of the rows as they are, both scored on the true
labels of what was put aside; means over splits. The forecast sees the project alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from race import SOURCES, Source

from core.dataset import Dataset
from core.evaluate import evaluate
from core.flywheel import Decide, Decision, Project, rank
from core.flywheel.fix_or_add import fix_or_add, open_suspects
from core.train import LockedModel

TIMES = (1.0, 1.25, 1.5, 2.0, 3.0)


class Split:
    """One split of a set: the project with its first turn, and what lies outside of it."""

    def __init__(self, source: Source, folder: Path, workspace: Path, seed: int, reviews: int) -> None:
        rows, self.truth = source.load(folder)
        rows = rows.set_index(rows["id"].astype("str"), drop=False)
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(rows))
        aside = 3 * len(rows) // 10
        self.aside, rest = rows.iloc[order[:aside]], rows.iloc[order[aside:]]
        self.size = len(rest) // 3
        options = {"label": "label", "text": source.text, "id": "id"}
        # All rows that could be learned from, to be cut to size; and the project, which knows of no others.
        self.everything = Dataset.from_frame(rest, test=0.0, **options)
        self.order = list(self.everything.ids("train"))
        mine = rest.iloc[: self.size]
        tested = self.aside.iloc[: max(100, self.size // 4)]
        dataset = Dataset.from_frame(pd.concat([mine, tested]), test=list(tested["id"].astype("str")), **options)
        self.project = Project.create(workspace / f"{source.name}-{seed}-{time.monotonic_ns()}", dataset)
        self.turn = rank(self.project, self.project.turn())
        self.suspects = open_suspects(self.project, self.turn)
        known = self.suspects.index[self.suspects.index.isin(self.truth.index)]
        reviewed = rng.choice(known.to_numpy(dtype=object), min(reviews, len(known) // 3), replace=False)
        self._review(list(reviewed))

    def _review(self, reviewed: list[str]) -> None:
        said = {}
        for example in reviewed:
            row, true = self.suspects.loc[example], self.truth[example]
            other = Decision.SUGGESTED if true == row["suggested"] else Decision.OTHER
            said[example] = (Decision.KEEP, None) if true == row["given"] else (other, true)
        if said:
            self.project.apply(Decide(said, by="truth"))

    def by_truth(self) -> tuple[np.ndarray, float]:
        """The true score after training on so many `TIMES` the project as it is, and with its suspects settled."""
        labels = self.project.dataset.labels_of("train")
        now = self.everything.with_labels({key: label for key, label in labels.items() if key in self.truth.index})
        collected = np.array([self._score(now, round(times * self.size)) for times in TIMES])
        left = open_suspects(self.project, self.turn).index
        settled = now.with_labels({example: self.truth[example] for example in left if example in self.truth.index})
        return collected, self._score(settled, self.size)

    def _score(self, dataset: Dataset, rows: int) -> float:
        part = dataset.without(self.order[rows:]) if rows < len(self.order) else dataset
        model = LockedModel(self.project.model.recipe)
        inputs = self.aside[list(part.schema.inputs)]
        fitted = model.fit(part)
        said = pd.DataFrame(fitted.predict_proba(inputs), index=inputs.index, columns=list(fitted.classes))
        return float(evaluate(self.truth.loc[inputs.index], said).metrics["macro_f1"][0])


def real_worth(collected: np.ndarray, settled: float, size: int) -> float:
    """How many more rows bring the score to where settled suspects bring it, read between what was measured."""
    rising = np.maximum.accumulate(collected)
    if settled <= rising[0]:
        return 0.0
    if settled > rising[-1]:
        return float("inf")
    return float(np.interp(settled, rising, np.array(TIMES) * size)) - size


def main() -> None:
    """Measure set by set and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=os.environ.get("FLYWHEEL_DATA", "../shared/data"))
    parser.add_argument("--splits", type=int, default=8, help="for the truth")
    parser.add_argument("--forecasts", type=int, default=3, help="of so many splits")
    parser.add_argument("--reviews", type=int, default=30)
    parser.add_argument("--truth", action="store_true")
    parser.add_argument("--sets", help="names, with commas between them")
    arguments = parser.parse_args()
    wanted = None if arguments.sets is None else set(arguments.sets.split(","))
    print(
        "| set | rows | wrong | suspects left | gain by the truth | worth by the truth | forecasts |\n"
        + "|---" * 7
        + "|"
    )
    for source in SOURCES:
        if wanted is not None and source.name not in wanted:
            continue
        if not (Path(arguments.folder) / source.data).exists():
            print(f"{source.name}: {Path(arguments.folder) / source.data} is missing, passed over", file=sys.stderr)
            continue
        measured(source, arguments)


def measured(source: Source, arguments: argparse.Namespace) -> None:
    """Print the line of one set."""
    scores, settled, said, noise, left = [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.splits):
            split = Split(source, Path(arguments.folder), Path(folder), seed, arguments.reviews)
            collected, clean = split.by_truth()
            scores.append(collected)
            settled.append(clean)
            labels = split.project.dataset.labels_of("train")
            noise.append(float((labels != split.truth.reindex(labels.index)).mean()))
            left.append(len(open_suspects(split.project, split.turn)))
            if seed < arguments.forecasts and not arguments.truth:
                found = fix_or_add(split.project, seed=seed)
                worth = "; ".join(f"{each:,.0f}" for each in found.curves.worth)
                gain = " ".join(f"{each:+.3f}" for each in found.curves.gain)
                said.append(f"{found.curves.answer}: {worth} ({gain})")
                print(
                    f"{source.name} {seed}: {said[-1]}, true {np.round(collected, 3)} {clean:.3f}",
                    file=sys.stderr,
                    flush=True,
                )
    mean, clean = np.mean(scores, axis=0), float(np.mean(settled))
    gains = np.array(settled) - np.array(scores)[:, 0]
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else float("nan")
    line = {
        "set": source.name,
        "rows": f"{split.size:,}",
        "wrong": f"{np.mean(noise):.0%}",
        "suspects left": f"{np.mean(left):.0f}",
        "gain": f"{gains.mean():+.3f} ± {1.96 * error:.3f}",
        "worth": f"{real_worth(mean, clean, split.size):,.0f}",
        "forecasts": " / ".join(said),
    }
    print("| " + " | ".join(line.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
