from __future__ import annotations

import sys
import unicodedata

import numpy as np
import pandas as pd
import pytest

from core.train import RECIPES, LockedModel, TrainError, explain, explainer, telling, weighed


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


def test_against_another_class_a_word_weighs_what_it_changes_between_the_two(texts, of_texts):
    example = texts.part("test").head(1)
    word = example["text"].iloc[0].lower().split()[0].rstrip(",")
    one, other = of_texts.classes[:2]

    found = explain(of_texts, example, top=50, label=one, against=other)

    shorter = example.assign(text=example["text"].str.lower().str.replace(word, "", n=1))
    before, after = (np.log(of_texts.predict_proba(frame)[0]) for frame in (example, shorter))
    weight = found.loc[found["what"] == word, "weight"].iloc[0]
    assert weight == pytest.approx((before[0] - before[1]) - (after[0] - after[1]))
    turned = explain(of_texts, example, top=50, label=other, against=one)
    pd.testing.assert_series_equal(turned.set_index("what")["weight"], -found.set_index("what")["weight"])


def test_of_two_classes_against_the_other_is_against_all(table, of_tables):
    examples = table.part("test").head(3)

    alone, against = (explain(of_tables, examples, label="stays", against=other) for other in (None, "leaves"))

    pd.testing.assert_frame_equal(alone, against)


def test_an_example_is_explained_by_a_model_that_has_not_seen_it(texts):
    # A word of its own gives no example away: to the model that explains it, it is unknown.
    names = texts.ids("train")[:6]
    marked = texts.with_cells(
        {(name, "text"): f"{texts.frame.loc[name, 'text']} secret{number}" for number, name in enumerate(names)}
    )

    explaining = explainer(LockedModel(RECIPES["tfidf_logistic"]), marked)

    folds = marked.folds(2)
    for name in names:
        learned = marked.ids("train")[(folds != folds[name]).to_numpy()]
        expected = LockedModel(RECIPES["tfidf_logistic"]).fit(marked.without(folds.index[folds == folds[name]]))
        row = marked.frame.loc[[name]]
        assert name not in learned
        np.testing.assert_array_equal(explaining.of(name).predict_proba(row), expected.predict_proba(row))


def test_where_one_half_is_too_little_to_learn_from_all_of_it_explains(table):
    few = table.without(table.ids("train")[2:])
    both = few.with_labels(dict(zip(few.ids("train"), ("leaves", "stays"), strict=True)))

    explaining = explainer(LockedModel(RECIPES["logistic_regression"]), both)

    assert all(fitted.classes == both.classes for fitted in explaining.fitted)
    assert explaining.of("somebody new") is explaining.fitted[0]


def test_of_a_large_half_a_part_is_learnt_from_with_some_of_every_class(table, monkeypatch):
    module = sys.modules["core.train.explain"]
    monkeypatch.setattr(module, "_ENOUGH", 40)
    monkeypatch.setattr(module, "_FEWEST", 5)
    learned = []
    fit = LockedModel.fit
    monkeypatch.setattr(LockedModel, "fit", lambda self, part, *rest: learned.append(part) or fit(self, part, *rest))

    explaining = explainer(LockedModel(RECIPES["logistic_regression"]), table)

    for number, part in enumerate(learned):
        assert 30 <= len(part.ids("train")) <= 45
        assert part.labels_of("train").value_counts().min() >= 5
        assert (explaining.fold[part.ids("train")] != number).all()
    assert len(explaining.fold) == len(table.ids("train"))


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("Refund, REFUND; refunded", {"refund": 1.0}, ["Refund", "REFUND"]),
        ("a  b\n b", {"b": -0.5}, ["b", "b"]),
        ("wow!!! no", {"!!!": 2.0}, ["!!!"]),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8 nation", {"\ud55c\uad6d": 1.0}, ["\ud55c\uad6d"]),
        ("\uff28\uff49 there", {"hi": 1.0}, ["\uff28\uff49"]),
        ("nothing", {}, []),
        ("", {"x": 1.0}, []),
    ],
)
def test_words_are_found_in_the_text_as_the_model_cut_it(text, words, marked):
    pieces = weighed(text, words)

    assert "".join(piece for piece, _ in pieces) == unicodedata.normalize("NFC", text)
    assert [piece for piece, weight in pieces if weight] == marked


def test_every_word_that_is_explained_is_found_again(texts, of_texts):
    for name, row in texts.part("test").head(20).iterrows():
        found = explain(of_texts, texts.frame.loc[[name]], top=200)
        words = found[found["kind"] == "word"].set_index("what")
        pieces = [piece.lower() for piece, weight in weighed(row["text"], words["weight"].to_dict()) if weight]
        assert pd.Series(pieces).value_counts().to_dict() == words["value"].astype(int).to_dict()


def test_what_is_worth_pointing_at_is_heavy_or_the_heaviest_of_its_side():
    weights = pd.Series({"a": 4.0, "b": 1.0, "c": 0.9, "d": -0.5, "e": -0.4, "f": -0.3, "g": -0.05})

    assert telling(weights).to_dict() == {"a": 4.0, "b": 1.0, "d": -0.5, "e": -0.4}
    assert telling(pd.Series({"a": 0.09, "b": -0.02})).empty
    assert telling(pd.Series(dtype=float)).empty
