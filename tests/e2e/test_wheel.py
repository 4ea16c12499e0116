"""The wheel turns: one full round on a demo and on an uploaded file, found again after F5 and a restart."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from driving import App
from effort import effort
from playwright.sync_api import expect

from core.flywheel import Project, current_queue, decisions, log
from sample_data.tickets import make_tickets

pytestmark = pytest.mark.browser

CARDS = effort(6, 30)


def opened(app: App) -> Project:
    """The project as it is on disk, read beside the server."""
    return Project.open(Path(app.server.workspace) / app.project)


def review(app: App, count: int, keys: str) -> None:
    """Settle cards with the keyboard alone; each press waits for the next card, as a reviewer does.

    A card that was settled with its copies at an earlier one is passed over.
    """
    number = 0
    for press in range(count):
        app.drawn()
        said = app.see(re.compile(r"Card [\d,]+ of")).inner_text()
        last, number = number, int(re.search(r"Card ([\d,]+) of", said).group(1).replace(",", ""))
        assert number > last
        app.press(keys[press % len(keys)])
        expect(app.page.get_by_text(re.compile(rf"Card {number:,} of"))).to_have_count(0, timeout=20_000)
    app.see(re.compile(r"Card [\d,]+ of"))


def test_one_full_round_with_the_churn_demo(page, own_server):
    app = App(page, own_server)
    app.goto()
    app.click("demo-churn")
    app.see("What to do next")
    app.run_turn(0)

    app.visit("Annotate")
    app.click("start-queue")
    review(app, CARDS, "12")

    app.visit("Collect")
    app.keyed("collect-view").get_by_role("tab", name="Findings").click()
    app.drawn()
    mend = page.locator("[class*='st-key-mend-exact_duplicates']").get_by_role("button").first
    mend.click()
    app.see(re.compile(r"Undo takes back: excluded \d+ examples"))

    app.visit("Generate")
    app.click("apply")
    app.see(re.compile(r"Undo takes back: generated [\d,]+ examples"))

    app.run_turn(1)
    app.see(re.compile(r"against turn 0|than turn 0|since turn 0"))
    verdict = opened(app).turns[1].verdict
    assert verdict.verdict in ("gain", "no evidence", "harm")

    app.visit("Evaluate")
    app.page.get_by_role("tab", name="Error slices").click()
    app.see("Sought over the out-of-fold errors", seconds=60)
    app.see(re.compile(r"Adjusted p-value"))

    # Undo of the oversampling, by keyboard; then F5, then a restart: everything is where it was.
    app.press("Control+z")
    app.see(re.compile(r"Undo takes back: excluded \d+ examples"))
    project = opened(app)
    kinds = [entry.kind for entry in log.active(project.log)]
    state = (project.dataset.version, len(project.turns), current_queue(project).place, len(decisions(project)))
    assert kinds == ["decide"] * CARDS + ["exclude"]
    assert len(project.dataset.generated) == 0
    assert state[1] == 2
    assert min(state[2:]) >= CARDS

    page.reload()
    app.drawn()
    app.see(re.compile(r"Undo takes back: excluded \d+ examples"))

    own_server.kill()
    own_server.start()
    app.goto("annotate", project=app.project)
    app.see(re.compile(r"Card \d+ of"))
    again = opened(app)
    assert (again.dataset.version, len(again.turns), current_queue(again).place, len(decisions(again))) == state
    assert not app.trace


def write_korean_texts(path: Path) -> Path:
    """Korean and English tickets as Korean Excel writes them: CP949."""
    tickets = make_tickets(3).iloc[: effort(300, 900)]
    korean = {
        "delivery": "배송",
        "billing": "결제",
        "technical": "기술",
        "refund": "환불",
        "account": "계정",
        "cancellation": "해지",
    }
    table = pd.DataFrame(
        {"번호": np.arange(len(tickets)), "내용": tickets["text"], "분류": tickets["label"].map(korean)}
    )
    table.to_csv(path, index=False, encoding="cp949")
    return path


def test_one_full_round_with_uploaded_korean_texts(page, server, tmp_path):
    app = App(page, server)
    app.goto("collect")
    file = write_korean_texts(tmp_path / "문의.csv")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)
    app.drawn()
    app.see("The text is encoded in CP949")
    page.get_by_role("button", name="Create the project").click()
    app.see("What to do next", seconds=60)
    project = opened(app)
    assert (project.dataset.schema.text, project.dataset.schema.label) == ("내용", "분류")
    assert "배송" in project.dataset.classes

    app.run_turn(0)
    app.visit("Annotate")
    app.click("start-queue")
    review(app, 3, "12S")
    app.run_turn(1)
    expect(page.get_by_test_id("stSidebar")).to_contain_text("since turn 0")

    page.reload()
    app.drawn()
    assert len(opened(app).turns) == 2
    assert not app.trace
