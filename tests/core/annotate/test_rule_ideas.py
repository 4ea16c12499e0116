from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.annotate import proposed_name, suggest_rules
from core.annotate.conditions import Compares, Contains
from core.dataset import Dataset


@pytest.fixture(scope="module")
def telling():
    """Texts in which 'prize' tells of spam, and a number and a colour that do."""
    rng = np.random.default_rng(0)
    spam = rng.random(1_200) < 0.4
    filler = [f"word{number}" for number in range(60)]
    text = [
        " ".join([*rng.choice(filler, 8), "prize" if it and rng.random() < 0.6 else "lunch"]) + f" {number}"
        for number, it in enumerate(spam)
    ]
    frame = pd.DataFrame(
        {
            "text": text,
            "links": rng.poisson(np.where(spam, 6, 1)),
            "colour": np.where(spam & (rng.random(1_200) < 0.5), "red", rng.choice(["blue", "green"], 1_200)),
            "label": np.where(spam, "spam", "ham"),
        }
    )
    return Dataset.from_frame(frame, label="label", text="text", features=["links", "colour"])


def test_the_telling_words_values_and_thresholds_are_found(telling):
    ideas = suggest_rules(telling, telling.labels_of("train"))
    spam = [idea.rule.condition for idea in ideas if idea.rule.label == "spam"]
    assert Contains("text", ("prize",), whole_words=True) in spam
    assert Compares("colour", "equals", ("red",)) in spam
    assert any(isinstance(each, Compares) and each.column == "links" and each.operator == ">" for each in spam)
    assert not [idea for idea in ideas if "'word" in str(idea.rule)]


def test_each_idea_tells_of_its_class_on_examples_it_was_not_chosen_on(telling):
    for idea in suggest_rules(telling, telling.labels_of("train")):
        assert idea.base < idea.low <= idea.share <= idea.high
        assert idea.share == idea.right / idea.fires > 0.5


def test_from_labels_that_mean_nothing_nothing_is_suggested():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "text": [" ".join(rng.choice([f"w{number}" for number in range(300)], 12)) for _ in range(1_000)],
            "x": rng.normal(size=1_000),
            "label": rng.choice(["a", "b"], 1_000),
        }
    )
    dataset = Dataset.from_frame(frame, label="label", text="text", features=["x"])
    assert len(suggest_rules(dataset, dataset.labels_of("train"))) <= 2


@pytest.mark.parametrize("trusted", [0, 1, 3])
def test_few_labels_give_few_ideas_and_no_error(telling, trusted):
    assert suggest_rules(telling, telling.labels_of("train").head(trusted)) == []


def test_a_name_is_short_and_free():
    condition = Contains("a_long_column_name", ("several words that", "make it much longer than a name should be"))
    name = proposed_name(condition, "a class with a long name too")
    assert len(name) <= 60
    assert proposed_name(condition, "a class with a long name too", [name]) == f"{name} (2)"
