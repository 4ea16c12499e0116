"""How often drift is claimed where there is none, whether it is seen where it is, and what it costs next to Evidently.

    python benchmarks/drift.py                               # alarms, real sets and our own time, two minutes
    python benchmarks/drift.py --evidently PYTHON            # side by side with Evidently's preset, a minute more
    python benchmarks/drift.py --draws 2000                  # finer figures of the false alarms
    python benchmarks/drift.py --batches                     # what is said of whole batches after release, no more

Evidently is no requirement of the project. PYTHON is the interpreter of a venv of its own that has it:
`python -m venv V && V/bin/pip install evidently pyarrow 'pandas<3'`, then V/bin/python. The real sets (ACS of four
years, electricity) lie in FLYWHEEL_DATA (default ../shared/data); without them that part is passed over.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.collect import drift
from core.collect.two_samples import tell_apart
from core.dataset import Dataset
from core.flywheel import Project, alarms_of, examine_batch
from core.statistics import wilson_interval

SIZES = ((50, 50), (500, 50), (50_000, 50), (50, 5_000), (500, 500), (5_000, 500), (50_000, 5_000), (50_000, 50_000))

_EVIDENTLY = """
import json, sys, time
import pandas as pd
from evidently import Dataset, DataDefinition, Report
from evidently.presets import DataDriftPreset
reference, batch = (pd.read_parquet(path) for path in sys.argv[1:3])
numbers = [name for name in reference if reference[name].dtype.kind in "if"]
words = [name for name in reference if name not in numbers]
definition = DataDefinition(numerical_columns=numbers, categorical_columns=words)
sides = [Dataset.from_pandas(side, data_definition=definition) for side in (batch, reference)]
started = time.perf_counter()
result = Report([DataDriftPreset()]).run(*sides)
said = result.dict()
print(json.dumps([time.perf_counter() - started, len(said["metrics"])]))
"""


def columns_of_many_kinds(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """16 columns: smooth, skewed, heavy-tailed, rounded, with ties, with gaps, dates, categories few, many and rare."""
    base = rng.normal(size=rows)
    frame = pd.DataFrame(
        {
            "normal": base,
            "correlated": base + 0.3 * rng.normal(size=rows),
            "skewed": rng.lognormal(0, 2, rows),
            "heavy": rng.standard_cauchy(rows),
            "rounded": rng.normal(0, 10, rows).round(),
            "count": rng.poisson(2, rows),
            "mostly zero": np.where(rng.random(rows) < 0.8, 0.0, rng.exponential(size=rows)),
            "gaps": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "rare gaps": np.where(rng.random(rows) < 0.005, np.nan, rng.normal(size=rows)),
            "flag": rng.random(rows) < 0.3,
            "rare flag": rng.random(rows) < 0.01,
            "date": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 365, rows), unit="D"),
            "few": rng.choice(["a", "b", "c"], rows, p=[0.7, 0.25, 0.05]),
            "many": np.array([f"value {code}" for code in range(400)])[np.minimum(rng.geometric(0.02, rows), 400) - 1],
            "zipf": np.array([f"word {code}" for code in range(5000)])[np.minimum(rng.zipf(1.4, rows), 5000) - 1],
            "gappy words": rng.choice(["x", "y", None], rows, p=[0.5, 0.4, 0.1]),
        }
    )
    return frame


def moved(frame: pd.DataFrame, how: str, rng: np.random.Generator) -> pd.DataFrame:
    """A batch in which one thing has moved."""
    chosen = rng.random(len(frame))
    if how == "a number half a deviation up":
        return frame.assign(normal=frame["normal"] + 0.5)
    if how == "missing 10 % to 30 %":
        return frame.assign(gaps=frame["gaps"].where(chosen > 0.22))
    if how == "a new category, 10 %":
        return frame.assign(few=frame["few"].where(chosen > 0.1, "d"))
    return frame.assign(few=np.where(chosen < 0.3, "c", frame["few"]))


def false_alarms(draws: int) -> None:
    """Print how often a table without drift has a column that drifted, by size; the p-value alone beside it."""
    print(f"no drift, 16 columns of many kinds, {draws} tables a size")
    print(" reference    batch   alarm (95 %)            by p alone")
    for n, m in SIZES:
        rng = np.random.default_rng(n + m)
        some = max(100, min(draws, draws * 20_000 // (n + m)))
        found = [drift(columns_of_many_kinds(n, rng), columns_of_many_kinds(m, rng)) for _ in range(some)]
        alarms = sum(bool(table["drifted"].any()) for table in found)
        by_p = sum(bool((table["p_adjusted"] < 0.05).any()) for table in found)
        low, high = wilson_interval(alarms, some)
        print(f"  {n:8,} {m:8,}   {alarms / some:5.1%} ({low:.1%} to {high:.1%})   {by_p / some:5.1%}", flush=True)


def true_alarms(draws: int) -> None:
    """Print how often a change in one column is found, by the size of the batch."""
    print(f"\none column moved, reference of 5,000, {draws} tables a size: share in which it alone alarms")
    changes = ("a number half a deviation up", "missing 10 % to 30 %", "a new category, 10 %", "5 % become 34 %")
    sizes = (50, 200, 500, 2_000)
    print(" " * 32 + "".join(f"{size:>8,}" for size in sizes))
    for how in changes:
        shares = []
        for size in sizes:
            rng = np.random.default_rng(size)
            reference = columns_of_many_kinds(5_000, rng)
            hits = 0
            for _ in range(draws):
                batch = moved(columns_of_many_kinds(size, rng), how, rng)
                found = drift(reference, batch)
                hits += list(found.index[found["drifted"]]) in (["normal"], ["gaps"], ["few"])
            shares.append(hits / draws)
        print(f"  {how:30}" + "".join(f"{share:8.0%}" for share in shares), flush=True)


def _real() -> Path:
    return Path(os.environ.get("FLYWHEEL_DATA", Path(__file__).resolve().parents[2] / "shared/data")) / "drift"


def real_sets() -> None:
    """Print what is said of the years of the ACS, which should stay quiet, and of electricity, which should not."""
    folder = _real()
    if not folder.is_dir():
        print(f"\nThe real sets are not there: {folder} is missing. Set FLYWHEEL_DATA to the folder that has them.")
        return
    print("\nreal sets                      drifted   largest effect            AUC of a classifier of the two (95 %)")
    beside = ["id", "year", "prediction", "predicted_probability"]
    reference = pd.read_csv(folder / "acs_ma_reference_2015_6000.csv").drop(columns=beside)
    pairs = {f"ACS 2015 and {year}": (reference, f"acs_ma_{year}_6000.csv") for year in (2016, 2017, 2018)}
    pairs["electricity, halves"] = (
        pd.read_csv(folder / "electricity_first_half_sample.csv"),
        "electricity_last_half_sample.csv",
    )
    for name, (before, file) in pairs.items():
        batch = pd.read_csv(folder / file)[list(before.columns)]
        found = drift(before, batch)
        apart = tell_apart(before, batch)
        assert apart is not None
        most = found["effect"].idxmax()
        print(
            f"  {name:26}  {int(found['drifted'].sum()):2} of {len(found):2}   {most}: {found['effect'].max():.3f}"
            f"{'':12}   {apart.auc:.3f} ({apart.low:.3f} to {apart.high:.3f})"
        )


def told_apart(draws: int) -> None:
    """Print how often the classifier tells two samples of one distribution apart."""
    print(f"\nno drift: the classifier's interval lies above 0.5, {draws} pairs a size (2.5 % would be right)")
    for n, m in ((200, 60), (1_000, 300), (3_000, 1_000)):
        rng = np.random.default_rng(n)
        found = [tell_apart(columns_of_many_kinds(n, rng), columns_of_many_kinds(m, rng)) for _ in range(draws)]
        aucs = np.array([each.auc for each in found if each is not None])
        above = sum(each.low > 0.5 for each in found if each is not None)
        print(f"  {n:8,} {m:8,}   {above / draws:5.1%}   mean AUC {aucs.mean():.3f}", flush=True)


def real_batches() -> None:
    """Print what is said of whole batches, model included: years of the ACS, a later half of electricity."""
    folder = _real()
    if not folder.is_dir():
        return
    print("\nbatches after release           columns   predictions  confidence   score of the batch   alarms")
    beside = ["id", "year", "prediction", "predicted_probability"]
    years = {
        f"ACS {year}": pd.read_csv(folder / f"acs_ma_{year}_6000.csv").drop(columns=beside)
        for year in (2016, 2017, 2018)
    }
    first = pd.read_csv(folder / "electricity_first_half_sample.csv")
    # A part of the same half is a batch that should be quiet.
    held = np.random.default_rng(0).permutation(len(first)) < 2_000
    last = pd.read_csv(folder / "electricity_last_half_sample.csv").sample(2_000, random_state=0)
    sets = [
        (pd.read_csv(folder / "acs_ma_reference_2015_6000.csv").drop(columns=beside), "employed", years),
        (first[~held], "class", {"electricity, same half": first[held], "electricity, last half": last}),
    ]
    for before, label, batches in sets:
        with tempfile.TemporaryDirectory() as place:
            project = Project.create(Path(place) / "p", Dataset.from_frame(before, label=label))
            project.turn()
            for name, batch in batches.items():
                report, _ = examine_batch(project, batch)
                table = report.columns
                columns = table[table["of"] == "column"]
                effect = table["effect"]
                said = ", ".join(each.kind.removeprefix("batch_") for each in alarms_of(report, project.headline))
                moved = f"{int(columns['drifted'].sum()):4} of {len(columns):2}"
                of_model = f"{effect['predicted class']:9.3f}   {effect['confidence']:9.3f}"
                scores = f"{report.score[0]:.3f} (test {report.test_score[0]:.3f})"
                print(f"  {name:26}  {moved}   {of_model}   {scores}   {said or 'none'}", flush=True)
            project.close()


def quiet_batches(draws: int) -> None:
    """Print how often a batch of the same world alarms, over all that is compared: projects of their own each."""
    alarms: dict[str, int] = {}
    any_alarm = 0
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        frame = columns_of_many_kinds(2_600, rng).drop(columns=["many", "zipf"])
        chance = frame["normal"] + (frame["few"] == "b") + rng.normal(size=len(frame)) > 0.5
        frame["label"] = np.where(chance, "yes", "no")
        with tempfile.TemporaryDirectory() as place:
            dataset = Dataset.from_frame(frame.head(2_000), label="label")
            project = Project.create(Path(place) / "p", dataset, recipe="logistic_regression")
            project.turn()
            report, _ = examine_batch(project, frame.tail(600))
            kinds = {each.kind.removeprefix("batch_") for each in alarms_of(report, project.headline)}
            project.close()
        any_alarm += bool(kinds)
        for kind in kinds:
            alarms[kind] = alarms.get(kind, 0) + 1
    low, high = wilson_interval(any_alarm, draws)
    print(
        f"\nno drift, 2,000 rows and a batch of 600, {draws} projects: any alarm {any_alarm / draws:.1%} "
        f"({low:.1%} to {high:.1%}); {alarms or 'none'}",
        flush=True,
    )


def large(rows: int, seed: int) -> pd.DataFrame:
    """16 columns: 8 of floats, 3 of integers, 5 of categories with 3 to 31 values."""
    rng = np.random.default_rng(seed)
    frame: dict[str, np.ndarray] = {f"float {place}": rng.normal(size=rows) for place in range(8)}
    frame |= {f"integer {place}": rng.integers(0, 1000, rows) for place in range(3)}
    for place in range(5):
        values = np.array([f"value {code}" for code in range(3 + 7 * place)])
        frame[f"category {place}"] = values[rng.integers(0, len(values), rows)]
    return pd.DataFrame(frame)


def speed(evidently: str | None) -> None:
    """Print the time of 500,000 x 16 against as many."""
    sides = [large(500_000, seed) for seed in (1, 2)]
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        drift(*sides)
        seconds.append(time.perf_counter() - started)
    print("\n500,000 x 16 against 500,000 x 16")
    print(f"  drift         {min(seconds):7.2f} s (best of 5; slowest {max(seconds):.2f})")
    if evidently is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{name}.parquet") for name in ("reference", "batch")]
        for side, path in zip(sides, paths, strict=True):
            side.to_parquet(path)
        command = [evidently, "-c", _EVIDENTLY, *paths]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    theirs, _ = json.loads(answer.splitlines()[-1])
    print(f"  Evidently     {theirs:7.2f} s   {theirs / min(seconds):,.1f} x")


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evidently", metavar="PYTHON", help="an interpreter that has evidently installed")
    parser.add_argument("--draws", type=int, default=400, help="tables for each size of the simulations")
    parser.add_argument("--batches", action="store_true", help="only what is said of whole batches")
    arguments = parser.parse_args()
    if arguments.batches:
        real_batches()
        quiet_batches(max(20, arguments.draws // 4))
        return
    speed(arguments.evidently)
    false_alarms(arguments.draws)
    true_alarms(max(20, arguments.draws // 8))
    told_apart(max(20, arguments.draws // 4))
    real_sets()
    real_batches()
    quiet_batches(max(20, arguments.draws // 4))


if __name__ == "__main__":
    main()
