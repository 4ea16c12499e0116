from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.flywheel import Project, Relabel
from core.flywheel.claim import AFTER, JUDGED, claim_json, read_claim, worded


@pytest.fixture(scope="module")
def project(tmp_path_factory, make_table, make_dataset):
    """Three turns, of which the second was judged by the sealed examples."""
    dataset = make_dataset(make_table(240), sealed=0.2)
    project = Project.create(tmp_path_factory.mktemp("claim") / "p", dataset, recipe="logistic_regression")
    project.turn()
    for number in range(2):
        train = project.dataset.labels_of("train").iloc[number * 5 : number * 5 + 5]
        project.apply(Relabel({key: "no" if label == "yes" else "yes" for key, label in train.items()}))
        project.turn()
        if number == 0:
            project.open_sealed(by="한나")
    yield project
    project.close()


def test_a_claim_comes_back_as_it_was_written(project):
    claim = project.claim
    again = read_claim(project.store)

    assert again is not claim
    assert again.row() == claim.row()
    assert again.by == "한나"


def test_its_sentence_holds_the_numbers(project):
    claim = project.claim
    value, low, high = claim.score

    assert f"turn 1 reaches Macro F1 {value:.3f} (95% interval {low:.3f} to {high:.3f})" in claim.sentence
    assert f"{claim.verdict.delta:+.3f}".replace("-", "−") in claim.sentence
    assert claim.sentence.endswith(f"{claim.verdict.verdict}.")
    assert f"On {claim.size} sealed examples" in claim.sentence
    assert "looked at twice" in claim.sentence


def test_the_sentence_of_a_first_turn_compares_with_nothing():
    assert worded(0, 1, 1200, "accuracy", (0.9, 0.85, 0.93), None) == (
        "On 1,200 sealed examples, opened once after the test set had been looked at once, turn 0 reaches Accuracy "
        "0.900 (95% interval 0.850 to 0.930)."
    )


def test_the_difference_is_better_where_it_is_above_zero(project):
    claim = project.claim
    value, low, high = claim.difference
    assert value == pytest.approx(claim.score[0] - claim.test_score[0])
    assert low < value < high

    loss = replace(claim, headline="log_loss")
    value, low, high = loss.difference
    assert value == pytest.approx(loss.test_score[0] - loss.score[0])
    assert low < value < high


def test_the_ledger_says_which_turn_it_is_about_and_which_came_after(project):
    table = project.ledger()

    assert table["seal"].tolist() == ["", JUDGED, AFTER]


def test_it_stands_in_json_with_every_interval(project):
    written = json.loads(json.dumps(claim_json(project.claim), allow_nan=False))

    assert written["metrics"]["macro_f1"] == dict(zip(("value", "low", "high"), project.claim.score, strict=True))
    assert written["verdict"]["verdict"] == project.claim.verdict.verdict
    assert sum(each["support"] for each in written["per_class"]) == written["sealed_examples"] == project.claim.size
