from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect import describe
from core.collect.topics import describe_by_train
from core.dataset import Dataset

SUBJECTS = {
    "delivery": ["parcel", "courier", "late", "delivery", "address", "package"],
    "money": ["refund", "invoice", "card", "payment", "charged", "bank"],
    "account": ["password", "login", "email", "account", "reset", "locked"],
}
KOREAN = {
    "배송": ["배송이", "배송은", "택배가", "택배를", "도착이", "늦게"],
    "계정": ["비밀번호를", "비밀번호가", "로그인이", "로그인을", "계정이", "이메일로"],
    "결제": ["결제가", "카드로", "환불을", "환불이", "금액이", "청구"],
}


def texts_of(subjects, some, seed=0):
    rng = np.random.default_rng(seed)
    kinds = rng.choice(list(subjects), some)
    texts = [" ".join([*rng.choice(subjects[kind], 5), "please", "help"]) for kind in kinds]
    return pd.Series(texts, index=[f"id{row}" for row in range(some)]), pd.Series(kinds)


def everything(texts):
    return pd.Series(True, index=texts.index)


@given(
    st.lists(st.lists(st.sampled_from(["aa", "Bb", "cc", "dd", "ee", "x"]), max_size=6).map(" ".join), max_size=12),
    st.data(),
)
def test_unknown_words_are_those_of_no_other_text_of_train(texts, data):
    train = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    found = describe_by_train(pd.Series(texts, dtype="str"), pd.Series(train, dtype=bool))["unknown_words_share"]
    split = [re.findall(r"\w\w+", text.lower()) for text in texts]
    for place, words in enumerate(split):
        others = {word for other, own in enumerate(split) if train[other] and other != place for word in own}
        if words:
            assert found[place] == pytest.approx(np.mean([word not in others for word in words]))
        else:
            assert np.isnan(found[place])


@pytest.mark.parametrize("subjects", [SUBJECTS, KOREAN])
def test_topics_tell_subjects_apart_and_are_named_by_their_words(subjects):
    texts, kinds = texts_of(subjects, 50 * len(subjects) + 10)
    found = describe_by_train(texts, everything(texts))["topic"]
    both = pd.crosstab(kinds.to_numpy(), found.to_numpy())
    assert (both.max(axis=0) / both.sum(axis=0)).min() > 0.95
    for name, column in both.drop(columns="none", errors="ignore").items():
        stems = [word[:2] for word in subjects[column.idxmax()]]
        assert all(word[:2] in stems for word in name.split(", "))


def test_a_korean_word_is_one_whatever_its_particle():
    texts = pd.Series(["배송이 늦어요", "배송은 언제", "서울에서 배송을", "배송"])
    found = describe_by_train(texts, everything(texts))["unknown_words_share"]
    assert found.tolist() == [0.5, 0.5, 0.5, 0.0]


def test_nothing_is_learned_from_test_and_pool():
    texts, _ = texts_of(SUBJECTS, 300)
    train = pd.Series(np.arange(300) < 200, index=texts.index)
    changed = texts.where(train, "zebra quagga zebra")
    before, after = describe_by_train(texts, train), describe_by_train(changed, train)
    pd.testing.assert_frame_equal(before[train], after[train])
    assert (after.loc[~train, "unknown_words_share"] == 1).all()
    assert (after.loc[~train, "topic"] == "none").all()
    pd.testing.assert_frame_equal(before, describe_by_train(texts, train))


@pytest.mark.parametrize("texts", [[], ["", None, "?!"], ["one two", "two three"], ["same words here"] * 400])
def test_texts_that_have_no_topics(texts):
    texts = pd.Series(texts, dtype="str")
    found = describe_by_train(texts, everything(texts))
    assert list(found) == ["unknown_words_share"]
    assert found.index.equals(texts.index)


def test_a_dataset_of_texts_is_described_by_its_train_part():
    texts, kinds = texts_of(SUBJECTS, 400)
    frame = pd.DataFrame({"text": texts.to_numpy() + [f" n{row}" for row in range(400)], "label": kinds.to_numpy()})
    dataset = Dataset.from_frame(frame, label="label", text="text")
    plain, learned = describe(dataset), describe(dataset, topics=True)
    assert list(learned) == [*plain, "unknown_words_share", "topic"]
    pd.testing.assert_frame_equal(learned[list(plain)], plain)
    assert learned["topic"].nunique() >= 3
    table = Dataset.from_frame(frame.assign(n=range(400)), label="label", features=["n"])
    assert list(describe(table, topics=True)) == ["n"]
