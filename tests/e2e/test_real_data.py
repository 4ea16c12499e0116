"""Real files, real column mess: upload, turn, review, turn, without a hand edit of the file.

Each time, test_mend brings a dirty table and test_wheel texts.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from driving import App

from core.flywheel import Project, decisions

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

DATA = Path(os.environ.get("FLYWHEEL_DATA", Path(__file__).parents[2] / "../shared/data"))
# File, then the label and the text column that the app is to find by itself.
FILES = {
    "telco": ("tabular/telco_churn/telco_churn_7043.csv", "Churn", None),
    "sms": ("text/sms_spam/data.csv", "label", "text"),
    "adult": ("tabular/adult/adult_test_6000.csv", "income", None),
    "youtube": ("text/youtube_spam/data.csv", "label", "text"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_goes_round(page, server, name):
    path, label, text = FILES[name]
    if not (DATA / path).is_file():
        pytest.skip(f"{path} is not in {DATA}: set FLYWHEEL_DATA to the folder with the benchmark data")
    app = App(page, server)
    app.goto("collect")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(DATA / path)
    app.see("What the columns are for", seconds=60)
    app.drawn()
    page.get_by_role("button", name="Create the project").click()
    app.see("What to do next", seconds=60)
    app.run_turn(0)
    app.visit("Annotate")
    app.click("start-queue")
    for number in (1, 2, 3):
        app.see(re.compile(rf"Card {number} of"))
        app.drawn()
        app.press("2")
    # Some sets hold no more suspects than these.
    app.see(re.compile("Card 4 of|The queue is through"))
    app.run_turn(1)

    project = Project.open(Path(server.workspace) / app.project)
    assert (project.dataset.schema.label, project.dataset.schema.text) == (label, text)
    assert len(decisions(project)) == 3
    assert [turn.verdict is None for turn in project.turns] == [True, False]
    if name == "telco":
        assert "TotalCharges" in project.dataset.schema.numeric
    assert not app.trace
    project.close()
