from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from threadpoolctl import threadpool_limits

from core.train import RECIPES, encoder, learner, pipelines
from core.train.encoder import Encoder
from core.train.learner import Codes, Fit, Linear, fit_recipe, one_thread

TREES, LINEAR, FOREST, TFIDF, HASHING = (
    RECIPES[name].to_dict()
    for name in ("hist_gradient_boosting", "logistic_regression", "random_forest", "tfidf_logistic", "hashing_sgd")
)
TABLES = [TREES, LINEAR, FOREST]


def encode(recipe, train, kinds, text=None):
    return Encoder(recipe["steps"], train, kinds, text)


def design(recipe, train, other, kinds, text=None):
    """Rows of `other` as a classifier sees them that was fitted on `train`."""
    encoder = encode(recipe, train, kinds, text)
    made = (Codes if recipe["steps"]["columns"]["categories"] == "codes" else Linear)(
        recipe["steps"], encoder.encoded, encoder.sizes
    )
    found = made.transform(encoder.encode(other))
    return found if isinstance(found, np.ndarray) else found.toarray()


# the file stands alone


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (encoder, {"numpy", "pandas", "scipy"}),
        (learner, {"core", "numpy", "pandas", "scipy", "sklearn", "threadpoolctl"}),
        (pipelines, {"numpy", "pandas", "sklearn", "skops"}),
    ],
)
def test_only_libraries_that_scikit_learn_brings_are_imported(module, expected):
    """Of our own only files whose source goes before; skops for who brings one."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported - set(sys.stdlib_module_names) == expected


# columns


def test_trees_see_missing_values_as_missing():
    train = pd.DataFrame({"n": [1.0, np.nan, np.inf], "c": ["a", None, "b"]})

    found = design(TREES, train, train, {"n": "numeric", "c": "categorical"})

    assert np.isnan(found).tolist() == [[False, False], [True, True], [True, False]]


def test_an_unknown_category_is_missing_when_all_known_ones_have_a_code():
    train = pd.DataFrame({"c": ["b", "a", "b"]})

    found = design(TREES, train, pd.DataFrame({"c": ["a", "b", "new"]}), {"c": "categorical"})

    np.testing.assert_array_equal(found, [[0], [1], [np.nan]])


def test_of_many_categories_the_most_frequent_keep_their_code():
    names = [f"c{number:03}" for number in range(300)]
    train = pd.DataFrame({"c": names[:20] + names * 2})
    kinds = {"c": "categorical"}

    found = design(TREES, train, pd.DataFrame({"c": [*names, "new", None]}), kinds).ravel()

    assert np.isnan(found[-1])
    assert sorted(set(found[:-1])) == list(range(255))
    assert len(set(found[:20])) == 20
    assert (found[254:-1] == 254).all()


@pytest.mark.parametrize("recipe", TABLES, ids=lambda recipe: recipe["name"])
def test_columns_beyond_every_limit_are_learned_and_predicted(recipe):
    rng = np.random.default_rng(0)
    train = pd.DataFrame(
        {
            "many": [f"c{number}" for number in rng.integers(0, 400, 900)],
            "empty": pd.Series([None] * 900, dtype="str"),
            "constant": 1.0,
            "gone": np.nan,
            "flag": rng.random(900) < 0.5,
            "whole": rng.integers(0, 9, 900),
            "when": pd.Series([pd.NaT] * 900, dtype="datetime64[us]"),
        }
    )
    kinds = dict.fromkeys(("many", "empty"), "categorical") | dict.fromkeys(
        ("constant", "gone", "flag", "whole"), "numeric"
    )
    labels = pd.Series(np.where(train["whole"] > 4, "x", "y"))

    model = fit_recipe(recipe, train, kinds | {"when": "datetime"}, None, labels)

    probabilities = model.predict_proba(train)
    assert (np.asarray(model.classes)[probabilities.argmax(axis=1)] == labels).mean() > 0.95
    strange = pd.DataFrame(
        {
            "many": ["?"],
            "empty": ["x"],
            "constant": [1e300],
            "gone": [3.0],
            "flag": [True],
            "whole": [-np.inf],
            "when": ["x"],
        }
    )
    assert model.predict_proba(strange).sum() == pytest.approx(1)


def test_rare_categories_share_a_column_with_unknown_ones():
    train = pd.DataFrame({"c": ["a"] * 10 + ["b"] * 10 + ["r", "s"] + [None]})
    other = pd.DataFrame({"c": ["a", "b", "r", "new", None]})

    found = design(LINEAR, train, other, {"c": "categorical"})

    assert found.tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_numbers_are_filled_scaled_marked_and_cut_off():
    train = pd.DataFrame({"n": [0.0, 1.0, 2.0, 3.0, np.nan]})

    found = design(LINEAR, train, pd.DataFrame({"n": [1.5, np.nan, 1e9]}), {"n": "numeric"})

    np.testing.assert_allclose(found, [[0, 0], [0, 1], [5, 0]])


def test_dates_become_days_month_weekday_and_hour():
    train = pd.DataFrame({"d": pd.to_datetime(["2024-02-29 18:00", None])})

    found = encode(TREES, train, {"d": "datetime"}).encoded.numbers

    np.testing.assert_array_equal(found, [[19782.75, 2, 3, 18], [np.nan] * 4])


def test_categories_that_come_as_numbers_are_read_as_words():
    train = pd.DataFrame({"c": [1, 2, 1]})

    found = design(TREES, train, pd.DataFrame({"c": ["2", "1"]}), {"c": "categorical"})

    assert found.ravel().tolist() == [1, 0]


# texts


TOKENS = r"\w+|[^\w\s]+"
TEXTS = st.lists(st.text(alphabet="ab c!환불\n", max_size=12), min_size=2, max_size=12)


def runs_of_characters(text):
    marked = [f" {token} " for token in encoder.TOKEN.findall(text.lower())]
    return [word[at : at + size] for word in marked for size in (2, 3, 4) for at in range(len(word) - size + 1)]


def sorted_columns(block):
    """The same terms may stand in another order."""
    rounded = np.round(block, 5) + 0.0
    return block[:, np.lexsort(rounded)]


@given(TEXTS, TEXTS)
def test_term_weights_are_those_of_scikit_learn(train, other):
    steps = {"columns": LINEAR["steps"]["columns"], "text": {"characters": [2, 4], "min_texts": 1}}
    encoder = Encoder(steps, pd.DataFrame({"t": train}), {}, "t")

    found = Linear(steps, encoder.encoded, []).transform(encoder.encode(pd.DataFrame({"t": other}))).toarray()

    if not any(text.split() for text in train):
        assert found.shape[1] == 0
        return
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=TOKENS, ngram_range=(1, 2)).fit(train)
    runs = TfidfVectorizer(sublinear_tf=True, analyzer=runs_of_characters).fit(train)
    width = len(words.vocabulary_)
    np.testing.assert_allclose(
        sorted_columns(found[:, :width]), sorted_columns(words.transform(other).toarray()), atol=1e-6
    )
    np.testing.assert_allclose(
        sorted_columns(found[:, width:]), sorted_columns(runs.transform(other).toarray()), atol=1e-6
    )


@pytest.mark.parametrize("recipe", [TFIDF, HASHING], ids=lambda recipe: recipe["name"])
def test_texts_in_two_scripts_are_told_apart(recipe, texts):
    train, test = texts.inputs("train"), texts.inputs("test")
    model = fit_recipe(recipe, train[["text"]], {}, "text", texts.labels.loc[train.index])

    predicted = np.asarray(model.classes)[model.predict_proba(test[["text"]]).argmax(axis=1)]

    right = predicted == texts.labels.loc[test.index].to_numpy()
    korean = test["text"].str.contains("[가-힣]", regex=True).to_numpy()
    assert right[korean].mean() > 0.9
    assert right[~korean].mean() > 0.9


@pytest.mark.parametrize("recipe", [TFIDF, HASHING], ids=lambda recipe: recipe["name"])
def test_columns_beside_the_text_are_used(recipe):
    frame = pd.DataFrame({"t": ["the same text"] * 60, "c": ["a", "b"] * 30, "n": [0.0, 5.0] * 30})
    labels = pd.Series(["x", "y"] * 30)

    model = fit_recipe(recipe, frame, {"c": "categorical", "n": "numeric"}, "t", labels)

    assert (np.asarray(model.classes)[model.predict_proba(frame).argmax(axis=1)] == labels).all()


@pytest.mark.parametrize("recipe", [TFIDF, HASHING], ids=lambda recipe: recipe["name"])
def test_empty_texts_get_the_shares_of_the_classes_or_near(recipe):
    frame = pd.DataFrame({"t": pd.Series(["", None, " ", "\n"], dtype="str")})

    model = fit_recipe(recipe, frame, {}, "t", pd.Series(["x", "x", "x", "y"]))

    assert (model.predict_proba(frame)[:, 0] > 0.5).all()


# fits


@pytest.mark.parametrize("recipe", TABLES, ids=lambda recipe: recipe["name"])
def test_the_order_of_the_rows_plays_no_part(recipe, table):
    train, labels = table.inputs("train"), table.labels.loc[table.ids("train")]
    shuffled = train.sample(frac=1, random_state=1)
    kinds = table.schema.kinds

    first = fit_recipe(recipe, train, kinds, None, labels).predict_proba(train)
    again = fit_recipe(recipe, shuffled, kinds, None, labels.loc[shuffled.index]).predict_proba(train)

    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("recipe", [*TABLES, TFIDF, HASHING], ids=lambda recipe: recipe["name"])
def test_one_class_is_certain(recipe, table, texts):
    dataset = texts if recipe["modality"] == "text" else table
    train = dataset.inputs("train").head(20)

    model = fit_recipe(recipe, train, dataset.schema.kinds, dataset.schema.text, pd.Series("only", index=train.index))

    assert model.classes == ("only",)
    assert (model.predict_proba(train) == 1).all()


def test_classes_that_are_not_among_the_labels_get_zero(table):
    encoder = encode(TREES, table.inputs("train"), table.schema.kinds)
    labels = np.arange(len(encoder.encoded)) % 2 * 2

    found = Fit(TREES, encoder.encoded, labels, 4, encoder.sizes).predict_proba(encoder.encoded)

    assert found.shape[1] == 4
    assert (found[:, [1, 3]] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_no_rows_get_no_probabilities(table):
    train = table.inputs("train")
    model = fit_recipe(TREES, train, table.schema.kinds, None, table.labels.loc[train.index])

    assert model.predict_proba(train.head(0)).shape == (0, 2)


def test_the_limit_on_threads_is_lifted_by_the_last():
    with threadpool_limits(2):
        before = [library["num_threads"] for library in learner._threads.info()]
        with one_thread():
            with one_thread():
                pass
            inside = {library["num_threads"] for library in learner._threads.info() if library["user_api"] == "blas"}
        after = [library["num_threads"] for library in learner._threads.info()]

    assert inside == {1}
    assert 2 in before
    assert after == before
