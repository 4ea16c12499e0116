from __future__ import annotations

import pytest

from core.flywheel import DropColumn, current_queue, forecast_actions, kept_forecasts
from pages.parts import jobs


def words(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.header, *app.info)).replace(
        "\\", ""
    )


@pytest.fixture
def foreseen(turned):
    forecast_actions(turned)
    return turned


def test_forecasts_are_offered_made_as_a_job_and_shown_with_interval_effort_and_reason(start, turned, quiet):
    app = quiet(start(project=turned.id))
    assert "points" not in words(app).split("What to do next")[1].split("The ledger")[0].replace("As points", "")
    app.button(key="forecast").click().run()
    assert jobs.registry().wait(turned.id, "forecast", 120).state == "done"
    app = quiet(app.run())
    said = words(app)
    best = turned.actions()[0]

    assert "80% intervals" in said
    assert f"**{best.title}**" in said or best.kind == "stop"
    assert " points** (" in said
    assert all(action.why.replace("\\", "")[:30] in said for action in turned.actions()[:3])


def test_each_action_leads_to_where_it_is_done_with_what_it_is_about(start, foreseen, quiet):
    app = quiet(start(project=foreseen.id))
    if len(foreseen.actions()) > 5:
        app.toggle(key="all-actions").set_value(True).run()
    kept = kept_forecasts(foreseen, foreseen.turns[-1])
    review = next(each for each in foreseen.actions() if each.key == "review")
    quiet(app.button(key=f"go-review-{review.title}").click().run())
    queue = current_queue(foreseen, "")
    place = next(n for n, each in enumerate(kept.actions) if each.key == "review")

    assert queue is not None
    assert set(queue.cards.index) == set(kept.ids_of(place))


def test_generate_is_opened_with_the_class_and_the_method(start, foreseen, quiet):
    app = quiet(start(project=foreseen.id))
    app.toggle(key="all-actions").set_value(True).run()
    action = next(each for each in foreseen.actions() if each.kind == "generate" and "label" in each.setup)
    app.button(key=f"go-generate-{action.title}").click().run()
    app = quiet(app.switch_page("pages/generate.py").run())

    assert app.selectbox(key="target-False").value == f"class {action.setup['label']}"
    assert app.selectbox(key="method").value == action.setup["method"]


def test_after_a_change_the_turn_comes_first_and_the_forecast_says_that_it_is_older(start, foreseen, quiet):
    foreseen.apply(DropColumn("age", by="ann"))
    app = quiet(start(project=foreseen.id))

    assert next(button for button in app.button if (button.key or "").startswith("go-")).key.startswith("go-turn")
    assert "The data has changed since" in words(app)
    assert not [button for button in app.button if button.key == "forecast"]


def test_what_came_is_shown_beside_what_was_forecast(start, foreseen, quiet):
    kept = kept_forecasts(foreseen, foreseen.turns[-1])
    drop = next(each for each in kept.actions if each.kind == "drop")
    foreseen.apply(DropColumn(drop.setup["column"], by="ann"))
    foreseen.turn()
    app = quiet(start(project=foreseen.id))

    assert any("How forecasts have held" in each.label for each in app.expander)
    assert "80% intervals held what the next turn measured" in words(app)
