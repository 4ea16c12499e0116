"""How often drift is claimed where there is none, whether it is seen where it is, and what it costs next to Evidently.

    python benchmarks/drift.py                               # alarms, real sets and our own time, two minutes
    python benchmarks/drift.py --evidently PYTHON            # side by side with Evidently's preset, a minute more
    python benchmarks/drift.py --draws 2000                  # finer figures of the false alarms

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


def real_sets() -> None:
    """Print what is said of the years of the ACS, which should stay quiet, and of electricity, which should not."""
    folder = Path(os.environ.get("FLYWHEEL_DATA", Path(__file__).resolve().parents[2] / "shared/data")) / "drift"
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
    arguments = parser.parse_args()
    speed(arguments.evidently)
    false_alarms(arguments.draws)
    true_alarms(max(20, arguments.draws // 8))
    told_apart(max(20, arguments.draws // 4))
    real_sets()


if __name__ == "__main__":
    main()
