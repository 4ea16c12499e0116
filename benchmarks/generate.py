"""What a search inside train is worth on test, what it costs, and how quick the methods are beside imbalanced-learn.

`pick`: on imbalanced sets, several splits each, everything is tried inside the folds of train; what comes first (or
nothing, if nothing is expected to help) is applied, the locked model fitted once more, and judged on a test set that
played no part: macro F1 and recall of the smallest class against nothing and against SMOTE by default. Each of the
trials' forecasts is held against what test then showed.

`cost`: a trial of ten methods at 10,000 x 20 against the bare fits that it contains, made again on the same rows.

`speed`: each method against imbalanced-learn on the same numbers at 100,000 x 20: what makes the rows, and `propose`,
which gives them parents, ids and the kinds of their columns.

    python benchmarks/generate.py [pick|cost|speed] [--data FOLDER]     # or FLYWHEEL_DATA, default ../shared/data
    python benchmarks/generate.py pick --seeds 1 --sets haberman keel_yeast4     # a quick look
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imblearn.over_sampling as over
import imblearn.under_sampling as under
import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, recall_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.dataset import Dataset
from core.evaluate import compare
from core.generate import (
    METHODS,
    GenerateError,
    Sources,
    Trial,
    methods_for,
    propose,
    propose_exclusions,
    search_report,
)
from core.generate.bench import Attempt, attempt
from core.generate.propose import drawn, make_rows
from core.generate.trial import try_all
from core.progress import Steps
from core.train import LockedModel
from core.train.fit import Task, TrainingSet, side_by_side
from core.train.learner import one_thread

SETS = (
    "haberman",
    "keel_ecoli4",
    "keel_glass2",
    "keel_vehicle2",
    "keel_winequality-red-4",
    "keel_yeast4",
    "keel_car-vgood",
    "phoneme",
    "mammography",
)
# Larger sets are cut to so many rows, drawn at random: minutes, not hours.
MOST_ROWS = 3_000


# --- pick -----------------------------------------------------------------------------------------------------------


def pick(options: argparse.Namespace) -> None:
    """Apply what the search puts first, and nothing else looks at test before."""
    folder = options.data / "tabular" / "imbalanced"
    if not folder.is_dir():
        sys.exit(f"The imbalanced sets are looked for in {folder}. Name the folder with --data or FLYWHEEL_DATA.")
    rows: list[dict[str, Any]] = []
    covered: list[pd.DataFrame] = []
    for name in options.sets or SETS:
        for seed in range(options.seeds):
            frame = pd.read_csv(folder / f"{name}.csv")
            if len(frame) > MOST_ROWS:
                frame = frame.sample(MOST_ROWS, random_state=seed)
            row, coverage = _one(name, Dataset.from_frame(frame, label=frame.columns[-1], seed=seed), seed)
            rows.append(row)
            covered.append(coverage)
            print(" ".join(f"{key}={_written(value)}" for key, value in row.items()), flush=True)
            if options.trials is not None:
                coverage.to_csv(options.trials, mode="a", header=not options.trials.exists(), index=False)
    _summary(pd.DataFrame(rows), pd.concat(covered))


def _written(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _one(name: str, dataset: Dataset, seed: int) -> tuple[dict[str, Any], pd.DataFrame]:
    model = LockedModel.for_dataset(dataset)
    sizes = dataset.labels_of("train").value_counts()
    rare = str(sizes.index[-1])
    began = time.perf_counter()
    found = search_report(dataset, model, target="minority", seed=seed)
    seconds = time.perf_counter() - began
    labels = dataset.labels_of("test")
    nothing = _on_test(dataset, model)
    after: dict[Trial, pd.DataFrame] = {}
    forecasts = []
    for each, likely in zip(found.trials, found.table["likely"], strict=False):
        after[each.attempt] = _on_test(_applied(dataset, each), model)
        shown = compare(labels, nothing, after[each.attempt])
        low, high = each.forecast
        forecasts.append(
            {
                "set": name,
                "seed": seed,
                "kind": "each",
                "method": each.attempt.method.key,
                "amount": each.attempt.share,
                "delta": each.verdict.delta,
                "likely": likely,
                "error": each.verdict.error,
                "verdict": each.verdict.verdict,
                "expected": found.expected,
                "rows": each.rows,
                "test_before": shown.before,
                "test_delta": shown.delta,
                "test_error": shown.error,
                "train_size": each.train_size,
                "test_size": each.test_size,
                "covered": low <= shown.delta <= high,
            }
        )
    best = found.best
    picked = nothing if best is None else after[best.attempt]
    default = next(each for each in found.trials if each.attempt.method.key == "smote" and each.attempt.share == 1.0)
    smote = after[default.attempt]
    against = compare(labels, nothing, picked)
    if best is not None:
        low, high = best.forecast_at(found.expected)
        pick_row = {"set": name, "seed": seed, "kind": "pick", "covered": low <= against.delta <= high}
        forecasts.append({**dict.fromkeys(forecasts[0]), **pick_row})
    verdicts = {
        "nothing": against,
        "smote": compare(labels, smote, picked),
        "smote_nothing": compare(labels, nothing, smote),
    }
    scores = {
        f"{score}_{arm}": float(function(labels, probabilities.idxmax(axis=1)))
        for score, function in (
            ("f1", lambda truth, said: f1_score(truth, said, average="macro")),
            ("recall", lambda truth, said: recall_score(truth, said, labels=[rare], average="macro", zero_division=0)),
        )
        for arm, probabilities in (("nothing", nothing), ("smote", smote), ("pick", picked))
    }
    return {
        "set": name,
        "seed": seed,
        "minority": float(sizes.iloc[-1] / sizes.sum()),
        "pick": "nothing" if best is None else str(best.attempt),
        **scores,
        **{f"against_{arm}": verdict.verdict for arm, verdict in verdicts.items()},
        "expected": found.expected,
        "seconds": seconds,
    }, pd.DataFrame(forecasts)


def _applied(dataset: Dataset, tried: Trial) -> Dataset:
    asked = tried.attempt
    call = {"method": asked.method.key, "target": dict(asked.counts), "seed": asked.seed}
    if asked.method.excludes:
        try:
            return dataset.without(propose_exclusions(dataset, **call).index)
        except GenerateError:
            # What it found in the folds it may not find in all of train: then nothing goes.
            return dataset
    rows = propose(dataset, **call)
    return dataset.with_rows(rows, rows)


def _on_test(dataset: Dataset, model: LockedModel) -> pd.DataFrame:
    fitted = model.fit(dataset)
    test = dataset.part("test")
    return pd.DataFrame(fitted.predict_proba(test), index=test.index, columns=list(fitted.classes))


def _summary(table: pd.DataFrame, covered: pd.DataFrame) -> None:
    means = table.groupby("set", sort=False)[
        ["minority", "f1_nothing", "f1_smote", "f1_pick", "recall_nothing", "recall_smote", "recall_pick"]
    ].mean()
    print("\n" + means.round(3).to_string())
    print("\npicks:", table["pick"].str.split(",").str[0].value_counts().to_dict())
    for arm in ("nothing", "smote"):
        delta, verdicts = table["f1_pick"] - table[f"f1_{arm}"], table[f"against_{arm}"].value_counts().to_dict()
        by_set = means["f1_pick"] - means[f"f1_{arm}"]
        print(
            f"macro F1 of the pick against {arm}: mean {delta.mean():+.3f}, median of runs {delta.median():+.3f}, "
            f"median of sets {by_set.median():+.3f} (lowest {by_set.min():+.3f}), better {int((delta > 0).sum())}, "
            f"worse {int((delta < 0).sum())} of {len(delta)}, {verdicts}"
        )
    print("SMOTE by default against nothing:", table["against_smote_nothing"].value_counts().to_dict())
    for arm in ("nothing", "smote"):
        print(
            f"recall of the smallest class against {arm}: {(table['recall_pick'] - table[f'recall_{arm}']).mean():+.3f}"
        )
    for kind, group in covered.groupby("kind"):
        print(f"forecasts that covered what test showed, {kind}: {group['covered'].mean():.1%} of {len(group)}")
    print("by method:", covered[covered["kind"] == "each"].groupby("method")["covered"].mean().round(3).to_dict())
    print(f"seconds a search: median {table['seconds'].median():.0f}, most {table['seconds'].max():.0f}")


# --- cost -----------------------------------------------------------------------------------------------------------


def made_up(rows: int, minority: float, seed: int = 0) -> Dataset:
    """Two overlapping clouds of 20 numbers, all of them train."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(rows) < minority, "rare", "usual")
    numbers = rng.normal(size=(rows, 20)) + 0.4 * (labels == "rare")[:, np.newaxis]
    frame = pd.DataFrame(numbers, columns=[f"x{number}" for number in range(20)])
    return Dataset.from_frame(frame.assign(label=labels), label="label", test=0.0)


def cost(options: argparse.Namespace) -> None:
    """Time a trial of ten methods, and the very fits it made on the same rows, in the order A B B A.

    One trial of fewer rows goes first: what is imported once belongs to neither.
    """
    small = made_up(1_000, 0.2)
    model = LockedModel.for_dataset(small)
    try_all(small, model, _each(small, len(methods_for(small))), metric="macro_f1")
    dataset = made_up(10_000, 0.2)
    model = LockedModel.for_dataset(dataset)
    for number in (10, len(methods_for(dataset))):
        attempts = _each(dataset, number)
        ratios = np.array([_ratio(dataset, model, attempts) for _ in range(options.repeats)])
        print(f"{number} methods, median: {np.median(ratios, axis=0).round(2)} x (time, work of all cores)")


def _each(dataset: Dataset, number: int) -> list[Attempt]:
    """The first so many methods, each as it is offered."""
    return [
        attempt(dataset, method=method.key, target="usual" if method.excludes else "rare")
        for method in methods_for(dataset)[:number]
    ]


def _ratio(dataset: Dataset, model: LockedModel, attempts: list[Attempt]) -> tuple[float, float]:
    """How much longer a trial takes than its fits, by the clock and by the work of all cores."""

    def trial() -> object:
        return try_all(dataset, model, attempts, metric="macro_f1")

    def fits_alone() -> object:
        return side_by_side(tasks, Steps(len(tasks)))

    first, fits = _noted(trial)
    held_out = np.arange(len(dataset) // 5)
    tasks = [Task("", lambda fit=fit: fit().predict_proba(fit.args[0].encoded.take(held_out))) for fit in fits]  # type: ignore[misc]
    bare = _timed(fits_alone) + _timed(fits_alone)
    whole = first + _timed(trial)
    ratio = whole / bare
    print(
        f"{len(attempts)} methods, {len(fits)} fits, twice: {whole[0]:.1f} s against {bare[0]:.1f} s "
        f"({ratio[0]:.2f} x), work {whole[1]:.1f} s against {bare[1]:.1f} s ({ratio[1]:.2f} x)",
        flush=True,
    )
    return ratio[0], ratio[1]


class _Fit:
    """One fit as it was asked for."""

    def __init__(self, fit: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.fit, self.args = fit, args

    def __call__(self) -> Any:
        return self.fit(*self.args)


def _noted(work: Callable[[], object]) -> tuple[np.ndarray, list[_Fit]]:
    """Seconds and processor seconds of some work, and the fits in it."""
    fits: list[_Fit] = []
    fit = TrainingSet._fit
    TrainingSet._fit = lambda *given: (fits.append(_Fit(fit, given)), fit(*given))[1]  # type: ignore[method-assign]
    try:
        return _timed(work), fits
    finally:
        TrainingSet._fit = fit  # type: ignore[method-assign]


def _timed(work: Callable[[], object]) -> np.ndarray:
    """Seconds and processor seconds."""
    began = time.perf_counter(), time.process_time()
    work()
    return np.array([time.perf_counter() - began[0], time.process_time() - began[1]])


# --- speed ----------------------------------------------------------------------------------------------------------

THEIRS: dict[str, Callable[[], Any]] = {
    "random_oversample": lambda: over.RandomOverSampler(random_state=0),
    "smote": lambda: over.SMOTE(random_state=0),
    "borderline_smote": lambda: over.BorderlineSMOTE(random_state=0),
    "adasyn": lambda: over.ADASYN(random_state=0),
    "random_undersample": lambda: under.RandomUnderSampler(random_state=0),
    "tomek_links": under.TomekLinks,
    "edited_neighbours": lambda: under.EditedNearestNeighbours(kind_sel="mode"),
}


def speed(options: argparse.Namespace) -> None:
    """Time each method beside imbalanced-learn, in processor time: both get a frame and give one back."""
    dataset = made_up(options.rows, 0.1)
    train = dataset.part("train")
    columns, labels = train[list(dataset.schema.features)], train[dataset.schema.label].to_numpy(dtype=object)
    sizes = train[dataset.schema.label].value_counts()
    missing = int(sizes["usual"] - sizes["rare"])
    for key in options.methods or THEIRS:
        method, theirs = METHODS[key], THEIRS[key]
        counts = {"usual" if method.excludes else "rare": missing}

        def ours(method: Any = method, counts: dict[str, int] = counts) -> object:
            make = drawn if method.excludes else make_rows
            return make(method, Sources(train, dataset.schema), counts, 0)

        def whole(method: Any = method, counts: dict[str, int] = counts) -> object:
            call = propose_exclusions if method.excludes else propose
            return call(dataset, method=method.key, target=counts)

        def bare(theirs: Callable[[], Any] = theirs) -> object:
            return theirs().fit_resample(columns, labels)

        # In turn, so that what else the machine does falls on all alike.
        seconds = np.array([[_seconds(work) for work in (bare, ours, whole)] for _ in range(options.repeats)])
        best = seconds.min(axis=0)
        print(
            f"{method.title:>26}: imbalanced-learn {best[0]:.2f} s, ours {best[1]:.2f} s ({best[1] / best[0]:.2f} x), "
            f"propose {best[2]:.2f} s ({best[2] / best[0]:.2f} x)",
            flush=True,
        )


def _seconds(work: Callable[[], object]) -> float:
    """Processor time on one thread: on a busy machine threads that wait for each other count as work."""
    with one_thread():
        began = time.process_time()
        work()
        return time.process_time() - began


PARTS = {"pick": pick, "cost": cost, "speed": speed}


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all if none is named")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("FLYWHEEL_DATA", "../shared/data")))
    parser.add_argument("--sets", nargs="*", choices=SETS)
    parser.add_argument("--methods", nargs="*", choices=[*THEIRS], help="of speed; all if none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--trials", type=Path, help="a CSV file for every trial and what test showed of it")
    options = parser.parse_args()
    for name in options.parts or PARTS:
        PARTS[name](options)


if __name__ == "__main__":
    main()
