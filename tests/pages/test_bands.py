from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Decide, Exclude, Project, Relabel, current_queue, simulate_reviewer


def make_noisy(folder: Path) -> Project:
    """A table with a fifth of the labels wrong and the truth beside them, after turn 0: some 100 suspects."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    truth = np.where(x > 0, "<b>yes</b>", "no *way*")
    wrong = rng.random(600) < 0.2
    label = np.where(wrong, np.where(x > 0, "no *way*", "<b>yes</b>"), truth)
    frame = pd.DataFrame({"x": x, "n": rng.integers(0, 4, 600), "label": label, "true_label": truth})
    project = Project.create(folder / "noisy", Dataset.from_frame(frame, label="label"), recipe="logistic_regression")
    project.turn()
    return project


@pytest.fixture
def noisy(ready) -> Project:
    return ready(make_noisy)


@pytest.fixture
def opened(start, noisy, quiet):
    app = start("annotate", project=noisy.id)
    app.session_state["annotate-view"] = "Audited fix"
    return quiet(app.run())


def table(app) -> str:
    return next(each.proto.body for each in app.get("html") if "Confidence bands" in each.proto.body)


def words(app) -> str:
    return " ".join(each.value for each in (*app.markdown, *app.caption, *app.info))


def button(app, start: str):
    return next((each for each in app.button if each.key and each.key.startswith(start)), None)


def suspects(project):
    found = project.turns[0].suspects
    return found[found["flagged"]]


def review(project, right, wrong):
    """Answers one by one: so many suggestions right, then so many given labels kept."""
    found = suspects(project)
    said = {example: ("suggested", label) for example, label in found["suggested"].iloc[:right].items()}
    said |= dict.fromkeys(found.index[right : right + wrong], ("keep", None))
    project.apply(Decide(said, by="ann"))


def test_without_a_review_nothing_can_be_applied(opened, noisy):
    assert "Too few reviewed" in table(opened)
    assert "no figure yet" in table(opened)
    assert "There is no figure yet, so nothing can be applied. 20 more reviews give a first one" in words(opened)
    assert button(opened, "fix-relabel") is None
    assert button(opened, "fix-exclude") is None


def test_a_random_sample_becomes_the_queue_and_gives_the_figure(opened, noisy, quiet):
    opened.number_input[0].set_value(40).run()
    app = quiet(opened.button(key="sample-start").click().run())
    assert app.session_state["annotate-view"] == "Review"
    queue = current_queue(noisy)
    assert len(queue.cards) == 40
    assert set(queue.cards.index) <= set(suspects(noisy).index)
    simulate_reviewer(noisy, queue, 40, accuracy=1.0)
    app.session_state["annotate-view"] = "Audited fix"
    app = quiet(app.run())
    assert "40 at random" in table(app)
    assert "simulated reviewer 40" in words(app)


def test_an_advised_fix_shows_what_it_will_do_and_is_one_edit_with_one_undo(start, noisy, quiet):
    review(noisy, 40, 0)
    app = start("annotate", project=noisy.id)
    app.session_state["annotate-view"] = "Audited fix"
    app = quiet(app.run())
    rest = suspects(noisy).iloc[40:]
    assert "Relabel" in table(app)
    assert f"**{len(rest)} open suspects** will get the suggested label" in words(app)
    assert "suggestion was right in 100" in words(app)
    assert "Not at random" in words(app)
    before = noisy.dataset.version
    fix = button(app, "fix-relabel")
    assert (fix.label, fix.disabled) == (f"Relabel {len(rest)} examples", False)
    app = quiet(fix.click().run())
    on_disk = Project.open(noisy.folder)
    assert (on_disk.dataset.labels[rest.index] == rest["suggested"]).all()
    assert len(on_disk.log) == 2
    assert on_disk.log[-1].reason.startswith("audited fix of band 1 of turn 0")
    assert "Settled" in table(app)
    app = quiet(button(app, "band-undo-").click().run())
    assert Project.open(noisy.folder).dataset.version == before
    assert button(app, "fix-relabel") is not None


def test_a_fix_against_the_advice_needs_a_word_more(start, noisy, quiet):
    review(noisy, 10, 20)
    app = start("annotate", project=noisy.id)
    app.session_state["annotate-view"] = "Audited fix"
    app = quiet(app.run())
    assert "Review each" in table(app)
    assert button(app, "fix-relabel").disabled
    app = quiet(app.checkbox[0].check().run())
    assert not button(app, "fix-relabel").disabled
    app.radio[1].set_value("exclude").run()
    assert button(app, "fix-exclude").disabled
    app.checkbox[0].check().run()
    quiet(button(app, "fix-exclude").click().run())
    assert Project.open(noisy.folder).log[-1].kind == "exclude"


def test_the_mark_can_be_moved(start, noisy, quiet):
    review(noisy, 26, 4)
    app = start("annotate", project=noisy.id)
    app.session_state["annotate-view"] = "Audited fix"
    app = quiet(app.run())
    assert "Review on" in table(app)
    app = quiet(app.slider(key="bands-relabel").set_value(60).run())
    assert "mark at 60%" in table(app)
    assert "Relabel" in table(app)


def test_a_fix_on_data_that_moved_on_is_refused_with_a_sentence(start, noisy, quiet):
    review(noisy, 40, 0)
    app = start("annotate", project=noisy.id)
    app.session_state["annotate-view"] = "Audited fix"
    app = quiet(app.run())
    noisy.apply(Relabel({noisy.dataset.ids("train")[0]: "no *way*"}, by="bo"))
    app = button(app, "fix-relabel").click().run()
    assert "was changed since this was shown" in app.error[0].value
    assert len(Project.open(noisy.folder).log) == 2


def test_classes_of_the_data_are_not_markup(start, noisy, quiet):
    review(noisy, 40, 0)
    app = start("annotate", project=noisy.id)
    app.session_state["annotate-view"] = "Audited fix"
    app = quiet(app.run())
    assert r"no \*way\*" in words(app)
    assert "<b>yes" not in words(app)


def test_no_suspects_says_so(start, turned, quiet, monkeypatch):
    from core.flywheel import Turn

    turned.apply(Exclude(turned.dataset.ids("train")[:1]))
    none = turned.turns[0].suspects.assign(flagged=False)
    monkeypatch.setattr(Turn, "suspects", none)
    app = start("annotate", project=turned.id)
    app.session_state["annotate-view"] = "Audited fix"
    app = quiet(app.run())
    assert "has no suspects" in words(app)
