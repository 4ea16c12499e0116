from __future__ import annotations

import pytest

from core.flywheel import Exclude, Project, list_projects
from sample_data.demos import DEMOS


def words(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.header, *app.info))


def test_a_first_visit_sees_what_this_is_and_the_demos(start, quiet):
    app = quiet(start())
    assert "Hold the model, improve the data" in words(app).replace("\\", "")
    assert {button.key for button in app.button} >= {f"demo-{demo.key}" for demo in DEMOS}


@pytest.mark.parametrize("key", ["wine", "breast_cancer"])
def test_a_demo_is_one_click_away(start, quiet, workspace, key):
    app = start()
    app.button(key=f"demo-{key}").click().run()
    quiet(app)
    (made,) = list_projects(workspace)
    assert made.name == next(demo.title for demo in DEMOS if demo.key == key)
    assert app.query_params["project"] in (made.id, [made.id])
    assert "Run turn 0" in words(app)


def test_projects_are_listed_and_opened(start, quiet, project, workspace):
    app = quiet(start())
    quiet(app.button(key=f"open-{project.id}").click().run())
    assert app.query_params["project"] in (project.id, [project.id])
    assert "What to do next" in words(app)


def test_a_project_shows_the_wheel_and_the_next_thing(start, quiet, turned):
    turned.apply(Exclude(turned.dataset.ids("train")[:4].tolist(), by="ann"))
    app = quiet(start(project=turned.id))
    said = words(app)
    assert "Run turn 1" in said
    assert "4 excluded" in said
    first = next(button for button in app.button if (button.key or "").startswith("go-"))
    assert first.key.startswith("go-turn")


def test_the_sidebar_always_shows_state_lock_and_headline(start, quiet, turned):
    app = quiet(start(project=turned.id))
    metric = next(element for element in app.sidebar.metric)
    value, low, high = turned.turns[-1].evaluation.metrics["macro_f1"]
    assert metric.value == f"{value:.3f}"
    assert any(f"{low:.3f} to {high:.3f}" in caption.value for caption in app.sidebar.caption)
    drawn = " ".join(str(element.proto.body) for element in app.sidebar.get("html"))
    assert turned.dataset.version[:8] in drawn
    assert turned.model.fingerprint[:8] in drawn
    assert "Customers *2024*" in drawn


def test_a_project_can_be_left(start, quiet, project):
    app = quiet(start(project=project.id))
    next(button for button in app.button if button.label == "All projects").click().run()
    quiet(app)
    assert "project" not in app.query_params
    assert app.button(key=f"open-{project.id}")


def test_a_project_that_can_be_read_no_more_is_said_in_a_sentence(start, project):
    folder = project.folder
    assert isinstance(project, Project)
    project.close()
    (folder / "project.sqlite").write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    app = start(project=folder.name)
    assert not app.exception
    assert "can't be read" in app.error[0].value.replace("\\", "")
