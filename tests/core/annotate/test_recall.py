from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.annotate import estimate, mixed


def labels_of(count: int, suspects: int) -> pd.DataFrame:
    """All labels, the most doubtful first."""
    ids = pd.Index([f"e{number}" for number in range(count)], dtype="str")
    return pd.DataFrame(
        {
            "given": pd.Series("a", ids, dtype="str"),
            "suggested": pd.Series("b", ids, dtype="str"),
            "score": np.linspace(1, 0, count),
            "flagged": np.arange(count) < suspects,
            "reasons": "",
        },
        index=ids,
    )


# mixing


@given(count=st.integers(1, 120), share=st.floats(0, 1), every=st.integers(2, 8), seed=st.integers(0, 5))
def test_a_mixed_queue_holds_every_ranked_card_once_and_one_in_so_many_at_random(count, share, every, seed):
    labels = labels_of(count, round(count * share))
    ranking = labels[labels["flagged"]]
    cards = mixed(ranking, labels, every=every, seed=seed)

    assert not cards.index.has_duplicates
    assert set(ranking.index) <= set(cards.index) <= set(labels.index)
    ranked = cards[cards["drawn"] == "ranked"]
    assert ranked["score"].is_monotonic_decreasing
    assert set(ranked.index) <= set(ranking.index)
    # One in each stretch, at a place that nobody can foresee.
    random = (cards["drawn"] == "random").to_numpy()
    blocks = random[: random.sum() * every].reshape(-1, every)
    assert (blocks.sum(axis=1) == 1).all()
    assert not random[random.sum() * every :].any()


def test_each_label_is_drawn_as_often_as_any_other():
    labels = labels_of(40, 20)
    drawn = pd.Series(0, index=labels.index)
    for seed in range(400):
        cards = mixed(labels[labels["flagged"]], labels, every=5, seed=seed)
        drawn[cards.index[cards["drawn"] == "random"][:3]] += 1
    # 400 draws of 3 in 40: 30 each; suspects as often as the others.
    assert drawn.between(10, 55).all()
    assert drawn[:20].sum() / drawn.sum() == pytest.approx(0.5, abs=0.05)


def test_the_draw_depends_on_the_seed_and_not_on_the_order():
    labels = labels_of(100, 60)
    ranking = labels[labels["flagged"]]
    once = mixed(ranking, labels, seed=1)
    pd.testing.assert_frame_equal(once, mixed(ranking, labels.iloc[::-1], seed=1))
    assert once.index.tolist() != mixed(ranking, labels, seed=2).index.tolist()


def test_the_place_within_a_stretch_is_not_always_the_same():
    labels = labels_of(400, 200)
    random = np.flatnonzero(mixed(labels[labels["flagged"]], labels, every=5)["drawn"] == "random")
    assert set(random % 5) == {0, 1, 2, 3, 4}


# estimating


def cards_of(*cards: str) -> pd.DataFrame:
    """Written as "random flagged", "ranked", …; one card each, all labelled 'a'."""
    return pd.DataFrame(
        {
            "given": "a",
            "flagged": ["flagged" in card for card in cards],
            "drawn": [card.split()[0] for card in cards],
        },
        index=pd.Index([f"e{place}" for place in range(len(cards))], dtype="str"),
    )


def said_of(**said) -> pd.DataFrame:
    rows = {example: (value, None) if isinstance(value, str) else value for example, value in said.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["decision", "label"])


def test_what_is_wrong_and_what_is_not():
    cards = cards_of(*["random"] * 7)
    said = said_of(
        e0="keep",
        e1=("suggested", "b"),
        e2=("other", "c"),
        e3=("other", "a"),
        e4="exclude",
        e5="ambiguous",
        e6="skip",
    )
    found = estimate(cards, said, there=np.ones(7, dtype=bool))
    # The label that was there is right although it was given again; who skips has judged nothing.
    assert (found.wrong.found, found.wrong.of) == (3, 6)


def test_recall_and_precision_count_what_they_should():
    cards = cards_of(
        "random flagged", "ranked flagged", "random", "ranked flagged", "random", "ranked flagged", "ranked"
    )
    said = said_of(
        e0=("suggested", "b"), e1="keep", e2=("suggested", "b"), e3=("suggested", "b"), e4="keep", e6=("suggested", "b")
    )
    found = estimate(cards, said, there=np.ones(7, dtype=bool))
    assert (found.wrong.found, found.wrong.of) == (2, 3)
    assert (found.recall.found, found.recall.of) == (1, 2)
    # Only suspects that were settled.
    assert (found.precision.found, found.precision.of) == (1, 2)
    interval = binomtest(2, 3).proportion_ci(method="wilson")
    assert found.wrong.interval == pytest.approx((interval.low, interval.high))


def test_random_cards_count_up_to_the_first_that_is_open():
    cards = cards_of(*["random flagged"] * 6)
    said = said_of(e0="keep", e1="skip", e3=("suggested", "b"), e5=("suggested", "b"))
    found = estimate(cards, said, there=np.array([1, 1, 1, 1, 0, 1], dtype=bool))
    assert (found.wrong.of, found.waiting) == (1, 2)
    # What left train without a word is no hole.
    found = estimate(cards, said, there=np.array([1, 1, 0, 1, 0, 1], dtype=bool))
    assert (found.wrong.found, found.wrong.of, found.waiting) == (2, 3, 0)


def test_how_many_more_it_takes_is_told_until_there_are_enough():
    few = estimate(cards_of(*["random", "ranked"] * 20), said_of(e0="keep"), there=np.ones(40, dtype=bool), more=4000)
    assert few.more > 30
    assert few.cards == 2 * few.more
    ids = {f"e{place}": ("suggested", "b") if place % 4 == 0 else "keep" for place in range(80)}
    enough = estimate(cards_of(*["random"] * 80), said_of(**ids), there=np.ones(80, dtype=bool))
    assert (enough.wrong.found, enough.more, enough.cards) == (20, 0, 0)


def test_it_never_takes_more_than_there_are():
    found = estimate(cards_of("random", "random", "ranked"), said_of(e0="keep"), there=np.ones(3, dtype=bool))
    assert found.more == 1


def test_a_whole_review_finds_the_share_and_the_recall_that_there_are():
    """The interval holds the truth of the data in about 95% of the draws."""
    labels = labels_of(2000, 300)
    chance = np.random.default_rng(0)
    wrong = pd.Series(chance.random(2000) < np.where(labels["flagged"], 0.5, 0.05), index=labels.index)
    recall = (wrong & labels["flagged"]).sum() / wrong.sum()
    inside = np.zeros(2)
    for seed in range(100):
        cards = mixed(labels[labels["flagged"]], labels, every=3, seed=seed)
        said = pd.DataFrame(
            {"decision": np.where(wrong[cards.index], "exclude", "keep"), "label": None}, index=cards.index
        )
        found = estimate(cards, said, there=np.ones(len(cards), dtype=bool))
        for place, (share, truth) in enumerate([(found.wrong, wrong.mean()), (found.recall, recall)]):
            low, high = share.interval
            inside[place] += low <= truth <= high
    assert (inside >= 88).all()
