"""New texts: how long each method takes, and whether what it makes still reads as its class.

    FLYWHEEL_DATA=folder python benchmarks/generate_texts.py

- seconds: processor time to make 8,000 texts of the 7,600 of AG News, four classes, learning from them included; and to
  make others of the same, as a search does.
- called another class: of 400 texts made of 1,500, the share that the locked model calls another class when it was
  fitted without the folds of their parents, beside the share of the parents that the same fits call another class. Lost
  are those that only the child is: there the change cost the class.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.dataset import Dataset  # noqa: E402
from core.generate import METHODS, Method, Sources, propose  # noqa: E402
from core.generate.propose import make_rows  # noqa: E402
from core.schema import Modality  # noqa: E402
from core.statistics import wilson_interval  # noqa: E402
from core.train import LockedModel, predict_children  # noqa: E402

ROWS, EACH, FEW, MADE = 7_600, 2_000, 1_500, 100


def methods() -> list[Method]:
    """Those that make texts of texts; templates are the analyst's own words."""
    makes = [method for method in METHODS.values() if Modality.TEXT in method.modalities and not method.excludes]
    return [method for method in makes if method.key != "templates"]


def speed(dataset: Dataset, method: Method) -> tuple[float, float]:
    """Processor time of the first and of the second call on the same examples."""
    sources, spent = Sources(dataset.part("train"), dataset.schema), []
    for seed in (0, 1):
        start = time.process_time()
        make_rows(method, sources, dict.fromkeys(dataset.classes, EACH), seed)
        spent.append(time.process_time() - start)
    return spent[0], spent[1]


def other_class(dataset: Dataset) -> pd.DataFrame:
    """What is called another class by method: children, their parents, and children alone with a 95 % interval."""
    model, label, text = LockedModel.for_dataset(dataset), dataset.schema.label, str(dataset.schema.text)
    counts = dict.fromkeys(dataset.classes, MADE)
    made = pd.concat({method.key: propose(dataset, method=method.key, target=counts) for method in methods()})
    parents = made.assign(**{text: dataset.frame.loc[made["parent"], text].to_numpy()})
    rows = pd.concat([made, parents]).set_axis(range(2 * len(made)))
    wrong = (model.decide(predict_children(dataset, model, rows)) != rows[label]).to_numpy().reshape(2, -1)
    found = pd.DataFrame({"children": wrong[0], "parents": wrong[1], "lost": wrong[0] & ~wrong[1]}, index=made.index)
    table = found.groupby(level=0).mean()
    sizes = found.groupby(level=0).size()
    low, high = wilson_interval(table["lost"] * sizes, sizes)
    return table.assign(low=low, high=high)


def main() -> None:
    """Print both tables as one."""
    path = Path(os.environ.get("FLYWHEEL_DATA", ROOT.parent / "shared" / "data")) / "text" / "ag_news" / "test7600.csv"
    if not path.exists():
        sys.exit(f"This needs {path.name} of AG News. Name the folder that holds text/ag_news in FLYWHEEL_DATA.")
    frame = pd.read_csv(path).head(ROWS)
    whole = Dataset.from_frame(frame, label="label", text="text", id="id", test=0.0)
    shares = other_class(Dataset.from_frame(frame.head(FEW), label="label", text="text", id="id", test=0.0))
    print(f"{'method':22} {'first s':>8} {'again s':>8} {'parents':>8} {'children':>8}  lost (95 %)")
    for method in methods():
        first, again = speed(whole, method)
        row = shares.loc[method.key]
        print(
            f"{method.key:22} {first:8.2f} {again:8.2f} {row['parents']:8.1%} {row['children']:8.1%}  "
            f"{row['lost']:.1%} ({row['low']:.1%} to {row['high']:.1%})"
        )


if __name__ == "__main__":
    main()
