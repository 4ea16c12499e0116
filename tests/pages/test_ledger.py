from __future__ import annotations

import io
import zipfile

from core.flywheel import SIMULATED, Exclude, Project, Relabel
from core.report import signed
from pages.parts import jobs


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
    assert any("looked at 2 times" in caption.value for caption in app.caption)


def test_the_log_says_who_what_why_and_whether_it_is_in_force(start, turned, quiet):
    train = turned.dataset.ids("train")
    turned.apply(Relabel({train[0]: "stays"}, by="ann", reason="called the customer"))
    turned.apply(Exclude([train[1]], by="ben"))
    turned.undo("ben")
    app = quiet(start("ledger", project=turned.id))
    log = next(frame.value for frame in app.dataframe if "state" in frame.value)
    assert log["who"].tolist() == ["ben", "ben", "ann"]
    assert log["what"].tolist() == ["undo: excluded 1 example", "excluded 1 example", "relabelled 1 example"]
    assert log["why"].iloc[-1] == "called the customer"
    assert log["state"].tolist() == ["–", "taken back", "in force"]


def test_undo_and_redo_of_anybody(start, turned, quiet):
    turned.apply(Exclude([turned.dataset.ids("train")[0]], by="ben"))
    app = quiet(start("ledger", project=turned.id))
    quiet(app.button(key="undo-any").click().run())
    assert len(Project.open(turned.folder).dataset.excluded) == 0
    quiet(app.button(key="redo-any").click().run())
    assert len(Project.open(turned.folder).dataset.excluded) == 1


def test_the_sidebar_takes_back_ones_own_last_edit(start, turned, quiet, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    train = turned.dataset.ids("train")
    turned.apply(Exclude([train[0]], by="ann"))
    turned.apply(Exclude([train[1]], by="ben"))
    app = quiet(start("ledger", project=turned.id))
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
    app = quiet(start("ledger", project=turned.id))
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
    app = quiet(start("ledger", project=turned.id))
    log = next(frame.value for frame in app.dataframe if "state" in frame.value)
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
    groups = next(frame.value for frame in app.dataframe if "entries" in frame.value)
    assert groups["edits"].tolist() == ["excluded: copies", "relabelled"]
    app.button(key="split").click().run()
    assert jobs.registry().wait(turned.id, "attribution", 60).state == "done"
    app = quiet(app.run())
    shares = next(frame.value for frame in app.dataframe if "share" in frame.value)
    assert set(shares["edits"]) == {"excluded: copies", "relabelled"}
    assert "entries" not in {name for frame in app.dataframe for name in frame.value}
    assert any(f"**{signed(turn.verdict.delta)}**" in text.value for text in app.markdown)


def test_a_first_turn_alone_has_no_change_to_split(start, turned, quiet):
    app = quiet(start("ledger", project=turned.id))
    assert any("From turn 1 on" in caption.value for caption in app.caption)


def test_the_model_of_a_turn_is_prepared_as_a_job_and_offered(start, turned, quiet):
    app = quiet(start("ledger", project=turned.id))
    next(button for button in app.button if button.label == "Prepare the model").click().run()
    job = jobs.registry().wait(turned.id, "model", 60)
    assert job.state == "done"
    number, data = job.result
    assert number == 0
    names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    assert {"model.skops", "predict.py", "recipe.json"} <= names
    assert "Download the model of turn 0" in [button.label for button in quiet(app.run()).download_button]
