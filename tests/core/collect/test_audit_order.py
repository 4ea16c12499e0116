from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from core.collect.audit_order import association, check_order
from core.collect.audited import Audited
from core.dataset import Dataset


def found(frame, **options):
    dataset = Dataset.from_frame(frame, label="label", **options)
    return {each.kind: each for each in check_order(Audited(dataset))}


@pytest.fixture
def frame():
    random = np.random.default_rng(0)
    x = random.normal(size=1_000)
    label = np.where(x + random.normal(size=1_000) > 0, "yes", "no")
    return pd.DataFrame({"id": range(1_000), "x": x, "y": random.normal(size=1_000), "label": label})


def test_association_is_that_of_the_contingency_table():
    random = np.random.default_rng(1)
    a, b = random.integers(0, 5, 900), random.integers(0, 3, 900)
    strength, p = association(a, b)
    assert p == pytest.approx(chi2_contingency(pd.crosstab(a, b), correction=False).pvalue)
    assert strength < 0.1
    assert association(a, a)[0] == pytest.approx(1, abs=0.01)
    assert association(a, np.zeros(900, dtype=np.int64)) == (0.0, 1.0)


def test_a_shuffled_file_is_in_no_order(frame):
    assert found(frame, id="id") == {}


def test_a_file_sorted_by_class(frame):
    said = found(frame.sort_values("label"), id="id")
    assert said["order_effect"].columns == ("label",)
    assert said["order_effect"].fix is None


def test_a_number_that_rises_along_the_file(frame):
    frame["wear"] = np.arange(1_000) / 300 + np.random.default_rng(2).normal(size=1_000)
    assert found(frame, id="id")["order_effect"].columns == ("wear",)


def dated(frame):
    days = np.where(frame["label"] == "yes", 200, 0) + np.random.default_rng(3).integers(0, 300, 1_000)
    return frame.assign(day=pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"))


def test_classes_that_change_in_time_need_a_split_by_time(frame):
    said = found(dated(frame), id="id")
    assert said["time_leak"].columns == ("day",)
    assert "time_leak" not in found(dated(frame), id="id", time="day")


def test_groups_of_one_class_on_both_sides_of_the_split(frame):
    random = np.random.default_rng(4)
    patient = random.integers(0, 200, 1_000)
    frame["label"] = np.where(patient % 2, "yes", "no")
    frame["person"] = [f"person {n}" for n in patient]
    said = found(frame, id="id", features=["x", "y"])
    assert said["group_leak"].columns == ("person",)
    assert said["group_leak"].severity == 0.7
    assert "group_leak" not in found(frame, id="id", features=["x", "y"], group="person")
    frame["label"] = random.choice(["yes", "no"], 1_000)
    assert "group_leak" not in found(frame, id="id", features=["x", "y"])
