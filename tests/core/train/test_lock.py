from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from core.dataset import Dataset
from core.train import RECIPES, LockedModel, Recipe, TrainError, choose_threshold, moved_versions, recipes_for

# recipes


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_a_recipe_survives_json(recipe):
    again = Recipe.from_json(recipe.to_json())

    assert again == recipe
    assert again.fingerprint == recipe.fingerprint
    assert hash(again) == hash(recipe)


def test_fingerprints_are_short_and_differ():
    prints = [recipe.fingerprint for recipe in RECIPES.values()]

    assert len(set(prints)) == len(RECIPES)
    assert all(len(each) == 12 and int(each, 16) >= 0 for each in prints)


def test_the_fingerprint_is_of_what_decides_the_numbers():
    recipe = RECIPES["logistic_regression"]
    steps = {part: dict(settings) for part, settings in recipe.steps.items()}
    steps["classifier"]["C"] = 2.0

    others = [
        replace(recipe, seed=1),
        replace(recipe, decision="threshold"),
        replace(recipe, steps=steps),
        replace(recipe, versions={**recipe.versions, "numpy": "1.0"}),
    ]

    assert len({recipe.fingerprint, *(other.fingerprint for other in others)}) == 5
    assert replace(recipe, title="Another name", description="").fingerprint == recipe.fingerprint


def test_the_fingerprint_does_not_depend_on_order():
    content = json.loads(RECIPES["tfidf_logistic"].to_json())
    turned = {key: content[key] for key in reversed(content)}

    assert Recipe.from_json(json.dumps(turned)).fingerprint == RECIPES["tfidf_logistic"].fingerprint


def test_a_recipe_cannot_be_changed():
    recipe = RECIPES["hist_gradient_boosting"]

    with pytest.raises(FrozenInstanceError):
        recipe.seed = 1
    with pytest.raises(TypeError):
        recipe.steps["classifier"]["max_iter"] = 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "x", "modality": "table", "steps": {}, "colour": "red"}'])
def test_what_is_no_recipe_is_refused(text):
    with pytest.raises(TrainError, match="can't be read"):
        Recipe.from_json(text)


def test_an_unknown_decision_rule_is_refused():
    with pytest.raises(TrainError, match="Got 'best' instead"):
        replace(RECIPES["logistic_regression"], decision="best")


def test_moved_versions_are_named_with_both_versions():
    recipe = RECIPES["logistic_regression"]
    old = replace(recipe, versions={**recipe.versions, "scikit-learn": "0.24.0"})

    assert moved_versions(recipe) == {}
    assert moved_versions(old) == {"scikit-learn": ("0.24.0", recipe.versions["scikit-learn"])}
    assert old.with_installed_versions() == recipe


# locking


def test_the_default_comes_first(table, texts):
    assert [recipe.name for recipe in recipes_for(table)] == [
        "hist_gradient_boosting",
        "logistic_regression",
        "random_forest",
    ]
    assert [recipe.name for recipe in recipes_for(texts)] == ["tfidf_logistic", "hashing_sgd"]
    assert LockedModel.for_dataset(table).recipe.name == "hist_gradient_boosting"


def test_many_texts_are_hashed_by_default(texts, monkeypatch):
    monkeypatch.setattr("core.train.recipe.MANY_TEXTS", 10)

    assert [recipe.name for recipe in recipes_for(texts)] == ["hashing_sgd", "tfidf_logistic"]


def test_images_have_no_recipe(table):
    dataset = Dataset.from_frame(table.frame.assign(file="x.png"), label="label", image="file")

    with pytest.raises(TrainError, match="no recipe for data of modality 'image'"):
        LockedModel.for_dataset(dataset)


def test_a_recipe_of_another_modality_is_refused(table):
    with pytest.raises(TrainError, match="made for modality 'text', the data is 'table'"):
        LockedModel.for_dataset(table, "tfidf_logistic")


def test_an_unknown_recipe_is_refused(table):
    with pytest.raises(TrainError, match="Got 'xgboost' instead"):
        LockedModel.for_dataset(table, "xgboost")


def test_a_threshold_needs_two_classes(table, texts):
    assert LockedModel.for_dataset(table, decision="threshold").recipe.decision == "threshold"
    with pytest.raises(TrainError, match="The data has 3"):
        LockedModel.for_dataset(texts, decision="threshold")


def test_the_rule_of_a_given_recipe_stays(table):
    recipe = replace(RECIPES["logistic_regression"], decision="threshold")

    assert LockedModel.for_dataset(table, recipe).recipe == recipe


def test_dropping_a_column_leaves_the_fingerprint(table):
    assert (
        LockedModel.for_dataset(table).fingerprint == LockedModel.for_dataset(table.without_column("plan")).fingerprint
    )


# training


@pytest.mark.parametrize("name", RECIPES)
def test_the_same_data_gives_the_same_numbers(name, table, texts, quick):
    dataset = texts if RECIPES[name].modality == "text" else table
    model = LockedModel(quick(RECIPES[name]))
    order = np.random.default_rng(0).permutation(len(dataset))
    shuffled = Dataset(
        dataset.frame.iloc[order],
        dataset.split.iloc[order],
        dataset.memberships["unit"].iloc[order],
        dataset.schema,
    )

    # Threads share the work of a fit, here as on any machine; other tests have one.
    with threadpool_limits(2):
        first, again, other = model.train(dataset), model.train(dataset), model.train(shuffled)

    assert shuffled.version == dataset.version
    test = dataset.inputs("test")
    for training in (again, other):
        pd.testing.assert_frame_equal(
            training.out_of_fold.loc[first.out_of_fold.index], first.out_of_fold, check_exact=True
        )
        np.testing.assert_array_equal(training.fitted.predict_proba(test), first.fitted.predict_proba(test))


def test_training_is_the_folds_and_the_fit(table):
    model = LockedModel.for_dataset(table, "logistic_regression")

    training = model.train(table)

    pd.testing.assert_frame_equal(training.out_of_fold, model.out_of_fold(table), check_exact=True)
    test = table.inputs("test")
    np.testing.assert_array_equal(training.fitted.predict_proba(test), model.fit(table).predict_proba(test))
    assert training.threshold is None


def test_the_threshold_is_chosen_on_real_examples(table):
    train = table.ids("train")
    copies = train[(table.labels.loc[train] == "stays").to_numpy()].repeat(3)
    ids = pd.Index([f"made-{number}" for number in range(len(copies))], dtype="str")
    parents = pd.DataFrame({"parent": copies.to_numpy(), "other_parent": None}, index=ids)
    dataset = table.with_rows(table.frame.loc[copies].set_axis(ids), parents)

    training = LockedModel.for_dataset(dataset, "logistic_regression", decision="threshold").train(dataset)

    real = training.out_of_fold.loc[train]
    assert training.threshold == choose_threshold(table.labels.loc[train], real)


def test_features_stand_in_the_order_of_the_data(table, texts):
    numbers = LockedModel.for_dataset(table).features(table)
    amounts = table.inputs("train")["amount"]
    terms = LockedModel.for_dataset(texts).features(texts)

    assert isinstance(numbers, np.ndarray)
    there = amounts.notna().to_numpy()
    assert np.corrcoef(numbers[there, 0], amounts[there])[0, 1] > 0.99
    assert np.isfinite(numbers).all()
    assert sp.issparse(terms)
    assert len(numbers) == len(table.ids("train"))
    assert terms.shape[0] == len(texts.ids("train"))


# deciding


def test_the_largest_probability_decides_and_the_first_class_at_a_tie():
    frame = pd.DataFrame({"a": [0.2, 0.4], "b": [0.5, 0.4], "c": [0.3, 0.2]}, index=["x", "y"])

    found = LockedModel(RECIPES["logistic_regression"]).decide(frame)

    assert found.to_dict() == {"x": "b", "y": "a"}


def test_a_threshold_is_for_the_second_class(table):
    frame = pd.DataFrame({"leaves": [0.9, 0.8, 0.7], "stays": [0.1, 0.2, 0.3]})
    model = LockedModel(RECIPES["logistic_regression"])

    assert model.threshold_class(table) == "stays"
    assert model.decide(frame, 0.2).tolist() == ["leaves", "stays", "stays"]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=30))
def test_no_threshold_is_better_than_the_chosen_one(rows):
    labels = pd.Series(np.where([label for label, _ in rows], "yes", "no"))
    second = np.array([score for _, score in rows]) / 8
    frame = pd.DataFrame({"no": 1 - second, "yes": second})

    def macro_f1(threshold):
        f1 = []
        for truth, chosen in ((labels == "yes", second >= threshold), (labels == "no", second < threshold)):
            f1.append(2 * (truth & chosen).sum() / max(1, truth.sum() + chosen.sum()))
        return np.mean(f1)

    found = choose_threshold(labels, frame)

    assert macro_f1(found) == pytest.approx(max(macro_f1(each) for each in [*(np.arange(17) / 16), 1.1]))


def test_of_equal_thresholds_the_one_nearest_to_a_half_is_chosen():
    labels = pd.Series(["no", "no", "yes", "yes"])
    frame = pd.DataFrame({"no": [0.9, 0.8, 0.2, 0.1], "yes": [0.1, 0.2, 0.8, 0.9]})

    assert choose_threshold(labels, frame) == pytest.approx(0.5)


def test_no_threshold_between_three_classes():
    frame = pd.DataFrame({"a": [0.2], "b": [0.5], "c": [0.3]})

    with pytest.raises(TrainError, match="The data has 3"):
        choose_threshold(pd.Series(["a"]), frame)
