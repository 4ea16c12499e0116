from __future__ import annotations

import numpy as np
import pandas as pd

from core.collect.audit_dependencies import find_dependencies
from core.collect.audited import Audited
from core.dataset import Dataset


def places(rows=400):
    zips = np.arange(rows) % 20
    return {
        "zip": [f"z{n}" for n in zips],
        "city": [f"{'abcdefghij'[n // 2]} town" for n in zips],
        "region": [f"{'vwxyz'[n // 4]} land" for n in zips],
        "other": [f"{'pqrs'[n]}{n}" for n in np.random.default_rng(0).integers(0, 4, rows)],
    }


def test_which_columns_settle_which():
    frame = pd.DataFrame(places()).assign(label=["yes", "no"] * 200)
    dataset = Dataset.from_frame(frame, label="label", features=["zip", "city", "region", "other"])
    found = {(each.left, each.right): each.broken for each in find_dependencies(Audited(dataset))}
    assert set(found) == {("zip", "city"), ("zip", "region"), ("city", "region")}
    assert set(found.values()) == {0.0}


def test_a_row_that_breaks_the_rule_gets_what_its_group_has(mended):
    columns = places()
    columns["region"][5], columns["region"][44] = "y land", "v land"
    truth = places()["region"]
    columns["region"][44] = "z land"
    (finding,), dataset = mended("broken_dependency", **columns)
    assert list(finding.cells) == [("r5", "region"), ("r44", "region")]
    assert dataset.frame["region"].tolist() == truth
    assert "'zip'" in finding.message
    assert "'city'" in finding.message


def test_the_wrong_side_is_the_one_that_most_rules_speak_against(mended):
    # Another valid postcode: city and region are right, and both contradict it.
    columns = places() | {"street": [f"{n % 20} street" for n in range(400)]}
    columns["zip"][5] = "z18"
    found, dataset = mended("broken_dependency", **columns)
    assert [list(finding.cells) for finding in found] == [[("r5", "zip")]]
    assert dataset.frame["zip"].tolist() == places()["zip"]


def test_exceptions_with_a_reason_of_their_own_are_none(mended):
    columns = places()
    abroad = np.arange(400) % 57 == 3
    columns["region"] = np.where(abroad, "far land", columns["region"])
    assert len(mended("broken_dependency", **columns)[0]) == 1
    columns["country"] = np.where(abroad, "far", "here")
    assert mended("broken_dependency", **columns)[0] == []


def test_chance_is_no_rule(mended):
    random = np.random.default_rng(1)
    columns = {f"c{m}": [f"v{n}" for n in random.integers(0, m, 400)] for m in (2, 5, 20, 120)}
    columns["mostly"] = np.where(random.random(400) < 0.95, "a", "b")
    assert mended("broken_dependency", **columns)[0] == []


def test_the_rule_is_learned_outside_test(mended):
    # In test the postcode z0 has another region than in train: test does not outvote it.
    columns = places()
    test = [f"r{n}" for n in range(0, 400, 20)][:12]
    for example in test:
        columns["region"][int(example[1:])] = "y land"
    found, _ = mended("broken_dependency", test=test, **columns)
    assert {example for finding in found for example, _ in finding.cells} <= set(test)
    assert all(set(finding.values) == {"v land"} for finding in found if finding.columns == ("region",))
