from __future__ import annotations

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.evaluate import bins_of, joined
from core.flywheel import (
    Exclude,
    Project,
    ProjectError,
    Relabel,
    attribute,
    error_slices_of,
    known_attribution,
    watch,
    write_note,
)
from core.progress import Cancelled
from core.report import project_report


def people(rows: int = 600) -> pd.DataFrame:
    """Labels that the model can't get right where the plan is basic and the region is north."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "소득": rng.normal(50, 10, rows).round(1),
            "plan": rng.choice(["basic", "<b>plus</b>"], rows),
            "region": rng.choice(["north", "south"], rows),
            "customer": [f"C-{n:05}" for n in range(rows)],
        }
    )
    stays = np.where(frame["소득"] > 50, "남음", "leaves")
    hard = (frame["plan"] == "basic") & (frame["region"] == "north")
    frame["label"] = np.where(hard & (rng.random(rows) < 0.5), np.where(stays == "남음", "leaves", "남음"), stays)
    return frame


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    dataset = Dataset.from_frame(people(), label="label", id="customer", test=0.3, sealed=0.2)
    folder = tmp_path_factory.mktemp("projects") / "report"
    project = Project.create(folder, dataset, recipe="logistic_regression", name="<i>고객</i>")
    project.turn()
    found = error_slices_of(project, project.turns[0])
    worst = found.slices[0][0]
    bins = bins_of(found.described.loc[found.predictions.index], found.categories)
    watch(project, joined(worst.predicates, bins), turn=0, by="Ada")
    train = project.dataset.ids("train")
    project.apply(Relabel({train[0]: "leaves", train[1]: "남음"}, by="Ada", reason="called <them>"))
    project.apply(Exclude(train[2:9].tolist(), by="Ben", reason="copies"))
    project.turn()
    write_note(project, 1, "검토했다 <script>alert(1)</script>", by="Ada")
    yield project
    project.close()


@pytest.fixture(scope="module")
def written(project):
    return project_report(project)


def read(page: str) -> str:
    """What a reader sees."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.split("</style>")[1])).split())


def test_it_tells_the_whole_story(project, written):
    text = read(written)
    turn = project.turns[1]
    for said in (
        "<i>고객</i>: report of the project",
        f"Turn 1: Macro F1 {turn.headline[0]:.3f}",
        turn.verdict.verdict,
        "the class in column 'label'",
        "소득",
        "<b>plus</b>",
        "What the audit found",
        "called <them>",
        "copies",
        "검토했다 <script>alert(1)</script>",
        "Note by Ada",
        "Each class, the weakest first",
        "What is taken for what",
        "plan is basic and region is north",
        "Turns on pinned slices",
        "The test set was looked at twice",
        "sealed when the project was made: not opened",
        project.model.fingerprint,
        "LogisticRegression",
        "What these numbers can't say",
        "Test labels are taken as right",
    ):
        assert said in text, said


def test_text_of_the_data_is_no_markup_and_nothing_is_fetched(written):
    assert "<script" not in written
    assert "<i>" not in written
    assert "<b>" not in written
    assert not re.search(r"https?://|url\(|@import|src=", written)
    assert len(written.encode()) < 200_000


def test_no_single_example_is_named(project, written):
    assert "C-0" not in written
    sealed = project.dataset.part("sealed")
    assert f"{len(sealed)}, not looked at" in written
    assert '<th scope="col" class="number">sealed' not in written


def test_the_report_of_a_turn_ends_with_it(project):
    text = read(project_report(project, 0))
    assert "report of turn 0" in text
    assert "Turn 1" not in text
    assert "copies" not in text.split("What was changed and why")[2]
    assert "The data as it was brought." in text


def test_what_was_done_since_the_last_turn_is_told(project):
    edit = Exclude(project.dataset.ids("train")[:1].tolist(), reason="out of scope")
    project.apply(edit)
    try:
        text = read(project_report(project))
        assert "Since the last turn" in text
        assert "out of scope" in text
        assert "out of scope" not in read(project_report(project, 1))
    finally:
        project.undo()


def test_what_each_group_of_edits_was_worth_is_told_once_it_is_known(project, written):
    assert known_attribution(project, 1) is None
    assert "is made of" not in written
    split = attribute(project, 1)
    assert known_attribution(project, 1).shares == split.shares
    text = read(project_report(project))
    assert "What the change of turn 1 is made of" in text
    assert split.shares[0].group.title in text


def test_it_is_about_a_turn_that_was_run(project, tmp_path):
    with pytest.raises(ProjectError, match=r"0 to 1\. Got 2"):
        project_report(project, 2)
    fresh = Project.create(tmp_path / "fresh", Dataset.from_frame(people(200), label="label"))
    with pytest.raises(ProjectError, match="run turn 0"):
        project_report(fresh)
    fresh.close()


def test_it_can_be_cancelled_and_says_how_far_it_is(project):
    said = []
    project_report(project, progress=lambda share, message: said.append(share))
    assert said == sorted(said)
    assert said[-1] == 1.0
    with pytest.raises(Cancelled):
        project_report(project, cancel=lambda: True)


def test_once_opened_the_claim_stands_at_the_top(tmp_path):
    dataset = Dataset.from_frame(people(400), label="label", id="customer", sealed=0.2)
    project = Project.create(tmp_path / "opened", dataset, recipe="logistic_regression")
    project.turn()
    claim = project.open_sealed(by="Ada")
    text = read(project_report(project))
    assert f"Final claim. {claim.sentence}" in text
    assert "by Ada, once, for turn 0" in text
    project.close()
