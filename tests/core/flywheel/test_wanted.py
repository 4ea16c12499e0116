from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset import Dataset
from core.evaluate import Predicate, measure
from core.flywheel import Exclude, Project, ProjectError
from core.flywheel.wanted import class_to_add, collection_list, collection_table, deal_by_errors


@pytest.fixture
def found(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "plan": rng.choice(["basic", "plus"], 400),
            "age": rng.integers(18, 80, 400),
            "label": rng.choice(["stays", "leaves", "returns"], 400, p=[0.6, 0.3, 0.1]),
        }
    )
    dataset = Dataset.from_frame(frame, label="label")
    project = Project.create(tmp_path / "project", dataset)
    given_ = dataset.labels_of("train")
    predictions = pd.DataFrame({"given": given_, "predicted": "stays", "loss": (given_ != "stays").astype(float)})
    inside = (dataset.part("train")["plan"] == "basic").to_numpy()
    region = measure([Predicate("plan", "basic", values=("basic",))], inside, predictions["loss"])
    yield project, predictions, region
    project.close()


def test_the_list_says_what_is_there_and_what_is_wanted(found):
    project, predictions, region = found
    listed = json.loads(json.dumps(collection_list(project.dataset, region, predictions, 60)))
    own = predictions.loc[region.ids]
    assert listed["slice"] == "plan is basic"
    assert listed["conditions"] == [{"column": "plan", "is": "basic", "values": ["basic"], "missing": False}]
    assert (listed["there"], listed["wrong"]) == (len(own), int(own["loss"].sum()))
    for name, counts in listed["classes"].items():
        mine = own[own["given"] == name]
        assert (counts["there"], counts["wrong"]) == (len(mine), int(mine["loss"].sum()))
    assert sum(counts["wanted"] for counts in listed["classes"].values()) == listed["wanted"] == 60
    # Nothing of the class that goes right is asked for.
    assert listed["classes"]["stays"]["wanted"] == 0


def test_the_examples_are_of_the_slice_and_of_train_some_wrong_and_some_right(found):
    project, predictions, region = found
    project.apply(Exclude(region.ids[:40].tolist()))
    examples = collection_list(project.dataset, region, predictions, 10)["examples"]
    assert len(examples) == 10
    ids = [each["id"] for each in examples]
    assert set(ids) <= set(region.ids[40:])
    assert sorted(predictions.loc[ids, "loss"].tolist()) == [0.0] * 5 + [1.0] * 5
    assert {each["values"]["plan"] for each in examples} == {"basic"}
    assert examples == collection_list(project.dataset, region, predictions, 10)["examples"]


def test_the_csv_says_the_same(found):
    project, predictions, region = found
    listed = collection_list(project.dataset, region, predictions, 60)
    text = collection_table(listed)
    assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    kinds = [row["kind"] for row in rows]
    assert kinds == ["slice", "condition", *["class"] * 3, *["example"] * len(listed["examples"])]
    assert (rows[0]["words"], rows[0]["wanted"]) == ("plan is basic", "60")
    assert (rows[1]["column"], rows[1]["words"], json.loads(rows[1]["values"])) == ("plan", "basic", ["basic"])
    assert sum(int(row["wanted"]) for row in rows if row["kind"] == "class") == 60


def test_what_can_not_be_listed_is_refused(found):
    project, predictions, region = found
    with pytest.raises(ProjectError, match="at least 1"):
        collection_list(project.dataset, region, predictions, 0)
    nobody = measure([], np.zeros(len(predictions), dtype=bool), predictions["loss"])
    with pytest.raises(ProjectError, match="holds no train example"):
        collection_list(project.dataset, nobody, predictions, 10)


def test_the_class_to_add_is_the_one_that_goes_wrong_most_and_never_the_largest(found):
    project, predictions, _ = found
    made = pd.DataFrame(
        {
            "given": ["stays"] * 10 + ["leaves"] * 10 + ["returns"] * 10,
            "loss": [1.0] * 10 + [1.0] * 7 + [0.0] * 3 + [1.0] * 8 + [0.0] * 2,
        }
    )
    assert class_to_add(project.dataset, made) == ("returns", 8, 10)
    # Of a class with two examples nothing can be said while there is one with more.
    assert class_to_add(project.dataset, made.iloc[:22]) == ("leaves", 7, 10)
    assert class_to_add(project.dataset, made.iloc[:10]) is None
    assert class_to_add(project.dataset, predictions.assign(loss=0.0)) is None


@given(
    wrong=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=40),
    wanted=st.integers(1, 500),
)
def test_what_is_dealt_adds_up_and_follows_the_errors(wrong, wanted):
    predictions = pd.DataFrame(wrong, columns=["given", "loss"]).astype({"loss": float})
    dealt = deal_by_errors(predictions, wanted)
    assert sum(dealt.values()) == wanted
    weights = predictions.groupby("given")["loss"].sum()
    weights = weights if weights.sum() else predictions["given"].value_counts()
    for name, number in dealt.items():
        assert abs(number - wanted * weights[name] / weights.sum()) < 1
