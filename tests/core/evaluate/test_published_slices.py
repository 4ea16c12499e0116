"""The worst slices as the sliceline package publishes them: the experiments of its own tests, and what it scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.evaluate import find_slices, slices


def _small():
    return _halves(10), np.repeat([1, 0], 10)


def _halves(half):
    """Two columns whose first values meet in the first half of the rows, where all errors are."""
    return {
        "a": [1] * half + [2] * (half // 2) + [1] * (half // 2),
        "b": [1] * half + [1] * (half // 2) + [2] * (half // 2),
    }


def _wide(half, seed, last):
    draw = np.random.RandomState(seed).randint
    columns = {name: draw(1, high, 2 * half) for name, high in (("c", 4), ("d", 5), ("e", 7))}
    return pd.DataFrame(_halves(half) | columns | {"f": last}), np.repeat([1, 0], half)


def _steps(*ends):
    """Columns that are 2 in two rows each, from these rows on, and one that numbers the rows."""
    rows = ends[-1] + 2
    columns = {
        name: [2 if end <= row < end + 2 else 1 for row in range(rows)]
        for name, end in zip("abcd"[: len(ends)], ends, strict=True)
    }
    return pd.DataFrame(columns | {"row": range(1, rows + 1)})


def _experiment_1():
    columns, errors = _small()
    return pd.DataFrame(columns | {"c": np.random.RandomState(1).randint(1, 4, 20)}), errors


def _experiment_2():
    columns, errors = _small()
    draw = np.random.RandomState(2).randint
    c, d, e = (draw(1, high, 20) for high in (4, 5, 7))
    return (
        pd.DataFrame({"c": c, "b": columns["b"], "d": d, "e": e, "a": columns["a"], "f": np.arange(20) + 1}),
        errors,
    )


def _experiment_3():
    return (
        pd.DataFrame(_halves(100) | {"c": np.random.RandomState(3).randint(1, 4, 200)}),
        np.repeat([1, 0], 100),
    )


def _experiment_9():
    draw = np.random.RandomState(9).randint
    return _experiment_1()[0], np.concatenate([draw(1, 61, 10), draw(41, 101, 10)]) / 100


def _experiment_13():
    frame = pd.DataFrame(
        {
            "a": [1, 1, 1, 1, 1, 1, 2, 2],
            "b": list("aaaabbaa"),
            "c": range(1, 9),
            "d": [3, 3, 3, 1, 3, 1, 2, 1],
        }
    )
    return frame.astype(object), np.repeat([1, 0], 4)


def _experiment_16():
    frame = {"a": "g" * 6 + "a" * 9, "b": "b" * 12 + "fff", "c": "hhhhcccc" + "h" * 7, "d": "d" * 12 + "eee"}
    return pd.DataFrame({name: list(values) for name, values in frame.items()}), np.repeat([0, 1, 0], [6, 6, 3])


_FOUR = _wide(100, 4, np.arange(200) + 1)
_TEN = _wide(10_000, 10, np.tile(np.arange(1, 501), 40))
_BOTH, _A, _B = {"a": 1, "b": 1}, {"a": 1}, {"b": 1}
_BIGGER = {"a": 1, "c": 3}

# Data, options that differ from two slices of two predicates of any size with alpha 0.95, and the slices published:
# more than asked for where the last ones tie.
EXPERIMENTS = {
    "1": (_experiment_1(), {}, [_BOTH, {"b": 1, "c": 2}, {"a": 1, "c": 2}]),
    "2": (_experiment_2(), {}, [_BOTH, {"d": 4, "a": 1}]),
    "3": (_experiment_3(), {}, [_BOTH, _A, _B]),
    "4": (_FOUR, {}, [_BOTH, _BIGGER]),
    "5": (_FOUR, {"min_size": 50}, [_BOTH, _BIGGER]),
    "6": (_FOUR, {"max_predicates": 1}, [_A, _B]),
    "7": (_FOUR, {"alpha": 0.7}, [_BOTH, _A, _B]),
    "8": (_FOUR, {"top": 3}, [_BOTH, _BIGGER, _A, _B]),
    "9": (_experiment_9(), {}, [{"a": 2}, {"a": 2, "b": 1}]),
    "10": (_TEN, {}, [_BOTH, _A, _B]),
    "11": (
        (_steps(6, 8, 10), np.repeat([1, 0], 6)),
        {"max_predicates": 3},
        [{"a": 1, "b": 1, "c": 1}, {"b": 1, "c": 1}, {"a": 1, "c": 1}, {"a": 1, "b": 1}],
    ),
    "12": (
        (_steps(8, 10, 12, 14), np.repeat([1, 0], 8)),
        {"max_predicates": 4},
        [{"a": 1, "b": 1, "c": 1, "d": 1}] + [dict.fromkeys(names, 1) for names in ("bcd", "acd", "abd", "abc")],
    ),
    "13": (_experiment_13(), {}, [{"a": 1, "b": "a"}, {"b": "a", "d": 3}]),
    "14": (_FOUR, {"min_size": 10}, [_BOTH, _BIGGER]),
    "15": (_FOUR, {"alpha": 0.5}, []),
    "16": (_experiment_16(), {"alpha": 0.01, "max_predicates": 3, "min_size": 7}, []),
}


@pytest.mark.parametrize("prune_from", [0, 10**12])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_published_slices_are_found(name, prune_from, monkeypatch):
    monkeypatch.setattr(slices, "_PRUNE_FROM", prune_from)
    (frame, errors), options, published = EXPERIMENTS[name]
    options = {"top": 2, "max_predicates": 2, "min_size": 1, "alpha": 0.95} | options
    found = find_slices(frame, errors, **options)
    assert len(found) == min(options["top"], len(published))
    assert all(dict(one.predicates) in published for one in found)
    more = find_slices(frame, errors, **options | {"top": options["top"] + 20})
    if len(more) > len(found) and found:
        scores = [round(one.score, 9) for one in more]
        tied = [
            dict(one.predicates) for one, score in zip(more, scores, strict=True) if score >= scores[len(found) - 1]
        ]
        assert sorted(map(str, map(sorted, map(dict.items, tied)))) == sorted(
            map(str, map(sorted, map(dict.items, published)))
        )


def test_published_scores():
    """Those of its docstrings and unit tests: eight rows, four of them wrong."""
    frame = pd.DataFrame({"a": [1] * 6 + [2] * 2, "b": [1] * 4 + [2] * 2 + [1] * 2, "d": [3, 3, 3, 1, 3, 1, 2, 1]})
    found = find_slices(frame, np.repeat([1, 0], 4), top=50, max_predicates=2, min_size=1)
    scores = {tuple(dict(one.predicates).items()): one.score for one in found}
    published = {
        (("a", 1),): 0.3,
        (("b", 1),): 0.3,
        (("d", 3),): 0.425,
        (("a", 1), ("b", 1)): 0.9,
        (("b", 1), ("d", 3)): 0.8666666666666666,
        (("a", 1), ("d", 3)): 0.425,
    }
    for slice_, score in published.items():
        assert scores[slice_] == pytest.approx(score)
