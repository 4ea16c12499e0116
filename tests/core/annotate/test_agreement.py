from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from core.annotate import agreement, alpha_in_words

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", example C: four observers, twelve units.
PUBLISHED = {
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
}


def some(examples=120, annotators=4, seed=0, missing=0.3):
    rng = np.random.default_rng(seed)
    truth = rng.choice(list("abc"), examples)
    said = np.where(
        rng.random((examples, annotators)) < 0.7, truth[:, None], rng.choice(list("abc"), (examples, annotators))
    )
    table = pd.DataFrame(said, dtype="object").add_prefix("r")
    return table.mask(rng.random(table.shape) < missing)


def test_alpha_is_the_published_one():
    assert agreement(pd.DataFrame(PUBLISHED))["krippendorff_alpha"] == pytest.approx(0.743, abs=5e-4)


def test_alpha_is_that_of_all_pairs():
    table = some()
    different, pairs, values = 0.0, 0.0, []
    for _, row in table.iterrows():
        said = row.dropna().tolist()
        if len(said) > 1:
            values += said
            different += sum(a != b for a in said for b in said) / (len(said) - 1)
            pairs += len(said)
    by_chance = sum(a != b for a in values for b in values) / (len(values) - 1)
    found = agreement(table)
    low, high = found["krippendorff_interval"]

    assert found["krippendorff_alpha"] == pytest.approx(1 - different / by_chance)
    assert low < found["krippendorff_alpha"] < high


def test_perfect_agreement_is_one_and_nothing_to_compare_is_nan():
    same = pd.DataFrame({"a": list("xyx"), "b": list("xyx")})

    assert agreement(same)["krippendorff_alpha"] == 1.0
    assert np.isnan(agreement(same[["a"]])["krippendorff_alpha"])
    assert np.isnan(agreement(same.replace("y", "x"))["krippendorff_alpha"])


def test_kappa_is_scikit_learns_for_each_pair():
    table = some(seed=1)
    pairs = agreement(table)["pairwise_kappa"].set_index(["one", "other"])

    assert len(pairs) == 6
    for (one, other), found in pairs.iterrows():
        both = table[[one, other]].dropna()
        assert found["kappa"] == pytest.approx(cohen_kappa_score(both[one], both[other]))
        assert found["shared"] == len(both)
        assert found["low"] <= found["kappa"] <= found["high"]


def test_few_shared_examples_have_a_wide_interval_even_in_perfect_agreement():
    pairs = agreement(pd.DataFrame({"a": list("xyxy"), "b": list("xyxy")}))["pairwise_kappa"]

    assert pairs["kappa"].tolist() == [1.0]
    assert pairs["low"].item() < 0.2


def test_the_better_annotator_has_the_better_quality_and_a_spammer_the_worst():
    rng = np.random.default_rng(2)
    truth = rng.choice(list("ab"), 300)
    said = {
        f"r{who}": np.where(rng.random(300) < right, truth, rng.choice(list("ab"), 300))
        for who, right in enumerate((0.95, 0.8, 0.6, 0.0))
    }
    found = agreement(pd.DataFrame(said, dtype="object"))["per_annotator"]

    assert found.index[0] == "r0"
    assert found.index[-1] == "r3"
    assert found.loc["r3", "quality"] == pytest.approx(0.5, abs=0.1)
    assert ((found["low"] <= found["agreement"]) & (found["agreement"] <= found["high"])).all()
    assert ((found["quality_low"] <= found["quality"]) & (found["quality"] <= found["quality_high"])).all()
    assert (found["labelled"] == 300).all()


def test_who_shares_no_example_has_labels_but_no_quality():
    table = pd.DataFrame({"a": ["x", "y", None], "b": ["x", "y", None], "c": [None, None, "x"]}, dtype="object")
    alone = agreement(table)["per_annotator"].loc["c"]

    assert (alone["labelled"], alone["shared"]) == (1, 0)
    assert np.isnan(alone["quality"])
    assert np.isnan(alone["agreement"])


def test_alpha_has_words_from_reliable_to_chance():
    said = [alpha_in_words(alpha) for alpha in (0.9, 0.7, 0.3, -0.1, float("nan"))]

    assert len(set(said)) == 5
    assert "well" in said[0]
    assert "nothing to compare" in said[-1]


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=3, max_size=3), max_size=12))
def test_any_small_table_is_measured(rows):
    found = agreement(pd.DataFrame(rows, columns=list("xyz"), dtype="object"))

    assert set(found["per_annotator"].index) == {"x", "y", "z"}
    assert not found["krippendorff_alpha"] > 1
