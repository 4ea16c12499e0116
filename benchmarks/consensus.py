"""How right the consensus of several annotators is against gold labels: majority, Dawid-Skene, CROWDLAB, ours.

CROWDLAB needs a model: it is shown where a table of features is there, with out-of-fold probabilities of the locked
model that learned from the majority's labels. "thinned" keeps a few labels an example, drawn anew each time.

    python benchmarks/consensus.py [folder]     # or FLYWHEEL_DATA, default ../shared/data
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.annotate import consensus
from core.collect import to_wide
from core.dataset import Dataset
from core.train import LockedModel

# Folder, and how many labels an example are kept in the thinned versions.
SETS = {
    "bluebirds": ("crowd/bluebirds", (3, 5, 9)),
    "face_sentiment": ("crowd/face_sentiment", (3, 5)),
    "music_genre": ("tabular/music_genre_crowd", (2, 3)),
}
DRAWS = 4


def probabilities(folder: Path) -> pd.DataFrame | None:
    """Out-of-fold probabilities of the locked model, where there are features."""
    table = folder / "train_majority.csv"
    if not table.exists():
        return None
    dataset = Dataset.from_frame(pd.read_csv(table, dtype={"id": "str"}), label="label", id="id", test=0.0)
    return LockedModel.for_dataset(dataset).out_of_fold(dataset)


def accuracy(long: pd.DataFrame, gold: pd.Series, model: pd.DataFrame | None = None) -> dict[str, float]:
    """Share of right labels by method, among the examples with a gold label that somebody labelled."""
    started = time.perf_counter()
    made = consensus(to_wide(long, id="id", annotator="annotator", label="label"), model)
    seconds = time.perf_counter() - started
    known = gold.reindex(made.index).notna() & made["label"].notna()
    right = {
        name: float((made[name] == gold.reindex(made.index))[known].mean())
        for name in ("majority", "dawid_skene", "crowdlab", "label")
        if made[name].notna().any()
    }
    return {**right, "seconds": seconds}


def main() -> None:
    """Print accuracy by set and method, and the gain over the majority on thinned sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("FLYWHEEL_DATA", "../shared/data")))
    root = parser.parse_args().folder
    whole, thinned = {}, {}
    for name, (place, kept) in SETS.items():
        folder = root / place
        if not (folder / "annotations_long.csv").exists():
            print(f"{name}: {folder} is missing, passed over", file=sys.stderr)
            continue
        long = pd.read_csv(folder / "annotations_long.csv", dtype="str")
        gold = pd.read_csv(folder / "truth.csv", dtype="str").set_index("id")["gold"]
        whole[name] = accuracy(long, gold)
        model = probabilities(folder)
        if model is not None:
            whole[f"{name} with model"] = accuracy(long, gold, model)
        for labels in kept:
            for draw in range(DRAWS):
                some = long.sample(frac=1, random_state=draw)
                some = some[some.groupby("id").cumcount() < labels]
                thinned[f"{name}, {labels} labels, draw {draw}"] = accuracy(some, gold)
    if not whole:
        sys.exit("No set was found. Name the folder that holds crowd/ and tabular/, or set FLYWHEEL_DATA.")
    print("\nAccuracy against gold\n\n" + pd.DataFrame.from_dict(whole, orient="index").round(3).to_string())
    few = pd.DataFrame.from_dict(thinned, orient="index")
    gain = few["label"] - few["majority"]
    print("\nThinned\n\n" + few.assign(gain=gain).round(3).to_string())
    print(f"\nGain over the majority: mean {gain.mean():+.3f}, lowest {gain.min():+.3f}, {len(gain)} draws")


if __name__ == "__main__":
    main()
