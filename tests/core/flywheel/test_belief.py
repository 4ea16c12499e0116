from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flywheel import Decide, Project
from core.flywheel.belief import Belief, answers_of, believe


def answers(wrong: int, right: int, score: float = 0.8) -> pd.DataFrame:
    return pd.DataFrame({"score": [score] * (wrong + right), "wrong": [True] * wrong + [False] * right})


def test_before_any_review_some_noise_is_likely_and_none_is_possible():
    belief = believe(answers(0, 0))

    assert belief.clean == pytest.approx(0.15)
    assert belief.mean == pytest.approx(0, abs=1e-9)
    assert belief.spread == pytest.approx(0.6, rel=0.01)
    assert belief.reviewed == 0


def test_reviews_shift_the_belief_and_make_it_surer():
    before = believe(answers(0, 0))
    noisy, sound = believe(answers(36, 4)), believe(answers(0, 40))

    assert noisy.mean > before.mean
    assert noisy.spread < before.spread
    assert noisy.clean < 1e-6
    assert sound.clean > 0.99


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 20), st.integers(0, 20))
def test_how_many_are_wrong_agrees_with_draws(scores, wrong, right):
    belief = believe(answers(wrong, right))
    mean, spread = belief.wrong(scores)
    rng = np.random.default_rng(0)
    shifts = rng.normal(belief.mean, belief.spread, 2000)
    drawn = np.array([belief.chances(scores, shift).sum() for shift in shifts])
    drawn = np.where(rng.random(2000) < belief.clean, 0.0, drawn)

    assert mean == pytest.approx(drawn.mean(), abs=0.06 * len(scores) + 1e-9)
    assert spread == pytest.approx(drawn.std(), abs=0.06 * len(scores) + 1e-9)


def test_the_surer_the_score_the_likelier_is_the_label_wrong():
    chances = Belief(0.1, 0.0, 0.6, 0).chances(np.linspace(0, 1, 50))

    assert (np.diff(chances) >= 0).all()
    assert ((chances > 0) & (chances < 1)).all()


def test_answers_carry_the_score_of_the_turn_before_and_bulk_counts_for_nothing(tmp_path, dataset):
    project = Project.create(tmp_path / "p", dataset, recipe="logistic_regression")
    suspects = project.turn().suspects
    first, second, third, fourth = suspects.index[:4]
    project.apply(
        Decide({first: ("suggested", suspects["suggested"][first]), second: ("keep", None), third: ("skip", None)})
    )
    project.apply(Decide({fourth: ("keep", None)}, bulk=True))
    found = answers_of(project, project.turns)

    assert found["wrong"].to_dict() == {first: True, second: False}
    assert found["score"][first] == suspects["score"][first]
