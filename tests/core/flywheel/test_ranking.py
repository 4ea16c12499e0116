from __future__ import annotations

import threading

import pandas as pd
import pytest

from core.annotate import Rule
from core.flywheel import Annotations, Exclude, Generate, Project, SetRules, rank
from core.progress import Cancelled


@pytest.fixture
def turned(project):
    project.turn()
    return project


def test_the_first_ranking_is_there_at_once_and_the_better_one_beside_it(turned):
    first = turned.turns[0]
    known = first.suspects.copy()
    assert first.ranked_at is None
    heard = []
    better = rank(turned, first, progress=lambda share, message: heard.append(share))
    assert better.ranked_at is not None
    assert sorted(better.suspects.index) == sorted(known.index)
    assert not better.suspects["score"].equals(known["score"])
    assert {"model", "neighbours", "same_content"} <= set(better.suspects.columns)
    # Whoever holds the turn keeps the ranking they have seen.
    pd.testing.assert_frame_equal(first.suspects, known)
    assert heard[-1] == 1.0
    assert heard == sorted(heard)


def test_the_better_ranking_survives_a_restart_and_an_edit(turned):
    better = rank(turned, turned.turns[0])
    turned.apply(Exclude([turned.dataset.ids("train")[0]], by="ann"))
    again = Project.open(turned.folder).turns[0]
    assert again.ranked_at == better.ranked_at
    pd.testing.assert_frame_equal(again.suspects, better.suspects)


def test_the_same_turn_ranked_again_gives_the_same(turned):
    first = rank(turned, turned.turns[0]).suspects
    second = rank(turned, turned.turns[0]).suspects
    pd.testing.assert_frame_equal(first, second)


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
