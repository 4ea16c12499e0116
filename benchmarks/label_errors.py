"""How well suspects are ranked against cleanlab, on sets whose labels were really wrong.

For each set the locked model's out-of-fold probabilities are made once. `find_suspects` and cleanlab's own scores rank
the very same probabilities; the measure is the average precision of finding the labels that the truth contradicts.

    python benchmarks/label_errors.py [folder]             # or FLYWHEEL_DATA, default ../shared/data
    python benchmarks/label_errors.py --choose             # the one setting, chosen on the other sets (leave one out)
    python benchmarks/label_errors.py --cost               # time against the out-of-fold predictions, and memory

Images have no recipe yet: theirs are 110 numbers each (colours and edges, after PCA) under logistic regression. The
crowd sets without content (bluebirds, face_sentiment) have nothing that a model could learn from.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from cleanlab.rank import get_label_quality_scores
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score
from turn import made_table, short_texts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.annotate import find_suspects, injection
from core.dataset import Dataset
from core.train import LockedModel

BASELINE = "self confidence"
CLEANLAB = {
    BASELINE: {"method": "self_confidence"},
    "normalized margin": {"method": "normalized_margin"},
    "weighted entropy": {"method": "confidence_weighted_entropy"},
    "adjusted": {"method": "self_confidence", "adjust_pred_probs": True},
}
OURS = "find_suspects"
ALONE = "without refit"
CHOICES = (0.02, 0.1, 0.3, 1.0)
RESAMPLES = 1000
Loaded = tuple[pd.DataFrame, pd.Series]


@dataclass(frozen=True)
class Source:
    """A set: what reads its rows and, by id, whether a label is wrong (missing: not known)."""

    name: str
    files: tuple[str, ...]
    load: Callable[[Path], Loaded]
    text: str | None = None
    recipe: str | None = None
    options: dict[str, str] = field(default_factory=dict)


def _csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"id": "str"})


def _pair(data: str, truth: str, wrong: str, drop: tuple[str, ...] = ()) -> Callable[[Path], Loaded]:
    def load(folder: Path) -> Loaded:
        return _csv(folder / data).drop(columns=list(drop)), _csv(folder / truth).set_index("id")[wrong]

    return load


def _single_votes(folder: Path) -> Loaded:
    """The songs as one worker each labelled them."""
    rows = _csv(folder / "tabular/music_genre_crowd/train_majority.csv")
    truth = _csv(folder / "tabular/music_genre_crowd/truth.csv").set_index("id")
    return rows.assign(label=rows["id"].map(truth["single"])), truth["single_is_error"]


def _planets(folder: Path) -> Loaded:
    rows, wrong = _pair("tabular/kepler_koi/data.csv", "tabular/kepler_koi/truth.csv", "is_error")(folder)
    truth = _csv(folder / "tabular/kepler_koi/truth.csv").set_index("id")
    settled = truth.index[truth["settled_truth"] != "undecided"]
    return rows[rows["id"].isin(settled)], wrong


def _images(labels: str) -> Callable[[Path], Loaded]:
    def load(folder: Path) -> Loaded:
        truth = pd.read_csv(folder / "images/cifar10n/truth_5000.csv")
        with zipfile.ZipFile(folder / "images/cifar10n/cifar10n_5000.zip") as packed:
            shown = [Image.open(io.BytesIO(packed.read(f"images/{name}"))).convert("RGB") for name in truth["filename"]]
        pixels = np.stack([np.asarray(image, dtype=float) for image in shown]) / 255
        colours = PCA(30, random_state=0).fit_transform(
            pixels.reshape(-1, 8, 4, 8, 4, 3).mean(axis=(2, 4)).reshape(len(pixels), -1)
        )
        edges = PCA(80, random_state=0).fit_transform(_edges(pixels.mean(axis=3)))
        rows = pd.DataFrame(np.column_stack([edges, colours])).rename(columns=lambda place: f"feature_{place}")
        ids = truth["filename"].astype("str")
        wrong = (truth[labels] != truth["clean_label"]).astype(int).set_axis(ids)
        return rows.assign(id=ids, label=truth[labels]), wrong

    return load


def _edges(grey: np.ndarray) -> np.ndarray:
    """Histograms of 9 directions of edges in cells of 4 x 4 pixels, in blocks of 2 x 2 cells at length 1."""
    down, right = np.gradient(grey, axis=(1, 2))
    strength = np.hypot(down, right)
    direction = np.minimum((np.arctan2(down, right) % np.pi / np.pi * 9).astype(int), 8)
    cells = np.stack(
        [(strength * (direction == each)).reshape(-1, 8, 4, 8, 4).sum(axis=(2, 4)) for each in range(9)], -1
    )
    blocks = np.concatenate([cells[:, i : i + 7, j : j + 7] for i in (0, 1) for j in (0, 1)], axis=-1)
    return (blocks / (np.linalg.norm(blocks, axis=-1, keepdims=True) + 1e-3)).reshape(len(grey), -1)


_AG, _YOUTUBE, _VADER = "text/noisy_ag_news", "text/wrench_youtube", "text/vader_sentiment_raters"
_MUSIC, _CIFAR = "tabular/music_genre_crowd/truth.csv", "images/cifar10n/cifar10n_5000.zip"
SOURCES = (
    Source("noisy_ag_news", (f"{_AG}/truth.csv",), _pair(f"{_AG}/data.csv", f"{_AG}/truth.csv", "is_error"), "text"),
    Source(
        "wrench_youtube",
        (f"{_YOUTUBE}/truth.csv",),
        _pair(f"{_YOUTUBE}/train_weak.csv", f"{_YOUTUBE}/truth.csv", "is_error"),
        "text",
    ),
    Source(
        "vader_raters",
        (f"{_VADER}/truth.csv",),
        _pair(f"{_VADER}/data_single_rater.csv", f"{_VADER}/truth.csv", "is_error", ("source",)),
        "text",
    ),
    Source(
        "music majority",
        (_MUSIC,),
        _pair("tabular/music_genre_crowd/train_majority.csv", _MUSIC, "majority_is_error"),
    ),
    Source("music one worker", (_MUSIC,), _single_votes),
    Source("kepler_koi", ("tabular/kepler_koi/truth.csv",), _planets),
    *(
        Source(f"cifar10n {labels}", (_CIFAR,), _images(labels), recipe="logistic_regression")
        for labels in ("human1", "aggre", "worse")
    ),
)


def found(folder: Path) -> Iterator[tuple[Source, Dataset, pd.Series]]:
    """Each set that is there: its data set without a test part, and which labels are wrong."""
    for source in SOURCES:
        if not all((folder / file).exists() for file in source.files):
            print(f"{source.name}: {folder / source.files[0]} is missing, passed over", file=sys.stderr)
            continue
        rows, wrong = source.load(folder)
        dataset = Dataset.from_frame(rows, label="label", text=source.text, id="id", test=0.0)
        yield source, dataset, wrong.reindex(dataset.frame.index)


def rankings(source: Source, dataset: Dataset) -> tuple[pd.DataFrame, dict[str, float]]:
    """Score of each example by ranking, and what the steps took in seconds."""
    model = LockedModel.for_dataset(dataset, source.recipe)
    started = time.perf_counter()
    probabilities = model.out_of_fold(dataset)
    seconds = {"out of fold": time.perf_counter() - started}
    labels = dataset.labels.loc[probabilities.index]
    codes = probabilities.columns.get_indexer(labels)
    scores = {
        name: 1 - get_label_quality_scores(codes, probabilities.to_numpy(), **how) for name, how in CLEANLAB.items()
    }
    features = model.features(dataset)
    scores[ALONE] = find_suspects(labels, probabilities, features=features)["score"].loc[labels.index]
    started = time.perf_counter()
    suspects = find_suspects(labels, probabilities, features=features, refit=model.refitter(dataset))
    seconds[OURS] = time.perf_counter() - started
    scores[OURS] = suspects["score"].loc[labels.index]
    return pd.DataFrame(scores, index=labels.index), seconds


def log_ratios(truth: np.ndarray, scores: pd.DataFrame, seed: int) -> np.ndarray:
    """Log of the ratio of average precisions to the baseline's in resamples of the examples: resamples x 2 of ours."""
    rng = np.random.default_rng(seed)
    columns = [scores[name].to_numpy() for name in (BASELINE, ALONE, OURS)]
    drawn = []
    while len(drawn) < RESAMPLES:
        rows = rng.integers(0, len(truth), len(truth))
        if truth[rows].any():
            base, *ours = (average_precision_score(truth[rows], column[rows]) for column in columns)
            drawn.append(np.log(np.array(ours) / base))
    return np.array(drawn)


def compare(folder: Path) -> None:
    """Print average precision by set and ranking, the ratios to cleanlab's self-confidence, and their intervals."""
    rows, logs = {}, {}
    for source, dataset, wrong in found(folder):
        scores, seconds = rankings(source, dataset)
        known = wrong.notna().to_numpy()
        truth = wrong[known].astype(int)
        rows[source.name] = {"rows": len(wrong), "wrong": truth.mean()}
        rows[source.name] |= {how: average_precision_score(truth, scores.loc[known, how]) for how in scores}
        logs[source.name] = log_ratios(truth.to_numpy(), scores[known], seed=len(logs))
        print(
            f"{source.name}: " + ", ".join(f"{step} {taken:.1f} s" for step, taken in seconds.items()), file=sys.stderr
        )
    if not rows:
        sys.exit("No set was found. Name the folder that holds text/ and tabular/, or set FLYWHEEL_DATA.")
    table = pd.DataFrame.from_dict(rows, orient="index")
    ratios = table.drop(columns=["rows", "wrong"]).div(table[BASELINE], axis="index")
    cleanlabs = ratios[list(CLEANLAB)]
    ratios["best of cleanlab"] = cleanlabs.max(axis=1)
    ratios.loc["geometric mean"] = np.exp(np.log(ratios).mean())
    drawn = np.stack(list(logs.values()))
    bounds = np.exp(np.quantile(np.concatenate([drawn, drawn.mean(axis=0, keepdims=True)]), [0.025, 0.975], axis=1))
    for place, name in enumerate((ALONE, OURS)):
        ratios[f"{name} 95 %"] = [f"{low:.3f}-{high:.3f}" for low, high in bounds[:, :, place].T]
    print("\nAverage precision\n\n" + table.round(3).to_string())
    print(
        f"\nRatio to cleanlab's {BASELINE} (intervals: paired bootstrap over examples)\n\n"
        + ratios.round(3).to_string()
    )
    best = cleanlabs.drop(columns=BASELINE).apply(lambda column: np.exp(np.log(column).mean()))
    print(f"\nBest single variant of cleanlab: {best.idxmax()}, geometric mean {best.max():.3f}")


def choose(folder: Path) -> None:
    """Print the ratio of each set under each strength, and that of the strength which is best on the other sets."""
    rows = {}
    for source, dataset, wrong in found(folder):
        model = LockedModel.for_dataset(dataset, source.recipe)
        probabilities = model.out_of_fold(dataset)
        labels = dataset.labels.loc[probabilities.index]
        known = wrong.notna().to_numpy()
        truth = wrong[known].astype(int)
        own = probabilities.to_numpy()[np.arange(len(labels)), probabilities.columns.get_indexer(labels)]
        base = average_precision_score(truth, 1 - own[known])
        features, refit = model.features(dataset), model.refitter(dataset)
        rows[source.name] = {}
        for strength in CHOICES:
            injection.STRENGTH = strength
            score = find_suspects(labels, probabilities, features=features, refit=refit)["score"].loc[labels.index]
            rows[source.name][strength] = average_precision_score(truth, score[known]) / base
        print(f"{source.name}: {rows[source.name]}", file=sys.stderr)
    table = np.log(pd.DataFrame.from_dict(rows, orient="index"))
    left_out = {name: table.loc[name, table.drop(index=name).mean().idxmax()] for name in table.index}
    print(np.exp(table).round(3).to_string())
    print("\nGeometric mean by strength\n" + np.exp(table.mean()).round(3).to_string())
    print(f"\nChosen on the other sets: {np.exp(np.mean(list(left_out.values()))):.3f}")


def cost() -> None:
    """Print what the better ranking takes beside the out-of-fold predictions, and how its memory grows."""
    texts, _ = short_texts(50_000)
    sets = {
        "50,000 x 20, two classes": (made_table(50_000), None),
        "100,000 x 20, two classes": (made_table(100_000), None),
        "50,000 x 20, five classes": (made_table(50_000, classes=5), None),
        "50,000 short texts": (texts, "text"),
    }
    for name, (frame, text) in sets.items():
        dataset = Dataset.from_frame(frame, label="label", text=text, test=0.0)
        model = LockedModel.for_dataset(dataset)
        started = time.perf_counter()
        probabilities = model.out_of_fold(dataset)
        folds = time.perf_counter() - started
        labels = dataset.labels.loc[probabilities.index]
        with Peak() as peak:
            started = time.perf_counter()
            find_suspects(labels, probabilities, features=model.features(dataset), refit=model.refitter(dataset))
            taken = time.perf_counter() - started
        print(
            f"{name}: out of fold {folds:.1f} s, the better ranking with features and refit {taken:.1f} s, "
            f"{taken / folds:.1f} x, {peak.added / 2**20:.0f} MB more at its peak",
            flush=True,
        )


def _resident() -> int:
    """Bytes of memory that the process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


class Peak:
    """The most memory this process has held within a block, beyond what it held before."""

    def __enter__(self) -> Peak:
        self._before = _resident()
        self.added = 0
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._stop.wait(0.05):
            self.added = max(self.added, _resident() - self._before)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("FLYWHEEL_DATA", "../shared/data"))
    parser.add_argument("--choose", action="store_true", help="leave one set out to choose the setting")
    parser.add_argument("--cost", action="store_true", help="time and memory")
    asked = parser.parse_args()
    if asked.cost:
        cost()
    elif asked.choose:
        choose(asked.folder)
    else:
        compare(asked.folder)


if __name__ == "__main__":
    main()
