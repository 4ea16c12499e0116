"""What mending costs where there is much to mend: many cells as one edit, and findings of a large table kept on disk.

    python benchmarks/mend.py            # both
    python benchmarks/mend.py cells      # one of: cells, findings

- cells: 200,000 cells of a table of 100,000 x 20 corrected as one edit: applied and on disk; the project opened again
  and the log replayed; undone. Beside it the time of writing the same values into the frame, and nothing else.
- findings: a table of 1,000,000 x 20 with six checks: the audit, the checks, and both read back from disk.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.collect.checks import Compared, HasPattern, InRange, OneOf, Present, Unique  # noqa: E402
from core.dataset import Dataset  # noqa: E402
from core.flywheel import Correct, Project, SetChecks, ready_findings  # noqa: E402


def made_table(rows: int) -> pd.DataFrame:
    """Twenty columns of every kind, with missing values, words for them, and spellings."""
    chance = np.random.default_rng(0)
    columns = {f"x{n}": chance.normal(size=rows).round(3) for n in range(8)}
    for values in columns.values():
        values[chance.random(rows) < 0.02] = np.nan
    columns |= {f"k{n}": chance.integers(0, 100, rows) for n in range(4)}
    words, shares = ["red", "green", "Red ", "blue", "n/a"], [0.4, 0.3, 0.01, 0.28, 0.01]
    columns |= {f"c{n}": chance.choice(words, rows, p=shares) for n in range(5)}
    columns["code"] = np.char.add("AB-", chance.integers(1000, 9999, rows).astype(str))
    columns["when"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(chance.integers(0, 2000, rows), unit="D")
    return pd.DataFrame(columns | {"label": chance.choice(["yes", "no"], rows)})


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long something took, by the clock and by the processor."""
    start, busy = time.perf_counter(), time.process_time()
    yield
    print(f"{what:58} {time.perf_counter() - start:7.2f} s {time.process_time() - busy:7.2f} s of processor")


def cells(folder: Path) -> None:
    """Many cells as one edit."""
    dataset = Dataset.from_frame(made_table(100_000), label="label")
    project = Project.create(folder / "cells", dataset)
    assert dataset.version
    ids = dataset.frame.index.tolist()
    wanted = {(example, "c0"): "red" for example in ids} | {(example, "x0"): 0.5 for example in ids}
    with timed("200,000 values written into the frame alone"):
        bare = dataset.frame.copy()
        bare.loc[ids, "c0"] = "red"
        bare.loc[ids, "x0"] = 0.5
    with timed("the same corrected as one edit, on disk"):
        project.apply(Correct(wanted))
    version = project.dataset.version
    project.close()
    with timed("opened again and replayed"):
        project = Project.open(folder / "cells")
        again = project.dataset
    assert again.version == version
    with timed("undone"):
        project.undo()
    assert project.dataset.version == dataset.version


def findings(folder: Path) -> None:
    """The findings of a million rows, looked for and read back."""
    project = Project.create(folder / "findings", Dataset.from_frame(made_table(1_000_000), label="label"))
    assert project.dataset.version
    with timed("the audit of 1,000,000 x 20"):
        project.findings()
    checks = [
        InRange("x0", -2, 2),
        OneOf("c0", ("red", "green", "blue")),
        HasPattern("code", "AB-[0-9]{4}"),
        Unique(("x0", "x1")),
        Compared("k0", "<=", "k1"),
        Present("x3"),
    ]
    project.apply(SetChecks(checks))
    with timed("six checks"):
        found = project.findings()
    project.close()
    again = Project.open(folder / "findings")
    assert again.dataset.version
    with timed(f"{sum(len(each.cells) for each in found):,} cells of {len(found)} findings read back"):
        assert len(ready_findings(again) or ()) == len(found)


def main() -> None:
    """Run the parts that were named."""
    parts = {"cells": cells, "findings": findings}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(parts)}; all without a name")
    for part in parser.parse_args().parts or parts:
        with tempfile.TemporaryDirectory() as folder:
            parts[part](Path(folder))


if __name__ == "__main__":
    main()
