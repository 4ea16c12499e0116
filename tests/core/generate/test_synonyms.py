from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.generate.pieces import Pieces, drawn
from core.generate.synonyms import learn_space, synonyms

THINGS = ["kettle", "lamp", "router", "desk"]
DAYS = ["monday", "tuesday", "friday", "sunday"]
물건 = ["주전자", "책상", "공유기"]


def texts(seed: int = 0, n: int = 600) -> tuple[pd.Series, pd.Series]:
    """Complaints and praise: the same things on the same days, good where the others are bad."""
    rng = np.random.default_rng(seed)
    thing, day, 것 = rng.choice(THINGS, n), rng.choice(DAYS, n), rng.choice(물건, n)
    good = np.arange(n) % 2 == 0
    word = np.where(good, rng.choice(["great", "lovely"], n), rng.choice(["awful", "broken"], n))
    english = [f"the {t} that came on {d} is {w} indeed" for t, d, w in zip(thing, day, word, strict=True)]
    korean = [f"어제 {t} 하나를 주문했습니다 아직 안 왔어요" for t in 것]
    column = np.where(rng.random(n) < 0.3, korean, english)
    return pd.Series(column, dtype="str"), pd.Series(np.where(good, "praise", "complaint"))


def near(space, word: str) -> set[str]:
    return {str(space.words[place]) for place in space.near[space.words.get_loc(word)] if place >= 0}


@pytest.mark.parametrize("group", [THINGS, DAYS, 물건], ids=["things", "days", "korean"])
def test_words_are_near_that_fit_the_same_gap(group):
    space = learn_space(*texts())
    for word in group:
        assert set(group) - {word} <= near(space, word)


def test_opposites_are_near_but_stand_for_no_class_of_the_other():
    column, labels = texts()
    space = learn_space(column, labels)
    assert "awful" in near(space, "great")
    place = np.array([space.words.get_loc("great")])
    taken = space.near[place[0]][space.allowed(place, np.array([space.classes.get_loc("praise")]))[0]]
    assert {str(space.words[one]) for one in taken} & {"lovely", "awful", "broken"} == {"lovely"}


def test_words_change_in_their_place_their_signs_and_their_case():
    column, labels = texts()
    change = synonyms(learn_space(column, labels), labels)
    written = pd.Series(['The KETTLE, (lamp) "Router" desk. 공유기! x-ray 12'], dtype="str")
    pieces = Pieces.of(written)
    rng = np.random.default_rng(0)
    may = change.may(pieces, np.ones(len(pieces.words), dtype=bool))
    assert may.tolist() == [False, True, True, True, True, True, False, False]
    after = change.apply(pieces, drawn(pieces, may, 1.0, rng), rng).words.tolist()
    assert [after[0], *after[6:]] == ["The", "x-ray", "12"]
    assert after[1][:-1] in {word.upper() for word in THINGS} - {"KETTLE"}
    assert after[1][-1] == ","
    assert after[2][1:-1] in set(THINGS) - {"lamp"}
    assert after[3][1:-1] in {word.capitalize() for word in THINGS} - {"Router"}
    assert after[5][:-1] in set(물건) - {"공유기"}


def test_the_same_texts_give_the_same_space():
    column, labels = texts()
    one, other = learn_space(column, labels), learn_space(column, labels)
    assert (one.near == other.near).all()
    assert one.words.equals(other.words)


@pytest.mark.parametrize("column", [["a b c"] * 4, ["", ""], ["one one one one"] * 8, ["12 34 !!"] * 9])
def test_a_few_words_have_no_neighbours(column):
    labels = pd.Series(["x", "y"] * len(column), dtype="str").iloc[: len(column)]
    change = synonyms(learn_space(pd.Series(column, dtype="str"), labels), labels)
    pieces = Pieces.of(pd.Series(column, dtype="str"))
    assert not change.may(pieces, np.ones(len(pieces.words), dtype=bool)).any()
