from __future__ import annotations

import shutil
import threading

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.evaluate import Predicate
from core.flywheel import (
    Collect,
    Decide,
    DropColumn,
    Project,
    ProjectError,
    Relabel,
    forecast_actions,
    foretold,
    kept_forecasts,
    watch,
)
from core.flywheel.actions import ranked
from core.flywheel.candidates import find_candidates
from core.flywheel.forecasts import starting_point
from core.progress import Cancelled

ROWS = 600


def table(wrong: float = 0.25, seed: int = 0, rows: int = ROWS) -> pd.DataFrame:
    """Two columns that tell the class, one that tells nothing; some labels of one class are wrong."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, rows))
    truth = np.where(x + z > 0, "yes", "no")
    label = np.where((rng.random(rows) < wrong) & (truth == "yes"), "no", truth)
    return pd.DataFrame(
        {
            "key": [f"r{n}" for n in range(rows)],
            "x": x,
            "z": z,
            "dead": rng.normal(size=rows),
            "side": np.where(x > 0.8, "far", "near"),
            "label": label,
            "true_label": truth,
        }
    )


def make(folder, frame, test: pd.Index | None = None, **options) -> Project:
    test = frame["key"].iloc[-200:] if test is None else test
    # Test labels are right; the model does not see the truth.
    frame = frame.assign(label=frame["label"].where(~frame["key"].isin(test), frame["true_label"]))
    dataset = Dataset.from_frame(frame, label="label", id="key", test=set(test), features=["x", "z", "dead", "side"])
    return Project.create(folder, dataset, recipe="logistic_regression", **options)


@pytest.fixture(scope="module")
def noisy_once(tmp_path_factory):
    project = make(tmp_path_factory.mktemp("noisy") / "noisy", table())
    project.turn()
    project.close()
    return project.folder


@pytest.fixture(scope="module")
def forecast_once(noisy_once, tmp_path_factory):
    project = Project.open(shutil.copytree(noisy_once, tmp_path_factory.mktemp("forecast") / "noisy"))
    forecast_actions(project, by="ann")
    project.close()
    return project.folder


@pytest.fixture
def noisy(noisy_once, tmp_path):
    """A project with a turn and no forecasts."""
    return Project.open(shutil.copytree(noisy_once, tmp_path / "noisy"))


@pytest.fixture
def foreseen(forecast_once, tmp_path):
    """The same, with forecasts by ann."""
    return Project.open(shutil.copytree(forecast_once, tmp_path / "foreseen"))


def kept_of(project: Project):
    return kept_forecasts(project, project.turns[-1])


def by_key(kept):
    return {action.key: action for action in kept.actions}


def test_before_the_first_turn_there_is_nothing_to_forecast_from(tmp_path):
    with pytest.raises(ProjectError, match="Run the first turn"):
        forecast_actions(make(tmp_path / "p", table()))


def test_reviewing_wrong_labels_is_forecast_to_bring_something_and_more_than_where_all_are_right(tmp_path, foreseen):
    clean = make(tmp_path / "clean", table(wrong=0.0))
    clean.turn()
    gains = []
    for kept in (kept_of(foreseen), forecast_actions(clean)):
        review = by_key(kept).get("review")
        gains.append(0.0 if review is None else review.forecast.gain)

    assert gains[0] > 0.01
    assert gains[1] < gains[0] / 2


def test_once_reviewers_found_nothing_wrong_reviewing_on_is_worth_about_nothing(tmp_path):
    # A weak model doubts many labels that are right.
    frame = table(wrong=0.0)
    rng = np.random.default_rng(1)
    hard = rng.random(ROWS) < 0.3
    frame["true_label"] = np.where(hard, frame["label"].to_numpy()[::-1], frame["label"])
    frame["label"] = frame["true_label"]
    project = make(tmp_path / "p", frame)
    suspects = project.turn().suspects
    before = by_key(forecast_actions(project))["review"].forecast
    flagged = suspects.index[suspects["flagged"]]
    project.apply(Decide(dict.fromkeys(flagged[: len(flagged) // 2], ("keep", None))))
    after = by_key(forecast_actions(project))["review"].forecast

    assert abs(after.estimate.gain) < abs(before.estimate.gain) / 5
    assert after.estimate.spread < before.estimate.spread


def test_the_same_seed_gives_the_same_forecasts(noisy, foreseen):
    first, again = kept_of(foreseen), forecast_actions(noisy)

    assert [each.forecast for each in first.actions] == [each.forecast for each in again.actions]
    assert all(each.forecast is not None for each in first.actions)


def test_test_labels_play_no_part(tmp_path, foreseen):
    other = table()
    swapped = other["key"].iloc[-200:]
    mixed = other["true_label"].sample(frac=1, random_state=0).to_numpy()
    other["true_label"] = other["true_label"].where(~other["key"].isin(swapped), mixed)
    project = make(tmp_path / "other", other)
    project.turn()

    assert [each.forecast for each in forecast_actions(project).actions] == [
        each.forecast for each in kept_of(foreseen).actions
    ]


def test_a_cancelled_forecast_leaves_nothing(noisy):
    cancel = threading.Event()
    heard = []

    def progress(share, message):
        heard.append((share, message))
        if share > 0.3:
            cancel.set()

    with pytest.raises(Cancelled):
        forecast_actions(noisy, progress=progress, cancel=cancel)
    assert kept_forecasts(noisy, noisy.turns[-1]) is None
    assert [share for share, _ in heard] == sorted(share for share, _ in heard)


def test_forecasts_are_kept_for_the_turn_and_read_again(noisy):
    made = forecast_actions(noisy, by="ann")
    read = kept_forecasts(Project.open(noisy.folder), noisy.turns[-1])

    assert read.actions == made.actions
    assert read.by == "ann"
    assert all((read.ids_of(place) == made.ids_of(place)).all() for place in range(len(made.actions)))
    noisy.apply(Relabel({noisy.dataset.ids("train")[0]: "yes"}))
    noisy.turn()
    assert kept_forecasts(noisy, noisy.turns[-1]) is None


def test_actions_are_ranked_by_forecast_and_each_says_why_and_how_long(foreseen):
    actions = foreseen.actions()
    gains = [each.forecast.gain for each in actions if each.forecast is not None and each.kind != "test"]

    assert gains == sorted(gains, reverse=True)
    assert len(gains) >= 4
    assert {"review", "collect", "drop", "test"} <= {each.kind for each in actions}
    assert all(each.why and each.title for each in actions)
    assert all(each.minutes > 0 for each in actions if each.kind in {"review", "collect", "generate", "test"})
    assert all(each.forecast.low <= each.forecast.gain <= each.forecast.high for each in actions if each.forecast)


def test_a_column_that_tells_nothing_is_worth_nothing_and_one_that_tells_all_is_missed(tmp_path):
    frame = table(wrong=0.0).assign(leak=lambda rows: np.where(rows["label"] == "yes", 1.0, 0.0))
    test = set(frame["key"].iloc[-200:])
    dataset = Dataset.from_frame(frame, label="label", id="key", test=test, features=["x", "dead", "leak"])
    project = Project.create(tmp_path / "p", dataset, recipe="logistic_regression")
    project.turn()
    found = by_key(forecast_actions(project))

    assert abs(found["drop dead"].forecast.gain) < 0.01
    assert found["drop leak"].forecast.gain < -0.05


def test_with_a_small_test_set_the_best_hour_is_lost_in_its_noise_and_stop_comes_first(tmp_path):
    frame = table(wrong=0.0)
    project = make(tmp_path / "p", frame, frame["key"].iloc[-12:])
    project.turn()
    forecast_actions(project)
    first = project.actions()[0]

    assert first.kind == "stop"
    assert "can't tell less than" in first.why
    project.apply(DropColumn("dead"))
    assert project.actions()[0].kind == "turn"
    assert "stop" not in {each.kind for each in project.actions()}


def test_a_watched_slice_is_offered_by_itself(noisy):
    watch(noisy, (Predicate("side", "far", values=("far",)),), turn=0)
    turn = noisy.turns[-1]
    keys = [each.action.key for each in find_candidates(noisy, turn)]

    assert "collect slice side is far" in keys
    near = noisy.dataset.frame["side"] != "far"
    for each in find_candidates(noisy, turn):
        if each.action.key.endswith("side is far"):
            assert not near.loc[each.ids].any()


def test_conflicting_copies_are_to_be_settled(tmp_path):
    frame = table(wrong=0.0)
    copies = frame.head(40).assign(key=lambda rows: "c" + rows["key"])
    copies["label"] = np.where(copies["label"] == "yes", "no", "yes")
    project = make(tmp_path / "p", pd.concat([copies, frame], ignore_index=True))
    project.turn()
    settle = by_key(forecast_actions(project))["settle"]

    assert settle.count == 40
    assert settle.page == "annotate"
    assert settle.forecast is not None


def test_of_a_large_set_a_part_is_looked_at_and_said(noisy, monkeypatch):
    monkeypatch.setattr("core.flywheel.forecasts.MOST_ROWS", 150)
    start = starting_point(noisy, noisy.turns[-1])

    assert 80 < len(start.out_of_fold) < 250
    assert start.share == pytest.approx(len(start.out_of_fold) / 400)
    assert start.scaled(100) == round(100 * start.share)
    assert all(each.forecast.part for each in forecast_actions(noisy).actions if each.forecast)


def test_a_turn_with_one_forecast_action_is_held_against_it(foreseen):
    kept = kept_of(foreseen)
    place = next(n for n, each in enumerate(kept.actions) if each.key == "review")
    truth = foreseen.dataset.frame["true_label"]
    foreseen.apply(Decide({key: ("other", truth[key]) for key in kept.ids_of(place)}, by="ann"))
    turn = foreseen.turn()
    (found,) = foretold(foreseen)

    assert (found.turn, found.action.kind) == (1, "review")
    assert len(kept.ids_of(kept.actions.index(found.action))) >= 0.8 * len(kept.ids_of(place))
    assert found.measured == turn.verdict.delta
    assert found.inside == (found.forecast.low <= turn.verdict.delta <= found.forecast.high)
    foreseen.apply(DropColumn("dead"))
    foreseen.turn()
    assert len(foretold(foreseen)) == 1


def test_a_turn_that_mixes_actions_says_nothing_of_a_forecast(foreseen):
    kept = kept_of(foreseen)
    place = next(n for n, each in enumerate(kept.actions) if each.key == "review")
    foreseen.apply(Decide(dict.fromkeys(kept.ids_of(place), ("exclude", None)), by="ann"))
    foreseen.apply(DropColumn("dead"))
    foreseen.turn()

    assert foretold(foreseen) == []


def test_collected_rows_are_held_against_the_forecast_of_about_as_many(foreseen):
    kept = kept_of(foreseen)
    count = by_key(kept)["collect"].count
    more = table(seed=5).drop(columns="true_label").assign(key=lambda rows: "n" + rows["key"]).head(count)
    foreseen.apply(Collect(more, by="ann"))
    foreseen.turn()

    assert [each.action.key for each in foretold(foreseen)] == ["collect"]


def test_ranked_keeps_those_without_a_forecast_last(noisy, foreseen):
    without = noisy.actions()
    mixed = ranked([*without, *foreseen.actions()])

    assert [each.forecast is None for each in mixed] == sorted(each.forecast is None for each in mixed)
