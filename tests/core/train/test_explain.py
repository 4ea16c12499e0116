from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.train import RECIPES, LockedModel, TrainError, explain


def log_odds(probability):
    return np.log(probability / (1 - probability))


@pytest.fixture(scope="module")
def of_tables(table):
    return LockedModel(RECIPES["logistic_regression"]).fit(table)


@pytest.fixture(scope="module")
def of_texts(texts):
    return LockedModel(RECIPES["tfidf_logistic"]).fit(texts)


def test_a_column_weighs_what_its_typical_value_would_change(table, of_tables):
    examples = table.part("test").head(6)
    train = table.inputs("train")

    found = explain(of_tables, examples, label="stays").set_index(["id", "what"])["weight"]

    as_is = log_odds(of_tables.predict_proba(examples)[:, 1])
    for column, typical in {"age": train["age"].median(), "plan": train["plan"].mode(dropna=False)[0]}.items():
        without = log_odds(of_tables.predict_proba(examples.assign(**{column: typical}))[:, 1])
        for example, difference in zip(examples.index, as_is - without, strict=True):
            assert found.get((example, column), 0.0) == pytest.approx(difference, abs=1e-9)


def test_a_word_weighs_what_leaving_it_out_would_change(texts, of_texts):
    example = texts.part("test").head(1)
    word = example["text"].iloc[0].lower().split()[0].rstrip(",")

    found = explain(of_texts, example, top=50)

    row = found[(found["kind"] == "word") & (found["what"] == word)].iloc[0]
    place = of_texts.classes.index(row["label"])
    shorter = example.assign(text=example["text"].str.lower().str.replace(word, "", n=1))
    before, after = (log_odds(of_texts.predict_proba(frame)[0, place]) for frame in (example, shorter))
    assert row["weight"] == pytest.approx(before - after)
    assert row["value"] == "1"


def test_the_heaviest_parts_come_first_and_no_more_than_asked(texts, of_texts):
    examples = texts.part("test").head(5)

    found = explain(of_texts, examples, top=3)

    assert list(found.columns) == ["id", "label", "kind", "what", "value", "weight"]
    assert list(found["id"].unique()) == list(examples.index)
    for _, parts in found.groupby("id"):
        assert len(parts) == 3
        assert (parts["weight"].abs().diff().dropna() <= 0).all()


def test_the_most_probable_class_is_explained_unless_one_is_named(texts, of_texts):
    examples = texts.part("test").head(4)
    predicted = np.asarray(of_texts.classes)[of_texts.predict_proba(examples).argmax(axis=1)]
    given = pd.Series("login", index=examples.index)

    assert explain(of_texts, examples).drop_duplicates("id")["label"].tolist() == predicted.tolist()
    assert set(explain(of_texts, examples, label="login")["label"]) == {"login"}
    pd.testing.assert_frame_equal(explain(of_texts, examples, label=given), explain(of_texts, examples, label="login"))


def test_for_and_against_turn_round_with_the_class(table, of_tables):
    examples = table.part("test").head(3)

    against, speaks_for = (explain(of_tables, examples, label=label) for label in ("leaves", "stays"))

    np.testing.assert_allclose(against["weight"], -speaks_for["weight"])


def test_missing_cells_and_empty_texts_are_explained(texts, of_texts):
    example = texts.part("test").head(1).assign(text=np.nan, channel=np.nan)

    found = explain(of_texts, example)

    assert found["value"].tolist() == ["missing"]


def test_an_unknown_class_is_refused(texts, of_texts):
    with pytest.raises(TrainError, match="must be a class of the model"):
        explain(of_texts, texts.part("test").head(1), label="other")


def test_no_examples_have_no_parts(texts, of_texts):
    assert explain(of_texts, texts.part("test").head(0)).empty
