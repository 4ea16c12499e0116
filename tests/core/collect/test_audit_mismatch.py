from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect.audit_mismatch import check_mismatch
from core.collect.audited import Audited
from core.dataset import Dataset


@pytest.fixture
def frame():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"id": [f"r{n}" for n in range(1_200)], "x": random.normal(size=1_200)})
    frame["city"] = random.choice(["Seoul", "Busan", "Jeju"], 1_200)
    frame["label"] = np.where(frame["x"] + random.normal(size=1_200) > 0, "yes", "no")
    return frame


def found(frame, test=300):
    dataset = Dataset.from_frame(
        frame, label="label", id="id", features=["x", "city"], test=[f"r{n}" for n in range(test)]
    )
    return {each.kind: each for each in check_mismatch(Audited(dataset))}


def test_a_split_by_chance_matches(frame):
    assert found(frame) == {}


def test_a_column_that_moved(frame):
    frame.loc[:299, "x"] += 1.5
    said = found(frame)
    assert said["train_test_mismatch"].columns == ("x",)
    assert said["train_test_mismatch"].severity > 0.5


def test_classes_that_moved(frame):
    frame.loc[:200, "label"] = "yes"
    assert "label" in found(frame)["train_test_mismatch"].columns


def test_values_that_train_never_saw(frame):
    frame.loc[:9, "city"] = "Ulsan"
    said = found(frame)
    assert said["unseen_values"].ids.tolist() == [f"r{n}" for n in range(10)]
    assert "10 of 300 test examples (3.3%)" in said["unseen_values"].message
    frame.loc[1_000, "city"] = "Ulsan"
    assert "unseen_values" not in found(frame)


def test_too_few_rows_say_nothing(frame):
    frame.loc[:9, "x"] += 50
    assert found(frame, test=10) == {}
