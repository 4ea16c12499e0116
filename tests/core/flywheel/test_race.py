from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel.race import ARMS, RaceError, race
from core.flywheel.ranking import first_suspects
from core.progress import Cancelled
from core.train import LockedModel
from core.train.space import recipe_space

BUDGET = 280


def make(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    frame = pd.DataFrame({"key": [f"r{n}" for n in range(rows)], "x": x, "y": rng.normal(size=rows)})
    truth = np.where(x + 0.3 * rng.normal(size=rows) > 0, "yes", "no")
    wrong = (truth == "yes") & (rng.random(rows) < 0.4)
    frame["label"] = np.where(wrong, "no", truth)
    return Dataset.from_frame(frame, label="label", id="key", test=0.4), pd.Series(truth, index=frame["key"])


@pytest.fixture(scope="module")
def started():
    return make()


def quick(dataset):
    """The candidates that are fitted in a moment."""
    return [recipe for recipe in recipe_space(dataset) if recipe.name == "logistic_regression"]


def ran(dataset, truth, **options):
    return race(
        dataset,
        truth=truth,
        budget=BUDGET,
        reviews_per_turn=8,
        recipe="logistic_regression",
        candidates=quick(dataset),
        **options,
    )


@pytest.fixture(scope="module")
def run(started):
    dataset, truth = started
    return ran(dataset, truth)


def test_all_arms_start_alike_and_none_spends_more_than_the_budget(run):
    starts = run.groupby("arm", sort=False).head(1)
    assert starts["arm"].tolist() == list(ARMS)
    assert (starts[["fits", "decisions", "cost"]] == 0).all(axis=None)
    assert starts["score"].nunique() == 1
    assert run["cost"].max() <= BUDGET
    assert (run.groupby("arm")["cost"].diff().dropna() >= 0).all()
    np.testing.assert_allclose(run["cost"], 5 * run["fits"] + 10 * run["decisions"])
    assert ((run["low"] <= run["score"]) & (run["score"] <= run["high"])).all()


def test_each_side_spends_on_its_own_and_both_on_both(run):
    last = run.groupby("arm").tail(1).set_index("arm")
    assert last.loc["model", "decisions"] == 0
    steps = run.loc[run["arm"] == "data", "decisions"].diff().dropna()
    # Eight a turn, and in the last what the budget still pays for.
    assert (steps.iloc[:-1] == 8).all()
    assert 0 < steps.iloc[-1] <= 8
    assert last.loc["both", "decisions"] > 0
    assert run.loc[run["arm"] == "both", "step"].str.contains("tried").any()


def test_the_same_race_twice_gives_the_same_rows(started, run):
    dataset, truth = started
    again = ran(dataset, truth)
    pd.testing.assert_frame_equal(again, run)
    assert set(run.attrs["seconds"]) == set(ARMS)


def test_all_arms_are_on_the_way_at_once_and_none_hears_of_another(started, run):
    dataset, truth = started
    heard = []
    ran(dataset, truth, heard=heard.append)
    assert heard[0]["cost"].tolist() == [0, 0, 0]
    # The next step is always that of the one who has spent least, of those who can still afford one.
    moves = []
    for before, after in pairwise(heard):
        moved = after.groupby("arm").size() - before.groupby("arm").size()
        moves.append((moved.idxmax(), before.groupby("arm")["cost"].max()))
    for place, (arm, spent) in enumerate(moves):
        assert spent[arm] == min(spent[later] for later, _ in moves[place:])
    assert {arm for arm, _ in moves[:4]} == set(ARMS)
    for arm in ARMS:
        alone = ran(dataset, truth, arms=(arm,))
        pd.testing.assert_frame_equal(alone, run[run["arm"] == arm].reset_index(drop=True))


def test_no_arm_sees_a_label_of_the_test_set(started, run):
    dataset, truth = started
    test = dataset.ids("test")
    other = dataset.with_labels({key: "yes" if dataset.labels[key] == "no" else "no" for key in test})
    again = ran(other, truth)
    pd.testing.assert_frame_equal(again, run)


def test_the_models_side_never_asks_for_the_truth_of_train(started, run):
    dataset, truth = started
    nonsense = truth.where(truth.index.isin(dataset.ids("test")), "no")
    again = ran(dataset, nonsense, arms=("model",))
    pd.testing.assert_frame_equal(again, run[run["arm"] == "model"].reset_index(drop=True))


def test_a_turn_is_what_the_reviewer_and_the_locked_model_make_of_it(started):
    dataset, truth = started
    cost = 8 * 10 + 6 * 5
    table = race(
        dataset,
        truth=truth,
        budget=cost,
        reviews_per_turn=8,
        accuracy=1.0,
        recipe="logistic_regression",
        arms=("data",),
    )
    model = LockedModel.for_dataset(dataset, "logistic_regression")
    out_of_fold = model.out_of_fold(dataset)
    labels = dataset.labels_of("train")
    doubt = 1 - out_of_fold.to_numpy()[np.arange(len(labels)), out_of_fold.columns.get_indexer(labels)]
    worst = labels.index[np.argsort(-doubt, kind="stable")[:8]]
    fixed = dataset.with_labels(truth[worst].to_dict())
    changed = int((truth[worst] != labels[worst]).sum())
    assert table["step"].tolist() == ["start", f"8 suspects reviewed, {changed} labels changed"]
    test = dataset.ids("test")
    fitted = model.fit(fixed)
    predicted = np.array(fitted.classes)[fitted.predict_proba(dataset.inputs("test")).argmax(axis=1)]
    from sklearn.metrics import f1_score

    assert table["score"].iloc[-1] == pytest.approx(f1_score(truth[test], predicted, average="macro"))
    assert table["cost"].iloc[-1] == cost


def test_the_reviewer_is_asked_of_the_worst_suspects_and_of_no_others(started):
    dataset, truth = started
    once = {"budget": 8 * 10 + 6 * 5, "reviews_per_turn": 8, "recipe": "logistic_regression", "arms": ("data",)}
    table = race(dataset, truth=truth, **once)
    training = LockedModel.for_dataset(dataset, "logistic_regression").train(dataset)
    worst = first_suspects(dataset, training.out_of_fold).index[:8]
    # Whatever the truth of every other train example is said to be.
    others = dataset.ids("train").difference(worst)
    lies = truth.copy()
    lies[others] = np.where(truth[others] == "yes", "no", "yes")
    pd.testing.assert_frame_equal(race(dataset, truth=lies, **once), table)


def test_a_reviewer_who_is_always_wrong_changes_right_labels_only(started):
    dataset, truth = started
    table = race(
        dataset,
        truth=truth,
        budget=300,
        reviews_per_turn=10,
        accuracy=0.0,
        recipe="logistic_regression",
        arms=("data",),
    )
    assert table["score"].iloc[-1] <= table["score"].iloc[0]


def test_it_is_heard_live_and_cancelled_between_steps(started):
    dataset, truth = started
    heard, cancel = [], threading.Event()

    def listen(table):
        heard.append(table)
        if len(heard) == 2:
            cancel.set()

    with pytest.raises(Cancelled):
        race(
            dataset,
            truth=truth,
            budget=5_000,
            reviews_per_turn=4,
            recipe="logistic_regression",
            arms=("data",),
            heard=listen,
            cancel=cancel,
        )
    assert [len(table) for table in heard] == [1, 2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"budget": 0}, "'budget' of a race must be above 0. Got 0 instead"),
        ({"accuracy": 1.5}, "'accuracy' of the reviewer must be between 0 and 1"),
        ({"arms": ("me",)}, "arms must be some of model, data, both"),
        ({"metric": "beauty"}, "'metric' must be one of macro_f1"),
        ({"truth": "nowhere"}, "There is no column 'nowhere'"),
        ({"truth": pd.Series({"r999": "yes"})}, "No test example has one"),
        ({"reviews_per_turn": 0}, "'reviews_per_turn' of a race must be above 0"),
    ],
)
def test_what_makes_no_race_is_refused(started, options, said):
    dataset, truth = started
    with pytest.raises(RaceError, match=said):
        race(dataset, **({"truth": truth, "budget": 100} | options))
