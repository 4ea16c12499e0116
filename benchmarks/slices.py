"""How fast the exact search for slices is, next to the sliceline package, and how its cost grows with the rows.

    python benchmarks/slices.py                                  # our own figures, half a minute
    python benchmarks/slices.py --sliceline PYTHON               # side by side with the package, 2 minutes
    python benchmarks/slices.py --large                          # 2,400,000 x 68 too, 3 minutes

sliceline is no requirement of the project. PYTHON is the interpreter of a venv of its own that has it:
`python -m venv V && V/bin/pip install sliceline`, then V/bin/python.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.evaluate import Slice, find_slices

CARDINALITIES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 30, 40)
ALPHA, TOP = 0.95, 10

_SLICELINE = """
import json, sys, time
import numpy as np
from sliceline.slicefinder import Slicefinder
data = np.load(sys.argv[1])
finder = Slicefinder(alpha=float(sys.argv[2]), k=int(sys.argv[3]), max_l=3, min_sup=int(sys.argv[4]), verbose=False)
started = time.perf_counter()
finder.fit(data["codes"], data["losses"])
seconds = time.perf_counter() - started
found = finder.top_slices_statistics_
print(json.dumps([seconds, [one["slice_score"] for one in found], [one["slice_size"] for one in found]]))
"""


def make(rows: int, cardinalities: tuple[int, ...], seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Columns with even and with skewed values, and losses of 0 and 1 with two weak slices."""
    rng = np.random.default_rng(seed)
    codes = [
        rng.integers(0, values, rows) if place % 2 else (rng.zipf(1.3, rows) - 1) % values
        for place, values in enumerate(cardinalities)
    ]
    chance = np.full(rows, 0.12)
    chance[(codes[0] == 1) & (codes[3] == 1)] = 0.4
    chance[(codes[5] == 0) & (codes[2] == 2) & (codes[7] == 1)] = 0.6
    frame = pd.DataFrame(
        {
            f"column {place}": pd.Categorical.from_codes(own.astype(np.int8), range(values))
            for place, (own, values) in enumerate(zip(codes, cardinalities, strict=True))
        }
    )
    return frame, (rng.random(rows) < chance).astype(float)


def make_related(rows: int, columns: int, *, wrong: bool = True, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Columns as a census has them: 2 to 17 skewed values, bound to each other; errors grow along a few of them.

    Losses are 0 and 1, or log losses where not `wrong`.
    """
    rng = np.random.default_rng(seed)
    hidden = [rng.standard_normal(rows).astype(np.float32) for _ in range(5)]
    made = {}
    for place in range(columns):
        seen = hidden[place % 5] * np.float32(rng.uniform(0.3, 1.5)) + rng.standard_normal(rows).astype(np.float32)
        seen -= hidden[(place * 7 + 1) % 5] * np.float32(rng.uniform(0, 0.5))
        values = int(rng.integers(2, 18))
        shares = np.sort(rng.dirichlet(np.full(values, 0.7)))[::-1]
        edges = np.quantile(seen[:100_000], np.cumsum(shares)[:-1])
        codes = np.searchsorted(edges, seen).astype(np.int8)
        made[f"column {place}"] = pd.Categorical.from_codes(codes, range(values))
    chance = 1 / (1 + np.exp(2.2 - 0.5 * hidden[0] + 0.4 * hidden[1] * hidden[2])).astype(float)
    drawn = rng.random(rows) < chance
    losses = drawn.astype(float) if wrong else -np.log(np.where(drawn, chance, 1 - chance))
    return pd.DataFrame(made), losses


def timed(
    frame: pd.DataFrame, losses: np.ndarray, *, repeats: int = 3, predicates: int = 3
) -> tuple[float, list[Slice]]:
    """Best of some runs, in seconds, and the slices."""
    best = np.inf
    for _ in range(repeats):
        started = time.perf_counter()
        found = find_slices(frame, losses, top=TOP, max_predicates=predicates, alpha=ALPHA)
        best = min(best, time.perf_counter() - started)
    return best, found


def sliceline(python: str, frame: pd.DataFrame, losses: np.ndarray) -> tuple[float, list[float], list[float]]:
    """Seconds, scores and sizes of the sliceline package, run by another interpreter on the same data."""
    codes = np.column_stack([frame[name].cat.codes for name in frame])
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        np.savez(file, codes=codes, losses=losses)
        file.flush()
        smallest = max(32, -(-len(frame) // 100))
        command = [python, "-c", _SLICELINE, file.name, str(ALPHA), str(TOP), str(smallest)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, scores, sizes = json.loads(answer.splitlines()[-1])
    return seconds, scores, sizes


def main() -> None:
    """Run the comparison and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sliceline", metavar="PYTHON", help="an interpreter that has sliceline installed")
    parser.add_argument("--large", action="store_true", help="2,400,000 x 68 too")
    arguments = parser.parse_args()

    frame, losses = make(32_561, CARDINALITIES)
    seconds, found = timed(frame, losses, repeats=7)
    print("32,561 rows x 13 columns, three predicates, top 10")
    print(f"  find_slices   {seconds:9.3f} s")
    if arguments.sliceline:
        theirs, scores, sizes = sliceline(arguments.sliceline, frame, losses)
        same = np.allclose([one.score for one in found], scores[:TOP]) and len(found) == min(len(scores), TOP)
        same = same and sorted(one.size for one in found) == sorted(sizes[:TOP])
        print(f"  sliceline     {theirs:9.3f} s   {theirs / seconds:,.0f} x; same slices: {'yes' if same else 'NO'}")
    print(f"  worst slice   {found[0]} (score {found[0].score:.3f}, lift {found[0].lift:.2f})")

    print("\nthree predicates over 13 columns\n       rows   seconds   peak memory so far")
    rows = (62_500, 125_000, 250_000, 500_000, 1_000_000)
    cost = []
    for some in rows:
        cost.append(timed(*make(some, CARDINALITIES))[0])
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"  {some:9,}   {cost[-1]:7.3f}   {memory:.1f} GiB")
    exponent = np.polyfit(np.log(rows), np.log(cost), 1)[0]
    print(f"  cost grows with rows to the power of {exponent:.2f}")

    if arguments.large:
        large()


def large() -> None:
    """Print time and peak memory, that of the frame included, at 2,400,000 x 68."""
    rows, columns = 2_400_000, 68
    print(f"\n{rows:,} rows x {columns} columns\n  columns       losses      predicates   seconds   peak memory so far")
    for related, wrong in ((True, True), (True, False), (False, True)):
        if related:
            frame, losses = make_related(rows, columns, wrong=wrong)
        else:
            frame, losses = make(rows, tuple(np.random.default_rng(0).integers(2, 18, columns).tolist()))
        kinds = "related" if related else "independent", "0 and 1" if wrong else "log loss"
        for predicates in (2, 3):
            seconds, _ = timed(frame, losses, repeats=1, predicates=predicates)
            # Linux counts in KiB.
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(f"  {kinds[0]:12}  {kinds[1]:10}  {predicates:10}   {seconds:7.1f}   {memory:.1f} GiB", flush=True)


if __name__ == "__main__":
    main()
