from __future__ import annotations

import base64
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from core.dataset import Dataset
from core.train import LockedModel, Recipe, TrainError, explain, read_recipe


def for_columns(classifier):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("words", words, ["plan", "member"]),
        ]
    )
    return make_pipeline(columns, classifier)


@pytest.mark.parametrize("words", ["str", object, "object"])
@pytest.mark.filterwarnings("ignore:.*select_dtypes.*")
def test_columns_may_be_selected_by_type(table, words):
    columns = ColumnTransformer(
        [
            ("numbers", SimpleImputer(), make_column_selector(dtype_include=np.number)),
            ("words", OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include=words)),
        ]
    )
    recipe = read_recipe(skops.io.dumps(make_pipeline(columns, LogisticRegression(max_iter=1000))), table)
    said = explain(LockedModel.for_dataset(table, recipe).fit(table), table.inputs("test"), top=99)
    assert {"amount", "age", "plan"} <= set(said["what"])


@pytest.fixture(scope="module")
def forest():
    return skops.io.dumps(for_columns(RandomForestClassifier(n_estimators=10)))


@pytest.fixture(scope="module")
def recipe(forest, table):
    return read_recipe(forest, table)


def test_a_pipeline_is_a_recipe_like_any_other(recipe, table):
    model = LockedModel.for_dataset(table, recipe)
    found = model.out_of_fold(table)

    assert list(found.columns) == list(table.classes)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    right = found.idxmax(axis=1) == table.labels_of("train")
    assert right.mean() > table.labels_of("train").value_counts(normalize=True).max() + 0.05


def test_it_survives_json_and_makes_the_same_numbers(recipe, table):
    again = Recipe.from_json(recipe.to_json())

    assert again.fingerprint == recipe.fingerprint
    first, second = (LockedModel.for_dataset(table, each).fit(table) for each in (recipe, again))
    inputs = table.inputs("test")
    np.testing.assert_array_equal(first.predict_proba(inputs), second.predict_proba(inputs))


def test_the_numbers_do_not_depend_on_the_order_of_the_rows(recipe, table):
    turned = Dataset.from_frame(table.frame.iloc[::-1].reset_index(drop=True), label="label")
    model = LockedModel.for_dataset(table, recipe)
    one = model.out_of_fold(table)
    np.testing.assert_array_equal(one, model.out_of_fold(turned).loc[one.index])


def test_another_file_is_another_fingerprint_but_the_title_is_not(recipe, table):
    other = read_recipe(skops.io.dumps(for_columns(LogisticRegression(C=0.5))), table)
    assert other.fingerprint != recipe.fingerprint


def test_a_fold_learns_nothing_of_the_rows_it_is_judged_by(recipe, table):
    """What a pipeline fills gaps with comes from the rows it trains on: a wild value's own fold knows nothing of it."""
    model = LockedModel.for_dataset(table, recipe)
    before = model.out_of_fold(table)
    chosen = table.ids("train")[0]
    wild = table.with_cells({(chosen, "amount"): 1e9})
    after = model.out_of_fold(wild)
    same_fold = table.folds(5) == table.folds(5)[chosen]
    others = same_fold.index[same_fold & (same_fold.index != chosen)]
    np.testing.assert_array_equal(before.loc[others], after.loc[others])


def test_texts_alone_come_as_texts(texts):
    alone = Dataset.from_frame(texts.frame.drop(columns="channel"), label="label", text="text")
    data = skops.io.dumps(make_pipeline(TfidfVectorizer(), LogisticRegression()))
    recipe = read_recipe(data, alone)
    model = LockedModel.for_dataset(alone, recipe)

    right = model.out_of_fold(alone).idxmax(axis=1) == alone.labels_of("train")
    assert right.mean() > 0.8
    assert model.features(alone).shape[0] == len(alone.ids("train"))


def test_texts_beside_columns_come_by_name(texts):
    columns = ColumnTransformer([("words", TfidfVectorizer(), "text"), ("channel", OneHotEncoder(), ["channel"])])
    recipe = read_recipe(skops.io.dumps(make_pipeline(columns, LogisticRegression())), texts)
    fitted = LockedModel.for_dataset(texts, recipe).fit(texts)
    said = explain(fitted, texts.inputs("test").head(5))

    assert {"word", "column"} == set(said["kind"])


def test_its_answers_are_explained_by_what_is_taken_away(recipe, table):
    """Against one change at a time made by hand."""
    fitted = LockedModel.for_dataset(table, recipe).fit(table)
    rows = table.inputs("test").head(8)
    said = explain(fitted, rows, top=99)
    train = table.inputs("train")
    typical = {"amount": train["amount"].median(), "plan": train["plan"].mode().iloc[0]}
    for name, value in typical.items():
        changed = fitted.predict_proba(rows.assign(**{name: value}))
        for place, example in enumerate(rows.index):
            both = np.stack([fitted.predict_proba(rows)[place], changed[place]])
            winner = both[0].argmax()
            clipped = np.clip(both[:, winner], 1e-6, 1 - 1e-6)
            odds = np.log(clipped / (1 - clipped))
            mine = said[(said["id"] == example) & (said["what"] == name)]["weight"]
            assert (mine.iloc[0] if len(mine) else 0.0) == pytest.approx(odds[0] - odds[1])


def test_other_types_are_refused_by_name(table):
    data = skops.io.dumps(make_pipeline(FunctionTransformer(pd.isna), LogisticRegression()))
    with pytest.raises(TrainError, match="pandas"):
        read_recipe(data, table)


def test_a_fitted_forest_is_sent_back_to_be_saved_before_it_is_fitted(table):
    fitted = RandomForestClassifier(n_estimators=2).fit([[0.0], [1.0]], ["a", "b"])
    with pytest.raises(TrainError, match=r"_tree\.Tree.*save it before it is fitted"):
        read_recipe(skops.io.dumps(fitted), table)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: b"not a file of skops", "can't be read as a pipeline"),
        (lambda: b"", "can't be read as a pipeline"),
        (lambda: skops.io.dumps({"a": 1}), "must be a classifier"),
        (lambda: skops.io.dumps(LinearRegression()), "must be a classifier"),
        (lambda: skops.io.dumps(for_columns(LinearSVC())), "predict_proba"),
        (lambda: skops.io.dumps(LogisticRegression()), "can't learn from these examples"),
        (lambda: b"x" * (1 << 21), "up to 1,048,576 bytes"),
    ],
)
def test_what_is_no_classifier_for_this_data_is_refused_in_a_sentence(table, made, message):
    with pytest.raises(TrainError, match=message):
        read_recipe(made(), table)


def test_an_archive_that_is_a_bomb_is_refused_before_it_is_unpacked(table):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b"0" * (1 << 26))
    assert len(data.getvalue()) < 1 << 20
    with pytest.raises(TrainError, match="unpacked it takes"):
        read_recipe(data.getvalue(), table)


def test_an_archive_without_what_skops_writes_is_refused(table):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("schema.json", b"{}")
    with pytest.raises(TrainError, match="can't be read"):
        read_recipe(data.getvalue(), table)


def test_a_file_that_was_changed_after_it_was_locked_is_noticed(recipe, table):
    content = recipe.to_dict()
    other = skops.io.dumps(for_columns(LogisticRegression()))
    content["steps"]["pipeline"]["skops"] = base64.b64encode(other).decode()
    broken = Recipe(**content)
    with pytest.raises(ValueError, match="not the one that was locked"):
        LockedModel.for_dataset(table, broken).fit(table)


def test_a_column_that_is_gone_ends_in_a_sentence(recipe, table):
    with pytest.raises(TrainError, match=r"can't learn from these examples.*plan"):
        LockedModel.for_dataset(table, recipe).fit(table.without_column("plan"))
