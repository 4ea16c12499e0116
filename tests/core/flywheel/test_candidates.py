from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from core.collect import Finding
from core.dataset import Dataset
from core.evaluate import Predicate
from core.flywheel import Decide, DropColumn, Exclude, Generate, Project, Relabel, branch, watch
from core.flywheel.candidates import HOUR, find_candidates, settled_ids

ROWS = 400
INPUTS = ["x", "z", "dead", "side"]


def table(seed: int = 0) -> pd.DataFrame:
    """Three classes, of which some labels of one are wrong where the side is far; some rows are there twice."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, ROWS)).round(2)
    truth = np.select([x + z > 0.8, x + z < -0.8], ["high", "low"], "middle")
    side = rng.choice(["far", "near"], ROWS, p=[0.3, 0.7])
    wrong = (rng.random(ROWS) < 0.6) & (truth == "high") & (side == "far")
    label = np.where(wrong | (rng.random(ROWS) < 0.1), "low", truth)
    frame = pd.DataFrame({"x": x, "z": z, "dead": rng.normal(size=ROWS), "side": side, "label": label})
    twice = frame.iloc[:24].assign(label=np.where(frame["label"].iloc[:24] == "low", "middle", "low"))
    frame = pd.concat([frame, twice], ignore_index=True)
    return frame.assign(key=[f"r{number}" for number in range(len(frame))])


def make(folder, frame: pd.DataFrame) -> Project:
    test = set(frame["key"].iloc[300:400])
    dataset = Dataset.from_frame(frame, label="label", id="key", test=test, features=INPUTS)
    project = Project.create(folder, dataset, recipe="logistic_regression")
    project.turn()
    return project


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    project = make(tmp_path_factory.mktemp("noisy") / "p", table())
    yield project
    project.close()


@pytest.fixture
def own(noisy, tmp_path):
    """A branch of it, to be changed."""
    project = branch(noisy, noisy.folder.with_name(tmp_path.name), turn=0)
    yield project
    project.close()


def found_in(project: Project, findings=(), **options):
    return {each.action.key: each for each in find_candidates(project, project.turns[-1], findings, **options)}


def of_kind(found, kind):
    return {key: each for key, each in found.items() if each.action.kind == kind}


def open_suspects(project: Project) -> pd.DataFrame:
    suspects = project.turns[-1].suspects
    suspects = suspects[suspects["flagged"]]
    return suspects[~suspects.index.isin(settled_ids(project)) & suspects.index.isin(project.dataset.ids("train"))]


# --- what holds of all of them --------------------------------------------------------------------------------------


def test_all_are_about_train_fit_into_an_hour_and_say_why(noisy):
    found = found_in(noisy)
    assert {each.action.kind for each in found.values()} == {"review", "settle", "collect", "generate", "drop"}
    train = noisy.dataset.ids("train")
    for each in found.values():
        assert each.ids.isin(train).all()
        assert each.ids.is_unique
        assert each.action.title
        assert each.action.why
        assert 0 < each.action.minutes <= HOUR / 60
        assert each.action.forecast is None


def test_the_same_state_gives_the_same_candidates_and_test_labels_play_no_part(noisy, tmp_path):
    frame = table()
    place = frame.index[300:400]
    frame.loc[place, "label"] = frame.loc[place, "label"].to_numpy()[::-1]
    other = make(tmp_path / "other", frame)
    first, again, mixed = found_in(noisy), found_in(noisy), found_in(other)
    for same in (again, mixed):
        assert [each.action for each in same.values()] == [each.action for each in first.values()]
        assert all((same[key].ids == first[key].ids).all() for key in first)


@pytest.mark.parametrize("pace", [30.0, 300.0])
def test_who_is_slower_is_offered_less(noisy, monkeypatch, pace):
    usual = found_in(noisy)
    monkeypatch.setattr(
        "core.flywheel.candidates.seconds_per_decision", lambda entries, by: pace if by == "ann" else None
    )
    slow = found_in(noisy, by="ann")
    within = int(HOUR // pace)
    for key in ("review", "settle", "collect"):
        assert slow[key].action.count == min(within, usual[key].action.count)
        assert slow[key].action.minutes == pytest.approx(slow[key].action.count * pace / 60)
        assert slow[key].ids.isin(usual[key].ids).all()
    # Of what there is the worst first.
    assert list(slow["review"].ids) == list(usual["review"].ids[:within])


# --- labels ---------------------------------------------------------------------------------------------------------


def test_a_review_is_of_all_open_suspects_and_of_the_classes_with_most_of_them(noisy):
    found, suspects = of_kind(found_in(noisy), "review"), open_suspects(noisy)
    assert list(found["review"].ids) == list(suspects.index)
    by_class = defaultdict(list)
    for example, given in suspects["given"].items():
        by_class[given].append(example)
    largest = sorted(by_class, key=lambda name: -len(by_class[name]))[:2]
    for label in largest:
        if len(by_class[label]) >= 10:
            assert list(found[f"review class {label}"].ids) == by_class[label]
            assert found[f"review class {label}"].action.setup == {"label": label}
    assert {key for key in found if key.startswith("review class")} <= {f"review class {each}" for each in largest}


def test_no_review_is_offered_twice_or_for_a_handful(noisy):
    found = of_kind(found_in(noisy), "review")
    sets = [frozenset(each.ids) for each in found.values()]
    assert len(set(sets)) == len(sets)
    assert all(len(each) >= 10 for key, each in zip(found, sets, strict=True) if key != "review")


def test_what_was_settled_or_is_gone_is_not_offered_again_but_what_was_skipped_is(own):
    suspects = open_suspects(own).index
    own.apply(Decide({suspects[0]: ("keep", None), suspects[1]: ("skip", None)}, by="ann"))
    own.apply(Exclude((suspects[2],), by="ann"))
    assert list(found_in(own)["review"].ids) == [suspects[1], *suspects[3:]]
    assert set(settled_ids(own)) == {suspects[0]}
    own.apply(Decide(dict.fromkeys(suspects[1:2].append(suspects[3:]), ("keep", None)), by="ann"))
    assert not of_kind(found_in(own), "review")


def test_cases_are_those_of_a_search_over_all_pairs(own):
    settle = found_in(own)["settle"]
    train = own.dataset.part("train")
    by_content = defaultdict(list)
    for example, *content in train[INPUTS].itertuples():
        by_content[tuple(content)].append(example)
    cases = [ids for ids in by_content.values() if train.loc[ids, "label"].nunique() > 1]
    assert settle.action.count == len(cases)
    assert set(settle.ids) == {example for ids in cases for example in ids}
    # A case is settled once nothing of it is open.
    own.apply(Decide(dict.fromkeys(cases[0], ("keep", None)), by="ann"))
    left = found_in(own)["settle"]
    assert left.action.count == len(cases) - 1
    assert not left.ids.isin(cases[0]).any()


# --- more examples --------------------------------------------------------------------------------------------------


def weakest(project: Project) -> str:
    """The class with the lowest recall, counted one by one."""
    said = project.turns[-1].out_of_fold
    right, there = defaultdict(int), defaultdict(int)
    for example, chances in said.iterrows():
        label = project.dataset.labels[example]
        there[label] += 1
        right[label] += chances.idxmax() == label
    return min((each for each in there if there[each] >= 10), key=lambda each: right[each] / there[each])


def test_more_is_collected_and_generated_for_the_class_that_is_found_least_often(noisy):
    found, label = found_in(noisy), weakest(noisy)
    for kind in ("collect", "generate"):
        assert {key for key in of_kind(found, kind) if "class" in key} == {f"{kind} class {label}"}
        each = found[f"{kind} class {label}"]
        labels = noisy.dataset.labels_of("train")
        assert list(each.ids) == [example for example, own in labels.items() if own == label]
        assert each.action.setup["label"] == label
    assert found[f"generate class {label}"].action.setup["method"]


def test_no_more_is_collected_than_three_times_what_there_is(noisy):
    for each in of_kind(found_in(noisy), "collect").values():
        assert each.action.count == min(int(HOUR // 10), 2 * len(each.ids))
    for each in of_kind(found_in(noisy), "generate").values():
        assert each.action.count == len(each.ids)


def test_generated_rows_are_neither_counted_as_collected_nor_multiplied(own, make_children):
    parents = list(own.dataset.ids("train")[:30])
    own.apply(Generate(make_children(own.dataset, parents, label=weakest(own)), by="ann"))
    own.turn()
    made = own.dataset.generated
    assert len(made) == 30
    for kind in ("collect", "generate"):
        for key, each in of_kind(found_in(own), kind).items():
            assert "slice" in key or not each.ids.isin(made).any()


# --- slices ---------------------------------------------------------------------------------------------------------


def test_of_slices_the_worst_one_is_offered_until_some_are_pinned(own):
    slices = {key.partition("slice ")[2] for key in found_in(own) if "slice" in key}
    assert len(slices) == 1
    assert "side is far" in slices.pop()
    watch(own, (Predicate("side", "near", values=("near",)),), turn=0)
    found = {key: each for key, each in found_in(own).items() if "slice" in key}
    assert found
    sides = own.dataset.frame["side"]
    for key, each in found.items():
        assert key.endswith("side is near")
        assert (sides.loc[each.ids] == "near").all()
        assert each.action.setup["predicates"][0]["column"] == "side"
    near = own.dataset.ids("train")[(sides.loc[own.dataset.ids("train")] == "near").to_numpy()]
    assert set(found["collect slice side is near"].ids) == set(near)


# --- columns and findings -------------------------------------------------------------------------------------------


def finding(kind: str, fix: str, severity: float = 0.9, **about) -> Finding:
    return Finding(
        kind=kind, title=f"{kind}, {fix}", severity=severity, message="said", remedy="do it", fix=fix, **about
    )


def test_a_column_is_dropped_that_tells_nothing_or_that_the_audit_would_drop(noisy):
    dead = set(of_kind(found_in(noisy), "drop"))
    assert "drop dead" in dead
    assert not dead & {"drop x", "drop z"}
    leak = finding("leaking_column", "drop_column", columns=("x",))
    found = of_kind(found_in(noisy, [leak]), "drop")
    assert set(found) == dead | {"drop x"}
    assert "known only after the label" in found["drop x"].action.why
    assert found["drop x"].edit == DropColumn("x", reason=leak.title)
    gone = finding("constant", "drop_column", columns=("no such column",))
    assert set(of_kind(found_in(noisy, [gone]), "drop")) == dead


def test_never_are_all_columns_to_be_dropped(noisy):
    all_of_them = [finding("constant", "drop_column", columns=(name,)) for name in INPUTS]
    assert not of_kind(found_in(noisy, all_of_them), "drop")


def test_findings_are_mended_by_their_own_edit_the_grave_ones_alone_and_two_at_most(noisy):
    train = noisy.dataset.ids("train")
    grave = finding("exact_duplicates", "exclude", ids=train[:5])
    slight = finding("near_duplicates", "exclude", severity=0.2, ids=train[5:9])
    renamed = finding("spellings", "relabel", labels={train[9]: "low"}, ids=train[9:10])
    third = finding("outliers", "exclude", ids=train[10:12])
    found = of_kind(found_in(noisy, [slight, grave, renamed, third]), "mend")
    assert set(found) == {grave.title, renamed.title}
    assert found[grave.title].edit == Exclude(tuple(train[:5]), reason=grave.title)
    assert found[renamed.title].edit == Relabel({train[9]: "low"}, reason=renamed.title)
    assert list(found[grave.title].ids) == list(train[:5])
