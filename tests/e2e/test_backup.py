"""A project is backed up as one file and restored from it in a browser; a damaged file ends in a sentence."""

from __future__ import annotations

import pytest
from driving import App
from playwright.sync_api import Page
from small import make_project

from core.flywheel import Project, list_projects, restore_backup

pytestmark = pytest.mark.browser


def restore(app: App, page: Page, name: str, content: bytes) -> None:
    """Bring a file to where backups are restored, on the list of projects."""
    app.goto()
    page.get_by_role("button", name="Restore a backup").click()
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": content}
    )
    page.get_by_text(name).first.wait_for()
    app.drawn()
    app.click("restore")


def said(project: Project) -> tuple:
    """What is compared of a project and its copy: the data, every edit, every turn with its verdict."""
    turns = [(turn.version, turn.fingerprint, turn.headline, turn.verdict) for turn in project.turns]
    return project.dataset.version, project.log, turns


def test_a_project_comes_back_from_its_backup_under_another_name_and_a_damaged_one_does_not(page, server, tmp_path):
    first = make_project(server.workspace, name="kept", turns=2)
    app = App(page, server)
    app.goto(project=first)
    app.click(f"backup-{first}")
    app.see("Backed up")
    with page.expect_download() as download:
        app.keyed(f"download-{first}").get_by_role("button").click()
    path = tmp_path / "renamed.zip"
    download.value.save_as(path)
    content = path.read_bytes()

    # One byte of a file in it is another one.
    place = content.index(b"PAR1") + 40
    restore(app, page, "damaged.zip", content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    app.see("in the backup was changed since it was written. Nothing was restored. Take another backup.")
    assert not app.trace
    before = {summary.id for summary in list_projects(server.workspace)}

    restore(app, page, path.name, content)
    app.see("The project is restored, as a copy.")
    app.see("A copy, restored from a backup of")
    app.drawn()
    copy = app.project
    assert {summary.id for summary in list_projects(server.workspace)} - before == {copy}

    # The ledger of the copy has the turns, and its log the edits.
    app.visit("Ledger")
    app.see("The test set was looked at")
    page.get_by_role("tab", name="Edits", exact=True).click()
    app.drawn()
    assert not app.trace
    elsewhere = restore_backup(path, tmp_path / "another workspace")
    projects = [Project.open(each) for each in (server.workspace / first, server.workspace / copy, elsewhere)]
    assert said(projects[0])[2][1][3] is not None
    assert said(projects[0]) == said(projects[1]) == said(projects[2])
    assert not any(project.store.lost for project in projects)
    for project in projects:
        project.close()
