from __future__ import annotations

import json

import pandas as pd
import pytest

from core.flywheel import Project, ProjectError, StaleError, note_history, notes, write_note


@pytest.fixture
def turned(project):
    project.turn()
    return project


def test_a_note_is_kept_with_who_and_when_and_every_state_of_it(turned):
    assert write_note(turned, 0, " as brought ", by="ann")
    assert write_note(turned, 0, "as brought, labels by hand", by="bob")

    again = Project.open(turned.folder)
    assert [(note.text, note.by, note.turn) for note in note_history(again, 0)] == [
        ("as brought, labels by hand", "bob", 0),
        ("as brought", "ann", 0),
    ]
    assert notes(again)[0].text == "as brought, labels by hand"
    assert notes(again)[0].at >= turned.created
    assert again.ledger()["note"].tolist() == ["as brought, labels by hand"]


def test_what_says_nothing_new_is_not_written_and_an_empty_one_takes_it_off(turned):
    assert not write_note(turned, 0, "")
    assert write_note(turned, 0, "a")
    assert not write_note(turned, 0, "a ")
    assert write_note(turned, 0, "")

    assert notes(turned) == {}
    assert len(note_history(turned)) == 2


def test_a_note_written_over_somebody_elses_is_refused(turned):
    write_note(turned, 0, "a", by="ann", seen=0)
    with pytest.raises(StaleError, match="ann has written the note on turn 0 anew"):
        write_note(turned, 0, "b", by="bob", seen=0)

    assert write_note(turned, 0, "b", by="bob", seen=note_history(turned, 0)[0].number)


def test_a_note_on_no_turn_and_one_without_end_are_refused(turned):
    with pytest.raises(ProjectError, match=r"0 to 0\. Got 1 instead"):
        write_note(turned, 1, "a")
    with pytest.raises(ProjectError, match=r"at most 2,000 characters\. This one has 2,001"):
        write_note(turned, 0, "a" * 2001)

    assert note_history(turned) == []


def test_the_export_holds_every_state(turned, tmp_path):
    write_note(turned, 0, "=HYPERLINK(1)", by="ann")
    write_note(turned, 0, "둘", by="bob")
    out = turned.export(tmp_path / "out")

    written = json.loads((out / "notes.json").read_text(encoding="utf-8"))
    assert [(note["turn"], note["by"], note["text"]) for note in written] == [
        (0, "ann", "=HYPERLINK(1)"),
        (0, "bob", "둘"),
    ]
    assert pd.read_csv(out / "ledger.csv")["note"].tolist() == ["둘"]
