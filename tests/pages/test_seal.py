from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.collect.checks import OneOf
from core.dataset import Dataset
from core.flywheel import Exclude, Project, SetChecks
from pages.parts import jobs

MARK = "SETASIDE"


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info, *app.error, *app.code)
    return " ".join(element.value for element in shown)


def table(app, column: str) -> pd.DataFrame:
    return next(frame.value for frame in app.dataframe if column in frame.value)


def make_sealed(folder: Path) -> Project:
    """A project whose sealed examples all hold a word that occurs nowhere else, after two turns."""
    rng = np.random.default_rng(0)
    part = rng.choice(["train", "test", "sealed"], 400, p=[0.6, 0.2, 0.2])
    income = rng.normal(50, 15, 400).round(1)
    plan = rng.choice(["basic", "plus"], 400)
    frame = pd.DataFrame({"key": [f"r{n}" for n in range(400)], "income": income, "plan": plan, "split": part})
    frame.loc[part == "sealed", "plan"] = MARK
    # What the audit lists: missing values in every part.
    frame.loc[rng.choice(400, 60, replace=False), "income"] = np.nan
    wanted = (frame["income"].fillna(50) + rng.normal(0, 8, 400)) > 52
    frame["label"] = np.where(wanted, "stays", "leaves")
    dataset = Dataset.from_frame(frame, label="label", id="key")
    made = Project.create(folder / "sealed", dataset, recipe="logistic_regression", name="Sealed")
    made.turn()
    made.apply(Exclude(tuple(made.dataset.ids("train")[:9]), by="ann", reason="copies"))
    made.turn()
    return made


@pytest.fixture
def sealed(ready) -> Project:
    return ready(make_sealed)


def ask(app, quiet):
    return quiet(app.button(key="open-seal").click().run())


def open_it(start, project, quiet):
    app = ask(start("evaluate", project=project.id), quiet)
    app = quiet(app.checkbox(key="seal-sure").check().run())
    app.button(key="seal-open").click().run()
    assert jobs.registry().wait(project.id, "seal", 60).state == "done"
    return quiet(app.run())


def test_without_sealed_examples_nothing_is_in_the_way(start, turned, quiet):
    for slug in ("evaluate", "ledger", "overview"):
        app = quiet(start(slug, project=turned.id))
        assert "seal" not in words(app)
        assert not [button for button in app.button if button.key == "open-seal"]


def test_it_says_how_many_there_are_and_that_nobody_has_looked(start, sealed, quiet):
    app = quiet(start("evaluate", project=sealed.id))
    assert f"{len(sealed.dataset.ids('sealed'))} sealed examples, not looked at" in words(app)
    assert not app.button(key="open-seal").disabled


def test_the_dialog_says_what_it_means_and_waits_for_a_tick(start, sealed, quiet):
    app = ask(start("evaluate", project=sealed.id), quiet)
    said = words(app)
    assert "Once in the life of this project" in said
    assert "judges **turn 1**, and turn 0 beside it" in said
    assert "looked at **twice**" in said
    assert "no later turn can be judged" in said
    assert app.button(key="seal-open").disabled
    app = quiet(app.checkbox(key="seal-sure").check().run())
    assert not app.button(key="seal-open").disabled
    quiet(app.button(key="seal-not").click().run())
    assert sealed.claim is None


def test_opened_it_shows_the_claim_first_with_its_numbers(start, sealed, quiet):
    app = open_it(start, sealed, quiet)
    claim = Project.open(sealed.folder).claim
    value, low, high = claim.score
    assert claim.turn == 1
    assert app.header[0].value == "The final claim, turn 1"
    assert [metric.value for metric in app.metric if "sealed" in metric.label] == [f"{value:.3f}"]
    assert app.code[0].value == claim.sentence
    assert f"95% interval {low:.3f} to {high:.3f}" in words(app)
    assert claim.verdict.verdict in words(app)
    classes = table(app, "examples")
    assert classes["examples"].sum() == claim.size
    assert table(app, "sealed (95%)")["sealed (95%)"].iloc[0].startswith(f"{value:.3f} (")
    assert not [button for button in app.button if button.key == "open-seal"]


def test_the_ledger_and_the_overview_hold_the_claim_and_what_came_after(start, sealed, quiet):
    claim = sealed.open_sealed(by="*ann*")
    sealed.apply(Exclude(tuple(sealed.dataset.ids("train")[:3]), by="ann"))
    sealed.turn()
    app = quiet(start("ledger", project=sealed.id))
    assert table(app, "seal")["seal"].tolist() == ["after", "claim", "–"]
    said = words(app)
    assert "The final claim, turn 1" in said
    assert f"{claim.score[0]:.3f}" in said.replace("\\", "")
    assert "by \\*ann\\*" in said
    assert "The turn since can't be judged" in said
    assert "Final claim, turn 1" in words(quiet(start("overview", project=sealed.id)))
    assert "the seal is broken" in words(quiet(start("evaluate", project=sealed.id)))


def test_a_tab_that_still_shows_the_button_is_refused(start, sealed, quiet):
    app = quiet(start("evaluate", project=sealed.id))
    other = Project.open(sealed.folder)
    claim = other.open_sealed(by="ben")
    app = app.button(key="open-seal").click().run()
    assert "can be opened once, and they were" in app.error[0].value.replace("\\", "")
    assert "by ben" in app.error[0].value
    assert app.header[0].value == "The final claim, turn 1"
    assert sealed.claim.row() == claim.row()


def test_a_tab_whose_dialog_is_open_is_refused(start, sealed, quiet):
    app = ask(start("evaluate", project=sealed.id), quiet)
    app = quiet(app.checkbox(key="seal-sure").check().run())
    Project.open(sealed.folder).open_sealed(by="ben")
    app = app.button(key="seal-open").click().run()
    assert "can be opened once" in words(app)
    assert sealed.claim.by == "ben"


def test_after_a_change_it_asks_for_a_turn_first(start, sealed, quiet):
    sealed.apply(Exclude(tuple(sealed.dataset.ids("train")[:3]), by="ann"))
    app = quiet(start("evaluate", project=sealed.id))
    assert app.button(key="open-seal").disabled
    assert "Run turn 2 first" in words(app)


def test_a_cancelled_opening_says_so_and_leaves_it_sealed(start, sealed, quiet):
    cancelled = jobs.registry()
    cancelled.start(sealed.id, "seal", "Opening the sealed set", lambda *_: sealed.open_sealed(cancel=lambda: True))
    assert cancelled.wait(sealed.id, "seal", 60).state == "cancelled"
    app = quiet(start("evaluate", project=sealed.id))
    assert "Cancelled" in words(app)
    assert not app.button(key="open-seal").disabled


# --- what is sealed is nowhere to be seen ---------------------------------------------------------------------------


def cells(app) -> str:
    """Every cell of every table on the page."""
    return " ".join(frame.value.reset_index().to_csv() for frame in app.dataframe)


def shown(app) -> str:
    """Every text, every cell and every mark of a figure on the page."""
    drawn = [str(element.proto) for kind in ("html", "plotly_chart") for element in app.get(kind)]
    options = [str(option) for box in (*app.selectbox, *app.multiselect) for option in box.options]
    return " ".join([words(app), cells(app), *options, *drawn])


@pytest.mark.parametrize("slug", ["overview", "annotate", "generate", "train", "ledger"])
def test_no_page_shows_a_sealed_example(start, sealed, quiet, slug):
    assert MARK not in shown(quiet(start(slug, project=sealed.id)))


@pytest.mark.parametrize("slug", ["collect", "evaluate"])
def test_nor_does_any_view_of_one(start, sealed, quiet, slug):
    app = start(slug, project=sealed.id)
    # All there are, those that somebody adds one day as well.
    views = [tab.label for tab in app.tabs]
    assert len(views) > 4
    for view in views:
        app.session_state[f"{slug}-view"] = view
        app = quiet(app.run())
        for running in jobs.registry().running(sealed.id):
            jobs.registry().wait(sealed.id, running.kind, 60)
        # A message of a check may count values; whose they are it does not say.
        assert MARK not in (cells if view == "Checks" else shown)(quiet(app.run())), view


def test_nor_do_the_cells_and_examples_of_a_finding(start, sealed, quiet):
    check = OneOf("plan", ("basic",))
    sealed.apply(SetChecks([check], known=(), said="plans", by="ann"))
    away, version = set(sealed.dataset.ids("sealed")), sealed.dataset.version[:8]
    found = [each for each in sealed.findings() if away & set(each.ids)]
    app = start("collect", project=sealed.id)
    for finding in found:
        app.session_state[f"look-{finding.kind}-{finding.columns[0]}-1-{version}"] = True
    for _ in range(2):
        app = quiet(app.run())
        for running in jobs.registry().running(sealed.id):
            jobs.registry().wait(sealed.id, running.kind, 60)
    assert "plan" in {name for finding in found for name in finding.columns}
    assert len([button for button in app.button if button.label == "Hide them"]) == len(found)
    # A message may count values; whose they are it does not say.
    assert "sealed" in cells(app)
    assert MARK not in cells(app)


def browse(start, project):
    app = start("collect", project=project.id)
    app.session_state["collect-view"] = "Data"
    return app.run()


def test_the_data_browser_has_neither_the_part_nor_the_rows(start, sealed, quiet):
    app = quiet(browse(start, sealed))
    parts = app.segmented_control(key="data-part")
    assert "sealed" not in parts.options
    app = quiet(app.text_input(key="data-words").input(MARK).run())
    assert MARK not in shown(app).replace(f"value='{MARK}'", "")

    sealed.open_sealed()
    app = quiet(browse(start, sealed))
    assert "sealed" in app.segmented_control(key="data-part").options
    app = quiet(app.segmented_control(key="data-part").set_value("sealed").run())
    assert MARK in shown(app)
