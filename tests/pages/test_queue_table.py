from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Decide, Exclude, Project, Relabel, current_queue, decisions, start_queue


def make_tickets(folder: Path) -> Project:
    """Short texts of two classes with wrong labels, after turn 0."""
    rng = np.random.default_rng(0)
    said = {"billing": ["invoice", "refund"], "delivery": ["parcel", "late"]}
    truth = rng.choice(list(said), 500, p=[0.6, 0.4])
    texts = [" ".join([*rng.choice(["please", "today", "my"], 4), *rng.choice(said[each], 2)]) for each in truth]
    label = np.where(rng.random(500) < 0.2, rng.permutation(truth), truth)
    frame = pd.DataFrame({"text": [f"{text} {n}" for n, text in enumerate(texts)], "label": label, "true_label": truth})
    project = Project.create(folder / "tickets", Dataset.from_frame(frame, label="label", text="text"))
    project.turn()
    return project


@pytest.fixture
def tickets(ready) -> Project:
    return ready(make_tickets)


@pytest.fixture
def queued(tickets):
    start_queue(tickets, suspects(tickets), source="suspects of turn 0", turn=0)
    return tickets


@pytest.fixture
def table(start, quiet):
    """The tab of a project: ``table(project)``."""

    def opened(project):
        app = start("annotate", project=project.id)
        app.session_state["annotate-view"] = "Table"
        return quiet(app.run())

    return opened


def suspects(project):
    found = project.turns[0].suspects
    return found[found["flagged"]]


def words(app) -> str:
    return " ".join(each.value for each in (*app.markdown, *app.caption, *app.info, *app.warning))


def select(app, *places):
    """Select rows of the page, as clicks on their boxes do."""
    key = app.dataframe[0].proto.id.split("-", 2)[2]
    app.session_state[key] = {"selection": {"rows": list(places), "columns": [], "cells": []}}
    return app.run()


def test_without_a_queue_the_labels_of_the_last_turn_are_shown(table, tickets):
    app = table(tickets)
    rows = app.dataframe[0].value
    assert len(rows) == 50
    assert rows["given"].tolist() == tickets.turns[0].suspects["given"].head(50).tolist()
    assert f"1–50 of {len(tickets.turns[0].suspects)} examples" in words(app)
    assert "true_label" not in rows.columns


def test_the_queue_is_shown_with_what_was_decided(table, queued):
    first = current_queue(queued).cards.index[0]
    queued.apply(Decide({first: ("exclude", None)}, by="ann"))
    rows = table(queued).dataframe[0].value
    assert rows["decision"].tolist()[:2] == ["excluded", ""]
    assert rows["by"].tolist()[:2] == ["ann", ""]
    assert rows["text"].iloc[0] == "no longer in the data"


def test_filters_and_order_narrow_the_rows(table, tickets, quiet):
    app = table(tickets)
    app.selectbox(key="table-given").set_value("billing").run()
    app.text_input(key="table-words").set_value("PARCEL").run()
    app = quiet(app.selectbox(key="table-sort").set_value(("score", False)).run())
    rows = app.dataframe[0].value
    assert set(rows["given"]) == {"billing"}
    assert rows["text"].str.contains("parcel").all()
    assert rows["score"].is_monotonic_increasing
    app = quiet(app.text_input(key="table-words").set_value("nowhere to be found").run())
    assert "No example matches" in words(app)


def test_what_is_selected_is_decided_at_once_and_taken_back_at_once(table, queued, quiet):
    app = table(queued)
    assert "Select rows by the boxes" in words(app)
    app = quiet(select(app, 0, 2))
    assert "You answer for the examples that you select" in words(app)
    cards = current_queue(queued).cards.iloc[[0, 2]]
    app = quiet(app.button(key="table-do-suggested").click().run())
    on_disk = Project.open(queued.folder)
    assert (on_disk.dataset.labels[cards.index] == cards["suggested"]).all()
    assert len(on_disk.log) == 1
    assert on_disk.log[0].reason == "selected in the table"
    assert app.dataframe[0].value["decision"].tolist()[:3] == ["took the suggestion", "", "took the suggestion"]
    quiet(app.button(key="undo").click().run())
    assert decisions(Project.open(queued.folder)).empty


@pytest.mark.parametrize("decision", ["keep", "ambiguous", "exclude", "other"])
def test_each_decision_can_be_given(table, queued, quiet, decision):
    app = select(table(queued), 1)
    quiet(app.button(key=f"table-do-{decision}").click().run())
    example = current_queue(queued).cards.index[1]
    assert decisions(Project.open(queued.folder)).loc[example, "decision"] == decision


def test_all_that_match_are_not_changed_without_a_figure(table, queued, quiet):
    app = table(queued)
    app = quiet(app.radio(key="table-scope").set_value(True).run())
    assert "No figure says how often" in words(app)
    app = quiet(next(each for each in app.checkbox if each.key.startswith("table-sure")).check().run())
    state = {each.key: each.disabled for each in app.button if (each.key or "").startswith("table-do-")}
    assert state == {
        "table-do-keep": False,
        "table-do-ambiguous": False,
        "table-do-suggested": True,
        "table-do-exclude": True,
        "table-do-other": True,
    }


def test_all_that_match_are_changed_with_the_figure_beside_the_button(table, queued, quiet):
    cards = current_queue(queued).cards
    queued.apply(Decide({x: ("suggested", label) for x, label in cards["suggested"].iloc[:20].items()}, by="ann"))
    app = table(queued)
    app = app.radio(key="table-scope").set_value(True).run()
    assert "of 20 reviewed, not at random, the suggestion was right in **100% (84% to 100%)**" in words(app)
    assert app.button(key="table-do-suggested").disabled
    app = next(each for each in app.checkbox if each.key.startswith("table-sure")).check().run()
    quiet(app.button(key="table-do-suggested").click().run())
    on_disk = Project.open(queued.folder)
    assert (on_disk.dataset.labels[cards.index] == cards["suggested"]).all()
    assert "all that match in the table; of 20 reviewed" in on_disk.log[-1].reason


def test_a_selected_row_of_the_queue_opens_its_card(table, queued, quiet):
    app = select(table(queued), 3)
    app = quiet(app.button(key="table-open").click().run())
    assert app.get("progress")[0].proto.text.startswith("Card **4** of")
    assert app.session_state["annotate-view"] == "Review"


def test_selecting_rows_leaves_the_choice_what_to_decide_on(table, queued):
    app = table(queued)
    before = app.radio(key="table-scope").options
    # An option whose words change is another one to the browser: the choice would fall on all that match.
    assert select(app, 0, 1).radio(key="table-scope").options == before
    assert app.radio(key="table-scope").value is False


def test_a_decision_on_data_that_moved_on_is_refused(table, queued):
    app = select(table(queued), 0)
    first = current_queue(queued).cards.iloc[0]
    queued.apply(Relabel({first.name: first["suggested"]}, by="bo"))
    app = app.button(key="table-do-keep").click().run()
    assert "was changed since this was shown" in app.error[0].value


def test_a_queue_whose_examples_are_gone_is_still_a_table(table, queued, quiet):
    queued.apply(Exclude(current_queue(queued).cards.index, by="ann"))
    app = quiet(table(queued))
    app = quiet(app.radio(key="table-scope").set_value(True).run())
    assert "Nothing that matches is open" in words(app)
