from __future__ import annotations

from pathlib import Path

from core.flywheel import Project, back_up, list_projects
from pages.parts import jobs


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.info, *app.error)
    return " ".join(element.value for element in shown).replace("\\", "")


def backed_up(workspace: Path) -> list[Path]:
    return sorted((workspace / "backups").glob("*.zip"))


def test_a_project_is_backed_up_from_the_list_and_from_its_overview(start, quiet, turned, workspace):
    for project, calls in ((None, 1), (turned.id, 2)):
        app = quiet(start(project=project))
        app.button(key=f"backup-{turned.id}").click().run()
        assert jobs.registry().wait(turned.id, "backup", 30).state == "done"
        quiet(app.run())
        assert "Backed up" in words(app)
        assert backed_up(workspace)[-1].name in words(app)
        assert len(backed_up(workspace)) == calls
        app.button(key=f"backed-up-{turned.id}").click().run()
        assert "Backed up" not in words(quiet(app))
        # Names of backups are told apart by the second.
        backed_up(workspace)[0].rename(workspace / "backups" / "0.zip")


def test_a_backup_is_restored_as_a_copy_that_is_opened_and_says_what_it_is(start, quiet, turned, workspace, tmp_path):
    path = back_up(turned, tmp_path / "away" / "b.zip")
    app = start()
    app.file_uploader(key="restore-file").upload("b.zip", path.read_bytes(), "application/zip").run()
    app.button(key="restore").click().run()
    assert jobs.registry().wait("workspace", "restore", 30).state == "done"
    quiet(app.run())

    assert len(list_projects(workspace)) == 2
    opened = app.query_params["project"]
    opened = opened[0] if isinstance(opened, list) else opened
    assert opened != turned.id
    assert "A copy, restored from a backup of" in words(app)
    again = Project.open(workspace / opened)
    assert again.dataset.version == turned.dataset.version
    again.close()


def test_a_file_that_is_no_backup_ends_in_a_sentence_and_changes_nothing(start, turned, workspace):
    app = start()
    app.file_uploader(key="restore-file").upload("evil.zip", b"no zip at all", "application/zip").run()
    app.button(key="restore").click().run()
    jobs.registry().wait("workspace", "restore", 30)
    app.run()

    assert not app.exception
    assert "is no backup, or a damaged one" in words(app)
    assert len(list_projects(workspace)) == 1


def test_a_project_that_a_kill_left_half_done_says_what_was_dropped(start, quiet, project):
    project.close()
    (project.folder / "blobs" / f".{'0' * 64}.999999999.1").write_bytes(b"half")
    app = quiet(start(project=project.id))

    assert "1 file that was being written when the app was ended was dropped" in words(app)
