from __future__ import annotations

import pytest

from core.flywheel import (
    Decide,
    Exclude,
    Project,
    current_queue,
    define_class,
    pin_example,
    pin_history,
    pins,
    start_queue,
)
from pages.parts.plain import plain


@pytest.fixture
def tab(start, quiet):
    def opened(project):
        app = start("annotate", project=project.id)
        app.session_state["annotate-view"] = "Guidelines"
        return quiet(app.run())

    return opened


@pytest.fixture
def reviewed(turned):
    """The customers with three decisions, and no guideline."""
    start_queue(turned, turned.turns[0].suspects, source="all labels", turn=0)
    ids = turned.turns[0].suspects.index[:3]
    turned.apply(Decide(dict.fromkeys(ids, ("keep", None)), by="ann"))
    return turned


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.get("html"))
    return " ".join(str(getattr(element, "value", None) or element.proto.body) for element in shown)


def save(app, text):
    app.text_area[0].set_value(text)
    return next(each for each in app.button if each.label == "Save").click().run()


def test_a_guideline_is_kept_and_shown_beside_the_card(tab, reviewed, quiet):
    given = current_queue(reviewed).cards["given"].iloc[3]
    app = tab(reviewed)
    app.radio(key="guideline-class").set_value(given).run()
    app = quiet(save(app, "Pays *every* month"))
    assert Project.open(reviewed.folder).guidelines == {given: "Pays *every* month"}
    app.session_state["annotate-view"] = "Review"
    assert "Pays *every* month" in words(quiet(app.run()))


def test_saving_the_same_again_writes_nothing(tab, turned, quiet):
    app = quiet(save(tab(turned), "Pays"))
    app = quiet(save(app, "Pays"))
    assert turned.guideline_version == "1"
    assert "says so already" in app.toast[0].value


def test_a_definition_of_somebody_else_is_not_overwritten_unseen(tab, turned, quiet):
    app = tab(turned)
    label = turned.dataset.classes[0]
    define_class(turned, label, "What bo says", by="bo")
    app = save(app, "What I say")
    assert "bo has defined" in app.error[0].value
    assert turned.guidelines[label] == "What bo says"
    # The words are still there, and saving again is a decision to replace what is now known.
    assert app.text_area[0].value == "What I say"
    quiet(next(each for each in app.button if each.label == "Save").click().run())
    assert turned.guidelines[label] == "What I say"


def test_a_changed_definition_offers_a_second_look(tab, reviewed, quiet):
    app = tab(reviewed)
    assert not [each for each in app.button if each.key == "second-look"]
    app = quiet(save(app, "New words"))
    assert "3 decisions were made before" in words(app)
    assert app.button(key="second-look").label == "Second look at 3"
    app = quiet(app.button(key="second-look").click().run())
    assert current_queue(reviewed).source == "second look after a change of guidelines"
    assert app.session_state["annotate-view"] == "Review"


def test_a_reviewed_example_is_pinned_shown_and_taken_off(tab, reviewed, quiet):
    app = tab(reviewed)
    app.session_state["pin-recent"] = True
    app.run()
    app = quiet(app.toggle(key="pin-mine").set_value(False).run())
    pinning = [each for each in app.button if (each.key or "").startswith("recent-border")]
    assert len(pinning) == 3
    app = quiet(pinning[0].click().run())
    label = reviewed.dataset.classes[0]
    (pin,) = pins(Project.open(reviewed.folder), label)
    assert pin.kind == "border"
    reviewed.apply(Exclude([pin.example], by="ann"))
    app = quiet(app.run())
    assert "Border cases" in words(app)
    app = quiet(app.button(key=f"unpin-{pin.number}").click().run())
    assert pins(reviewed, label) == []
    assert [each.kind for each in pin_history(reviewed)] == ["border", "removed"]


def test_the_history_shows_what_changed_and_text_is_not_markup(tab, turned, quiet):
    label = turned.dataset.classes[0]
    define_class(turned, label, "Pays <b>every</b> month", by="ann")
    define_class(turned, label, "Pays <b>every</b> year", by="bo")
    pin_example(turned, turned.dataset.ids("train")[0], label, "positive", by="bo", note="*clear*")
    app = tab(turned)
    app.session_state["guideline-history"] = True
    app = quiet(app.run())
    assert "month</del>" in words(app)
    assert "year</ins>" in words(app)
    assert "&lt;b&gt;" in words(app)
    assert plain("*clear*") in words(app)
    assert app.dataframe[0].value["what"].tolist() == ["positive"]


def test_an_example_can_be_pinned_from_the_card(start, turned, quiet):
    def card():
        from core.flywheel import find_project, home
        from core.flywheel.project import Project
        from pages.parts import guidelines

        project = Project.open(find_project(home(), "customers"))
        example = project.dataset.ids("train")[0]
        guidelines.pin(project, example, "stays", "leaves", "ann")

    from streamlit.testing.v1 import AppTest

    example = turned.dataset.ids("train")[0]
    app = AppTest.from_function(card, default_timeout=60).run()
    app.session_state[f"pin-{example}"] = True
    app.run()
    assert app.selectbox[0].options == ["leaves", "stays"]
    app.text_input[0].set_value("a clear one")
    app.radio[0].set_value("negative").run()
    quiet(app.button(key=f"pin-save-{example}").click().run())
    (pin,) = pins(turned, "leaves")
    assert (pin.kind, pin.note, pin.by) == ("negative", "a clear one", "ann")
