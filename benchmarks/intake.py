"""What it takes to bring data in: time to a project that is open again, memory of a large file, and the hostile corpus.

    python benchmarks/intake.py                     # everything, some minutes
    python benchmarks/intake.py store stream hostile   # parts

- store: a CSV of 1,000,000 x 20 (numbers, integers, words, a label) is read, made a data set, stored as a project, and
  opened by another process: seconds of each, several times; the median counts.
- stream: a CSV of 1 GB on disk is converted to Parquet: seconds, processor seconds, and the memory that it takes on top
  of a process that has imported all it needs.
- hostile: every file of the hostile corpus taken the whole way: how they end, the slowest, the one that takes most
  memory.

Each run is a process of its own, so that no memory of one counts for another. The CSV is made in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PARTS = ("store", "stream", "hostile")
GIGABYTE_ROWS = 7_000_000


def write_csv(path: Path, rows: int, seed: int = 0) -> None:
    """20 columns: 12 of numbers with four decimals, 4 of integers, 3 of words, and a label."""
    rng = np.random.default_rng(seed)
    words, labels = np.array(["red", "green", "blue", "black"]), np.array(["yes", "no"])
    schema = None
    with path.open("wb") as file:
        writer = None
        for start in range(0, rows, 500_000):
            size = min(500_000, rows - start)
            columns = {f"number_{n}": np.round(rng.normal(size=size) * 100, 4) for n in range(12)}
            columns |= {f"integer_{n}": rng.integers(0, 1000, size) for n in range(4)}
            columns |= {f"word_{n}": words[rng.integers(0, 4, size)] for n in range(3)}
            table = pa.table(columns | {"label": labels[rng.integers(0, 2, size)]}, schema=schema)
            if writer is None:
                writer = pacsv.CSVWriter(file, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()


STORE = """
import sys, time, json
from pathlib import Path
from core.collect import read_table
from core.dataset import Dataset
from core.flywheel import Project
source, folder, opening = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "open"
laps, start, before = {}, time.perf_counter(), time.process_time()
def lap(name):
    global start
    now = time.perf_counter()
    laps[name], start = now - start, now
if opening:
    len(Project.open(folder).dataset)
    lap("opened")
else:
    frame = read_table(source)
    lap("read")
    dataset = Dataset.from_frame(frame, label="label")
    lap("data set")
    Project.create(folder, dataset).close()
    lap("stored")
print(json.dumps(laps | {"processor": time.process_time() - before}))
"""

STREAM = """
import sys, time, json, resource
from core.collect import to_parquet
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start, processor = time.perf_counter(), time.process_time()
to_parquet(sys.argv[1], sys.argv[2])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": time.perf_counter() - start, "processor": time.process_time() - processor,
                  "before": before / 1024, "peak": peak / 1024}))
"""


def run(script: str, *arguments: str | Path) -> dict[str, float]:
    """Run a script in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def store(folder: Path, rows: int, repeats: int) -> None:
    """Time from a CSV to a project that is open again."""
    source = folder / "million.csv"
    write_csv(source, rows)
    totals, processors = [], []
    for number in range(repeats):
        made = run(STORE, source, folder / f"project-{number}", "make")
        opened = run(STORE, source, folder / f"project-{number}", "open")
        processors.append(made.pop("processor") + opened.pop("processor"))
        laps = made | opened
        totals.append(sum(laps.values()))
        words = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in laps.items())
        print(f"  {words}: {totals[-1]:.2f} s ({processors[-1]:.2f} s of processor, load {os.getloadavg()[0]:.1f})")
    print(
        f"  {source.stat().st_size / 1e6:.0f} MB stored and opened: median {statistics.median(totals):.2f} s, least "
        f"{min(totals):.2f} s; of processor, all threads: least {min(processors):.2f} s",
        flush=True,
    )


def stream(folder: Path, rows: int) -> None:
    """Time and memory of a large CSV on its way to Parquet."""
    source, target = folder / "gigabyte.csv", folder / "gigabyte.parquet"
    write_csv(source, rows)
    about = run(STREAM, source, target)
    print(
        f"  {source.stat().st_size / 1e9:.2f} GB of CSV to {target.stat().st_size / 1e9:.2f} GB of Parquet: "
        f"{about['seconds']:.0f} s ({about['processor']:.0f} s of processor, load {os.getloadavg()[0]:.1f}); memory "
        f"{about['before']:.0f} MB before, {about['peak'] - about['before']:.0f} MB more at most",
        flush=True,
    )
    source.unlink()


def hostile() -> None:
    """How the hostile corpus ends."""
    script = ROOT / "tests" / "core" / "collect" / "hostile.py"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", str(script), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    sentences = sum(bool(result["words"]) for result in results)
    slowest, largest = (max(results, key=lambda result: result[key]) for key in ("seconds", "peak"))
    print(
        f"  {len(results)} files: {sentences} end in a sentence, {len(results) - sentences} in a project; slowest "
        f"{slowest['seconds']:.1f} s ({slowest['title']}), most memory {largest['peak']:.0f} MB ({largest['title']}), "
        f"of a process that reads workbooks {results[-1]['children']:.0f} MB",
        flush=True,
    )


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="what to run; all by default")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of store")
    parser.add_argument("--large-rows", type=int, default=GIGABYTE_ROWS, help="rows of stream")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for part in options.parts or PARTS:
            print(part, time.strftime("%H:%M"), flush=True)
            if part == "store":
                store(Path(name), options.rows, options.repeats)
            elif part == "stream":
                stream(Path(name), options.large_rows)
            else:
                hostile()


if __name__ == "__main__":
    main()
