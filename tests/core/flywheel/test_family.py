"""What a family shares: looks at the test set are counted over all of it, and the sealed examples are opened once."""

from __future__ import annotations

import shutil
import threading

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Exclude, Project, SealError, branch, looks, opened_elsewhere, refusal, relatives


def made(folder) -> Project:
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    frame = pd.DataFrame({"x": x, "y": rng.normal(size=300)})
    frame["label"] = np.where(x + 0.7 * rng.normal(size=300) > 0, "yes", "no")
    dataset = Dataset.from_frame(frame, label="label", sealed=0.2)
    return Project.create(folder, dataset, recipe="logistic_regression")


def change(project: Project) -> None:
    project.apply(Exclude(project.dataset.ids("train")[:3]))


@pytest.fixture
def family(tmp_path):
    """A project with two turns, a branch from turn 0, and a branch of that one."""
    first = made(tmp_path / "first")
    first.turn()
    change(first)
    first.turn()
    second = branch(first, tmp_path / "second", turn=0)
    third = branch(second, tmp_path / "third", name="Third")
    yield first, second, third
    for project in (first, second, third):
        project.close()


def test_a_project_alone_has_no_family(tmp_path):
    project = made(tmp_path / "first")
    project.turn()

    assert (relatives(project), project.looks) == ([], 1)
    assert not (tmp_path / ".families").exists()


def test_all_know_who_is_in_the_family_and_came_from_whom(family):
    for project in family:
        assert [(each.id, each.came_from, each.turn) for each in relatives(project)] == [
            ("first", None, -1),
            ("second", "first", 0),
            ("third", "second", 0),
        ]
    assert relatives(family[0])[2].name == "Third"


def test_looks_are_counted_over_the_family_and_those_they_share_once(family):
    first, second, third = family
    assert [project.looks for project in family] == [2, 2, 2]

    for number, project in enumerate((third, first, second, third), 3):
        change(project)
        project.turn()
        assert [each.looks for each in family] == [number] * 3
    assert sorted(looks(first)) == looks(third)


def test_looks_of_a_project_that_is_gone_still_count(family):
    first, second, third = family
    change(second)
    second.turn()
    second.close()
    shutil.rmtree(second.folder)

    assert (first.looks, third.looks) == (3, 3)
    assert [each.id for each in relatives(first)] == ["first", "third"]


def test_a_branch_that_was_carried_elsewhere_remembers_the_looks_of_then(family, tmp_path):
    second = family[1]
    change(second)
    second.turn()
    (tmp_path / "other").mkdir()
    second.store.settle()
    shutil.copytree(second.folder, tmp_path / "other" / "second")
    alone = Project.open(tmp_path / "other" / "second")

    assert alone.looks == 3
    alone.close()


def test_a_damaged_file_of_the_register_is_passed_over(family, tmp_path):
    (register,) = (tmp_path / ".families").iterdir()
    (register / "third.json").write_text("{")

    assert [each.id for each in relatives(family[0])] == ["first", "second"]


# the seal


def test_the_sealed_examples_are_opened_once_in_the_family(family):
    first, second, third = family
    change(second)
    second.turn()
    claim = second.open_sealed(by="ann")

    assert opened_elsewhere(second) is None
    for project in (first, third):
        assert opened_elsewhere(project).project == "second"
        with pytest.raises(SealError, match=r"'first, from turn 0', too, and were opened there: .* by ann"):
            project.open_sealed(by="bob")
        assert project.claim is None
        with pytest.raises(SealError, match="opened there"):
            Project.open(project.folder).open_sealed()
    assert Project.open(second.folder).claim.sentence == claim.sentence
    with pytest.raises(SealError, match=r"can be opened once, and they were: .* by ann"):
        second.open_sealed()


def test_a_branch_of_what_was_opened_has_nothing_left_to_open(tmp_path):
    first = made(tmp_path / "first")
    first.turn()
    first.open_sealed(by="ann")
    second = branch(first, tmp_path / "second")

    assert second.claim is None
    assert isinstance(refusal(second), SealError)
    # Nor has one whose first project is gone.
    first.close()
    shutil.rmtree(first.folder)
    assert "opened there" in str(refusal(second))
    third = branch(second, tmp_path / "third")
    assert "opened there" in str(refusal(third))
    for project in (second, third):
        project.close()


def test_of_two_branches_that_open_at_the_same_moment_one_does(family):
    barrier = threading.Barrier(len(family))
    said = []

    def open_it(project):
        barrier.wait()
        try:
            said.append(project.open_sealed(by=project.id).by)
        except SealError as error:
            said.append(error)

    first, second, third = family
    threads = [threading.Thread(target=open_it, args=(project,)) for project in (first, second, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([each for each in said if isinstance(each, str)]) == 1
    assert len([project for project in family if project.claim is not None]) == 1


def test_who_was_killed_between_the_seal_and_the_claim_may_open_it_again_and_nobody_else(family, monkeypatch):
    first, second, _ = family
    insert = second.store.insert

    def killed(table, row):
        if table == "claims":
            raise KeyboardInterrupt
        return insert(table, row)

    monkeypatch.setattr(second.store, "insert", killed)
    with pytest.raises(KeyboardInterrupt):
        second.open_sealed(by="ann")
    monkeypatch.undo()

    assert second.claim is None
    with pytest.raises(SealError, match="opened there"):
        first.open_sealed()
    assert second.open_sealed(by="ann").by == "ann"


def test_without_links_the_seal_is_taken_once_as_well(family, monkeypatch):
    def no_links(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    first, second, _ = family
    second.open_sealed()
    with pytest.raises(SealError, match="opened there"):
        first.open_sealed()
