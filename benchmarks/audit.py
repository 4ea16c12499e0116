"""How well the audit finds wrong cells, how often it cries wolf, and what it costs next to ydata-profiling and Datalab.

    python benchmarks/audit.py                         # quality, false alarms, our own time: two minutes
    python benchmarks/audit.py --peer-python PYTHON    # side by side with both peers, a minute or two more
    python benchmarks/audit.py --only quality          # or injected, clean, speed

The peers are no requirement of the project. PYTHON is the interpreter of a venv of its own that has them:
`python -m venv V && V/bin/pip install ydata-profiling 'cleanlab[datalab]' pyarrow setuptools`, then V/bin/python. The
sets (dirty/hospital and dirty/beers with their clean versions, and tables without known errors) lie in FLYWHEEL_DATA
(default ../shared/data); what is not there is passed over and named.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.collect import Finding, audit, read_table
from core.collect.audit import CHECKS
from core.collect.audited import Audited
from core.dataset import Dataset

FOLDER = Path(os.environ.get("FLYWHEEL_DATA", Path(__file__).resolve().parents[2] / "shared/data"))
# Cells that are told of without being wrong.
NOT_WRONG = {"personal_data"}
CELL_KINDS = (
    "missing_values",
    "hidden_missing",
    "mixed_types",
    "merged_values",
    "spelling_variants",
    "misspelled",
    "odd_format",
    "broken_dependency",
    "sources_disagree",
    "out_of_range",
    "label_variants",
)
Cell = tuple[int, str]

_PROFILE = """
import sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from ydata_profiling import ProfileReport
frame = pd.read_parquet(sys.argv[1])
started = time.perf_counter()
ProfileReport(frame, minimal=True, progress_bar=False).get_description()
print(time.perf_counter() - started)
"""

_DATALAB = """
import sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from cleanlab import Datalab
frame = pd.read_parquet(sys.argv[1])
labels, numbers = frame["label"].to_numpy(), frame.drop(columns=["label", "id"]).to_numpy()
numbers = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
started = time.perf_counter()
lab = Datalab({"label": labels}, label_name="label", verbosity=0)
kinds = {"near_duplicate": {}, "outlier": {}, "class_imbalance": {}, "null": {}}
lab.find_issues(features=numbers, issue_types=kinds)
seconds = time.perf_counter() - started
issues = lab.get_issues()
issues[["is_outlier_issue", "is_near_duplicate_issue"]].to_parquet(sys.argv[2])
print(seconds)
"""


def f1(precision: float, recall: float) -> float:
    """The harmonic mean of both."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def there(*names: str) -> list[Path]:
    """The files of the folder that are there; those that are not are named."""
    missing = [name for name in names if not (FOLDER / name).exists()]
    if missing:
        print(f"  not there: {', '.join(missing)} in {FOLDER}. Set FLYWHEEL_DATA to the folder that has them.")
    return [FOLDER / name for name in names if name not in missing]


def audited(frame: pd.DataFrame, label: str) -> tuple[list[Finding], float]:
    """Audit a table whose rows are named by their place; findings and seconds."""
    frame = frame.assign(**{"row id": [f"r{place}" for place in range(len(frame))]})
    dataset = Dataset.from_frame(frame, label=label, id="row id")
    started = time.perf_counter()
    return audit(dataset), time.perf_counter() - started


def cells_of(findings: Iterable[Finding]) -> set[Cell]:
    """Cells as (row, column)."""
    return {(int(example[1:]), column) for finding in findings for example, column in finding.cells}


def scores(findings: list[Finding], truth: dict[Cell, str]) -> None:
    """Print precision, recall and F1 by kind and over all, and how often the value offered is the right one."""
    wrong = set(truth)
    for kind in (*CELL_KINDS, "all of these", "all but missing_values"):
        if kind == "all of these":
            chosen = [finding for finding in findings if finding.kind not in NOT_WRONG]
        elif kind == "all but missing_values":
            chosen = [finding for finding in findings if finding.kind not in NOT_WRONG | {"missing_values"}]
        else:
            chosen = [finding for finding in findings if finding.kind == kind]
        cells = cells_of(chosen)
        if not cells:
            continue
        hits = len(cells & wrong)
        precision, recall = hits / len(cells), hits / len(wrong)
        offered = [
            (cell, value)
            for finding in chosen
            for cell, value in zip(
                [(int(example[1:]), column) for example, column in finding.cells], finding.values, strict=False
            )
            if cell in wrong
        ]
        right = sum(truth[cell] == ("" if value is None else str(value)) for cell, value in offered)
        said = f"{right / len(offered):6.1%} of {len(offered):,}" if offered else "-"
        print(
            f"    {kind:24}{len(cells):7,} cells  precision {precision:6.1%}  recall {recall:6.1%}  "
            f"F1 {f1(precision, recall):.3f}  right value {said}"
        )


def quality() -> None:
    """Print the scores on the sets with known wrong cells, and the alarms on their clean versions."""
    print("wrong cells that are known (Raha's sets); clean: the same table without them")
    for name, label in (("hospital", "emergency_service"), ("beers", "style")):
        files = there(*(f"dirty/{name}/{file}.csv" for file in ("dirty", "clean", "cell_errors")))
        if len(files) < 3:
            continue
        errors = pd.read_csv(files[2], dtype=str, keep_default_na=False)
        truth = {(int(row), column): clean for row, column, _, clean in errors.itertuples(index=False)}
        frame = read_table(files[0])
        findings, seconds = audited(frame, label)
        print(f"  {name}: {len(frame):,} x {frame.shape[1]}, {len(truth):,} wrong cells, {seconds:.2f} s")
        scores(findings, truth)
        clean = read_table(files[1])
        alarms = {
            kind: len(cells_of(each for each in audited(clean, label)[0] if each.kind == kind))
            for kind in CELL_KINDS
            if kind != "missing_values"
        }
        total = sum(alarms.values())
        named = ", ".join(f"{kind} {count}" for kind, count in alarms.items() if count) or "none"
        print(f"    clean: {total:,} of {clean.size:,} cells ({total / clean.size:.2%}) are doubted: {named}")


# --- errors put into tables -----------------------------------------------------------------------------------------


def _slip(value: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(0, len(value)))
    letter = "abcdefghijklmnopqrstuvwxyz"[rng.integers(0, 26)]
    return [
        value[:place] + letter + value[place + 1 :],
        value[:place] + value[place + 1 :],
        value[:place] + letter + value[place:],
        value[:place] + value[place + 1 : place + 2] + value[place : place + 1] + value[place + 2 :],
    ][int(rng.integers(0, 4))]


_INJECTED: dict[str, Callable[[str, np.random.Generator], str]] = {
    "slip": _slip,
    "case or blank": lambda value, rng: [value.upper(), value.lower() + " ", "  " + value][int(rng.integers(0, 3))],
    "missing word": lambda value, rng: ["N/A", "?", "null", "-"][int(rng.integers(0, 4))],
    "unit": lambda value, rng: value + [" kg", "kg", " kg."][int(rng.integers(0, 3))],
    "999": lambda value, rng: "99999999",
    "a thousand times": lambda value, rng: str(float(value) * 1_000 + 1e6),
}
_WORDS = ("slip", "case or blank", "missing word")


def injected() -> None:
    """Print how many errors are found that were put into tables, one kind at a time, 1 % of the cells of a column."""
    print("\nerrors put into 1 % of the cells of each of three columns, one kind at a time (mean over the tables)")
    tables = {
        "tabular/adult/adult_train_12000.csv": ("income", ("education", "occupation", "native_country")),
        "tabular/telco_churn/telco_churn_7043.csv": ("Churn", ("InternetService", "Contract", "PaymentMethod")),
        "drift/electricity_first_half_sample.csv": ("class", ()),
    }
    frames = {path: read_table(path) for path in there(*tables)}
    rng = np.random.default_rng(0)
    for kind, change in _INJECTED.items():
        hits = cells = wrong = right = 0
        for path, frame in frames.items():
            label, columns = tables[path.relative_to(FOLDER).as_posix()]
            if kind not in _WORDS:
                columns = tuple(
                    name
                    for name in frame
                    if name != label and pd.api.types.is_float_dtype(frame[name]) and frame[name].nunique() > 100
                )[:3]
            columns = tuple(name for name in columns if name in frame)
            if not columns:
                continue
            dirty, truth = frame.astype("str").where(frame.notna()), {}
            for name in columns:
                places = np.flatnonzero(frame[name].notna().to_numpy())
                for row in rng.choice(places, len(frame) // 100, replace=False).tolist():
                    old = str(dirty[name].iloc[row])
                    new = change(old, rng)
                    if new != old:
                        dirty.iloc[row, dirty.columns.get_loc(name)] = new
                        truth[row, name] = old
            # Read again, as a file would be.
            found, _ = audited(read_table(dirty.to_csv(index=False).encode(), name="dirty.csv"), label)
            before, _ = audited(frame, label)
            known = cells_of(each for each in before if each.kind != "personal_data")
            chosen = [each for each in found if each.kind not in NOT_WRONG]
            doubted = cells_of(chosen) - (known - set(truth))
            hits += len(doubted & set(truth))
            cells += len(doubted)
            wrong += len(truth)
            offered = {
                (int(example[1:]), column): value
                for each in chosen
                for (example, column), value in zip(each.cells, each.values, strict=False)
            }
            right += sum(str(offered.get(cell)) == old for cell, old in truth.items())
        if wrong:
            print(
                f"  {kind:18}{wrong:6,} errors  recall {hits / wrong:6.1%}  new alarms that are errors "
                f"{hits / max(1, cells):6.1%}  old value restored {right / wrong:6.1%}",
                flush=True,
            )


def clean() -> None:
    """Print what is said of tables in which no error is known."""
    print(
        "\ntables without known errors: cells doubted (not counting missing ones), and findings of severity 0.3 or more"
    )
    tables = {
        "tabular/adult/adult_train_12000.csv": "income",
        "tabular/telco_churn/telco_churn_7043.csv": "Churn",
        "tabular/german_credit/german_credit_1000.csv": "risk",
        "tabular/credit_default/credit_default_10000.csv": "default_next_month",
        "tabular/wine_quality/wine_quality_6497.csv": "quality",
        "drift/acs_ma_reference_2015_6000.csv": "employed",
    }
    for path in there(*tables):
        frame = read_table(path)
        findings, seconds = audited(frame, tables[path.relative_to(FOLDER).as_posix()])
        doubted = cells_of(each for each in findings if each.kind not in NOT_WRONG | {"missing_values"})
        loud = sorted({each.kind for each in findings if each.severity >= 0.3})
        share = len(doubted) / frame.size
        print(
            f"  {path.stem:32}{len(doubted):6,} ({share:.3%})  {seconds:5.2f} s  {', '.join(loud) or '-'}", flush=True
        )
    rng = np.random.default_rng(0)
    severe = 0
    for _ in range(50):
        rows = 400
        frame = pd.DataFrame({f"x{place}": rng.normal(size=rows) for place in range(5)})
        frame["kind"] = rng.choice(["red", "green", "blue"], rows)
        frame["label"] = np.where(frame["x0"] + rng.normal(size=rows) > 0, "yes", "no")
        severe += any(each.severity >= 0.3 for each in audited(frame, "label")[0])
    print(f"  random tables of 400 rows with a finding of severity 0.3 or more: {severe} of 50")


# --- speed ----------------------------------------------------------------------------------------------------------


def large(rows: int, columns: int) -> pd.DataFrame:
    """A table of floats, three columns of whole numbers, five of categories with 3 to 31 values, and a label."""
    rng = np.random.default_rng(0)
    frame: dict[str, object] = {f"float {place}": rng.normal(size=rows) for place in range(columns - 9)}
    frame |= {f"integer {place}": rng.integers(0, 1000, rows) for place in range(3)}
    for place in range(5):
        values = np.array([f"value {code}" for code in range(3 + 7 * place)])
        frame[f"category {place}"] = values[rng.integers(0, len(values), rows)]
    frame["label"] = np.where(rng.random(rows) < 0.5, "a", "b")
    return pd.DataFrame(frame)


def planted(rows: int, columns: int) -> pd.DataFrame:
    """Correlated numbers, with 200 rows far out and 200 that nearly repeat others."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(rows, columns)) @ (rng.normal(size=(columns, columns)) * 0.5 + np.eye(columns))
    numbers[:200] *= 4
    numbers[200:400] = numbers[1000:1200] + rng.normal(scale=0.02, size=(200, columns))
    frame = pd.DataFrame(numbers, columns=[f"x{place}" for place in range(columns)])
    return frame.assign(id=np.arange(rows), label=np.where(rng.random(rows) < 0.3, "a", "b"))


def timed(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of a few runs."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def peer(
    python: str | None, script: str, frame: pd.DataFrame, package: str
) -> tuple[float | None, pd.DataFrame | None]:
    """Seconds that a peer takes in a process of its own, and the table that it leaves."""
    if python is None:
        print(f"    {package}: not run, --peer-python names the interpreter that has it")
        return None, None
    with tempfile.TemporaryDirectory() as folder:
        given, left = (str(Path(folder) / name) for name in ("frame.parquet", "answer.parquet"))
        frame.to_parquet(given)
        ran = subprocess.run([python, "-c", script, given, left], check=False, capture_output=True, text=True)
        if ran.returncode:
            print(f"    {package}: did not run. Its last line: {ran.stderr.strip().splitlines()[-1]}")
            return None, None
        answer = pd.read_parquet(left) if Path(left).exists() else None
    return float(ran.stdout.split()[-1]), answer


def checks(frame: pd.DataFrame, names: tuple[str, ...], **options: object) -> Callable[[], list[Finding]]:
    """Some checks on a table as a project holds it."""
    dataset = Dataset.from_frame(frame, label="label", **options)  # type: ignore[arg-type]
    chosen = [check for _, check in CHECKS if check.__name__ in names]
    assert len(chosen) == len(names)

    def work() -> list[Finding]:
        shared = Audited(dataset)
        return [finding for check in chosen for finding in check(shared)]

    return work


def speed(python: str | None) -> None:
    """Print our time beside that of the peers, and of the whole audit on a million rows."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"\nspeed ({os.cpu_count()} cores, load {load:.1f})")
    frame = large(500_000, 16)
    column_part = tuple(
        check.__name__
        for _, check in CHECKS
        if check.__name__ not in {"check_neighbours", "check_order", "check_mismatch"}
    )
    ours = timed(checks(frame, column_part))
    print(f"  500,000 x 16, columns and exact copies: {ours:.2f} s (best of 3)")
    theirs, _ = peer(python, _PROFILE, frame, "ydata-profiling (minimal)")
    if theirs is not None:
        print(f"    ydata-profiling (minimal) {theirs:.2f} s, {theirs / ours:.1f} x")
    frame = planted(50_000, 20)
    work = checks(frame, ("check_examples", "check_columns", "check_neighbours"), id="id")
    ours = timed(work)
    print(f"  50,000 x 20, near copies, outliers, imbalance, missing: {ours:.2f} s (best of 3)")
    theirs, issues = peer(python, _DATALAB, frame, "cleanlab's Datalab")
    if theirs is not None and issues is not None:
        found = {
            "outliers": ("is_outlier_issue", {"outliers"}),
            "near copies": ("is_near_duplicate_issue", {"near_duplicates", "near_duplicate_sets"}),
        }
        print(f"    cleanlab's Datalab {theirs:.2f} s, {theirs / ours:.1f} x")
        findings = work()
        for noun, (column, kinds) in found.items():
            own = {int(example) for each in findings if each.kind in kinds for example in each.ids}
            other = set(np.flatnonzero(issues[column].to_numpy()))
            share = len(own & other) / max(1, len(other))
            print(f"    {noun}: {len(own):,} here, {len(other):,} there, {share:.1%} of theirs are found")
    dataset = Dataset.from_frame(large(1_000_000, 20), label="label")
    started = time.perf_counter()
    findings = audit(dataset)
    print(f"  1,000,000 x 20, the whole audit: {time.perf_counter() - started:.1f} s, {len(findings)} findings")


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", metavar="PYTHON", help="an interpreter that has the peers installed")
    parser.add_argument("--only", choices=("quality", "injected", "clean", "speed"), help="one part alone")
    arguments = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "quality": quality,
        "injected": injected,
        "clean": clean,
        "speed": lambda: speed(arguments.peer_python),
    }
    for name, part in parts.items():
        if arguments.only in (None, name):
            part()


if __name__ == "__main__":
    main()
