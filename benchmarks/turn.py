"""What the app's own work costs beside the fits of scikit-learn that it cannot do without.

    python benchmarks/turn.py                # everything, some minutes
    python benchmarks/turn.py turn demos     # parts: turn, demos, texts, dataset, edits

- turn: `Project.turn` at 100,000 x 20 against the bare fits it contains (five folds and the final one), made by
  scikit-learn alone on columns encoded beforehand. Both in turn within one run, several times; the ratio is of medians.
- demos: turn 0 of the two sample sets.
- texts: turn 0 of 50,000 short texts, mixed from the halves of real ones: of AG News, which lies in FLYWHEEL_DATA
  (default ../shared/data), otherwise of the sample tickets.
- dataset: making a data set and its version at 1,000,000 x 20.
- edits: a decision, the turns and the actions of a project with 100,000 rows open.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.dataset import Dataset
from core.flywheel import Decide, Exclude, Project
from core.train import RECIPES
from sample_data.demos import DEMOS

ROOT = Path(__file__).resolve().parents[1]
FOLDS = 5


def made_table(rows: int, classes: int = 2, seed: int = 0) -> pd.DataFrame:
    """20 columns, 15 of numbers (three of them with missing values) and 5 of categories, and a noisy label."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(rows, 15))
    table = pd.DataFrame(numbers, columns=[f"number_{place}" for place in range(15)])
    for place in range(3):
        table.loc[rng.random(rows) < 0.1, f"number_{place}"] = np.nan
    codes = rng.integers(0, 10, (rows, 5))
    for place in range(5):
        table[f"category_{place}"] = np.array([f"value {code}" for code in range(10)])[codes[:, place]]
    score = numbers[:, 3] + 0.5 * numbers[:, 4] * numbers[:, 5] + 0.2 * codes[:, 0] + rng.normal(size=rows)
    edges = np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])
    table["label"] = np.array([f"class {code}" for code in range(classes)])[np.searchsorted(edges, score)]
    return table


def short_texts(rows: int, seed: int = 0) -> tuple[pd.DataFrame, str]:
    """Texts of some twenty words: the first half of one text, the second half of another of the same class."""
    path = Path(os.environ.get("FLYWHEEL_DATA", ROOT / "../shared/data")) / "text/ag_news/test7600.csv"
    source, name = (path, "AG News") if path.is_file() else (ROOT / "sample_data/tickets.csv", "the sample tickets")
    table = pd.read_csv(source)
    label = "label" if "label" in table else table.columns[0]
    rng = np.random.default_rng(seed)
    words = table["text"].str.split()
    first = words.map(lambda own: " ".join(own[: len(own) // 2][:12])).to_numpy(dtype=object)
    second = words.map(lambda own: " ".join(own[len(own) // 2 :][:12])).to_numpy(dtype=object)
    members = {key: np.asarray(places) for key, places in table.groupby(label).indices.items()}
    drawn = table[label].to_numpy(dtype=object)[rng.integers(0, len(table), rows)]
    texts = [f"{first[rng.choice(members[key])]} {second[rng.choice(members[key])]}" for key in drawn]
    return pd.DataFrame({"text": texts, "label": drawn.astype(str)}), name


class Clock:
    """Seconds that pieces of work take."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def measure(self, what: str) -> Iterator[None]:
        """Add one measurement."""
        start = time.perf_counter()
        yield
        self.seconds.setdefault(what, []).append(time.perf_counter() - start)

    def median(self, what: str) -> float:
        """The median of what was measured."""
        return statistics.median(self.seconds[what])


def say(what: str, seconds: float, target: str) -> None:
    """Print one line of the table."""
    amount = f"{seconds * 1000:8.0f} ms" if seconds < 1 else f"{seconds:8.2f} s "
    print(f"{what:62} {amount}   {target}", flush=True)


def encoded(dataset: Dataset, part: str) -> np.ndarray:
    """The columns as scikit-learn wants them: numbers, then the codes of the categories."""
    frame = dataset.inputs(part)
    columns = [frame[name].to_numpy(dtype=float) for name in dataset.schema.numeric]
    columns += [
        pd.Categorical(frame[name], categories=sorted(frame[name].dropna().unique())).codes.astype(float)
        for name in dataset.schema.categorical
    ]
    return np.column_stack(columns)


def bare_fits(dataset: Dataset) -> Callable[[Clock], None]:
    """The fits that a turn contains, by scikit-learn alone; everything else is prepared before."""
    steps = dict(RECIPES["hist_gradient_boosting"].steps["classifier"])
    steps.pop("name")
    train, test = encoded(dataset, "train"), encoded(dataset, "test")
    labels = dataset.labels.loc[dataset.ids("train")].to_numpy(dtype=object)
    fold = dataset.folds(FOLDS).to_numpy()
    categorical = np.arange(train.shape[1]) >= len(dataset.schema.numeric)

    def run(clock: Clock) -> None:
        fits = predictions = 0.0
        for number in [*range(FOLDS), None]:
            inside = np.ones(len(fold), dtype=bool) if number is None else fold != number
            rows, targets = train[inside], labels[inside]
            model = HistGradientBoostingClassifier(random_state=0, categorical_features=categorical, **steps)
            start = time.perf_counter()
            model.fit(rows, targets)
            fitted = time.perf_counter()
            model.predict_proba(test if number is None else train[~inside])
            fits += fitted - start
            predictions += time.perf_counter() - fitted
        clock.seconds.setdefault("fits", []).append(fits)
        clock.seconds.setdefault("fits and predictions", []).append(fits + predictions)

    return run


def turn(rows: int, classes: int, repeats: int) -> None:
    """`Project.turn` and the bare fits, alternating."""
    dataset = Dataset.from_frame(made_table(rows, classes), label="label")
    clock = Clock()
    bare = bare_fits(dataset)
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "project", dataset, recipe="hist_gradient_boosting")
        train = dataset.ids("train")
        for number in range(repeats):
            # One example less makes another version, and later turns are compared with earlier ones.
            if number:
                project.apply(Exclude([train[number]]))
            bare(clock)
            with clock.measure("turn"):
                project.turn()
        project.close()
    title = f"at {rows:,} x 20, {classes} classes"
    say(f"the six bare fits {title}", clock.median("fits"), f"median of {repeats}")
    say("the same with their predictions", clock.median("fits and predictions"), "")
    say("Project.turn", clock.median("turn"), "")
    ratio, each = (
        clock.median("turn") / clock.median("fits"),
        zip(*map(clock.seconds.get, ("turn", "fits")), strict=True),
    )
    print(f"  turn / bare fits: {ratio:.3f} (target 1.15); each: {', '.join(f'{a / b:.3f}' for a, b in each)}")


def demos() -> None:
    """Turn 0 of the sample sets."""
    for key, target in (("churn", "target 8 s"), ("tickets", "target 20 s")):
        demo = next(demo for demo in DEMOS if demo.key == key)
        dataset = Dataset.from_frame(demo.load(), **demo.roles)
        with tempfile.TemporaryDirectory() as folder:
            project = Project.create(Path(folder) / "project", dataset)
            clock = Clock()
            with clock.measure("turn"):
                project.turn()
            project.close()
        say(f"turn 0 of {key} ({len(dataset):,} rows)", clock.median("turn"), target)


def texts(rows: int) -> None:
    """Turn 0 of many short texts."""
    table, name = short_texts(rows)
    dataset = Dataset.from_frame(table, label="label", text="text")
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "project", dataset)
        clock = Clock()
        with clock.measure("turn"):
            found = project.turn()
        recipe = project.model.recipe.name
        project.close()
    score = found.evaluation.metrics["accuracy"][0]
    say(f"turn 0 of {rows:,} short texts ({name}; {recipe}, accuracy {score:.3f})", clock.median("turn"), "target 90 s")


def dataset(rows: int) -> None:
    """Making a data set, and its version."""
    table = made_table(rows)
    clock = Clock()
    with clock.measure("from_frame"):
        found = Dataset.from_frame(table, label="label")
    with clock.measure("version"):
        _ = found.version
    members = found.memberships
    anew = Dataset(found.frame, members["split"], members["unit"], found.schema)
    with clock.measure("version anew"):
        assert anew.version == found.version
    say(f"Dataset.from_frame at {rows:,} x 20", clock.median("from_frame"), "")
    say("its version (from_frame has hashed most columns for the ids)", clock.median("version"), "")
    say("a version from nothing, as after opening", clock.median("version anew"), "target 3 s" * (rows == 1_000_000))


def edits(rows: int, repeats: int) -> None:
    """What a page asks of an open project, again and again."""
    made = Dataset.from_frame(made_table(rows), label="label")
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        project = Project.create(Path(folder) / "project", made, recipe="logistic_regression")
        project.turn()
        project.turn()
        train = made.ids("train")
        for number in range(repeats):
            with clock.measure("decide"):
                project.apply(Decide({train[number]: ("other", "class 0" if number % 2 else "class 1")}))
                _ = project.dataset.version
        with clock.measure("first actions"):
            project.actions()
        for _ in range(repeats):
            for what, ask in (
                ("dataset", lambda: project.dataset.version),
                ("turns", lambda: project.turns),
                ("actions", project.actions),
            ):
                with clock.measure(what):
                    ask()
        with clock.measure("undo"):
            project.undo()
            _ = project.dataset.version
        with clock.measure("open"):
            again = Project.open(project.folder)
            _ = again.dataset.version
        with clock.measure("first turns"):
            _ = again.turns
        project.close()
        again.close()
    say(f"one decision at {rows:,} x 20: apply, dataset, version", clock.median("decide"), "target 150 ms")
    say("undo, dataset, version", clock.median("undo"), "")
    say("dataset and version again", clock.median("dataset"), "")
    say("turns of a warm project", clock.median("turns"), "target 50 ms")
    say("actions after an edit (runs the audit)", clock.median("first actions"), "")
    say("actions of a warm project", clock.median("actions"), "target 50 ms")
    say("open, dataset, version", clock.median("open"), "")
    say("turns after opening (verdicts are computed)", clock.median("first turns"), "")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "turn": lambda options: turn(options.rows, options.classes, options.repeats),
    "demos": lambda _: demos(),
    "texts": lambda _: texts(50_000),
    "dataset": lambda _: (dataset(100_000), dataset(1_000_000))[0],
    "edits": lambda options: edits(options.rows, 10),
}


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all if none is named")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    for name in options.parts or PARTS:
        PARTS[name](options)


if __name__ == "__main__":
    main()
