from __future__ import annotations

import io
import zipfile

import pytest

from core.flywheel import (
    FLIPS,
    SIMULATED,
    Correct,
    Exclude,
    Project,
    Relabel,
    Side,
    branch,
    list_projects,
    notes,
    side_by_side,
    write_note,
)
from core.report import signed
from pages.parts import jobs
from pages.parts.verdicts import change


def view(start, project, name):
    """The ledger with one of its tabs open."""
    app = start("ledger", project=project.id)
    app.session_state["ledger-view"] = name
    return app.run()


def frame_with(app, column):
    return next(frame.value for frame in app.dataframe if column in frame.value)


def words(app) -> str:
    return " ".join(str(each.value) for kind in ("markdown", "caption", "info", "success") for each in app.get(kind))


def test_before_turn_0_it_says_what_to_do(start, project, quiet):
    app = quiet(start("ledger", project=project.id))
    assert "begins with turn 0" in app.info[0].value


def test_turns_are_listed_with_intervals_and_what_changed(start, turned, quiet):
    turned.apply(Exclude(turned.dataset.ids("train")[:4].tolist(), by="ann", reason="copies"))
    turned.turn()
    app = quiet(start("ledger", project=turned.id))
    table = next(frame.value for frame in app.dataframe if "what changed in the data" in frame.value)
    assert table["turn"].tolist() == [1, 0]
    assert table["what changed in the data"].tolist() == ["4 excluded", "–"]
    assert table["verdict"].iloc[0] in {"gain", "no evidence", "harm"}
    assert " to " in table["change (interval)"].iloc[0]
    assert any("looked at twice" in caption.value for caption in app.caption)


def test_the_log_says_who_what_why_and_whether_it_is_in_force(start, turned, quiet):
    train = turned.dataset.ids("train")
    turned.apply(Relabel({train[0]: "stays"}, by="ann", reason="called the customer"))
    turned.apply(Exclude([train[1]], by="ben"))
    turned.undo("ben")
    app = quiet(view(start, turned, "Edits"))
    log = frame_with(app, "state")
    assert log["who"].tolist() == ["ben", "ben", "ann"]
    assert log["what"].tolist() == ["undo: excluded 1 example", "excluded 1 example", "relabelled 1 example"]
    assert log["why"].iloc[-1] == "called the customer"
    assert log["state"].tolist() == ["–", "taken back", "in force"]


def test_undo_and_redo_of_anybody(start, turned, quiet):
    turned.apply(Exclude([turned.dataset.ids("train")[0]], by="ben"))
    app = quiet(view(start, turned, "Edits"))
    quiet(app.button(key="undo-any").click().run())
    assert len(Project.open(turned.folder).dataset.excluded) == 0
    quiet(app.button(key="redo-any").click().run())
    assert len(Project.open(turned.folder).dataset.excluded) == 1


def test_the_sidebar_takes_back_ones_own_last_edit(start, turned, quiet, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    train = turned.dataset.ids("train")
    turned.apply(Exclude([train[0]], by="ann"))
    turned.apply(Exclude([train[1]], by="ben"))
    # By way of Overview: on a page that is opened at once the test runner draws the sidebar elsewhere than after it.
    app = quiet(start(project=turned.id).switch_page("pages/ledger.py").run())
    quiet(app.button(key="undo").click().run())
    assert Project.open(turned.folder).dataset.excluded.index.tolist() == [train[1]]
    assert app.button(key="undo").disabled
    quiet(app.button(key="redo").click().run())
    assert len(Project.open(turned.folder).dataset.excluded) == 2


def test_undo_takes_back_the_simulated_reviewer_too(start, turned, quiet, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    train = turned.dataset.ids("train")
    turned.apply(Exclude([train[0]], by="ann"))
    turned.apply(Exclude([train[1]], by=SIMULATED))
    # By way of Overview: on a page that is opened at once the test runner draws the sidebar elsewhere than after it.
    app = quiet(start(project=turned.id).switch_page("pages/ledger.py").run())
    for key, left in (("undo", [train[0]]), ("undo", []), ("redo", [train[0]]), ("redo", [train[0], train[1]])):
        quiet(app.button(key=key).click().run())
        assert sorted(Project.open(turned.folder).dataset.excluded.index) == sorted(left)


def test_the_name_that_signs_survives_in_the_address(start, turned, quiet, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    app = quiet(start(project=turned.id))
    quiet(app.text_input(key="reviewer").set_value("ann").run())
    quiet(app.run())
    assert app.query_params["reviewer"] in ("ann", ["ann"])


def test_a_long_log_is_shown_page_by_page(start, turned, quiet):
    train = turned.dataset.ids("train")
    for example in train[:60]:
        turned.apply(Relabel({example: "stays"}, by="ann"))
    app = quiet(view(start, turned, "Edits"))
    log = frame_with(app, "state")
    assert len(log) == 50
    assert any("1–50 of 60 entries" in caption.value for caption in app.caption)


def test_the_export_is_a_zip_with_data_and_replay(turned, tmp_path):
    path = turned.export(tmp_path / "out.zip")
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        names = {name.rsplit("/", 1)[-1] for name in archive.namelist()}
    assert {"data.csv", "data.parquet", "log.json", "metrics.json", "replay.py"} <= names


def test_the_change_of_a_turn_is_split_over_its_edits(start, turned, quiet):
    train = turned.dataset.ids("train")
    turned.apply(Exclude(train[:4].tolist(), by="ann", reason="copies"))
    turned.apply(Relabel(dict.fromkeys(train[10:60], "stays"), by="ann"))
    turn = turned.turn()
    app = quiet(start("ledger", project=turned.id))
    reasons = frame_with(app, "why")
    assert reasons["what"].tolist() == ["relabelled", "excluded"]
    assert (reasons["why"].tolist(), reasons["how many"].tolist()) == (["–", "copies"], ["50", "4"])
    app.button(key="split").click().run()
    assert jobs.registry().wait(turned.id, "attribution", 60).state == "done"
    app = quiet(app.run())
    shares = next(frame.value for frame in app.dataframe if "share" in frame.value)
    assert set(shares["edits"]) == {"excluded: copies", "relabelled"}
    assert any(f"**{signed(turn.verdict.delta)}**" in text.value for text in app.markdown)


# one turn opened


@pytest.fixture
def three(turned):
    """Turns 0 to 2; the second took in what two people did."""
    train = turned.dataset.ids("train").tolist()
    turned.apply(Relabel(dict.fromkeys(train[:30], "stays"), by="ann", reason="old system"))
    turned.turn()
    turned.apply(Exclude(train[40:44], by="ben", reason="<b>copies</b>"))
    turned.apply(Correct({(train[50], "age"): 33}, by="ann"))
    turned.turn()
    return turned


def test_a_turn_is_opened_with_what_went_into_it_by_reason(start, three, quiet):
    app = quiet(start("ledger", project=three.id))
    table = frame_with(app, "what changed in the data")
    assert table["what changed in the data"].tolist() == ["4 excluded, 1 cell corrected", "30 relabelled", "–"]
    assert table["look"].tolist() == ["3", "2", "1"]
    assert frame_with(app, "why")["why"].tolist() == ["<b>copies</b>", "–"]
    app = quiet(app.selectbox(key="turn").set_value(1).run())
    assert frame_with(app, "why")["why"].tolist() == ["old system"]
    assert any(header.value == "Turn 1" for header in app.header)


def test_a_note_is_written_shown_in_the_table_and_its_history_kept(start, three, quiet, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    app = quiet(start("ledger", project=three.id))
    app.text_area(key="note-text-2-0").set_value("*copies* are out")
    app = quiet(app.button(key="save-note-2").click().run())
    assert frame_with(app, "note")["note"].tolist() == ["*copies* are out", "–", "–"]
    app.text_area(key="note-text-2-1").set_value("all copies are out")
    app = quiet(app.button(key="save-note-2").click().run())
    assert notes(Project.open(three.folder))[2].text == "all copies are out"
    assert "\\*copies\\* are out" in words(app)


def test_a_note_that_somebody_else_wrote_meanwhile_is_not_overwritten(start, three):
    app = start("ledger", project=three.id)
    write_note(three, 2, "mine", by="ben")
    app.text_area(key="note-text-2-0").set_value("theirs")
    app = app.button(key="save-note-2").click().run()
    assert notes(three)[2].text == "mine"
    assert not app.exception


# going back and branching


def test_go_back_says_what_it_means_first_and_undo_takes_it_back(start, three, quiet, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    before = three.dataset.version
    app = quiet(start("ledger", project=three.id))
    assert app.button(key="back-turn-2").disabled
    app = quiet(app.selectbox(key="turn").set_value(0).run())
    app = quiet(app.button(key="back-turn-0").click().run())
    assert "Taken back: 30 relabelled, 4 excluded, 1 cell corrected (3 entries)" in words(app).replace("\\", "")
    app.text_input(key="back-why-0").set_value("start anew")
    app = quiet(app.button(key="back-go").click().run())
    project = Project.open(three.folder)
    assert project.dataset.version == project.turns[0].version
    assert (project.log[-1].kind, project.log[-1].by, project.log[-1].reason) == ("back", "ann", "start anew")
    app = quiet(view(start, three, "Edits"))
    assert frame_with(app, "state")["state"].tolist() == ["in force", "taken back", "taken back", "taken back"]
    quiet(app.button(key="undo").click().run())
    assert Project.open(three.folder).dataset.version == before


def test_any_entry_can_be_gone_back_to(start, three, quiet):
    app = quiet(view(start, three, "Edits"))
    app = quiet(app.number_input(key="way-entry-3").set_value(2).run())
    assert "Entry 2: excluded 4 examples" in words(app)
    app = quiet(app.button(key="back-entry").click().run())
    app = quiet(app.button(key="back-go").click().run())
    assert three.dataset.version == three.dataset_at(2).version


def test_a_branch_opens_and_says_what_it_came_from(start, three, quiet, workspace):
    app = quiet(start("ledger", project=three.id))
    app = quiet(app.selectbox(key="turn").set_value(1).run())
    app = quiet(app.button(key="branch-turn-1").click().run())
    app.text_input(key="branch-name-turn 1").set_value("Other *way*")
    app.button(key="branch-go").click().run()
    (made,) = [each for each in list_projects(workspace) if each.id != three.id]
    assert (made.name, made.turns) == ("Other *way*", 2)
    app = quiet(start("ledger", project=made.id))
    assert "Branched from **Customers \\*2024\\*** at turn 1" in words(app)


def test_branches_are_compared_by_their_last_turns(start, three, quiet, workspace):
    made = branch(three, workspace / "other", turn=1, name="Other")
    made.apply(Relabel(dict.fromkeys(made.dataset.ids("train")[60:100], "leaves")))
    made.turn()
    app = quiet(view(start, three, "Branches"))
    assert frame_with(app, "branched from")["project"].tolist() == ["Customers *2024* (this one)", "Other"]
    assert "looked at 4 times by all of them" in words(app)
    expected = side_by_side(Side(three, three.turns[-1]), Side(made, made.turns[-1]))
    assert change(expected.verdict) in words(app)
    assert f"The data differs in **{len(expected.rows.table)} examples**" in words(app)


def test_without_branches_it_says_how_to_make_one(start, three, quiet):
    assert "Nothing was branched yet" in words(quiet(view(start, three, "Branches")))


# side by side


def test_two_turns_side_by_side_with_rows_predictions_and_classes(start, three, quiet):
    app = quiet(view(start, three, "Side by side"))
    found = side_by_side(Side(three, three.turns[1]), Side(three, three.turns[2]))
    assert change(found.verdict) in words(app)
    assert len(frame_with(app, "part")) == 4
    app = quiet(app.segmented_control(key="side-way-excluded-cells").set_value("cells").run())
    assert frame_with(app, "cells")["cells"].iloc[0].startswith("age: ")
    app = quiet(app.selectbox(key="side-before").set_value(0).run())
    found = side_by_side(Side(three, three.turns[0]), Side(three, three.turns[2]))
    app = quiet(app.segmented_control(key="side-view").set_value(1).run())
    kind = next(kind for kind in FLIPS if (found.flips["flip"] == kind).any())
    assert len(frame_with(app, "labelled")) == min(10, (found.flips["flip"] == kind).sum())
    app = quiet(app.segmented_control(key="side-view").set_value(2).run())
    assert set(frame_with(app, "class")["class"]) == {"leaves", "stays"}


def test_one_turn_alone_has_nothing_beside_it(start, turned, quiet):
    assert "once there are two" in words(quiet(view(start, turned, "Side by side")))


def test_a_turn_beside_itself_is_said(start, three, quiet):
    app = quiet(view(start, three, "Side by side"))
    app = quiet(app.selectbox(key="side-before").set_value(2).run())
    assert "Choose two" in words(app)


def test_a_first_turn_alone_has_no_change_to_split(start, turned, quiet):
    app = quiet(start("ledger", project=turned.id))
    assert any("From turn 1 on" in caption.value for caption in app.caption)


def test_the_model_of_a_turn_is_prepared_as_a_job_and_offered(start, turned, quiet):
    app = quiet(view(start, turned, "Export"))
    next(button for button in app.button if button.label == "Prepare the model").click().run()
    job = jobs.registry().wait(turned.id, "model", 60)
    assert job.state == "done"
    number, data = job.result
    assert number == 0
    names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    assert {"model.skops", "predict.py", "recipe.json"} <= names
    assert "Download the model of turn 0" in [button.label for button in quiet(app.run()).download_button]


def test_the_report_of_a_turn_and_of_the_project_is_written_and_offered(start, turned, quiet):
    app = quiet(start("ledger", project=turned.id))
    app.button(key="report-0").click().run()
    assert jobs.registry().wait(turned.id, "report", 60).state == "done"
    app = quiet(app.run())
    assert [each.proto.label for each in app.get("download_button")] == ["Download the report of turn 0"]

    app = quiet(view(start, turned, "Export"))
    app.button(key="report-None").click().run()
    page = jobs.registry().wait(turned.id, "report", 60).result[1]
    assert "report of the project" in page
    assert "Download the report of the project" in [
        each.proto.label for each in quiet(app.run()).get("download_button")
    ]

    # What was written before is not offered as a report of now.
    turned.apply(Exclude(turned.dataset.ids("train")[:1].tolist()))
    app = quiet(view(start, turned, "Export"))
    assert app.button(key="report-None").label == "Write the report of the project"
    assert "Download the report of the project" not in [each.proto.label for each in app.get("download_button")]
