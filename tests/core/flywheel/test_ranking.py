from __future__ import annotations

import shutil
import threading

import pandas as pd
import pytest

from core.annotate import Rule
from core.flywheel import Annotations, Exclude, Generate, Project, SetRules, rank
from core.progress import Cancelled


@pytest.fixture(scope="module")
def turned_once(created_once, tmp_path_factory):
    """The folder of a project after turn 0: to be copied."""
    project = Project.open(shutil.copytree(created_once, tmp_path_factory.mktemp("turned") / "project"))
    project.turn()
    project.close()
    return project.folder


@pytest.fixture
def turned(turned_once, tmp_path):
    project = Project.open(shutil.copytree(turned_once, tmp_path / "turned"))
    yield project
    project.close()


@pytest.fixture(scope="module")
def ranked(turned_once, tmp_path_factory):
    """The same ranked once more, its turn as it was held before, as it is now, and what was heard meanwhile."""
    project = Project.open(shutil.copytree(turned_once, tmp_path_factory.mktemp("ranked") / "project"))
    first, heard = project.turns[0], []
    known = first.suspects.copy()
    better = rank(project, first, progress=lambda share, _: heard.append(share))
    project.store.settle()
    yield project.folder, known, first, better, heard
    project.close()


def test_the_first_ranking_is_there_at_once_and_the_better_one_beside_it(ranked):
    _, known, first, better, heard = ranked
    assert first.ranked_at is None
    assert better.ranked_at is not None
    assert sorted(better.suspects.index) == sorted(known.index)
    assert not better.suspects["score"].equals(known["score"])
    assert {"model", "neighbours", "same_content"} <= set(better.suspects.columns)
    # Whoever holds the turn keeps the ranking they have seen.
    pd.testing.assert_frame_equal(first.suspects, known)
    assert heard[-1] == 1.0
    assert heard == sorted(heard)


def test_the_better_ranking_survives_a_restart_and_an_edit(ranked, tmp_path):
    folder, _, _, better, _ = ranked
    project = Project.open(shutil.copytree(folder, tmp_path / "p"))
    project.apply(Exclude([project.dataset.ids("train")[0]], by="ann"))
    again = Project.open(project.folder).turns[0]
    assert again.ranked_at == better.ranked_at
    pd.testing.assert_frame_equal(again.suspects, better.suspects)


def test_the_same_turn_ranked_again_gives_the_same(turned, ranked):
    again = rank(turned, turned.turns[0]).suspects
    pd.testing.assert_frame_equal(again, ranked[3].suspects)


def test_a_cancelled_ranking_keeps_nothing(turned):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        rank(turned, turned.turns[0], cancel=stop)
    assert turned.turns[0].ranked_at is None


def test_annotators_and_rules_are_heard(turned):
    train = turned.dataset.ids("train")
    label = turned.dataset.labels.loc[train[0]]
    (other,) = set(turned.dataset.classes) - {label}
    turned.apply(Annotations(pd.DataFrame({"ann": [other], "bob": [other]}, index=[train[0]])))
    everybody = {"kind": "not", "part": {"kind": "missing", "column": turned.dataset.schema.features[0]}}
    turned.apply(SetRules([Rule.from_dict({"name": "all", "class": other, "when": everybody})]))
    found = rank(turned, turned.turns[0]).suspects
    assert found.loc[train[0], "annotators"] > 0.5
    assert found.drop(index=train[0])["annotators"].isna().all()
    assert found["rules"].notna().any()


def test_generated_examples_are_ranked_but_not_doubted(project):
    # Copies of the examples that the model doubts most: as collected ones they would be flagged.
    doubted = project.turn().suspects
    parents = doubted.index[doubted["flagged"]][:10]
    rows = project.dataset.frame.loc[parents].assign(parent=parents, other_parent=pd.NA)
    project.apply(Generate(rows.set_axis([f"made{number}" for number in range(len(rows))])))
    turn = project.turn()
    made = turn.suspects.index.isin(project.dataset.generated)
    assert made.sum() == len(parents) > 0
    for suspects in (turn.suspects, rank(project, turn).suspects):
        made = suspects.index.isin(project.dataset.generated)
        assert not suspects["flagged"][made].any()
        assert suspects["flagged"][~made].any()
    (review,) = [action for action in project.actions() if action.kind == "review"]
    collected = len(project.dataset.ids("train")) - len(parents)
    assert f"{project.turns[-1].suspects['flagged'].sum() / collected:.1%}" in review.why
