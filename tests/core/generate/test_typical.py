from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.generate.typical import label_words, typical_words
from core.train import RECIPES


def texts(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    filler = [" ".join(rng.choice(["please", "order", "today", "hello", "thanks"], 4)) for _ in range(n)]
    word = np.where(np.arange(n) % 2 == 0, rng.choice(["refund", "환불"], n), rng.choice(["parcel", "배송"], n))
    return pd.DataFrame(
        {
            "text": [f"{some} {own}" for some, own in zip(filler, word, strict=True)],
            "kind": np.where(np.arange(n) % 2 == 0, "money", "delivery"),
            "channel": rng.choice(["chat", "mail"], n),
            "age": rng.integers(18, 90, n),
        }
    )


def test_typical_words_are_those_that_a_class_has_more_often():
    frame = texts()
    found = typical_words(frame["text"], frame["kind"], top=2)
    assert found == {"money": {"refund", "환불"}, "delivery": {"parcel", "배송"}}


def test_their_rank_is_the_likelihood_ratio():
    """Against the sum over the four cells, as it is written in textbooks."""
    frame = pd.DataFrame({"text": ["aa bb"] * 6 + ["aa"] * 3 + ["bb cc"] * 4 + ["cc"], "kind": ["x"] * 9 + ["y"] * 5})
    ranked = {}
    for word in ("aa", "bb", "cc"):
        has = frame["text"].str.split().map(lambda words, word=word: word in words)
        table = pd.crosstab(has, frame["kind"]).to_numpy().astype(float)
        expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
        ranked[word] = np.nansum(table * np.log(np.where(table > 0, table / expected, 1)))
    assert ranked["aa"] > ranked["bb"]
    assert typical_words(frame["text"], frame["kind"], top=1) == {"x": {"aa"}, "y": {"cc"}}


def test_a_word_of_one_text_is_not_typical():
    frame = pd.DataFrame({"text": ["rare word", "word", "other", "other"], "kind": ["a", "a", "b", "b"]})
    assert typical_words(frame["text"], frame["kind"]) == {"a": {"word"}, "b": {"other"}}


@pytest.mark.parametrize("recipe", ["tfidf_logistic", "hashing_sgd"])
@pytest.mark.parametrize("features", [[], ["channel", "age"]])
def test_the_words_that_a_model_goes_by_are_found(recipe, features):
    dataset = Dataset.from_frame(texts(), label="kind", text="text", features=features, test=0.2)
    found = label_words(RECIPES[recipe], dataset.part("train"), dataset.schema, top=2)
    assert {name: set(words) for name, words in found.items()} == {
        "money": {"refund", "환불"},
        "delivery": {"parcel", "배송"},
    }
