from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import example_map
from core.progress import Cancelled
from core.train import LockedModel


def people(rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    label = rng.choice(["남음", "떠남", "드묾"], rows, p=[0.7, 0.28, 0.02])
    frame = pd.DataFrame(
        {
            "id": [f"p{number}" for number in range(rows)],
            "age": rng.normal(50, 10, rows) + 20 * (label == "떠남"),
            "noise": rng.normal(size=rows),
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, rows), "D"),
            "label": label,
        }
    )
    frame.loc[rows - 40 :, "label"] = None
    return frame


@pytest.fixture(scope="module")
def dataset():
    return Dataset.from_frame(people(), label="label", id="id")


@pytest.fixture(scope="module")
def model(dataset):
    return LockedModel.for_dataset(dataset, "logistic_regression")


def test_train_and_pool_are_on_the_map_and_test_is_not(dataset, model):
    found = example_map(dataset, model)
    assert set(found.points.index) == set(dataset.ids("train")) | set(dataset.ids("pool"))
    assert (found.points["part"] == dataset.split.loc[found.points.index]).all()
    assert found.points["label"].isna().equals(found.points["part"] == "pool")
    assert found.examples == len(found.points)
    assert np.isfinite(found.points[["x", "y"]].to_numpy()).all()


def test_what_is_in_test_moves_nothing(dataset, model):
    frame = people()
    of_test = frame["id"].isin(dataset.ids("test"))
    frame.loc[of_test, "age"] = 1e6
    other = Dataset.from_frame(frame, label="label", id="id", test=list(dataset.ids("test")))
    again = Dataset.from_frame(people(), label="label", id="id", test=list(dataset.ids("test")))
    assert example_map(again, model).points.equals(example_map(other, model).points)


def test_a_sample_holds_each_class_and_stays_the_same_in_the_next_version(dataset, model, monkeypatch):
    # By its name: the package has the function under the same one.
    module = sys.modules["core.flywheel.example_map"]
    monkeypatch.setattr(module, "MOST_POINTS", 100)
    monkeypatch.setattr(module, "_FEWEST", 3)
    found = example_map(dataset, model)
    assert 90 <= len(found.points) <= 105
    sizes = found.points["label"].value_counts()
    everybody = dataset.labels_of("train").value_counts()
    assert sizes["드묾"] >= 3
    assert sizes["남음"] == int(everybody["남음"] * 100 / found.examples)
    kept = dataset.without(found.points.index[:5])
    later = example_map(kept, model)
    assert len(later.points.index.intersection(found.points.index)) >= len(found.points) - 10


def test_an_axis_says_which_columns_it_goes_with(dataset, model):
    found = example_map(dataset, model)
    for axis, goes_with in zip("xy", found.goes_with, strict=True):
        for name, value in goes_with:
            own = dataset.frame.loc[found.points.index, name]
            if name == "since":
                own = own.astype("int64")
            assert value == pytest.approx(np.corrcoef(own, found.points[axis])[0, 1])
            assert abs(value) >= 0.3
    assert found.goes_with[0]


def test_columns_beside_a_text_can_be_left_out():
    rng = np.random.default_rng(0)
    labels = rng.choice(["a", "b"], 200)
    words = {"a": ["parcel", "courier", "late"], "b": ["refund", "invoice", "card"]}
    frame = pd.DataFrame(
        {
            "text": [" ".join(rng.choice(words[label], 6)) for label in labels],
            "amount": rng.normal(0, 1, 200),
            "label": labels,
        }
    )
    dataset = Dataset.from_frame(frame, label="label", text="text", features=["amount"])
    model = LockedModel.for_dataset(dataset)
    whole, text = (example_map(dataset, model, without=without) for without in ((), ["amount"]))
    sides = [
        abs(found.points.loc[found.points["label"] == "a", "x"].mean() - found.points["x"].mean())
        / found.points["x"].std()
        for found in (whole, text)
    ]
    # The amount, which says nothing of the label, is as wide as all words together.
    assert sides[1] > 0.8 > sides[0]


def test_it_stops_when_asked(dataset, model):
    heard = []
    example_map(dataset, model, progress=lambda share, message: heard.append(share))
    assert heard[-1] == 1.0
    with pytest.raises(Cancelled):
        example_map(dataset, model, cancel=lambda: True)
