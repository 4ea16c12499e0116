"""What holds for every method that makes texts, whatever it does to them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.generate import GenerateError, propose
from core.generate.text_methods import TEXT_METHODS

KEYS = [method.key for method in TEXT_METHODS]
CHANGING = [method.key for method in TEXT_METHODS if "protect" in method.settings]
TEMPLATES = {"templates": ["The {thing} is {state}: {word}"], "fillers": {"thing": ["app", "site"], "state": ["down"]}}
THINGS = ["router", "kettle", "lamp", "desk", "공유기", "주전자"]


def settings_of(method: str, **more) -> dict:
    return TEMPLATES if method == "templates" else more


def tickets(n: int = 240, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    thing, opening = rng.choice(THINGS, n), rng.choice(["Hello team.", "Dear all,\n", "안녕하세요.", ""], n)
    wants = np.where(np.arange(n) % 4 == 0, "I want a Refund for the", "Where is the parcel with my")
    days = rng.integers(1, 30, n)
    frame = pd.DataFrame(
        {
            "ticket": [f"t{number}" for number in range(n)],
            "text": [
                f"{o} {w} {t} since {d} days! Please answer by day {n - d}."
                for o, w, t, d in zip(opening, wants, thing, days, strict=True)
            ],
            "channel": rng.choice(["chat", "mail"], n),
            "kind": np.where(np.arange(n) % 4 == 0, "refund", "delivery"),
        }
    )
    return Dataset.from_frame(frame, label="kind", text="text", id="ticket", features=["channel"], test=0.25, seed=seed)


@pytest.mark.parametrize("method", KEYS)
def test_each_text_is_new_and_of_the_class_of_its_parents(method):
    dataset = tickets()
    rows = propose(dataset, method=method, target="refund", n=60, settings=settings_of(method))
    train = dataset.part("train")
    assert 0 < len(rows) <= 60
    assert method == "templates" or len(rows) > 50
    assert set(rows["kind"]) == {"refund"}
    assert rows["text"].is_unique
    assert not rows["text"].isin(train["text"]).any()
    assert (rows["text"] == rows["text"].str.strip()).all()
    assert rows["text"].dtype == train["text"].dtype
    assert (rows["channel"].to_numpy() == train.loc[rows["parent"], "channel"].to_numpy()).all()
    for name in ("parent", "other_parent"):
        known = rows[name].dropna()
        assert known.isin(train.index).all()
        assert (train.loc[known, "kind"] == "refund").all()
    assert rows["other_parent"].notna().all() == (method == "mix_texts")
    assert rows["other_parent"].isna().all() == (method != "mix_texts")
    assert (rows["other_parent"] != rows["parent"]).all()


@pytest.mark.parametrize("method", KEYS)
def test_the_same_call_makes_the_same_rows_and_another_seed_others(method):
    dataset, settings = tickets(), settings_of(method, **({"protect": 3} if method in CHANGING else {}))
    call = {"method": method, "target": "refund", "n": 30, "settings": settings}
    rows = propose(dataset, **call)
    pd.testing.assert_frame_equal(rows, propose(tickets(), **call))
    assert rows["text"].tolist() != propose(dataset, **call, seed=1)["text"].tolist()


@pytest.mark.parametrize("method", KEYS)
def test_nothing_is_learned_from_test_or_pool(method):
    dataset = tickets()
    judged = dataset.ids("test")
    other = dataset.with_cells({(example, "text"): "Refund parcel kettle zebra zebra zebra." for example in judged})
    call = {"method": method, "target": "refund", "n": 30, "settings": settings_of(method)}
    assert propose(dataset, **call)["text"].tolist() == propose(other, **call)["text"].tolist()


@pytest.mark.parametrize("method", CHANGING)
def test_words_that_bear_the_label_are_left_untouched(method):
    dataset = tickets()
    train = dataset.part("train")["text"]

    def held(protect: int) -> pd.Series:
        """Whether each row has its parent's label-bearing words, as they were written."""
        settings = {"protect": protect} | ({"share": 0.4} if method != "case_and_punctuation" else {})
        rows = propose(dataset, method=method, target="delivery", n=80, settings=settings)
        bearing = [
            (Counter(after.split())["parcel"], Counter(before.split())["parcel"])
            for after, before in zip(rows["text"], train.loc[rows["parent"]], strict=True)
        ]
        return pd.Series([after >= before for after, before in bearing])

    assert held(4).all()
    if method not in {"insert_words", "swap_words", "synonyms"}:
        # Not protected, some of them change: the test above could have failed.
        assert not held(0).all()


@pytest.mark.parametrize("method", KEYS)
def test_texts_with_too_little_in_them_get_a_sentence_that_names_a_method_that_works(method):
    texts = [str(number) for number in range(40)]
    dataset = Dataset.from_frame(
        pd.DataFrame({"text": texts, "kind": ["a", "b"] * 20}), label="kind", text="text", test=0.2
    )
    if method in {"insert_words", "case_and_punctuation", "ocr_slips"}:
        assert len(propose(dataset, method=method, target="a", n=3)) == 3
        return
    with pytest.raises(GenerateError, match=r"Class 'a' has (none|\d).*Use random oversampling"):
        propose(dataset, method=method, target="a", n=3, settings=settings_of(method))
    assert len(propose(dataset, method="random_oversample", target="a", n=3)) == 3


@pytest.mark.parametrize("method", KEYS)
def test_missing_and_empty_texts_are_no_parents(method):
    frame = tickets().frame.reset_index(names="id")
    frame.loc[frame.index % 3 == 0, "text"] = None
    frame.loc[frame.index % 3 == 1, "text"] = "  "
    dataset = Dataset.from_frame(
        frame.drop(columns="ticket"), label="kind", text="text", id="id", features=["channel"], test=0.2
    )
    rows = propose(dataset, method=method, target="refund", n=20, settings=settings_of(method))
    assert (dataset.frame.loc[rows["parent"], "text"].fillna("").str.strip() != "").all()


@pytest.mark.parametrize(
    ("method", "settings", "words"),
    [
        ("swap_words", {"share": 0}, "above 0 and at most 0.5. Got 0"),
        ("swap_words", {"share": 0.9}, "Got 0.9"),
        ("synonyms", {"protect": -1}, "from 0 to 1000. Got -1"),
        ("synonyms", {"protect": 1.5}, "Got 1.5"),
        ("mix_texts", {"share": 0.1}, "no settings"),
        ("templates", {}, "There are 0"),
        ("templates", {"templates": ["{a"]}, "partner"),
    ],
)
def test_settings_that_do_not_fit_are_refused(method, settings, words):
    with pytest.raises(GenerateError, match=words):
        propose(tickets(), method=method, target="refund", n=2, settings=settings)


def test_templates_are_written_for_one_class():
    with pytest.raises(GenerateError, match=r"one class\. The target has 2: delivery, refund"):
        propose(tickets(), method="templates", target={"refund": 1, "delivery": 2}, settings=TEMPLATES)


def test_a_few_combinations_make_a_few_rows():
    settings = {"templates": ["The {thing} is down"], "fillers": {"thing": ["app", "site"]}}
    rows = propose(tickets(), method="templates", target="refund", n=50, settings=settings)
    assert sorted(rows["text"]) == ["The app is down", "The site is down"]


def test_more_words_change_where_the_share_is_larger():
    dataset = tickets()

    def changed(share: float) -> int:
        rows = propose(dataset, method="keyboard_slips", target="refund", n=60, settings={"share": share})
        parents = dataset.frame.loc[rows["parent"], "text"]
        return sum(
            (Counter(a.split()) - Counter(b.split())).total() for a, b in zip(rows["text"], parents, strict=True)
        )

    assert changed(0.3) > 2 * changed(0.1)


def test_where_all_words_are_protected_it_says_so():
    frame = pd.DataFrame({"text": ["refund money", "parcel lost"] * 30, "kind": ["refund", "delivery"] * 30})
    dataset = Dataset.from_frame(frame, label="kind", text="text", test=0.2)
    with pytest.raises(GenerateError, match=r"protect fewer\. Class 'refund' has none"):
        propose(dataset, method="keyboard_slips", target="refund", n=3, settings={"protect": 10})


def test_texts_of_one_script_are_mixed_where_there_are_two():
    english = [f"please send back the money for order {number}. thanks {number}" for number in range(30)]
    korean = [f"주문 {number} 환불해 주세요. 감사합니다 {number}" for number in range(30)]
    lone = ["верните деньги за заказ. спасибо"]
    frame = pd.DataFrame({"text": [*english, *korean, *lone, "other one", "other two"], "kind": ["a"] * 61 + ["b"] * 2})
    dataset = Dataset.from_frame(frame, label="kind", text="text", test=0.0)
    rows = propose(dataset, method="mix_texts", target="a", n=80)
    texts = dataset.frame["text"]
    scripts = [
        {"hangul" if "주문" in texts[parent] else "latin" if "order" in texts[parent] else "lone" for parent in parents}
        for parents in rows[["parent", "other_parent"]].to_numpy()
    ]
    assert all(len(found) == 1 or "lone" in found for found in scripts)
    assert sum("lone" in found for found in scripts) >= 1
    assert {"hangul"} in scripts
    assert {"latin"} in scripts
