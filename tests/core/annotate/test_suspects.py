from __future__ import annotations

import threading
import warnings

import numpy as np
import pandas as pd
import pytest
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB

from core.annotate import LabelsError, find_suspects


def frames(n: int = 400, k: int = 3, wrong: float = 0.1, seed: int = 0) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    """Labels with planted noise, probabilities that know better, and which labels are wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    odds = rng.normal(size=(n, k))
    odds[np.arange(n), truth] += 3
    probabilities = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    flipped = rng.random(n) < wrong
    labels = np.where(flipped, (truth + rng.integers(1, k, n)) % k, truth)
    ids = pd.Index([f"e{number}" for number in range(n)], dtype="str")
    classes = np.array([f"class {number}" for number in range(k)])
    return (
        pd.Series(classes[labels], index=ids, dtype="str"),
        pd.DataFrame(probabilities, index=ids, columns=classes),
        pd.Series(flipped, index=ids),
    )


def test_planted_noise_comes_first_and_the_suggestion_is_the_truth():
    labels, probabilities, wrong = frames()
    suspects = find_suspects(labels, probabilities)
    assert average_precision_score(wrong.loc[suspects.index], suspects["score"]) > 0.8
    assert wrong.loc[suspects.index[suspects["flagged"]]].mean() > 0.7
    assert list(suspects.columns) == ["given", "suggested", "score", "flagged", "reasons", "model"]
    assert set(suspects.index) == set(labels.index)
    assert suspects["score"].between(0, 1).all()
    assert suspects["score"].is_monotonic_decreasing
    assert (suspects["given"] == labels.loc[suspects.index]).all()
    assert (suspects["given"] != suspects["suggested"]).all()
    worst = suspects.iloc[0]
    assert f"'{worst['suggested']}'" in worst["reasons"]
    assert f"'{worst['given']}'" in worst["reasons"]


def test_score_and_flag_are_those_of_cleanlab():
    labels, probabilities, _ = frames()
    suspects = find_suspects(labels, probabilities).loc[labels.index]
    codes = probabilities.columns.get_indexer(labels)
    quality = get_label_quality_scores(codes, probabilities.to_numpy(), method="self_confidence")
    np.testing.assert_allclose(suspects["score"], 1 - quality)
    np.testing.assert_array_equal(suspects["flagged"], find_label_issues(codes, probabilities.to_numpy(), n_jobs=1))


def test_order_of_rows_and_columns_plays_no_part():
    labels, probabilities, _ = frames()
    suspects = find_suspects(labels, probabilities)
    shuffled = find_suspects(labels, probabilities.sample(frac=1, random_state=1)[probabilities.columns[::-1]])
    pd.testing.assert_frame_equal(suspects, shuffled)


def test_ties_follow_the_suggestion_then_the_order_of_the_labels():
    labels = pd.Series(["a"] * 4, index=list("wxyz"), dtype="str")
    probabilities = pd.DataFrame(
        {"a": [0.2] * 4, "b": [0.4, 0.4, 0.8, 0.4], "c": [0.4, 0.4, 0.0, 0.4]}, index=labels.index
    )
    assert list(find_suspects(labels, probabilities).index) == list("ywxz")


def test_classes_and_labels_may_lack_each_other():
    labels = pd.Series(["a", "b", "a", "odd", "b"], index=list("vwxyz"), dtype="str")
    probabilities = pd.DataFrame(
        [[0.9, 0.1, 0.0, 0.0], [0.1, 0.9, 0.0, 0.0], [0.1, 0.8, 0.1, 0.0], [0.3, 0.5, 0.2, 0.0], [0.0, 1.0, 0.0, 0.0]],
        index=labels.index,
        columns=["a", "b", "unseen", "never given"],
    )
    suspects = find_suspects(labels, probabilities)
    odd = suspects.loc["y"]
    assert (odd["score"], odd["flagged"], odd["suggested"]) == (0.5, False, "b")
    assert "too few examples of 'odd'" in odd["reasons"]
    assert suspects.index[0] == "x"
    assert suspects.loc["z", "score"] == 0
    assert "never given" not in set(suspects["suggested"])


def test_one_class_has_nothing_to_suggest():
    labels = pd.Series(["a", "a"], index=["x", "y"], dtype="str")
    suspects = find_suspects(labels, pd.DataFrame({"a": [1.0, 1.0]}, index=labels.index))
    assert suspects["suggested"].isna().all()
    assert not suspects["flagged"].any()


def test_no_examples_no_suspects():
    labels, probabilities, _ = frames()
    assert len(find_suspects(labels[:0], probabilities)) == 0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda labels, p: (labels.where(labels.index != "e0"), p), "Leave out the pool"),
        (lambda labels, p: (labels, p.drop(index="e0")), "'e0'"),
        (lambda labels, p: (labels, p * 2), "between 0 and 1"),
        (lambda labels, p: (labels, p.mask(p > 0.99)), "nan"),
        (lambda labels, p: (pd.concat([labels, labels[:1]]), p), "repeat"),
    ],
)
def test_what_does_not_belong_together_is_refused(spoil, words):
    labels, probabilities, _ = frames(20)
    with pytest.raises(LabelsError, match=words):
        find_suspects(*spoil(labels, probabilities))


@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 5), st.booleans())
def test_any_probabilities_give_a_ranking_without_warnings(seed, n, k, extreme):
    rng = np.random.default_rng(seed)
    values = rng.random((n, k))
    if extreme:
        values = (values == values.max(axis=1, keepdims=True)).astype(float)
    ids = pd.Index([f"e{number}" for number in range(n)], dtype="str")
    classes = [f"c{number}" for number in range(k)]
    labels = pd.Series(rng.choice([*classes, "unknown"], n), index=ids, dtype="str")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        suspects = find_suspects(labels, pd.DataFrame(values, index=ids, columns=classes))
    assert sorted(suspects.index) == sorted(ids)
    assert suspects["score"].between(0, 1).all()
    assert suspects["reasons"].notna().all()
    assert (suspects["suggested"].isna() | (suspects["given"] != suspects["suggested"])).all()


def test_threads_do_not_mix_their_data():
    sets = [frames(300, k, seed=k) for k in (2, 3, 4, 5)]
    alone = [find_suspects(labels, probabilities) for labels, probabilities, _ in sets]
    together: dict[int, list[pd.DataFrame]] = {number: [] for number in range(len(sets))}

    def work(number: int) -> None:
        for _ in range(5):
            together[number].append(find_suspects(*sets[number][:2]))

    threads = [threading.Thread(target=work, args=(number,)) for number in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, results in together.items():
        assert len(results) == 5
        for result in results:
            pd.testing.assert_frame_equal(result, alone[number])


def test_a_second_round_leaves_out_the_doubted_and_ranks_better():
    x, truth = make_classification(600, 20, n_informative=5, n_classes=3, class_sep=1.0, random_state=0)
    rng = np.random.default_rng(0)
    flipped = rng.random(600) < 0.25
    y = np.where(flipped, (truth + rng.integers(1, 3, 600)) % 3, truth)
    ids = pd.Index([f"e{number}" for number in range(600)], dtype="str")
    labels = pd.Series(y.astype(str), index=ids, dtype="str")
    asked = []

    def refit(labels: pd.Series, keep: pd.Series | None = None) -> pd.DataFrame:
        weight = np.ones(600) if keep is None else np.where(keep, 1.0, 1e-9)
        asked.append(keep)
        found = cross_val_predict(
            GaussianNB(), x, labels, cv=5, method="predict_proba", params={"sample_weight": weight}
        )
        return pd.DataFrame(found, index=ids, columns=["0", "1", "2"])

    probabilities = refit(labels)
    first = find_suspects(labels, probabilities)
    second = find_suspects(labels, probabilities, refit=refit)
    keep = asked[-1]
    assert 0 < (~keep).sum() < 300
    assert flipped[~keep.to_numpy()].mean() > flipped.mean()
    wrong = pd.Series(flipped, index=ids)
    scores = [average_precision_score(wrong.loc[frame.index], frame["score"]) for frame in (first, second)]
    assert scores[1] > scores[0]


def test_features_without_a_column_are_as_good_as_none():
    labels, probabilities, _ = frames(60)
    alone = find_suspects(labels, probabilities)
    pd.testing.assert_frame_equal(find_suspects(labels, probabilities, features=np.empty((60, 0))), alone)


def test_features_of_other_rows_are_refused():
    labels, probabilities, _ = frames(60)
    with pytest.raises(LabelsError, match="a row for each label"):
        find_suspects(labels, probabilities, features=np.zeros((59, 3)))


def test_other_learners_find_what_the_model_alone_does_not():
    x, truth = make_classification(900, 12, n_informative=8, n_classes=3, class_sep=1.2, random_state=0)
    rng = np.random.default_rng(0)
    flipped = rng.random(900) < 0.2
    y = np.where(flipped, (truth + rng.integers(1, 3, 900)) % 3, truth)
    ids = pd.Index([f"e{number}" for number in range(900)], dtype="str")
    labels = pd.Series(y.astype(str), index=ids, dtype="str")
    found = cross_val_predict(GaussianNB(), x, labels, cv=5, method="predict_proba")
    probabilities = pd.DataFrame(found, index=ids, columns=["0", "1", "2"])
    wrong = pd.Series(flipped, index=ids)
    alone, asked = find_suspects(labels, probabilities), find_suspects(labels, probabilities, features=x)
    scores = [average_precision_score(wrong.loc[frame.index], frame["score"]) for frame in (alone, asked)]
    assert scores[1] > scores[0] + 0.05
    assert asked["score"].is_monotonic_decreasing
    assert asked["score"].sum() == pytest.approx(asked["flagged"].sum(), rel=1e-6)
    assert asked["flagged"].iloc[: asked["flagged"].sum()].all()
    assert asked["neighbours"].between(0, 1).all()
    assert asked.loc[wrong[wrong].index, "neighbours"].mean() > asked.loc[wrong[~wrong].index, "neighbours"].mean()


def test_equal_content_with_another_label_is_evidence():
    labels = pd.Series(["a", "a", "b", "b"], index=list("wxyz"), dtype="str")
    probabilities = pd.DataFrame({"a": [0.6] * 4, "b": [0.4] * 4}, index=labels.index)
    found = find_suspects(labels, probabilities, content=[1, 1, 1, 2])["same_content"]
    assert found.loc[["w", "x", "y"]].tolist() == [0.5, 0.5, 1.0]
    assert np.isnan(found["z"])


def test_evidence_of_others_is_named_and_kept_in_its_range():
    labels, probabilities, _ = frames(30)
    said = pd.Series([0.9], index=["e3"])
    found = find_suspects(labels, probabilities, evidence={"annotators": said})
    assert found.loc["e3", "annotators"] == 0.9
    assert found["annotators"].notna().sum() == 1
    with pytest.raises(LabelsError, match="one of model, neighbours"):
        find_suspects(labels, probabilities, evidence={"gossip": said})
