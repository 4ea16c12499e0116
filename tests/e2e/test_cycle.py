"""After release the wheel goes on, twice round: a batch with drift, its alarm, 20 labels, a turn, and a verdict on each
of the dated test sets.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from driving import App

from core.dataset import Dataset
from core.flywheel import Project, judge_dated, kept_batches

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


def people(rows: int, seed: int, *, shift: float = 0.0) -> pd.DataFrame:
    """Customers of a world in which incomes rise, and with them the border between those who stay and who leave."""
    chance = np.random.default_rng(seed)
    income, age = chance.normal(40 + shift, 9, rows).round(1), chance.integers(18, 80, rows)
    stays = income + age / 4 + chance.normal(0, 3, rows) > 51 + 1.5 * shift
    return pd.DataFrame({"income": income, "age": age, "label": np.where(stays, "stays", "leaves")})


@pytest.fixture
def released(server):
    """A project whose model was released after turn 0."""
    project = Project.create(
        Path(server.workspace) / "released",
        Dataset.from_frame(people(300, 0), label="label"),
        name="Released",
        recipe="logistic_regression",
    )
    project.turn()
    yield project
    project.close()


def bring(app: App, frame: pd.DataFrame, path: Path) -> None:
    """Upload a batch and wait until it was looked at."""
    frame.to_csv(path, index=False)
    app.visit("Collect")
    app.page.get_by_role("tab", name="Add rows").click()
    app.drawn()
    app.page.locator("input[type=file]").first.set_input_files(path)
    app.see("What to do with it", seconds=180)
    app.drawn()


def settle(app: App, key: str) -> None:
    """Click what settles a batch."""
    app.insist(lambda: app.click(key), app.page.get_by_text("What to do with it"), gone=True, seconds=15)


def label_all(app: App) -> None:
    """Take the suggestion of each card by keyboard until none is left.

    A press that meets the redraw of its card is lost: who sees the same card again presses once more.
    """
    app.see(re.compile(r"Card 1 of 20"))
    app.drawn()
    for _ in range(60):
        app.press("2")
        if app.page.get_by_text("The queue is through").count():
            return
    raise AssertionError("Sixty presses did not bring twenty cards to their end.")


def go_round(app: App, tmp_path: Path, number: int) -> None:
    """One round: a dated test set, a drifted batch, its alarm, 20 labels, a turn."""
    shift = 8.0 * number
    bring(app, people(80, 10 * number, shift=shift), tmp_path / f"judge {number}.csv")
    app.page.get_by_text("Keep it as a dated test set").click()
    app.drawn()
    settle(app, "batch-judge")

    # The file calls a column otherwise: the proposal is taken as it is.
    batch = people(80, 10 * number + 1, shift=shift).drop(columns="label").rename(columns={"income": "Income (k)"})
    bring(app, batch, tmp_path / f"batch {number}.csv")
    app.see("Columns have drifted")
    settle(app, "batch-add")
    app.see(re.compile(r"Undo takes back: collected \d+ examples"))

    app.visit("Monitor")
    app.see(f"Latest batch: batch {number}.csv")
    app.see("Columns have drifted")
    app.click("label-batch-go")
    app.see("The cards are ready: label them on Annotate", seconds=60).click()
    label_all(app)
    app.run_turn(number)


def test_twice_round_after_a_release(page, server, tmp_path, released):
    app = App(page, server)
    test = released.dataset.part("test")
    app.goto("monitor", project="released")
    app.see("No batch has come yet")
    for number in (1, 2):
        go_round(app, tmp_path, number)

    app.visit("Evaluate")
    app.see("Turn 2 on every test set")
    app.visit("Monitor")
    app.see("Turns on every test set")
    app.drawn()
    assert not app.trace
    # Every turn stands on both dated test sets, the earlier ones too; the first test set is as it was.
    assert [(each.turn, each.test.name) for each in judge_dated(released)] == [
        (turn, f"judge {number}.csv") for turn in (0, 1, 2) for number in (1, 2)
    ]
    assert all(each.verdict.verdict in ("gain", "no evidence", "harm") for each in judge_dated(released) if each.turn)
    assert released.dataset.part("test").equals(test)
    fates = [(batch.name, batch.fate, bool(batch.alarms("macro_f1"))) for batch in kept_batches(released)]
    assert fates == [
        ("judge 1.csv", "dated test set", True),
        ("batch 1.csv", "added", True),
        ("judge 2.csv", "dated test set", True),
        ("batch 2.csv", "added", True),
    ]
    assert [entry.kind for entry in released.log] == (["collect"] + ["decide"] * 20) * 2
    judges = {id_ for each in judge_dated(released) for id_ in each.test.labels.index}
    assert not judges & set(released.dataset.frame.index)
