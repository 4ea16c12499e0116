from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.flywheel import Project, ProjectError, Relabel, find_project, home, list_projects, new_folder


def test_home_is_where_the_environment_says(tmp_path):
    assert home({"FLYWHEEL_HOME": str(tmp_path)}) == tmp_path
    assert home({}) == Path.home() / ".flywheel"
    assert home({"FLYWHEEL_HOME": ""}) == Path.home() / ".flywheel"
    assert home({"FLYWHEEL_HOME": "~/there"}) == Path.home() / "there"


@pytest.mark.parametrize("name", ["Churn", "고객 이탈", "", "../..", "a/b", "x" * 500, "con.", "-"])
def test_a_new_folder_lies_in_the_workspace_can_be_found_and_differs_each_time(tmp_path, dataset, name):
    folder, other = new_folder(tmp_path, name), new_folder(tmp_path, name)

    assert folder != other
    assert folder.parent == tmp_path
    Project.create(folder, dataset, name=name).close()
    assert find_project(tmp_path, folder.name) == folder


@pytest.mark.parametrize(
    "project_id",
    ["", ".", "..", "../x", "../../etc", "a/b", "/etc", "\\x", "é", "x" * 300, "é" * 200, "a\0b", "a\nb", "nothing"],
)
def test_ids_that_are_none_are_refused_in_words(tmp_path, project, project_id):
    (tmp_path / "workspace").mkdir()

    with pytest.raises(ProjectError, match="There is no project"):
        find_project(tmp_path / "workspace", project_id)


def test_a_way_out_of_the_workspace_is_refused_even_if_it_leads_to_a_project(tmp_path, project):
    inside = tmp_path / "workspace"
    inside.mkdir()

    for project_id in ("../project", str(project.folder), "./../project"):
        with pytest.raises(ProjectError, match="There is no project"):
            find_project(inside, project_id)
    assert find_project(tmp_path, "project") == project.folder


def test_an_empty_or_missing_workspace_lists_nothing(tmp_path):
    assert list_projects(tmp_path) == []
    assert list_projects(tmp_path / "nowhere") == []


def test_the_list_says_what_is_in_a_project(tmp_path, dataset, train):
    project = Project.create(
        tmp_path / "p", dataset, name="고객 이탈", recipe="logistic_regression", headline="accuracy"
    )
    project.turn()
    project.apply(Relabel({train[0]: "maybe"}))

    (found,) = list_projects(tmp_path)

    assert (found.id, found.name, found.modality, found.headline) == ("p", "고객 이탈", "table", "accuracy")
    assert (found.edits, found.turns) == (1, 1)
    assert found.created <= found.changed


def test_broken_folders_are_passed_over(tmp_path, project):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a file").write_text("nothing")
    for name, content in (("zero", b""), ("nonsense", b"nonsense" * 1000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "project.sqlite").write_bytes(content)
    project.store.settle()
    shutil.copytree(project.folder, tmp_path / "half")
    with Project.open(tmp_path / "half").store.writing():
        pass
    half = Project.open(tmp_path / "half")
    half.store.execute("DELETE FROM meta WHERE key = 'schema'")
    half.close()

    assert [summary.id for summary in list_projects(tmp_path)] == ["project"]


def test_what_is_listed_can_be_opened(tmp_path, project):
    """A folder that somebody copied and renamed is a project too."""
    # What was just written moves between the files for a moment.
    project.store.settle()
    for name in ("My_Project", "project (copy)", "프로젝트", ".hidden"):
        shutil.copytree(project.folder, tmp_path / name)

    found = {summary.id for summary in list_projects(tmp_path)}

    assert found == {"project", "My_Project", "project (copy)", "프로젝트"}
    for project_id in found:
        assert Project.open(find_project(tmp_path, project_id)).revision == 0


def test_the_list_leaves_no_file_open(tmp_path, project):
    fds = Path("/proc/self/fd")
    if not fds.is_dir():
        pytest.skip("counts open files through /proc")
    (tmp_path / "nonsense").mkdir()
    (tmp_path / "nonsense" / "project.sqlite").write_bytes(b"nonsense" * 1000)
    list_projects(tmp_path)
    before = len(list(fds.iterdir()))
    for _ in range(10):
        list_projects(tmp_path)

    assert len(list(fds.iterdir())) <= before
