from __future__ import annotations

from threading import Event

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.generate import STRENGTHS, GenerateError, Strategy, focus_on, methods_for, search, search_report, trial_report
from core.generate.search import _pareto, _thinned
from core.progress import Cancelled
from core.train import LockedModel


def points(n: int = 500, rare: float = 0.1, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(n) < rare, "rare", "usual")
    centre = np.where(labels == "rare", 1.2, 0.0)[:, np.newaxis]
    frame = pd.DataFrame(rng.normal(size=(n, 3)) + centre, columns=["a", "b", "c"]).assign(label=labels)
    return Dataset.from_frame(frame, label="label", test=0.25, seed=seed)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return points()


@pytest.fixture(scope="module")
def model(dataset) -> LockedModel:
    return LockedModel.for_dataset(dataset, recipe="logistic_regression")


@pytest.fixture(scope="module")
def found(dataset, model):
    return search_report(dataset, model, target="minority", metric="balanced_accuracy")


def test_every_method_is_tried_in_every_amount(dataset, found):
    table = found.table
    assert set(table["method"]) == {method.key for method in methods_for(dataset)}
    tried = table[table["problem"] == ""]
    making = tried[tried["method"] == "smote"]
    missing = dataset.labels_of("train").value_counts().diff().abs().iloc[-1]
    assert sorted(making["rows"]) == [round(share * missing) for share in (0.25, 0.5, 1.0)]
    assert (tried[tried["method"] == "random_undersample"]["rows"] < 0).all()
    assert len(tried[tried["method"] == "tomek_links"]) == 1
    assert len(found.trials) == len(tried)


def test_a_row_says_what_the_trial_of_it_alone_says_but_corrected(dataset, model, found):
    row = found.table.query("method == 'smote' and amount == 1").iloc[0]
    alone = trial_report(dataset, model, method="smote", target="minority", metric="balanced_accuracy")
    assert row["delta"] == alone.verdict.delta
    assert row["low"] < alone.verdict.low
    assert row["high"] > alone.verdict.high
    assert row["p_adjusted"] >= row["p_value"] == alone.verdict.p_value
    tried = found.table[found.table["problem"] == ""]
    assert ((tried["p_adjusted"] < 0.05) == (tried["verdict"] != "no evidence")).all()
    assert {each.verdict.claims for each in found.trials} == {len(tried)}


def test_the_best_comes_first_and_says_so(found):
    tried = found.table[found.table["problem"] == ""]
    gains = tried["verdict"] == "gain"
    assert gains.any()
    assert gains.is_monotonic_decreasing
    for group in (tried[gains], tried[~gains]):
        assert group["likely"].round(9).is_monotonic_decreasing
    # What is likely lies between what the row gave and what its method gave in all amounts.
    mean = tried.groupby("method")["delta"].transform("mean")
    assert (tried["likely"] >= np.minimum(tried["delta"], mean) - 1e-9).all()
    assert (tried["likely"] <= np.maximum(tried["delta"], mean) + 1e-9).all()
    assert found.best is found.trials[0]
    assert found.expected < found.trials[0].verdict.delta
    assert f"{gains.sum()} of {len(tried)} tried help" in found.says
    assert found.table.attrs["says"] == found.says


def test_a_strength_is_tried_where_a_method_has_one(dataset, model):
    call = {"target": "rare", "methods": ["jitter", "crossover", "smote"], "amounts": [0.2, 0.4, 0.6]}
    table = search(dataset, model, **call, strengths=STRENGTHS)
    tried = {
        name: rows.sort_values(["amount", "strength"])[["amount", "strength"]].to_numpy().tolist()
        for name, rows in table.groupby("method")
    }
    assert tried["jitter"] == [[0.2, 0.1], [0.4, 0.05], [0.4, 0.1], [0.4, 0.2], [0.6, 0.1]]
    # More than half of a row would be the other one's.
    assert tried["crossover"] == [[0.2, 0.5], [0.4, 0.25], [0.4, 0.5], [0.6, 0.5]]
    assert table.query("method == 'smote'")["strength"].isna().all()
    strong = table.query("method == 'jitter' and strength == 0.2").iloc[0]
    alone = trial_report(
        dataset, model, method="jitter", target="rare", n=int(strong["rows"]), settings={"strength": 0.2}
    )
    assert alone.verdict.delta == strong["delta"]
    assert str(alone.attempt) == f"Jitter at 20%, {strong['rows']} rows"
    plain = search(dataset, model, **call)
    assert len(plain) == 9


def test_nothing_helps_is_said_plainly():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"]).assign(label=rng.choice(["x", "y"], 300))
    dataset = Dataset.from_frame(frame, label="label")
    model = LockedModel.for_dataset(dataset, recipe="logistic_regression")
    table = search(dataset, model, target={"x": 50}, methods=["smote", "jitter", "random_oversample"])
    assert table.attrs["says"].startswith("Nothing helps: of 9 tried none")
    assert "gain" not in set(table["verdict"])


def test_test_is_not_looked_at(dataset, model):
    cells = {(example, column): 99.0 for example in dataset.ids("test") for column in "abc"}
    flipped = dict.fromkeys(dataset.ids("test"), "usual")
    spoiled = dataset.with_cells(cells).with_labels(flipped)
    call = {"target": "balance", "methods": ["smote", "tomek_links", "edited_neighbours"]}
    first, second = (search(data, model, **call).drop(columns="seconds") for data in (dataset, spoiled))
    pd.testing.assert_frame_equal(first, second)


def test_the_base_is_fitted_once(dataset, model, monkeypatch):
    from core.train.fit import TrainingSet

    fits = []
    fit = TrainingSet._fit
    monkeypatch.setattr(TrainingSet, "_fit", lambda self, *given: fits.append(1) or fit(self, *given))
    before = model.out_of_fold(dataset)
    fits.clear()
    search(dataset, model, target="minority", methods=["random_oversample", "smote"], amounts=[0.5, 1.0])
    assert len(fits) == 5 + 4 * 5
    fits.clear()
    search(dataset, model, target="minority", methods=["smote"], amounts=[1.0], before=before)
    assert len(fits) == 5


def test_what_can_not_be_made_stands_beside_its_method(dataset, model):
    rare = dataset.labels.index[(dataset.labels == "rare") & (dataset.split == "train")]
    two = dataset.folds().loc[rare].drop_duplicates().index[:2]
    few = dataset.without(rare.difference(two))
    table = search(few, model, target="rare", methods=["smote", "random_oversample"], amounts=[0.1])
    problem = table.set_index("method")["problem"]
    assert "at least 2 rows" in problem["smote"]
    assert problem["random_oversample"] == ""


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"target": "unknown"}, "must be one of"),
        ({"target": "rare", "methods": ["magic"]}, "Got 'magic'"),
        ({"target": "rare", "amounts": [2.0]}, "Amounts are shares"),
        ({"target": "rare", "amounts": []}, "Amounts are shares"),
        ({"target": "rare", "strengths": [0.0]}, "Strengths are multiples"),
        ({"target": "usual", "methods": ["random_undersample"]}, "nothing to thin out"),
    ],
)
def test_what_can_not_be_searched_is_refused_before_any_fit(dataset, call, words):
    with pytest.raises(GenerateError, match=words):
        search(dataset, None, **call)


def test_progress_rises_to_one_and_cancel_stops(dataset, model):
    heard: list[float] = []
    call = {"target": "rare", "methods": ["smote"], "amounts": [0.5]}
    search(dataset, model, **call, progress=lambda share, _: heard.append(share))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        search(dataset, model, **call, cancel=stop)


def test_methods_that_exclude_thin_out_what_is_larger(dataset):
    labels = pd.Series(["a"] * 50 + ["b"] * 20 + ["c"] * 10)
    assert _thinned(labels, "b") == {"a": 30}
    assert _thinned(labels, {"c": 5}) == {"a": 40, "b": 10}
    assert _thinned(labels, "minority") == Strategy.MAJORITY
    assert _thinned(labels, "balance") == "balance"
    with pytest.raises(GenerateError, match="nothing to thin out"):
        _thinned(labels, "a")
    focus = focus_on(dataset, dataset.ids("train")[:30], words="some")
    assert _thinned(labels, focus) is focus


def test_the_front_holds_what_nothing_cheaper_beats(found):
    points = [(each.verdict.delta, abs(each.rows)) for each in found.trials]
    expected = [
        gain > 0 and not any(g >= gain and c <= cost and (g, c) != (gain, cost) for g, c in points)
        for gain, cost in points
    ]
    assert _pareto(found.trials) == expected
    assert any(expected)
