from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect.audit_neighbours import check_neighbours
from core.collect.audited import Audited
from core.dataset import Dataset


def found(numbers, *, labels=None, test=("r0",), **words):
    rows = len(numbers)
    frame = pd.DataFrame(numbers, columns=[f"x{n}" for n in range(numbers.shape[1])]).assign(**words)
    frame["id"] = [f"r{n}" for n in range(rows)]
    frame["label"] = np.where(np.arange(rows) % 2, "a", "b") if labels is None else labels
    names = [name for name in frame if name not in ("id", "label")]
    dataset = Dataset.from_frame(frame, label="label", id="id", features=names, test=list(test))
    return {(each.kind, each.fix): each for each in check_neighbours(Audited(dataset))}


@pytest.fixture
def numbers():
    return np.random.default_rng(0).normal(size=(600, 6))


def test_outliers_are_offered_for_exclusion_in_train_and_listed_in_test(numbers):
    numbers[[5, 9]] = [[9.0] * 6, [-9.0, 9.0] * 3]
    said = found(numbers, test=["r9", "r20"])
    assert "r5" in said["outliers", "exclude"].ids
    assert "r9" in said["outliers", None].ids
    assert len(said["outliers", "exclude"].ids) < 40


def test_near_copies_keep_one_and_sets_show_all(numbers):
    numbers[7] = numbers[3] + 1e-4
    numbers[8] = numbers[4] + 1e-4
    labels = np.where(np.arange(600) < 300, "a", "b")
    said = found(numbers, labels=labels, test=["r4", "r50"])
    # r8 is the only one of its kind in train.
    assert said["near_duplicates", "exclude"].ids.tolist() == ["r7"]
    sets = said["near_duplicate_sets", None]
    assert set(sets.ids) == {"r3", "r7", "r4", "r8"}
    assert sets.ids.get_indexer(["r7"]) - sets.ids.get_indexer(["r3"]) == 1
    assert "1 train example nearly equals one of the test set" in sets.message


def test_another_word_or_another_label_is_another_case(numbers):
    numbers[7] = numbers[3] + 1e-4
    labels = np.where(np.arange(600) % 2, "a", "b")
    words = np.array(["u"] * 600, dtype=object)
    assert ("near_duplicates", "exclude") in found(numbers, labels=labels, word=words)
    labels[7] = "b"
    assert ("near_duplicates", "exclude") not in found(numbers, labels=labels)
    words[7] = "v"
    assert ("near_duplicate_sets", None) not in found(numbers, word=words)


def test_exact_copies_are_told_elsewhere(numbers):
    numbers[7] = numbers[3]
    assert not {"near_duplicates", "near_duplicate_sets"} & {kind for kind, _ in found(numbers)}


@pytest.mark.parametrize("columns", [2, 3, 5, 12])
@pytest.mark.parametrize("seed", [1, 2])
def test_by_chance_hardly_any_row_is_near_another(columns, seed):
    random = np.random.default_rng(seed)
    said = found(random.normal(size=(1_500, columns)))
    assert len(said["near_duplicate_sets", None].ids) <= 6 if ("near_duplicate_sets", None) in said else True
    assert all(each.severity <= 0.25 for each in said.values())


def test_one_number_is_not_enough_and_texts_are_none_of_it(numbers):
    assert found(numbers[:, :1]) == {}
    frame = pd.DataFrame({"text": [f"text number {n} of many" for n in range(200)], "label": ["a", "b"] * 100})
    assert list(check_neighbours(Audited(Dataset.from_frame(frame, label="label", text="text")))) == []
