from __future__ import annotations

import pytest

from core.train import RECIPES, LockedModel
from core.train.space import recipe_space


@pytest.fixture(params=["table", "texts"])
def dataset(request):
    return request.getfixturevalue(request.param)


def test_every_recipe_in_the_space_is_another_one_that_can_be_fitted(dataset):
    found = recipe_space(dataset)
    assert len({recipe.fingerprint for recipe in found}) == len(found)
    assert not {recipe.fingerprint for recipe in found} & {recipe.fingerprint for recipe in RECIPES.values()}
    assert {recipe.name for recipe in found} == {
        name for name, recipe in RECIPES.items() if recipe.modality == dataset.schema.modality.value
    }
    kinds = len({recipe.name for recipe in found})
    # One of each kind in turn.
    assert len({recipe.name for recipe in found[:kinds]}) == kinds
    for recipe in found[: 2 * kinds]:
        fitted = LockedModel(recipe).fit(dataset)
        assert fitted.predict_proba(dataset.inputs("test")).shape[1] == len(dataset.classes)


def test_the_order_belongs_to_the_seed(dataset):
    one, same, other = ([recipe.fingerprint for recipe in recipe_space(dataset, seed)] for seed in (0, 0, 1))
    assert one == same
    assert one != other
    assert sorted(one) == sorted(other)
