from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.annotate import case_cards, case_rows, conflicts, copies, differences
from core.annotate.cases import same_content
from core.dataset import Dataset

ROWS = st.lists(
    st.tuples(
        st.sampled_from([1.0, 2.0, np.nan]), st.sampled_from(["a", "b", None]), st.sampled_from(["yes", "no", "?"])
    ),
    min_size=8,
    max_size=40,
)


def made(frame: pd.DataFrame, **roles) -> Dataset:
    return Dataset.from_frame(frame.assign(key=[f"r{n}" for n in range(len(frame))]), label="label", id="key", **roles)


def by_hand(dataset: Dataset, plain=lambda value: value) -> dict[str, set[str]]:
    """All pairs, one by one: id to the ids of its case."""
    rows, labels = dataset.inputs("train"), dataset.labels_of("train")
    content = {
        i: tuple("missing" if pd.isna(v) else plain(v) for v in row)
        for i, row in zip(rows.index, rows.to_numpy(), strict=True)
    }
    found = {}
    for one in rows.index:
        equal = {other for other in rows.index if content[other] == content[one]}
        if len({labels[other] for other in equal}) > 1:
            found[one] = equal
    return found


def as_sets(cases: pd.Series) -> dict[str, set[str]]:
    members = {number: set(ids) for number, ids in cases.groupby(cases).groups.items()}
    return {example: members[number] for example, number in cases.items()}


@given(rows=ROWS)
def test_cases_are_what_comparing_all_pairs_finds(rows):
    frame = pd.DataFrame(rows, columns=["x", "colour", "label"])
    frame.loc[len(frame)] = [7.0, "c", "yes"]
    frame.loc[len(frame)] = [8.0, "c", "no"]
    dataset = made(frame, features=["x", "colour"], test=["r0"])
    cases = conflicts(dataset)

    assert as_sets(cases) == by_hand(dataset)
    # Numbered as they first occur.
    assert list(dict.fromkeys(cases)) == list(range(cases.nunique()))


WORDS = st.lists(
    st.sampled_from(["Go now", "go  NOW!", "go now", "stay", "STAY?", "?", "!", "가다", "가다."]),
    min_size=8,
    max_size=30,
)


@given(texts=WORDS, data=st.data())
def test_texts_that_differ_in_case_and_signs_are_one_content(texts, data):
    labels = data.draw(st.lists(st.sampled_from(["yes", "no"]), min_size=len(texts), max_size=len(texts)))
    frame = pd.DataFrame({"text": [*texts, "a", "b"], "label": [*labels, "yes", "no"]})
    dataset = made(frame, text="text", features=[], test=["r0"])

    def plain(text):
        words = "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()
        return " ".join(words) or text

    assert as_sets(conflicts(dataset)) == by_hand(dataset, plain)


def test_a_text_is_equal_only_with_its_columns():
    frame = pd.DataFrame({"text": ["go", "GO", "go!", "stay"] * 2, "shop": list("abac") * 2, "label": list("xyyxxxyx")})
    groups = same_content(frame[["text", "shop"]], text="text")
    assert groups.tolist() == [0, 1, 0, 2, 0, 1, 0, 2]


def test_test_pool_and_what_was_settled_are_in_no_case():
    frame = pd.DataFrame({"x": [1, 1, 1, 1, 2, 2, 3, 4], "label": ["a", "b", None, "b", "a", "b", "a", "b"]})
    dataset = made(frame, test=["r1", "r6"])
    assert set(conflicts(dataset).index) == {"r0", "r3", "r4", "r5"}
    assert set(conflicts(dataset.with_labels({"r0": "b"})).index) == {"r4", "r5"}
    assert conflicts(dataset.with_labels({"r0": "b", "r4": "b"})).empty


def test_cases_are_found_once_for_a_version(monkeypatch):
    dataset = made(pd.DataFrame({"x": [1, 1, 2, 3], "label": ["a", "b", "a", "b"]}), test=["r3"])
    first = conflicts(dataset)
    monkeypatch.setattr("core.annotate.cases.same_content", lambda *_, **__: pytest.fail("sought again"))
    assert conflicts(dataset) is first


def test_copies_list_the_whole_case_and_nothing_elsewhere():
    cases = pd.Series([0, 1, 0, 1, 0], index=list("abcde"))
    listed = copies(cases, pd.Index(["z", "d", "a", "b"]))
    assert listed.tolist() == [None, ["b", "d"], ["a", "c", "e"], ["b", "d"]]
    assert copies(cases[:0], pd.Index(["a"])).tolist() == [None]


@pytest.fixture
def suspects():
    """Four in two cases, one in none; worst first."""
    return pd.DataFrame(
        {
            "given": ["b", "a", "a", "b", "a"],
            "suggested": ["a", "b", "b", "a", "b"],
            "score": [0.9, 0.8, 0.7, 0.2, 0.1],
            "flagged": [True, True, False, False, False],
            "reasons": "the model disagrees",
        },
        index=["r3", "r4", "r0", "r5", "r6"],
    )


@pytest.fixture
def dataset():
    frame = pd.DataFrame(
        {"x": [1, 1, 5, 1, 2, 2, 3, 9, 9, 9], "label": ["a", "a", "b", "b", "a", "b", "a", "b", "a", "a"]}
    )
    return made(frame, test=["r2"])


def test_the_card_of_a_case_is_its_most_doubtful_member(dataset, suspects):
    cards = case_cards(dataset, suspects)
    assert cards.index.tolist() == ["r3", "r4", "r7"]
    # Nothing of the last case was ranked, since it came in after the turn.
    assert cards.loc["r7", ["given", "suggested", "score", "flagged"]].tolist() == ["b", "a", 0.5, False]
    assert cards["flagged"].dtype == bool


def test_the_cards_of_a_class_are_of_that_class(dataset, suspects):
    cards = case_cards(dataset, suspects, label="a")
    assert cards.index.tolist() == ["r4", "r0", "r8"]
    assert set(cards["given"]) == {"a"}
    assert case_cards(dataset, suspects, label="none").empty


def test_without_cases_there_is_no_card(suspects):
    dataset = made(pd.DataFrame({"x": [1, 2, 3, 4], "label": ["a", "b", "a", "b"]}), test=["r3"])
    assert case_cards(dataset, suspects).empty


def test_rows_of_cases_stand_together_with_all_sides():
    frame = pd.DataFrame({"x": [1.0, 2, 3, 2, 1, 1, 9], "label": ["b", "a", "a", "b", "a", "a", "b"]})
    dataset = made(frame, test=["r6"])
    rows = case_rows(dataset, pd.Index(["r3", "r0", "r2", "gone"]))
    assert rows.to_dict() == {"r4": 1, "r5": 1, "r0": 1, "r1": 2, "r3": 2}
    assert list(rows.index) == ["r4", "r5", "r0", "r1", "r3"]
    assert case_rows(dataset, pd.Index(["r3"])).to_dict() == {"r1": 1, "r3": 1}
    assert case_rows(dataset, pd.Index(["r2"])).empty


def test_differences_show_what_differs_and_never_the_truth():
    frame = pd.DataFrame(
        {
            "x": [1, 1, 2, 3],
            "note": ["seen", "", "seen", "seen"],
            "shop": ["s"] * 4,
            "true_label": ["a", "b", "a", "b"],
            "label": ["a", "b", "a", "b"],
        }
    )
    dataset = made(frame, features=["x"], test=["r3"])
    found = differences(dataset, ["r1", "r0"])
    assert found.columns.tolist() == ["label", "note"]
    assert found.index.tolist() == ["r1", "r0"]
