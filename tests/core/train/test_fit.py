from __future__ import annotations

import json
import threading
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dataset import Dataset
from core.progress import Cancelled, Steps
from core.train import RECIPES, LockedModel, TrainError
from core.train.fit import Task, left_out, side_by_side
from core.train.learner import fit_recipe


def locked(name):
    return LockedModel(RECIPES[name])


def children(dataset, count, seed=0):
    """Rows generated from train examples, two parents each, and their parents."""
    rng = np.random.default_rng(seed)
    train = dataset.ids("train")
    first, second = rng.choice(train, count), rng.choice(train, count)
    ids = pd.Index([f"made-{seed}-{number}" for number in range(count)], dtype="str")
    parents = pd.DataFrame({"parent": first, "other_parent": second}, index=ids)
    return dataset.frame.loc[first].set_axis(ids), parents


# out of fold


@pytest.mark.parametrize("name", RECIPES)
def test_out_of_fold_is_what_a_model_says_that_never_saw_the_fold(name, table, texts, quick):
    """Sharing the encoding between folds leaks nothing: bit for bit the numbers of separate fits."""
    dataset = texts if RECIPES[name].modality == "text" else table
    rows = dataset.inputs("train")
    labels, folds = dataset.labels.loc[rows.index], dataset.folds(5)
    recipe = quick(RECIPES[name])

    found = LockedModel(recipe).out_of_fold(dataset)

    for fold in range(5):
        inside = (folds != fold).to_numpy()
        model = fit_recipe(
            json.loads(recipe.to_json()), rows[inside], dataset.schema.kinds, dataset.schema.text, labels[inside]
        )
        alone = pd.DataFrame(model.predict_proba(rows[~inside]), index=rows.index[~inside], columns=model.classes)
        pd.testing.assert_frame_equal(
            found[~inside], alone, check_exact=True, check_names=False, check_column_type=False
        )


def test_the_frame_has_the_ids_and_classes_of_the_data_set(table):
    found = locked("logistic_regression").out_of_fold(table, folds=3)

    assert found.index.equals(table.ids("train"))
    assert tuple(found.columns) == table.classes
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_a_test_row_has_no_say(table):
    changed = table.with_cells({(example, "amount"): 1e6 for example in table.ids("test")})
    model = locked("logistic_regression")

    pd.testing.assert_frame_equal(model.out_of_fold(table), model.out_of_fold(changed), check_exact=True)


def test_a_class_that_a_fold_lacks_has_probability_zero(table):
    alone = table.ids("train")[0]
    dataset = table.with_labels({alone: "rare"})

    found = locked("logistic_regression").out_of_fold(dataset)

    fold = dataset.folds(5)
    assert (found.loc[fold[fold == fold[alone]].index, "rare"] == 0).all()
    assert (found.loc[fold[fold != fold[alone]].index, "rare"] > 0).all()


def test_a_fold_with_one_class_left_is_constant(table):
    fold = table.folds(5)
    dataset = table.with_labels({example: "stays" if number == 0 else "leaves" for example, number in fold.items()})

    found = locked("hist_gradient_boosting").out_of_fold(dataset)

    assert (found.loc[fold[fold == 0].index, "leaves"] == 1).all()


def test_one_class_in_train_is_refused(table):
    dataset = table.with_labels(dict.fromkeys(table.ids("train"), "stays"))

    with pytest.raises(TrainError, match=r"at least two classes. All \d+ have the label 'stays'"):
        locked("hist_gradient_boosting").fit(dataset)


# generated rows


def test_no_child_of_a_held_out_example_is_trained_on(table):
    rows, parents = children(table, 40)
    dataset = table.with_rows(rows, parents)
    recipe = json.loads(RECIPES["logistic_regression"].to_json())

    found = locked("logistic_regression").out_of_fold(dataset)

    inputs, labels, fold = dataset.inputs("train"), dataset.labels, dataset.folds(5)
    for number in range(5):
        out = set(fold[fold == number].index)
        inside = [
            example
            for example in fold.index
            if example not in out and not (example in parents.index and out & set(parents.loc[example]))
        ]
        model = fit_recipe(recipe, inputs.loc[inside], dataset.schema.kinds, None, labels.loc[inside])
        np.testing.assert_array_equal(found.loc[list(out)], model.predict_proba(inputs.loc[list(out)]))


@given(st.data())
def test_left_out_are_the_held_out_and_all_their_descendants(data):
    ids = pd.Index([f"e{number}" for number in range(data.draw(st.integers(2, 12)))])
    made = data.draw(st.integers(0, len(ids) - 1))
    origin = st.integers(0, len(ids) - 1).map(lambda number: ids[number])
    # A parent may be generated itself, and may no longer be among the examples.
    parents = pd.DataFrame(
        {
            "parent": [data.draw(origin | st.just("gone")) for _ in range(made)],
            "other_parent": [data.draw(origin | st.none()) for _ in range(made)],
        },
        index=ids[:made],
        dtype="object",
    )
    held_out = np.array(data.draw(st.lists(st.booleans(), min_size=len(ids), max_size=len(ids))))

    expected = set(ids[held_out])
    for _ in ids:
        expected |= {child for child in parents.index if expected & set(parents.loc[child].dropna())}

    assert set(ids[left_out(held_out, ids, parents)]) == expected


def test_rows_made_for_a_fold_join_its_training_only(table):
    seen = []

    def augment(inside):
        seen.append(inside)
        some = inside[:30]
        rows = table.frame.loc[some].set_axis([f"made-{len(seen)}-{number}" for number in range(30)])
        rows["label"] = "stays"
        return rows.assign(parent=some.to_numpy(), other_parent=None)

    model = locked("logistic_regression")
    plain, augmented = model.out_of_fold(table), model.out_of_fold(table, augment=augment)

    fold = table.folds(5)
    assert {frozenset(inside) for inside in seen} == {frozenset(fold[fold != number].index) for number in range(5)}
    assert augmented.index.equals(plain.index)
    assert augmented["stays"].mean() > plain["stays"].mean()


def test_rows_made_of_held_out_examples_are_refused(table):
    def leak(inside):
        outside = table.ids("train").difference(inside)[:1]
        return table.frame.loc[outside].set_axis(["made"]).assign(parent=outside.to_numpy(), other_parent=None)

    with pytest.raises(TrainError, match="must come from the examples it trains on"):
        locked("logistic_regression").out_of_fold(table, augment=leak)


# refits


def test_a_refit_with_nothing_changed_is_the_same(texts):
    model = locked("tfidf_logistic")
    refit = model.refitter(texts)
    labels = texts.labels.loc[texts.ids("train")]

    expected = model.out_of_fold(texts)

    for found in (
        refit(),
        refit(labels),
        refit(labels.sample(frac=1, random_state=0)),
        refit(labels, keep=labels.index),
    ):
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_refit_with_other_labels_is_that_of_the_relabelled_data(table):
    train = table.ids("train")
    others = dict.fromkeys(train[:40], "leaves")
    relabelled = table.with_labels(others)
    model = locked("logistic_regression")

    found = model.refitter(table)(relabelled.labels.loc[train])

    pd.testing.assert_frame_equal(found, model.out_of_fold(relabelled), check_exact=True)


@pytest.mark.parametrize("form", ["ids", "mask", "series", "labels"])
def test_a_refit_without_some_still_predicts_them(table, form):
    train = table.ids("train")
    gone = train[::4]
    mask = ~train.isin(gone)
    labels = table.labels.loc[train]
    refit = locked("logistic_regression").refitter(table)

    if form == "labels":
        found = refit(labels.where(mask))
    else:
        found = refit(labels, keep={"ids": train[mask], "mask": mask, "series": pd.Series(mask, index=train)}[form])

    assert found.index.equals(train)
    without = locked("logistic_regression").out_of_fold(table.without(gone))
    pd.testing.assert_frame_equal(found.loc[without.index], without, check_exact=True)


def test_a_refit_with_an_unknown_class_is_refused(table):
    refit = locked("logistic_regression").refitter(table)

    with pytest.raises(TrainError, match=r"classes of the data \(leaves, stays\). Got 'other' for example"):
        refit(pd.Series("other", index=table.ids("train")))


def test_a_refit_without_anybody_is_refused(table):
    with pytest.raises(TrainError, match="no example left to train on"):
        locked("logistic_regression").refitter(table)(keep=[])


# fitted


def test_the_final_fit_is_that_of_the_recipe(texts):
    recipe = json.loads(RECIPES["tfidf_logistic"].to_json())
    train, test = texts.inputs("train"), texts.inputs("test")
    model = fit_recipe(recipe, train, texts.schema.kinds, "text", texts.labels.loc[train.index])

    fitted = locked("tfidf_logistic").train(texts).fitted

    assert fitted.classes == model.classes == texts.classes
    np.testing.assert_array_equal(fitted.predict_proba(test), model.predict_proba(test))


def test_predicting_without_a_column_is_refused(table):
    fitted = locked("logistic_regression").fit(table)

    with pytest.raises(TrainError, match="Missing: plan"):
        fitted.predict_proba(table.inputs("test").drop(columns="plan"))


def test_a_class_of_the_test_set_alone_has_a_column(table):
    dataset = table.with_labels({table.ids("test")[0]: "new"})

    fitted = locked("logistic_regression").fit(dataset)

    assert fitted.classes == ("leaves", "new", "stays")
    assert (fitted.predict_proba(dataset.inputs("test"))[:, 1] == 0).all()


# side by side


def test_results_keep_the_order_of_the_tasks():
    heard = []
    last = threading.Event()
    # The first waits for the last wherever there are two cores.
    tasks = [Task("first", lambda: (last.wait(0.2), 1)[1]), Task("second", lambda: (last.set(), 2)[1])]

    found = side_by_side(tasks, Steps(2, lambda share, message: heard.append((share, message))))

    assert found == [1, 2]
    assert heard == [(0.0, "first"), (0.5, "second")]


def test_an_error_in_a_task_is_raised():
    def fail():
        raise TrainError("no")

    with pytest.raises(TrainError, match="no"):
        side_by_side([Task("fails", fail)], Steps(1))


def test_cancel_is_heard_while_a_task_runs():
    release, cancel = threading.Event(), threading.Event()
    unheard = []

    def work():
        cancel.set()
        release.wait(5)

    with pytest.raises(Cancelled):
        side_by_side([Task("long", work)] * 4 + [Task("never", lambda: unheard.append(1))], Steps(5, cancel=cancel))
    release.set()

    assert unheard == []


def test_progress_tells_the_folds(table):
    heard = []

    locked("logistic_regression").train(table, lambda share, message: heard.append((share, message)))

    assert [message for _, message in heard] == [
        "reading the columns",
        *(f"fold {number} of 5" for number in range(1, 6)),
        "final fit on 180 examples",
        "done",
    ]
    assert [share for share, _ in heard] == sorted(share for share, _ in heard)


def test_cancel_stops_the_training(table):
    messages = []

    def cancel():
        return "fold 2 of 5" in messages

    with pytest.raises(Cancelled):
        locked("logistic_regression").train(table, lambda _, message: messages.append(message), cancel)

    assert messages[-1] == "fold 2 of 5"


def test_an_empty_fold_is_passed_over():
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "label": ["a", "b"] * 3})
    dataset = Dataset.from_frame(frame, label="label", test=0.0)

    found = locked("logistic_regression").out_of_fold(dataset, folds=40)

    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_without_affinity_the_cores_are_counted(monkeypatch):
    monkeypatch.setattr("core.train.fit.os", SimpleNamespace(cpu_count=lambda: None))

    assert side_by_side([Task("one", lambda: 1)], Steps(1)) == [1]
