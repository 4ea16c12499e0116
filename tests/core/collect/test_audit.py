from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from effort import effort
from hypothesis import given, settings
from hypothesis import strategies as st

from core.collect import audit
from core.dataset import Dataset
from core.progress import Cancelled


def table(rows=400, seed=0, **columns):
    """A table with nothing wrong with it, and the given columns on top."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": random.normal(size=rows), "kind": random.choice(["u", "v"], rows)})
    frame["label"] = np.where(frame["x"] + random.normal(size=rows) > 0, "yes", "no")
    return frame.assign(**columns)


def findings(frame, **options):
    dataset = Dataset.from_frame(frame, label="label", **options)
    found = audit(dataset)
    assert [finding.severity for finding in found] == sorted((f.severity for f in found), reverse=True)
    for finding in found:
        assert 0 <= finding.severity <= 1
        assert finding.message.endswith(".")
        assert finding.remedy.endswith(".")
        assert any(character.isdigit() for character in finding.message)
        assert finding.fix in {"exclude", "drop_column", "correct", "relabel", None}
        if finding.fix == "correct":
            assert len(finding.values) == len(finding.cells) > 0
            assert set(finding.ids) == {example for example, _ in finding.cells}
            dataset.with_cells(dict(zip(finding.cells, finding.values, strict=True)))
        if finding.fix == "relabel":
            assert set(finding.labels) == set(finding.ids)
            assert (dataset.split.loc[list(finding.labels)] == "train").all()
            dataset.with_labels(finding.labels)
        if finding.fix == "exclude":
            assert (dataset.split.loc[finding.ids] == "train").all()
            dataset.without(finding.ids)
        if finding.fix == "drop_column":
            dataset.without_column(finding.columns[0])
    return dataset, {finding.kind: finding for finding in found}


def test_nothing_wrong_is_nothing_found():
    assert findings(table())[1] == {}


def texts(*pairs):
    noise = [(f"text number {n} of many", "ab"[n % 2]) for n in range(60)]
    return pd.DataFrame([*pairs, *noise], columns=["text", "label"]).assign(id=lambda frame: range(len(frame)))


def test_copies_keep_one_and_stay_in_test():
    frame = texts(*[("the same again", "a")] * 5, *[("in the test", "b")] * 3)
    dataset, found = findings(frame, test=["5", "6", "7", "20", "21"])
    assert found["exact_duplicates"].ids.tolist() == ["1", "2", "3", "4"]
    assert "4 of 63 train examples (6.3%)" in found["exact_duplicates"].message
    assert "2 in the test set repeat another" in found["exact_duplicates"].message
    assert not {"exact_duplicates"} & {f.kind for f in audit(dataset.without(found["exact_duplicates"].ids))}


def test_near_copies_are_told_apart_from_exact_ones():
    frame = texts(("Same text!", "a"), ("same  text", "a"), ("Same text!", "a"), ("same text", "b"))
    _, found = findings(frame, test=["20", "21"])
    assert found["exact_duplicates"].ids.tolist() == ["2"]
    assert found["near_duplicates"].ids.tolist() == ["1"]


def test_twins_of_test_examples():
    frame = texts(("Win a prize", "a"), ("WIN a prize!", "a"), ("another prize", "b"))
    _, found = findings(frame, test=["0", "20", "21", "22"])
    twins = found["train_test_duplicates"]
    assert twins.ids.tolist() == ["1"]
    assert "1 of the examples that judge it (25.0%)" in twins.message
    assert twins.severity == 1.0


@given(st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from(["a", "b", "c"])), max_size=12))
def test_copies_and_conflicts_against_a_loop(pairs):
    _, found = findings(texts(*pairs), test=["70", "71"] if len(pairs) > 11 else [str(len(pairs) + 5)])
    seen, copies = set(), []
    for place, pair in enumerate(pairs):
        if pair in seen:
            copies.append(str(place))
        seen.add(pair)
    assert (found["exact_duplicates"].ids.tolist() if "exact_duplicates" in found else []) == copies
    outvoted = []
    for place, (text, label) in enumerate(pairs):
        votes = {other: pairs.count((text, other)) for other in "abc"}
        if max(votes[other] for other in "abc" if other != label) >= votes[label]:
            outvoted.append(str(place))
    assert (found["conflicting_labels"].ids.tolist() if "conflicting_labels" in found else []) == outvoted


def test_generated_copies_are_left_alone():
    frame = texts()
    dataset = Dataset.from_frame(frame, label="label", test=["20", "21"])
    rows = dataset.frame.loc[["0", "1"]].set_axis(pd.Index(["g0", "g1"], dtype="str"))
    parents = pd.DataFrame(
        {"parent": ["0", "1"], "other_parent": pd.Series([None, None], dtype="str").tolist()}, rows.index
    )
    assert audit(dataset.with_rows(rows, parents.astype("str"))) == []


def test_missing_values():
    frame = table()
    frame.loc[:99, "x"] = np.nan
    frame.loc[:9, "kind"] = np.nan
    dataset, found = findings(frame)
    missing = found["missing_values"]
    assert missing.columns == ("x", "kind")
    assert len(missing.cells) == 110
    assert len(missing.ids) == 100
    assert "2 of 2 columns" in missing.message
    assert "'x' has most (25.0%)" in missing.message
    _, found = findings(frame.assign(kind="a"))
    assert found["missing_values"].message == "Only 'x' has missing values: 100 cells (25.0%)."
    assert set(missing.cells) == {
        (row, name) for name in ("x", "kind") for row in dataset.frame.index[dataset.frame[name].isna()]
    }


def test_nearly_always_missing_can_be_dropped():
    values = np.full(400, np.nan)
    values[:7] = [1.5, 2, 3, 4, 5, 6, 7]
    dataset = Dataset.from_frame(table(rare=values), label="label")
    dropped = [finding for finding in audit(dataset) if finding.fix == "drop_column"]
    assert [finding.columns for finding in dropped] == [("rare",)]


def test_words_for_missing_values():
    kind = np.array(["u", "v", "w", "x"] * 100, dtype=object)
    kind[::10] = " N/A"
    kind[1] = "?"
    _, found = findings(table(kind=kind))
    hidden = found["hidden_missing"]
    assert len(hidden.cells) == 41
    assert {column for _, column in hidden.cells} == {"kind"}
    assert "' N/A'" in hidden.message


def test_namibia_is_no_missing_value():
    _, found = findings(table(kind=["NA", "KR", "US", "DE"] * 100))
    assert "hidden_missing" not in found
    _, found = findings(table(kind=["NA", "low", "high", "mid"] * 100))
    assert found["hidden_missing"].columns == ("kind",)


def test_constant_columns():
    _, found = findings(table(year=2024))
    assert found["constant_column"].columns == ("year",)
    assert "the value '2024' in all" in found["constant_column"].message


@pytest.mark.parametrize("values", [np.arange(400) + 17, [f"row {n}" for n in range(400)]])
def test_identifiers(values):
    _, found = findings(table(which=values), features=["x", "which"])
    assert found["identifier_like"].columns == ("which",)


def test_measurements_are_no_identifiers():
    values = np.random.default_rng(1).choice(100_000, 400, replace=False)
    dates = pd.date_range("2024-01-01", periods=400)
    _, found = findings(table(amount=values, when=dates), features=["x", "amount", "when"])
    assert "identifier_like" not in found


def leaky(kind):
    frame = table(rows=1_000)
    random = np.random.default_rng(2)
    yes = frame["label"] == "yes"
    return frame.assign(
        leak={
            "code": np.where(yes, random.choice(["p", "q"], 1_000), random.choice(["r", "s"], 1_000)),
            "threshold": np.where(yes, 5, 0) + random.normal(size=1_000),
            "date": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(np.where(yes, 400, 0) + random.integers(0, 300, 1_000), "D"),
            "missing": np.where(yes, 1.5, np.nan),
        }[kind]
    )


@pytest.mark.parametrize("kind", ["code", "threshold", "date", "missing"])
def test_leaks(kind):
    _, found = findings(leaky(kind), features=["x", "leak"])
    assert found["leaking_column"].columns == ("leak",)
    assert found["leaking_column"].severity > 0.9


def test_a_rare_class_can_leak_too():
    frame = table(rows=3_000)
    frame["label"] = np.where(np.arange(3_000) % 50 == 0, "rare", "usual")
    frame["closed"] = np.where(frame["label"] == "rare", 1.0, 0.0) + np.random.default_rng(0).normal(size=3_000) / 20
    assert findings(frame)[1]["leaking_column"].columns == ("closed",)


def test_a_good_feature_is_no_leak():
    frame = table(rows=1_000)
    frame["good"] = np.where(frame["label"] == "yes", 2.5, 0) + np.random.default_rng(3).normal(size=1_000)
    frame["city"] = np.random.default_rng(4).integers(0, 600, 1_000).astype(str)
    assert "leaking_column" not in findings(frame, features=["x", "good", "city"])[1]


def test_rare_classes_and_classes_only_in_test():
    frame = table()
    frame.loc[:5, "label"] = "few"
    frame.loc[6, "label"] = "unseen"
    frame["id"] = [f"r{n}" for n in range(400)]
    dataset, found = findings(frame, test=["r6", "r7", "r8"])
    rare = found["rare_class"]
    assert rare.ids.tolist() == [f"r{n}" for n in range(6)]
    assert "2 of 4 classes have fewer than 10 train examples: 'few' (6), 'unseen' (0)." in rare.message
    assert dataset.schema.id == "id"


def test_spellings_of_one_class():
    frame = table()
    frame.loc[:19, "label"] = "YES"
    frame.loc[20:29, "label"] = "yes."
    _, found = findings(frame)
    assert set(Dataset.from_frame(frame, label="label").labels.loc[found["label_variants"].ids]) == {"YES", "yes."}


def test_signs_make_a_difference_between_classes():
    frame = table()
    frame["label"] = frame["label"].map({"yes": ">50K", "no": "<=50K"})
    assert findings(frame)[1] == {}
    frame["label"] = frame["label"].map({">50K": "1", "<=50K": "-1"})
    assert findings(frame)[1] == {}


def test_empty_texts():
    frame = texts(("", "a"), (" ", "b"), (None, "a"), ("fine", "b"))
    dataset, found = findings(frame, text="text", test=["2", "30"])
    assert found["text_empty"].ids.tolist() == ["0", "1"]
    assert "1 more is in test or pool" in found["text_empty"].message
    assert dataset.schema.text == "text"


def test_the_only_column_can_not_be_dropped():
    _, found = findings(pd.DataFrame({"x": [1.5] * 40, "label": ["a", "b"] * 20}), features=["x"])
    assert found["constant_column"].fix is None


def test_progress_rises_to_the_end_and_a_cancelled_audit_stops():
    dataset = Dataset.from_frame(table(), label="label")
    heard = []
    audit(dataset, lambda share, message: heard.append((share, message)))
    assert [share for share, _ in heard] == sorted(share for share, _ in heard)
    assert heard[0][0] == 0.0
    assert heard[-1] == (1.0, "done")
    with pytest.raises(Cancelled):
        audit(dataset, cancel=lambda: True)


def test_a_cell_gets_one_value_however_many_checks_speak_of_it():
    frame = table()
    frame["city"] = [["Seoul", "Busan", "Incheon", "Gwangju"][n % 4] for n in range(400)]
    frame["zip"] = [f"z{n % 4 + 4 * (n // 4 % 5)}" for n in range(400)]
    frame.loc[4, "city"] = "SEOUL"
    frame.loc[9, "city"] = "Incheon"
    found = [f for f in audit(Dataset.from_frame(frame, label="label")) if f.fix == "correct"]
    assert {f.kind for f in found} == {"spelling_variants", "broken_dependency"}
    cells = [cell for f in found for cell in f.cells]
    assert len(cells) == len(set(cells)) == 2


@settings(max_examples=effort(5, 60))
@given(st.integers(0, 2**32 - 1))
def test_a_random_clean_table_has_nothing_worth_mending(seed):
    random = np.random.default_rng(seed)
    frame = table(
        seed=seed,
        skewed=random.lognormal(0, 1, 400),
        count=random.poisson(3, 400),
        city=random.choice(["Seoul", "Busan", "Daegu", "Jeju"], 400),
        code=[f"{random.choice(list('abc'))}-{n}" for n in random.integers(10, 99, 400)],
        name=["".join(letters) for letters in random.choice(list("abcdefghijklmnop"), (400, 8))],
        day=pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 500, 400), unit="D"),
    )
    assert [f.title for f in audit(Dataset.from_frame(frame, label="label")) if f.severity >= 0.3] == []


_HOSTILE = [
    [
        "",
        "  ",
        "A",
        "N/A",
        "?",
        "1",
        "3.5",
        "1,5",
        "12 oz",
        "12%",
        "2024-01-02",
        "01/02/2024",
        "x@y.org",
        "010-1234-5678",
    ],
    ["\x00", "é", "한글", "-", "999", "1e400", "inf", "0x10", "\u0663", "½", "123,456.789,0", "$5", "4111111111111111"],
    [1, 2, 3, 999, -1, np.nan, np.inf, -np.inf, 1e300, 0.5, 2**60],
    [True, False, None],
    [pd.Timestamp("2024-01-01"), pd.NaT, pd.Timestamp("1677-09-22"), pd.Timestamp("2262-01-01")],
]


@settings(max_examples=effort(8, 200))
@given(st.integers(0, 2**32 - 1), st.sampled_from([40, 150, 300]))
def test_whatever_is_in_a_table_each_fix_can_be_made(seed, rows):
    random = np.random.default_rng(seed)
    frame = {"x": random.normal(size=rows)}
    for number in range(5):
        values = _HOSTILE[random.integers(0, len(_HOSTILE))]
        shares = random.dirichlet(np.full(len(values), random.choice([0.1, 1, 5])))
        frame[f"c{number}"] = [values[n] for n in random.choice(len(values), rows, p=shares)]
    frame["label"] = random.choice(["a", "b", "A"], rows, p=[0.5, 0.4, 0.1])
    findings(pd.DataFrame(frame), features=list(frame)[:-1])


def test_a_long_word_takes_no_long_time():
    words = [f"{'a' * 50_000}{n} me@example.org" for n in range(3)] + [f"short text number {n}" for n in range(60)]
    started = time.process_time()
    audit(Dataset.from_frame(pd.DataFrame({"text": words, "label": ["a", "b", "a"] * 21}), label="label", text="text"))
    assert time.process_time() - started < 10
