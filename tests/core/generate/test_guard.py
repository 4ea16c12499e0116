"""Leaks of every kind, planted: each is refused, flagged, or shown to change nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset, DatasetError
from core.flywheel import Generate, Project
from core.generate import fidelity, propose, propose_exclusions, search, trial
from core.generate.bench import Bench, attempt
from core.train import Change, LockedModel, out_of_fold_under


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    labels = np.where(np.arange(240) % 6 == 0, "rare", "usual")
    frame = pd.DataFrame(rng.normal(size=(240, 3)).round(6), columns=["a", "b", "c"])
    return Dataset.from_frame(frame.assign(label=labels), label="label", test=0.25, sealed=0.1)


@pytest.fixture(scope="module")
def model(dataset) -> LockedModel:
    return LockedModel.for_dataset(dataset, recipe="logistic_regression")


def test_a_child_made_of_a_held_out_example_is_refused(dataset, model):
    train = dataset.ids("train")

    def leak(ids: pd.Index) -> Change:
        held_out = dataset.frame.loc[train.difference(ids)[:3]]
        return Change(rows=held_out.assign(parent=held_out.index, other_parent=ids[0]))

    def half(ids: pd.Index) -> Change:
        own = dataset.frame.loc[ids[:3]]
        return Change(rows=own.assign(parent=own.index, other_parent=train.difference(ids)[0]))

    for outcome in out_of_fold_under(model, dataset, {"leak": leak, "one parent": half}):
        assert outcome.probabilities is None
        assert "must come from the examples it trains on" in outcome.problem


def test_a_child_that_was_applied_stays_with_its_parents(dataset, model):
    """Copies of the wrong label would be predicted by their parents, were they not left out with them."""
    rows = propose(dataset, method="random_oversample", target="rare", n=60)
    rows["label"] = "usual"
    grown = dataset.with_rows(rows, rows)
    heard: list[pd.Index] = []
    out_of_fold_under(model, grown, {"as it is": lambda ids: heard.append(ids) or Change()})
    for ids in heard:
        held_out = grown.ids("train").difference(ids)
        for name in ("parent", "other_parent"):
            children = grown.parents.index[grown.parents[name].isin(held_out)]
            assert not ids.isin(children).any()


@pytest.mark.parametrize("part", ["test", "sealed"])
def test_a_child_of_a_judged_example_is_refused(dataset, part, tmp_path):
    rows = propose(dataset, method="smote", target="rare", n=4)
    for name in ("parent", "other_parent"):
        leaky = rows.assign(**{name: dataset.ids(part)[0]})
        with pytest.raises(DatasetError, match="must be train examples"):
            dataset.with_rows(leaky, leaky)
    project = Project.create(tmp_path / "project", dataset)
    with pytest.raises(DatasetError, match="must be train examples"):
        project.apply(Generate(leaky))
    assert len(project.log) == 0


@pytest.mark.parametrize("part", ["test", "sealed"])
def test_a_near_copy_of_a_judged_example_is_flagged(dataset, model, part):
    rows = propose(dataset, method="smote", target="rare", n=4)
    rows.loc[rows.index[0], ["a", "b", "c"]] = dataset.frame.loc[dataset.ids(part)[0], ["a", "b", "c"]] + 1e-5
    assert fidelity(dataset, model, rows).rows["flag"].iloc[0] == "leak"


def test_a_resampler_fitted_before_the_split_would_show(dataset, model):
    """What is made inside a fold is what is made of a data set that never had the fold's examples."""
    train, folds = dataset.ids("train"), dataset.folds()
    for method in ("smote", "borderline_smote", "adasyn", "jitter", "mixup", "crossover", "mask"):
        asked = attempt(dataset, method=method, target="rare", n=40)
        change = Bench(dataset)._change(asked, model.recipe)
        for number in (0, 3):
            ids = train[(folds != number).to_numpy()]
            other = dataset.with_cells({(example, "a"): 1e6 for example in train.difference(ids)})
            alone = Bench(other)._change(asked, model.recipe)
            pd.testing.assert_frame_equal(change(ids).rows, alone(ids).rows)
    for method in ("tomek_links", "edited_neighbours", "random_undersample"):
        asked = attempt(dataset, method=method, target="usual")
        ids = train[(folds != 1).to_numpy()]
        other = dataset.with_cells({(example, "a"): 1e6 for example in train.difference(ids)})
        gone, alone = (Bench(each)._change(asked, model.recipe)(ids).without for each in (dataset, other))
        assert gone.equals(alone)


def test_neither_values_nor_labels_of_judged_examples_play_a_part(dataset, model):
    judged = dataset.ids("test").append(dataset.ids("sealed"))
    spoiled = dataset.with_cells({(example, name): -7.0 for example in judged for name in "abc"})
    spoiled = spoiled.with_labels(dict.fromkeys(judged, "usual"))
    for method in ("smote", "adasyn", "edited_neighbours"):
        call = {"method": method, "target": "rare" if method != "edited_neighbours" else "usual"}
        assert trial(dataset, model, **call) == trial(spoiled, model, **call)
    pd.testing.assert_frame_equal(
        propose(dataset, method="smote", target="rare"), propose(spoiled, method="smote", target="rare")
    )
    pd.testing.assert_frame_equal(
        propose_exclusions(dataset, method="tomek_links", target="usual"),
        propose_exclusions(spoiled, method="tomek_links", target="usual"),
    )
    tables = [
        search(each, model, target="rare", methods=["smote"], amounts=[0.5]).drop(columns="seconds")
        for each in (dataset, spoiled)
    ]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize("part", ["test", "sealed"])
def test_a_row_that_equals_a_judged_example_is_not_made(part):
    texts = [f"where is order {number}" for number in range(60)]
    frame = pd.DataFrame({"text": texts, "kind": ["late", "lost"] * 30})
    dataset = Dataset.from_frame(frame, label="kind", text="text", test=0.2, sealed=0.2)
    judged = dataset.part(part)["text"]
    settings = {"templates": ["{order}"], "fillers": {"order": [*judged, "a new text", *dataset.part("train")["text"]]}}
    rows = propose(dataset, method="templates", target="late", n=200, settings=settings)
    assert rows["text"].tolist() == ["a new text"]
    # What train has as well is no leak: a copy of it stays.
    twin = dataset.with_cells({(dataset.ids("train")[0], "text"): judged.iloc[0]})
    label = twin.labels[twin.ids("train")[0]]
    copies = propose(twin, method="random_oversample", target=label, n=200)
    assert judged.iloc[0] in set(copies["text"])
