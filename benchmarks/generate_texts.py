"""New texts: how long each method takes, and whether what it makes still reads as its class.

    FLYWHEEL_DATA=folder python benchmarks/generate_texts.py

- seconds: processor time to make 8,000 texts of the 7,600 of AG News, four classes, learning from them included; and to
  make others of the same, as a search does.
- called another class: of 400 texts made of 1,500, the share that the locked model calls another class when it was
  fitted without the folds of their parents. Copies say how often it calls the parents themselves another class: what is above
  that, the change did.
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
    """The share that is called another class, by method, with its 95 % interval."""
    model = LockedModel.for_dataset(dataset)
    counts = dict.fromkeys(dataset.classes, MADE)
    made = {method.key: propose(dataset, method=method.key, target=counts) for method in methods()}
    rows = pd.concat(made, names=["method"])
    found = predict_children(dataset, model, rows.set_axis(range(len(rows))))
    wrong = pd.Series(model.decide(found).to_numpy() != rows[dataset.schema.label].to_numpy(), index=rows.index)
    table = wrong.groupby(level="method").agg(["sum", "size"])
    low, high = wilson_interval(table["sum"], table["size"])
    return table.assign(share=table["sum"] / table["size"], low=low, high=high)


def main() -> None:
    """Print both tables as one."""
    path = Path(os.environ.get("FLYWHEEL_DATA", ROOT.parent / "shared" / "data")) / "text" / "ag_news" / "test7600.csv"
    if not path.exists():
        sys.exit(f"This needs {path.name} of AG News. Name the folder that holds text/ag_news in FLYWHEEL_DATA.")
    frame = pd.read_csv(path).head(ROWS)
    whole = Dataset.from_frame(frame, label="label", text="text", id="id", test=0.0)
    shares = other_class(Dataset.from_frame(frame.head(FEW), label="label", text="text", id="id", test=0.0))
    print(f"{'method':22} {'first s':>8} {'again s':>8}   called another class (95 %)")
    for method in methods():
        first, again = speed(whole, method)
        row = shares.loc[method.key]
        print(
            f"{method.key:22} {first:8.2f} {again:8.2f}   {row['share']:6.1%} ({row['low']:.1%} to {row['high']:.1%})"
        )


if __name__ == "__main__":
    main()
