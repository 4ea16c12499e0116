from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeRegressor

from core.evaluate import bins_of, error_tree, holds, slice_frame


def made(rows: int = 1200, seed: int = 0):
    """Errors where the plan is basic and the age is below 40; the city says nothing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": np.where(rng.random(rows) < 0.1, np.nan, rng.integers(18, 80, rows)),
            "plan": rng.choice(["basic", "plus", "family", "old"], rows),
            "city": rng.choice(["Seoul", "Busan", None], rows),
        },
        index=pd.Index([f"r{n}" for n in range(rows)]),
    )
    hard = (frame["plan"] == "basic") & (frame["age"] < 40)
    losses = pd.Series((rng.random(rows) < np.where(hard, 0.6, 0.1)).astype(float), frame.index)
    categories, _ = slice_frame(frame, min_size=30)
    return frame, categories, losses, bins_of(frame, categories)


def encoded(categories: pd.DataFrame) -> np.ndarray:
    """As scikit-learn has to see it to be asked the same questions."""
    ordinal = categories["age"].cat.codes.to_numpy()
    columns = [ordinal, (categories["age"] == "missing").to_numpy()]
    for name in ("plan", "city"):
        columns += [(categories[name] == value).to_numpy() for value in categories[name].cat.categories]
    return np.column_stack(columns).astype(float)


@pytest.mark.parametrize("seed", range(6))
def test_the_tree_is_scikit_learn_s(seed):
    _, categories, losses, bins = made(seed=seed)
    # Losses of many values leave no ties.
    losses = losses + np.random.default_rng(seed).random(len(losses))
    nodes = error_tree(categories, losses, bins, min_size=40, significance=1)
    known = DecisionTreeRegressor(max_depth=3, min_samples_leaf=40).fit(encoded(categories), losses)
    leaves = [node for node in nodes if node.leaf]
    of_leaf = pd.Series(index=losses.index, dtype=float)
    for leaf in leaves:
        of_leaf[leaf.region.ids] = losses[leaf.region.ids].mean()
    assert len(leaves) == known.get_n_leaves()
    np.testing.assert_allclose(of_leaf, known.predict(encoded(categories)))


def test_the_first_question_is_the_best_of_all_by_brute_force():
    _, categories, losses, bins = made()
    root, first, second = error_tree(categories, losses, bins, max_depth=1, min_size=40)
    left = losses.drop(first.region.ids)
    reached = losses.var(ddof=0) * len(losses) - sum(
        part.var(ddof=0) * len(part) for part in (losses[first.region.ids], left)
    )
    best = 0.0
    for name, column in categories.items():
        codes = column.cat.codes.to_numpy()
        sides = [codes == code for code in np.unique(codes)]
        sides += [codes < code for code in np.unique(codes)] if name == "age" else []
        for side in sides:
            if min(side.sum(), (~side).sum()) >= 40:
                after = sum(part.var(ddof=0) * len(part) for part in (losses[side], losses[~side]))
                best = max(best, losses.var(ddof=0) * len(losses) - after)
    assert reached == pytest.approx(best)
    assert root.region.size == first.region.size + second.region.size == len(losses)
    assert first.region.error > second.region.error


def test_the_leaves_add_up_and_say_who_is_in_them():
    frame, categories, losses, bins = made()
    nodes = error_tree(categories, losses, bins)
    leaves = [node for node in nodes if node.leaf]
    assert sum(node.region.size for node in leaves) == len(losses)
    assert sum(node.region.wrong for node in leaves) == losses.sum()
    assert sum(node.region.coverage for node in leaves) == pytest.approx(1.0)
    for node in nodes:
        assert frame.index[holds(node.region.predicates, frame)].equals(node.region.ids), str(node.region)
        assert node.region.size >= 32
        assert len({each.column for each in node.region.predicates}) == len(node.region.predicates)
        if node.parent is not None:
            assert node.parent < node.number
            assert set(node.region.ids) < set(nodes[node.parent].region.ids)


def test_the_hard_part_is_found_and_reads_like_a_sentence():
    _, categories, losses, bins = made()
    worst = max(error_tree(categories, losses, bins), key=lambda node: node.region.error)
    assert "plan is basic" in str(worst.region)
    assert "age is below" in str(worst.region)
    assert worst.region.lift > 2


def test_without_a_reason_nothing_is_split():
    rng = np.random.default_rng(0)
    grown = 0
    for seed in range(20):
        _, categories, losses, bins = made(seed=seed)
        luck = pd.Series((rng.random(len(losses)) < 0.2).astype(float), losses.index)
        grown += len(error_tree(categories, luck, bins)) > 1
    assert grown <= 3
    assert len(error_tree(categories, losses * 0, bins)) == 1
    assert len(error_tree(categories[:50], losses[:50], bins)) == 1
