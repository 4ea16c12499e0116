from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.collect.distributions import Labels
from core.collect.words import typical_words


@pytest.fixture(scope="module")
def tickets():
    rng = np.random.default_rng(0)
    labels = pd.Series(rng.choice(["배송", "billing"], 400))
    typical = {"배송": ["택배가", "늦게", "도착이"], "billing": ["refund", "Card", "invoice"]}
    texts = [" ".join([*rng.choice(typical[label], 2), *rng.choice(["please", "help", "now"], 2)]) for label in labels]
    return pd.Series(texts, dtype="str"), labels


def test_words_of_a_class_come_with_the_shares_in_it_and_elsewhere(tickets):
    texts, labels = tickets
    found = typical_words(texts, Labels.of(labels))
    assert set(found.loc[found["label"] == "billing", "word"]) == {"refund", "card", "invoice"}
    # 택배가 without its particle.
    assert set(found.loc[found["label"] == "배송", "word"]) == {"택배", "늦게", "도착"}
    for row in found.itertuples():
        holds = texts.str.lower().str.contains(row.word, regex=False)
        own = labels == row.label
        assert row.texts == (holds & own).sum()
        assert row.share == pytest.approx(holds[own].mean())
        assert row.elsewhere == pytest.approx(holds[~own].mean())
        assert row.phi == pytest.approx(np.corrcoef(holds, own)[0, 1])
        assert row.p_adjusted < 0.05
    assert all(each["phi"].is_monotonic_decreasing for _, each in found.groupby("label"))


def test_words_that_chance_spreads_are_typical_of_nothing(tickets):
    texts, labels = tickets
    for seed in range(10):
        dealt = pd.Series(np.random.default_rng(seed).permutation(labels))
        assert len(typical_words(texts, Labels.of(dealt))) <= 1


@pytest.mark.parametrize("texts", [[], ["", None, "!"], ["one word", "another one"]])
def test_without_words_in_common_nothing_is_said(texts):
    found = typical_words(pd.Series(texts, dtype="str"), Labels.of(pd.Series(["a"] * len(texts), dtype="str")))
    assert found.empty
    assert "word" in found
