from __future__ import annotations

from core.flywheel import (
    Collect,
    Correct,
    Decide,
    DropColumn,
    Exclude,
    Generate,
    Relabel,
    changes_by_reason,
    worded_changes,
)


def told(project, since=0, until=None):
    found = changes_by_reason(project.log, since, project.revision if until is None else until)
    return [
        tuple(row) for row in found[["kind", "reason", "taken_back", "size", "entries", "by"]].itertuples(index=False)
    ]


def test_nothing_changed_says_nothing(project):
    assert told(project) == []
    assert worded_changes(changes_by_reason(project.log, 0, 0)) == ""


def test_each_kind_and_reason_has_a_row(project, train, make_table, make_children):
    project.apply(Relabel({train[0]: "yes", train[1]: "no"}, by="ann", reason="old"))
    project.apply(Relabel({train[2]: "yes"}, by="bob", reason="old"))
    project.apply(Relabel({train[3]: "yes"}))
    project.apply(Exclude(train[4:7], by="ann"))
    project.apply(Correct({(train[8], "x"): 1.0, (train[8], "n"): 2}, by="ann"))
    project.apply(DropColumn("colour", by="ann"))
    project.apply(Collect(make_table(3, seed=9, pool=0).assign(key=["a", "b", "c"]), by="ann"))
    project.apply(Generate(make_children(project.dataset, train[10:12]), by="ann"))

    assert told(project) == [
        ("collect", "", False, 3, 1, "ann"),
        ("generate", "", False, 2, 1, "ann"),
        ("relabel", "old", False, 3, 2, "ann, bob"),
        ("relabel", "", False, 1, 1, "somebody"),
        ("exclude", "", False, 3, 1, "ann"),
        ("correct", "", False, 2, 1, "ann"),
        ("drop_column", "", False, 1, 1, "ann"),
    ]
    assert worded_changes(changes_by_reason(project.log, 0, project.revision)) == (
        "3 collected, 2 generated, 4 relabelled, 3 excluded, 2 cells corrected, 1 column dropped"
    )


def test_a_decision_counts_as_what_it_did(project, train):
    said = {train[0]: ("keep", None), train[1]: ("other", "yes"), train[2]: ("exclude", None), train[3]: ("skip", None)}
    project.apply(Decide(said, by="ann", reason="review"))

    assert [row[:4] for row in told(project)] == [
        ("relabel", "review", False, 1),
        ("exclude", "review", False, 1),
        ("keep", "review", False, 2),
    ]


def test_what_was_taken_back_since_is_told_and_what_came_and_went_is_not(project, train):
    project.apply(Exclude(train[:2], by="ann"))
    project.apply(Relabel({train[5]: "yes"}, by="ann"))
    since = project.revision
    project.apply(Exclude(train[7:9], by="bob"))
    project.undo("bob")
    project.go_back(1)

    assert told(project, since) == [("relabel", "", True, 1, 1, "ann")]
    assert worded_changes(changes_by_reason(project.log, since, project.revision)) == "1 taken back"
    assert told(project, until=since)[0][:4] == ("relabel", "", False, 1)


def test_what_changes_no_data_is_told_where_there_is_nothing_else(project, train):
    project.apply(Decide({train[0]: ("keep", None)}, by="ann"))

    assert worded_changes(changes_by_reason(project.log, 0, project.revision)) == "1 looked at and left"
