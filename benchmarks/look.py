"""What a look at the data costs, and how far its figures on relations can be trusted.

python benchmarks/look.py              # everything, some minutes
python benchmarks/look.py --quick      # without the million rows
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.collect import profile
from core.collect.distributions import Labels, distribution
from core.collect.relations import relate, relations
from core.dataset import Dataset
from core.flywheel.example_map import example_map
from core.statistics import wilson_interval
from core.train import LockedModel

KINDS = 4


def table(rows: int, columns: int, rng: np.random.Generator) -> pd.DataFrame:
    """Numbers, dates, categories and numbers with gaps in turn, and a label that has to do with the first of each."""
    label = rng.choice(["a", "b", "c"], rows, p=[0.7, 0.25, 0.05])
    made: dict[str, object] = {}
    for number in range(columns):
        shift = (label == "b") * (0.3 if number < KINDS else 0.0)
        kind = number % KINDS
        values = rng.normal(size=rows) + shift
        if kind == 1:
            made[f"date {number}"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.rint(values * 100), unit="D")
        elif kind == 2:
            made[f"plan {number}"] = pd.array([f"plan {each}" for each in range(40)], dtype="str")[
                np.clip(np.rint(values * 6 + 20), 0, 39).astype(int)
            ]
        else:
            made[f"number {number}"] = np.where(rng.random(rows) < 0.1, np.nan, values) if kind == 3 else values
    return pd.DataFrame(made).assign(label=label)


def seconds(rows: int, columns: int) -> None:
    """Time of the profile and of the map, by the clock and of the processor: a shared machine tells them apart."""
    dataset = Dataset.from_frame(table(rows, columns, np.random.default_rng(0)), label="label", test=0.0)
    started = time.perf_counter(), time.process_time()
    found = profile(dataset)
    profiled = time.perf_counter() - started[0], time.process_time() - started[1]
    model = LockedModel.for_dataset(dataset)
    started = time.perf_counter(), time.process_time()
    drawn = example_map(dataset, model)
    mapped = time.perf_counter() - started[0], time.process_time() - started[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{rows:,} x {columns}: profile {profiled[0]:.1f} s (processor {profiled[1]:.1f} s), map of "
        f"{len(drawn.points):,} examples {mapped[0]:.1f} s (processor {mapped[1]:.1f} s), "
        f"peak memory {peak:.1f} GiB with the data; closest: {', '.join(found.relations.index[:3])}"
    )


def alarms(draws: int, rows: int) -> None:
    """How often any column of a table without relations is called related, and how often each is."""
    any_of, each = 0, 0
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        frame = table(rows, 16, rng)
        labels = Labels.of(pd.Series(rng.permutation(frame["label"])))
        found = relations({name: distribution(frame[name], labels) for name in frame.columns.drop("label")})
        any_of += bool(found["related"].any())
        each += int((found["p"] < 0.05).sum())
    low, high = wilson_interval(any_of, draws)
    print(
        f"{rows} rows, 16 columns, no relation: a column is called related in {any_of / draws:.1%} of tables "
        f"({100 * low:.1f} to {100 * high:.1f} %), p below 0.05 in {each / (16 * draws):.1%} of columns"
    )


def coverage(draws: int, rows: int, strength: float) -> None:
    """How often the interval of V holds the true one."""
    chance = 0.5 + strength * 0.8 * np.linspace(-1, 1, 10)
    cells = np.stack([chance, 1 - chance], 1) / 10
    expected = np.outer(cells.sum(1), cells.sum(0))
    true = float(np.sqrt(((cells - expected) ** 2 / expected).sum()))
    rng = np.random.default_rng(0)
    found = [relate(rng.multinomial(rows, cells.ravel()).reshape(10, 2), seed=draw) for draw in range(draws)]
    held = np.mean([each.low <= true <= each.high for each in found])
    mean = np.mean([each.v for each in found])
    print(f"{rows} rows, true V {true:.2f}: mean {mean:.2f}, the interval holds it in {held:.1%} of draws")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without the million rows")
    parser.add_argument("--draws", type=int, default=400)
    asked = parser.parse_args()
    for rows in (100, 400, 5_000):
        alarms(asked.draws, rows)
    for rows, strength in ((200, 0.1), (200, 0.4), (2_000, 0.1), (2_000, 0.4), (2_000, 0.6), (20_000, 0.4)):
        coverage(asked.draws, rows, strength)
    seconds(100_000, 20)
    seconds(100_000, 200)
    if not asked.quick:
        seconds(1_000_000, 20)


if __name__ == "__main__":
    main()
