from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.collect.checks import CheckError, InRange, Unique
from core.dataset import DatasetError
from core.errors import FlywheelError
from core.flywheel import (
    Annotations,
    Collect,
    Correct,
    Decide,
    Dismiss,
    DropColumn,
    EditError,
    Exclude,
    Generate,
    Relabel,
    SetChecks,
    SetRules,
)
from core.flywheel.edits import EDITS, read_edit, replay


def through_json(edit):
    """The edit as the log gives it back."""
    payload = json.loads(json.dumps(edit.payload(), allow_nan=False))
    return read_edit(edit.kind, payload, edit.rows(), by=edit.by, reason=edit.reason)


def other(dataset, example):
    return "no" if dataset.labels[example] == "yes" else "yes"


# what each edit does


def test_relabel_gives_other_labels(dataset, train):
    after = Relabel({train[0]: "no", train[1]: "yes"}).apply(dataset)

    assert after.labels[train[0]] == "no"
    assert after.labels[train[1]] == "yes"
    assert dataset.labels.drop(train[:2]).equals(after.labels.drop(train[:2]))


def test_relabel_of_a_pool_example_moves_it_to_train(dataset):
    example = dataset.ids("pool")[0]
    after = Relabel({example: "yes"}).apply(dataset)

    assert after.split[example] == "train"
    assert dataset.split[example] == "pool"


def test_blanks_around_a_label_make_no_new_class(dataset, train):
    assert Relabel({train[0]: " yes\n"}).apply(dataset).classes == ("no", "yes")


def test_exclude_leaves_out_and_keeps_listed(dataset, train):
    test = dataset.ids("test")[0]
    after = Exclude([train[0], test]).apply(dataset)

    assert not after.frame.index.isin([train[0], test]).any()
    assert dict(after.excluded) == {train[0]: "train", test: "test"}


def test_excluding_a_parent_keeps_its_children(dataset, train, make_children):
    after = Exclude([train[0]]).apply(Generate(make_children(dataset, train[:2])).apply(dataset))

    assert list(after.generated) == ["g0", "g1"]
    assert after.folds().notna().all()


def test_drop_column_hides_it_and_keeps_the_values(dataset):
    after = DropColumn("n").apply(dataset)

    assert "n" not in after.schema.inputs
    assert after.frame["n"].equals(dataset.frame["n"])
    assert after.version != dataset.version


def test_collect_sends_labelled_rows_to_train_and_others_to_the_pool(dataset, make_table):
    batch = make_table(4, seed=9, pool=1).assign(key=["n0", "n1", "n2", "n3"])
    after = Collect(batch).apply(dataset)
    new = after.split.loc[["n0", "n1", "n2", "n3"]]

    assert sorted(new) == ["pool", "train", "train", "train"]
    assert list(new.index[new == "pool"]) == list(batch["key"][batch["label"].isna()])
    assert after.ids("test").equals(dataset.ids("test"))


def test_collect_leaves_out_what_is_known_excluded_or_equal_to_a_test_example(dataset, make_table):
    excluded = dataset.ids("train")[0]
    current = Exclude([excluded]).apply(dataset)
    raw = make_table()
    known = raw[raw["key"] == dataset.ids("train")[1]]
    equal = raw[raw["key"] == dataset.ids("test")[0]].assign(key="fresh")
    back = raw[raw["key"] == excluded]

    after = Collect(pd.concat([known, equal, back])).apply(current)

    assert after.version == current.version


def test_collected_rows_have_their_id_whatever_type_the_batch_reads_as(make_table):
    """A code column that holds only digits in the second file is the same column."""
    from core.dataset import Dataset

    raw = make_table(60).drop(columns="key").assign(code=["A1", *map(str, range(59))])
    first = Dataset.from_frame(raw, label="label")
    again = raw.iloc[1:].assign(code=range(59))

    assert len(first.admit(again)) == 0


def test_generated_rows_keep_parents_share_their_fold_and_take_the_rest_from_them(dataset, train, make_children):
    children = make_children(dataset, train[:3]).drop(columns="colour")
    after = Generate(children).apply(dataset)
    folds = after.folds()

    assert list(after.parents["parent"]) == train[:3]
    assert after.parents["other_parent"].isna().all()
    assert list(folds.loc[["g0", "g1", "g2"]]) == list(folds.loc[train[:3]])
    assert list(after.frame.loc[["g0", "g1", "g2"], "colour"].astype(object).fillna("-")) == list(
        dataset.frame.loc[train[:3], "colour"].astype(object).fillna("-")
    )
    assert after.frame["member"].dtype == bool
    assert after.frame["n"].dtype == np.int64


def test_generated_fractions_are_not_cut_off(dataset, train, make_children):
    after = Generate(make_children(dataset, train[:1]).assign(n=2.7)).apply(dataset)

    assert after.frame.loc["g0", "n"] == 2.7


def test_decisions_change_the_data_only_where_they_say_so(dataset, train):
    edit = Decide(
        {
            train[0]: ("keep", None),
            train[1]: ("suggested", "yes"),
            train[2]: ("other", "maybe"),
            train[3]: ("ambiguous", None),
            train[4]: ("exclude", None),
            train[5]: ("skip", "yes"),
        }
    )
    after = edit.apply(dataset)

    assert edit.labels == {train[1]: "yes", train[2]: "maybe"}
    assert edit.exclusions == [train[4]]
    unchanged = [train[0], train[3], train[5]]
    assert after.labels.loc[unchanged].equals(dataset.labels.loc[unchanged])
    assert len(after) == len(dataset) - 1


def test_decisions_that_change_nothing_keep_the_version(dataset, train):
    assert Decide({train[0]: ("keep", None), train[1]: ("skip", None)}).apply(dataset).version == dataset.version


def test_blind_review_may_correct_test_labels(dataset):
    example = dataset.ids("test")[0]
    label = other(dataset, example)

    after = Decide({example: ("other", label)}, blind=True).apply(dataset)

    assert after.labels[example] == label
    assert after.split[example] == "test"


def test_every_edit_has_a_short_summary(dataset, train, make_table, make_children):
    edits = [
        Relabel({train[0]: "yes"}),
        Exclude(train[:2]),
        Correct({(train[0], "n"): 1}),
        DropColumn("n"),
        Collect(make_table(3)),
        Generate(make_children(dataset, train[:1])),
        Annotations(pd.DataFrame({"ann": ["yes"]}, index=list(train[:1]))),
        Decide({train[0]: ("keep", None)}),
        SetRules([]),
        SetChecks([]),
        Dismiss("k", title="Odd", size=3),
    ]

    assert {edit.kind for edit in edits} == set(EDITS)
    assert [edit.summary for edit in edits] == [
        "relabelled 1 example",
        "excluded 2 examples",
        "corrected 1 cell",
        "dropped the column 'n'",
        "collected 3 examples",
        "generated 1 example",
        "added labels of 1 annotator on 1 example",
        "kept the label",
        "set 0 rules",
        "set 0 checks",
        "dismissed the finding 'Odd'",
    ]
    assert Decide({}).summary == "decided on 0 examples"


# what is refused


@pytest.mark.parametrize(
    "edit",
    [
        Relabel({"nobody": "yes"}),
        Exclude(["nobody"]),
        Correct({("nobody", "n"): 1}),
        Decide({"nobody": ("keep", None)}),
        Decide({"nobody": ("exclude", None)}),
        Decide({"nobody": ("other", "yes")}, blind=True),
    ],
    ids=lambda edit: f"{edit.kind}",
)
def test_unknown_ids_are_refused_by_name(dataset, edit):
    with pytest.raises(FlywheelError, match="nobody"):
        edit.apply(dataset)


def test_test_labels_are_not_corrected_outside_blind_review(dataset):
    example = dataset.ids("test")[0]

    for edit in (Relabel({example: "yes"}), Decide({example: ("suggested", "yes")}), Decide({example: ("keep", None)})):
        with pytest.raises(EditError, match="blind review"):
            edit.apply(dataset)


def test_sealed_labels_are_not_corrected_either(make_dataset):
    dataset = make_dataset(sealed=0.1)

    with pytest.raises(EditError, match="blind review"):
        Relabel({dataset.ids("sealed")[0]: "yes"}).apply(dataset)


@pytest.mark.parametrize("label", ["", "  ", None, np.nan])
def test_empty_labels_are_refused(dataset, train, label):
    with pytest.raises(FlywheelError, match="label"):
        Relabel({train[0]: label}).apply(dataset)


@pytest.mark.parametrize(
    ("decision", "label", "message"),
    [("perhaps", None, "must be one of keep"), ("suggested", None, "come with a label"), ("other", "", "with a label")],
)
def test_bad_decisions_are_refused(train, decision, label, message):
    with pytest.raises(EditError, match=message):
        Decide({train[0]: (decision, label)})


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_part_is_never_excluded_whole(dataset, part):
    with pytest.raises(DatasetError, match=f"At least one {part} example must stay"):
        Exclude(list(dataset.ids(part))).apply(dataset)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("x", "many", "must hold numbers"),
        ("n", "1o", "must hold numbers"),
        ("member", "perhaps", "must hold numbers"),
        ("when", "yesterday or so", "must hold dates"),
        ("when", 5, "must hold dates"),
        ("label", "yes", "Relabel"),
        ("key", "r1", "is the id"),
        ("shoe size", 1, "no column 'shoe size'"),
    ],
)
def test_values_that_do_not_fit_are_refused(dataset, train, column, value, message):
    with pytest.raises(FlywheelError, match=message):
        Correct({(train[0], column): value}).apply(dataset)


def test_only_a_feature_that_is_not_the_last_can_be_dropped(make_dataset):
    small = make_dataset(features=["x"])

    for column in ("label", "true_label", "key", "nothing", "x"):
        with pytest.raises(FlywheelError, match=r"Only a feature|no column|the only one"):
            DropColumn(column).apply(small)


@pytest.mark.filterwarnings("ignore:Could not infer format")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="x"), "Missing: x"),
        (lambda rows: rows.assign(x="many"), "'x' must hold numbers"),
        (lambda rows: rows.assign(when="soon"), "'when' must hold dates"),
        (lambda rows: rows.drop(columns="key"), "'key' is not in the rows"),
        (lambda rows: rows.assign(key=None), "must have a value in every row"),
        (lambda rows: pd.concat([rows, rows]), "must not repeat"),
        (lambda rows: rows.set_axis(["x" if name == "n" else name for name in rows], axis=1), "must differ"),
    ],
)
def test_rows_that_do_not_fit_are_not_collected(dataset, make_table, change, message):
    with pytest.raises(DatasetError, match=message):
        Collect(change(make_table(3, seed=9).assign(key=["n0", "n1", "n2"]))).apply(dataset)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop(columns="parent"), "name their parents"),
        (lambda rows: rows.assign(parent="nobody"), "must be train examples"),
        (lambda rows: rows.assign(other_parent="nobody"), "must be train examples"),
        (lambda rows: rows.assign(label=None), "must have a label"),
        (lambda rows: rows.assign(x="many"), "must hold numbers"),
        (lambda rows: rows.set_axis(["g", "g"]), "new ids"),
        (lambda rows: rows.set_axis(["r0", "r1"]), "new ids"),
    ],
)
def test_rows_that_do_not_fit_are_not_generated(dataset, train, make_children, change, message):
    with pytest.raises(FlywheelError, match=message):
        Generate(change(make_children(dataset, train[:2]))).apply(dataset)


@pytest.mark.parametrize("part", ["test", "pool"])
def test_parents_are_train_examples(dataset, make_children, part):
    with pytest.raises(DatasetError, match="must be train examples"):
        Generate(make_children(dataset, list(dataset.ids(part)[:1]))).apply(dataset)


# the way through the log


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_infinity=False),
    st.integers(0, 9).map(str),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.dates().map(str),
    st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")).map(pd.Timestamp),
    st.sampled_from([np.int64(3), np.float32(1.5), np.bool_(True), pd.NaT, pd.NA, "2026-01-31 10:00", "초록"]),
)
COLUMNS = st.sampled_from(["x", "n", "member", "colour", "when", "true_label"])


@given(cells=st.lists(st.tuples(st.integers(0, 5), COLUMNS, VALUES), min_size=1, max_size=8))
def test_cells_come_to_the_same_one_by_one_together_and_from_the_log(dataset, cells):
    train = dataset.ids("train")
    current, accepted = dataset, []
    for place, column, value in cells:
        edit = Correct({(train[place], column): value})
        try:
            current = edit.apply(current)
        except FlywheelError:
            continue
        accepted.append(through_json(edit))

    replayed = replay(dataset, accepted)

    assert replayed.version == current.version


def test_every_edit_is_read_back_from_json(dataset, train, make_table, make_children):
    edits = [
        Relabel({train[0]: "초록"}, by="한나", reason="seen"),
        Exclude(pd.Index(train[:2]), by="b"),
        Correct({(train[0], "n"): np.int64(1), (train[1], "when"): pd.Timestamp("2026-02-03 04:05")}),
        DropColumn("n"),
        SetChecks([InRange("n", 0, 5, severe=False), Unique(("x",))], said="added a check", by="d"),
        Dismiss('["odd", "n"]', title="초록", size=3, back=True, by="c", reason="meant"),
        Collect(make_table(3, seed=9).assign(key=["n0", "n1", "n2"])),
        Generate(make_children(dataset, train[:2])),
        Decide({train[0]: ("other", np.str_("no")), train[1]: ("exclude", None)}, guideline="3", queue=(1, 4, 5)),
    ]
    for edit in edits:
        again = through_json(edit)
        assert (again.kind, again.by, again.reason, again.summary) == (edit.kind, edit.by, edit.reason, edit.summary)
        assert again.ids == edit.ids
        assert again.apply(dataset).version == edit.apply(dataset).version
    assert again.guideline == "3"
    assert again.queue == (1, 4, 5)


def test_a_check_that_does_not_fit_the_data_is_refused_unless_it_was_there(dataset):
    lost = InRange("gone", 0, 1)
    with pytest.raises(CheckError, match="none called 'gone'"):
        SetChecks([lost]).apply(dataset)
    with pytest.raises(CheckError, match="holds texts"):
        SetChecks([InRange("colour", 0, 1)]).apply(dataset)
    assert SetChecks([lost, InRange("n", 0, 1)], known=[lost]).apply(dataset) is dataset


def test_an_edit_of_a_newer_app_is_named():
    with pytest.raises(EditError, match="'augment'"):
        read_edit("augment", {}, None, by="", reason="")


def test_collected_rows_of_mixed_values_can_be_kept(dataset, make_table):
    rows = make_table(2, seed=9).assign(key=["n0", "n1"], remark=[1, "a"], n=["3", 4])
    kept = Collect(rows).rows()

    assert [str(dtype) for dtype in kept[["remark", "n"]].dtypes] == ["str", "str"]
    assert Collect(kept).apply(dataset).version == Collect(rows).apply(dataset).version


# replaying is lenient: taking back one edit never breaks those that came after it


def test_replay_passes_over_what_an_undone_edit_took_away(dataset, train, make_table, make_children):
    batch = Collect(make_table(2, seed=9, pool=0).assign(key=["n0", "n1"]))
    made = Generate(make_children(batch.apply(dataset), ["n0", train[0]]))
    later = [
        Relabel({"n0": "no", train[1]: "no"}),
        Correct({("n1", "n"): 1}),
        Exclude(["n1", train[2]]),
        Decide({"g0": ("exclude", None), "n0": ("other", "yes")}),
    ]

    with_it = replay(dataset, [batch, made, *later])
    without_it = replay(dataset, [made, *later])

    assert list(with_it.generated) == ["g1"]
    assert list(without_it.generated) == ["g1"]
    assert "n0" in with_it.frame.index
    assert "n0" not in without_it.frame.index
    assert without_it.labels[train[1]] == "no"
    assert train[2] not in without_it.frame.index


def test_replay_drops_children_whose_parent_was_not_in_train_then(dataset, make_children):
    pool = dataset.ids("pool")[0]
    label = Relabel({pool: "yes"})
    made = Generate(make_children(label.apply(dataset), [pool]))

    assert len(replay(dataset, [label, made]).generated) == 1
    assert len(replay(dataset, [made]).generated) == 0


def test_replay_does_not_drop_the_last_column(make_dataset):
    small = make_dataset(features=["x", "n"])
    replayed = replay(small, [DropColumn("x"), DropColumn("x"), DropColumn("n")])

    assert replayed.schema.features == ("n",)
