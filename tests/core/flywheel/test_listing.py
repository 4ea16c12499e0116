from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flywheel import (
    BandError,
    Decide,
    Exclude,
    Filter,
    Generate,
    Project,
    ProjectError,
    Relabel,
    StaleError,
    audit_bands,
    decide_rows,
    decisions,
    evidence,
    list_cards,
    matching,
    open_rows,
)

OTHER = {"yes": "no", "no": "yes"}


@pytest.fixture(scope="module")
def made(tmp_path_factory, make_dataset, make_table):
    project = Project.create(
        tmp_path_factory.mktemp("made") / "p", make_dataset(make_table(400, pool=0)), recipe="logistic_regression"
    )
    turn = project.turn()
    ids = turn.suspects.index
    project.apply(Decide(dict.fromkeys(ids[:10], ("keep", None)), by="ann"))
    project.apply(Decide({ids[12]: ("other", "maybe"), ids[14]: ("skip", None)}, by="bo"))
    yield project
    project.close()


@pytest.fixture
def own(tmp_path, make_dataset, make_table):
    project = Project.create(
        tmp_path / "own", make_dataset(make_table(400, pool=0, seed=1)), recipe="logistic_regression"
    )
    project.turn()
    yield project
    project.close()


def listed(project):
    return list_cards(project, project.turns[-1].suspects)


def suspects_of(project):
    rows = listed(project)
    return rows[rows["flagged"]]


# --- filter and sort ------------------------------------------------------------------------------------------------


def test_a_listing_says_what_was_decided_by_whom(made):
    rows = listed(made)
    assert rows["card"].tolist() == list(range(1, len(rows) + 1))
    assert rows["decision"].iloc[[0, 11, 12, 14]].tolist() == ["keep", "", "other", "skip"]
    assert rows["by"].iloc[[0, 11, 12]].tolist() == ["ann", "", "bo"]
    assert open_rows(rows).sum() == len(rows) - 11


choices = st.builds(
    Filter,
    given=st.sampled_from([None, "yes", "no", "nothing"]),
    suggested=st.sampled_from([None, "yes"]),
    lowest=st.sampled_from([0.0, 0.3]),
    highest=st.sampled_from([1.0, 0.8]),
    flagged=st.sampled_from([None, True, False]),
    decision=st.sampled_from([None, "open", "decided", "keep", "skip"]),
    by=st.sampled_from([None, "ann", "bo"]),
    words=st.sampled_from(["", "RED", "초", "1"]),
    column=st.sampled_from(["", "colour", "n", "x", "when"]),
    sort=st.sampled_from(["", "score", "given", "by", "n", "colour", "when"]),
    descending=st.booleans(),
)


@given(choices)
def test_a_filter_leaves_what_a_loop_over_rows_leaves(made, wanted):
    dataset, rows = made.dataset, listed(made).head(90)

    def wants(example, row):
        value = dataset.frame.loc[example]
        columns = [wanted.column] if wanted.column else ["colour"]
        texts = [str(value[name]) for name in columns if pd.notna(value[name])] + ([] if wanted.column else [example])
        is_open = row["decision"] in ("", "skip")
        return (
            (wanted.given in (None, row["given"]))
            and (wanted.suggested in (None, row["suggested"]))
            and (wanted.by in (None, row["by"]))
            and wanted.lowest <= row["score"] <= wanted.highest
            and (wanted.flagged in (None, bool(row["flagged"])))
            and (wanted.decision in (None, row["decision"], "open" if is_open else "decided"))
            and (not wanted.words or any(wanted.words.lower() in text.lower() for text in texts))
        )

    expected = [example for example, row in rows.iterrows() if wants(example, row)]
    found = matching(rows, dataset, wanted).index
    assert sorted(found) == sorted(expected)
    if not wanted.sort:
        assert list(found) == (expected[::-1] if wanted.descending else expected)
    else:
        source = rows if wanted.sort in rows else dataset.frame
        column = source[wanted.sort].loc[expected]
        order = column.sort_values(ascending=not wanted.descending, kind="stable", na_position="last").index
        assert list(found) == list(order)


def test_words_are_not_a_pattern(made):
    assert matching(listed(made), made.dataset, Filter(words=".*")).empty


def test_the_truth_can_neither_be_searched_nor_sorted_by(made):
    for wanted in (Filter(words="yes", column="true_label"), Filter(sort="true_label")):
        with pytest.raises(ProjectError, match="one the model sees"):
            matching(listed(made), made.dataset, wanted)


def test_what_was_excluded_is_listed_and_not_open(own):
    rows = listed(own)
    own.apply(Exclude(rows.index[:3]))
    rows = listed(own)
    assert not rows["there"].iloc[:3].any()
    assert open_rows(rows).sum() == len(rows) - 3
    assert len(matching(rows, own.dataset, Filter())) == len(rows)
    assert matching(rows, own.dataset, Filter(words=rows.index[0], column="colour")).empty


def test_a_hundred_thousand_rows_are_filtered_in_a_moment(make_dataset, make_table):
    import time

    dataset = make_dataset(make_table(100_000, pool=0), test=0.01)
    ids = dataset.ids("train")
    score = np.random.default_rng(0).random(len(ids))
    rows = pd.DataFrame(
        {"given": dataset.labels.loc[ids], "suggested": "yes", "score": score, "flagged": score > 0.5, "decision": ""},
        index=ids,
    ).assign(by="", there=True)
    start = time.process_time()
    found = matching(rows, dataset, Filter(given="yes", words="red", lowest=0.2, sort="colour"))
    assert time.process_time() - start < 6
    assert len(found) > 1000


# --- one decision on many -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decision", ["keep", "suggested", "other", "ambiguous", "exclude"])
def test_a_decision_on_rows_chosen_by_hand_is_one_entry_with_one_undo(own, decision):
    rows = suspects_of(own).iloc[[0, 2, 5]]
    before = own.dataset.version
    entry = decide_rows(own, rows, decision, "maybe" if decision == "other" else None, by="ann", reason="table")
    assert len(Project.open(own.folder).log) == 1
    assert entry.content["guideline"] == "0"
    assert set(decisions(own).loc[rows.index, "decision"]) == {decision}
    if decision == "suggested":
        assert (own.dataset.labels[rows.index] == rows["suggested"]).all()
    own.undo("ann")
    assert own.dataset.version == before


def test_one_row_is_evidence_and_several_at_once_are_not(own):
    rows = suspects_of(own)
    decide_rows(own, rows.iloc[:1], "keep")
    decide_rows(own, rows.iloc[1:5], "keep")
    assert audit_bands(own, own.turns[0]).table["reviewed"].tolist() == [1]


def test_keeping_brings_the_given_label_back(own):
    rows = suspects_of(own).iloc[:2]
    own.apply(Relabel({rows.index[0]: rows["suggested"].iloc[0]}))
    decide_rows(own, rows, "keep")
    assert (own.dataset.labels[rows.index] == rows["given"]).all()
    assert decisions(own).loc[rows.index, "decision"].tolist() == ["other", "keep"]


def test_rows_that_are_gone_are_left_out_and_nothing_is_refused(own):
    rows = suspects_of(own).iloc[:3]
    own.apply(Exclude(rows.index[:2]))
    assert decide_rows(own, rows, "keep").content["decisions"].keys() == {rows.index[2]}
    own.apply(Exclude(rows.index[2:]))
    with pytest.raises(ProjectError, match="no longer in train"):
        decide_rows(own, rows, "keep")


def test_all_that_match_are_changed_only_with_a_figure_of_their_bands(own):
    rows = suspects_of(own)
    turn = own.turns[0]
    for decision in ("suggested", "exclude", "other"):
        with pytest.raises(BandError, match="reviewed sample of their bands"):
            decide_rows(own, rows, decision, "yes", audit=audit_bands(own, turn))
    assert own.log == []
    reviewed = rows.iloc[:20]
    own.apply(Decide({example: ("suggested", label) for example, label in reviewed["suggested"].items()}, by="ann"))
    rows = suspects_of(own)
    audit = audit_bands(own, turn)
    assert evidence(audit, rows, "suggested").reviewed == 20
    entry = decide_rows(own, rows, "suggested", audit=audit, reason="all", by="ann")
    assert "all; of 20 reviewed, the suggestion was right in 100% (84% to 100%)" in entry.reason
    # What a person decided is not overruled, and the rest is no evidence.
    assert entry.content["decisions"].keys() == set(rows.index[20:])
    assert audit_bands(own, turn).table["reviewed"].tolist() == [20]


def test_all_that_match_may_be_kept_without_a_figure(own):
    entry = decide_rows(own, suspects_of(own), "keep", audit=audit_bands(own, own.turns[0]))
    assert len(entry.content["decisions"]) == len(suspects_of(own))


def test_labels_that_were_not_suspects_have_no_figure(own):
    rows = suspects_of(own)
    own.apply(Decide(dict.fromkeys(rows.index[:20], ("keep", None))))
    audit = audit_bands(own, own.turns[0])
    with pytest.raises(BandError):
        decide_rows(own, listed(own), "suggested", audit=audit)
    # Giving a class that was not suggested to each is judged by how often the given label is wrong.
    assert evidence(audit, rows.iloc[20:], "other", "maybe").of == "wrong"
    same = rows.iloc[20:][rows["suggested"].iloc[20:] == "yes"]
    assert evidence(audit, same, "other", "yes").of == "right"


def test_rows_that_changed_since_are_refused_and_others_do_not_matter(own):
    rows = suspects_of(own)
    own.apply(Exclude(rows.index[-1:]))
    decide_rows(own, rows.iloc[:2], "keep", revision=0)
    own.apply(Relabel({rows.index[3]: rows["suggested"].iloc[3]}, by="ann"))
    with pytest.raises(StaleError, match="ann relabelled"):
        decide_rows(own, rows.iloc[2:4], "keep", revision=own.revision - 1)


def test_generated_examples_can_be_told_from_collected_ones(own, make_children):
    parents = list(own.dataset.ids("train")[:4])
    rows = make_children(own.dataset, parents)
    own.apply(Generate(rows))
    own.turn()
    listing = listed(own)
    made = matching(listing, own.dataset, Filter(generated=True)).index
    collected = matching(listing, own.dataset, Filter(generated=False)).index
    assert set(made) == set(rows.index)
    assert set(collected) == set(listing.index) - set(rows.index)
