from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from core.generate.mixing import has_halves, has_sentences, mixed, partners, shuffled

SENTENCES = st.lists(
    st.sampled_from(["One.", "Two is here!", "Three?", "늦었어요.", "No stop"]), min_size=1, max_size=6
)


@given(st.lists(SENTENCES, min_size=1, max_size=5), st.integers(0, 99), st.sampled_from(["\n", "\n\n "]))
def test_sentences_change_their_order_and_nothing_else(texts, seed, space):
    column = pd.Series([space.join(sentences) for sentences in texts], dtype="str")
    able = has_sentences(column)
    assert able.tolist() == [len(set(sentences)) > 1 for sentences in texts]
    made = shuffled(column[able], np.random.default_rng(seed))
    for before, after in zip(column[able], made, strict=True):
        assert Counter(before.split("\n")[i].strip() for i in range(before.count("\n") + 1)) == Counter(
            line.strip() for line in after.split("\n")
        )
        assert len(before) == len(after)


def test_two_sentences_are_always_turned_round():
    column = pd.Series(["One. Two!"] * 50, dtype="str")
    assert set(shuffled(column, np.random.default_rng(0))) == {"Two! One."}


def test_a_mix_has_the_first_half_of_one_and_the_second_half_of_the_other():
    one = pd.Series(["A b c d e", "First. Second. Third.", "First. Second.", "x y"], dtype="str")
    other = pd.Series(["p q r s", "Uno. Due. Tre. Quattro.", "only words here now", "u v w"], dtype="str")
    assert mixed(one, other).tolist() == ["A b c r s", "First. Second. Tre. Quattro.", "First. here now", "x w"]


def test_halves_need_two_words():
    assert has_halves(pd.Series(["", "one", "two words", "안녕 하세요"], dtype="str")).tolist() == [
        False,
        False,
        True,
        True,
    ]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), min_size=4, max_size=30), st.integers(0, 99))
def test_partners_are_others_of_the_class_that_can(rows, seed):
    labels = pd.Series([label for label, _ in rows])
    can = np.array([able for _, able in rows])
    enough = [label for label in "ab" if ((labels == label) & can).sum() > 1]
    base = np.flatnonzero(labels.isin(enough) & can)
    other = partners(labels, can, base, np.random.default_rng(seed))
    assert can[other].all()
    assert (other != base).all()
    assert (labels.iloc[other].to_numpy() == labels.iloc[base].to_numpy()).all()


def test_each_other_text_is_as_likely():
    labels = pd.Series(["a"] * 4 + ["b"] * 3)
    base = np.zeros(3000, dtype=np.intp)
    other = partners(labels, np.ones(7, dtype=bool), base, np.random.default_rng(0))
    counts = np.bincount(other, minlength=7)
    assert (counts[1:4] > 850).all()
    assert counts.sum() == counts[1:4].sum()
