"""Slices as an analyst sees them: crossed columns, the error tree, pinned slices, and the ways from each."""

from __future__ import annotations

import json

import pytest

from core.flywheel import Project, Relabel, current_queue, watched_slices
from pages.parts import jobs


def words(app) -> str:
    shown = (*app.markdown, *app.caption, *app.header, *app.warning, *app.info)
    return " ".join(element.value for element in shown)


@pytest.fixture
def opened(start, uneven, quiet):
    """The tab with one of its views."""

    def shown(view):
        app = start("evaluate", project=uneven.id)
        app.session_state["evaluate-view"] = "Error slices"
        app.session_state["slices-view"] = view
        app = app.run()
        assert jobs.registry().wait(uneven.id, "slices", 60).state == "done"
        return quiet(app.run())

    return shown


def test_the_map_crosses_the_columns_of_the_worst_slice_and_opens_a_cell(opened, uneven, quiet):
    app = opened("Heat map")
    assert {app.selectbox(key="map-row").value, app.selectbox(key="map-column-plan").value} == {"plan", "region"}
    found = jobs.registry().snapshot(uneven.id, "slices").result
    cells = app.dataframe[0].value
    assert cells["examples"].sum() == len(found.predictions)
    app = quiet(app.selectbox(key="map-cell-plan-region").set_value(("plus", "south")).run())
    data = uneven.dataset.frame.loc[found.predictions.index]
    expected = int(((data["plan"] == "plus") & (data["region"] == "south")).sum())
    assert f"{expected} examples" in words(app)
    shown = app.dataframe[1].value
    assert set(shown["plan"]) == {"plus"}
    assert set(shown["region"]) == {"south"}


def test_a_tree_asks_for_the_weak_place_first_and_its_nodes_open(opened, uneven):
    app = opened("Error tree")
    found = jobs.registry().snapshot(uneven.id, "slices").result
    assert len(found.tree) > 2
    worst = max((node for node in found.tree if node.leaf), key=lambda node: node.region.error).region
    assert {each.column for each in worst.predicates} == {"plan", "region"}
    assert f"{worst.size} examples" in words(app)
    assert len(app.dataframe[0].value) == len(found.tree)


def test_a_slice_is_pinned_and_unpinned_and_the_next_turn_says_what_it_did_to_it(opened, uneven, quiet):
    app = opened("Worst slices")
    quiet(app.button(key="pin-slice").click().run())
    (pinned,) = watched_slices(Project.open(uneven.folder))
    assert {each.column for each in pinned.predicates} == {"plan", "region"}
    weak = uneven.dataset.frame.query("plan == 'basic' and region == 'north'").index
    ids = weak[uneven.dataset.split[weak] == "train"]
    income = uneven.dataset.frame.loc[ids, "income"]
    wrong = {key: "leaves" if value > 50 else "stays" for key, value in income.items()}
    uneven.apply(Relabel(wrong, by="ann"))
    uneven.turn()
    app = opened("Pinned")
    overview, by_turn = app.dataframe[0].value, app.dataframe[1].value
    assert overview["slice"].tolist() == [str(pinned)]
    test = uneven.dataset.part("test")
    inside = (test["plan"] == "basic") & (test["region"] == "north")
    assert overview["test"].tolist() == [str(inside.sum())]
    assert overview["train"].tolist() == [str(len(ids))]
    assert by_turn["turn"].tolist() == [1]
    assert by_turn["said"].iloc[0] == overview["turn 1"].iloc[0]
    assert by_turn["said"].iloc[0] in {"gain", "no evidence", "harm"}
    assert ("Turn 1 harms 1 pinned slice" in words(app)) == (by_turn["said"].iloc[0] == "harm")
    app = quiet(app.button(key="pin-pinned").click().run())
    assert not watched_slices(Project.open(uneven.folder))
    assert "No slice is pinned" in words(app)
    assert app.dataframe[-1].value["what"].tolist() == ["unpinned", "pinned"]


def test_from_a_cell_one_goes_to_generate_which_says_for_what(opened, uneven, quiet):
    app = opened("Heat map")
    app = quiet(app.selectbox(key="map-cell-plan-region").set_value(("basic", "north")).run())
    app = quiet(app.button(key="generate-map").click().run())
    sizes = uneven.dataset.labels_of("train").value_counts()
    assert app.selectbox(key="target-False").value == "brought"
    found = jobs.registry().snapshot(uneven.id, "slices").result.predictions
    data = uneven.dataset.frame.loc[found.index]
    own = found[((data["plan"] == "basic") & (data["region"] == "north") & (found["given"] == sizes.idxmin()))]
    assert "For the slice **plan is basic and region is north**" in words(app)
    wrong = int(own["loss"].sum())
    assert f"Of its {len(own)} examples labelled '{sizes.idxmin()}', {wrong} are predicted wrongly" in words(app)
    inside = (data["plan"] == "basic") & (data["region"] == "north")
    assert f"Made of {inside.sum()} examples of train" in words(app)
    assert app.button(key="apply").label == f"Add {inside.sum()} examples"
    app = quiet(app.button(key="forget-slice").click().run())
    assert "For the slice" not in words(app)


def test_all_labels_of_a_node_go_to_review(opened, uneven):
    app = opened("Error tree")
    tree = jobs.registry().snapshot(uneven.id, "slices").result.tree
    worst = max((node for node in tree if node.leaf), key=lambda node: node.region.error)
    app.button(key="review-all-tree").click().run()
    queue = current_queue(Project.open(uneven.folder))
    assert queue.source == f"all labels of turn 0 where {worst.region}"
    assert set(queue.cards.index) == set(worst.region.ids)


def test_what_to_collect_is_written_in_words_and_for_machines(opened, uneven):
    from core.flywheel.wanted import collection_list, collection_table

    opened("Error tree")
    found = jobs.registry().snapshot(uneven.id, "slices").result
    region = found.tree[-1].region
    wanted = collection_list(uneven.dataset, region, found.predictions, 50)
    assert json.loads(json.dumps(wanted))["slice"] == str(region)
    assert sum(one["wanted"] for one in wanted["classes"].values()) == 50
    assert str(region) in collection_table(wanted)
