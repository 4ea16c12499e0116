from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from core.flywheel import (
    BandError,
    Decide,
    Exclude,
    Project,
    Relabel,
    StaleError,
    audit_bands,
    current_queue,
    decide,
    fix_band,
    review_sample,
    simulate_reviewer,
    start_queue,
)

OTHER = {"yes": "no", "no": "yes"}


@pytest.fixture
def turned(tmp_path, make_dataset, make_table):
    """After turn 0 of logistic regression: some 60 suspects, one band."""
    project = Project.create(tmp_path / "turned", make_dataset(make_table(500, pool=0)), recipe="logistic_regression")
    project.turn()
    yield project
    project.close()


@pytest.fixture
def turn(turned):
    return turned.turns[0]


@pytest.fixture
def suspects(turn):
    return turn.suspects[turn.suspects["flagged"]]


def say(project, ids, decision, label=None, **options):
    project.apply(Decide(dict.fromkeys(ids, (decision, label)), by="ann", **options))


def take(project, rows, **options):
    project.apply(Decide({x: ("suggested", label) for x, label in rows["suggested"].items()}, by="ann", **options))


def shares(project, turn):
    row = audit_bands(project, turn).table.loc[1]
    return row["reviewed"], row["wrong"] * row["used"], row["right"] * row["used"]


def test_before_a_review_there_is_no_figure_and_all_are_open(turned, turn, suspects):
    audit = audit_bands(turned, turn)
    assert len(suspects) >= 30
    assert list(audit.open_in(1).index) == list(suspects.index)
    assert audit.table["advice"].tolist() == ["too few reviewed"]
    assert audit.figure(suspects) is None
    assert audit.reviewers == {}


def test_how_each_decision_counts(turned, turn, suspects):
    ids = suspects.index
    take(turned, suspects.iloc[:20])
    assert shares(turned, turn) == pytest.approx((20, 20, 20))
    say(turned, ids[20:21], "keep")
    assert shares(turned, turn) == pytest.approx((21, 20, 20))
    say(turned, ids[21:22], "ambiguous")
    assert shares(turned, turn) == pytest.approx((22, 20, 20))
    say(turned, ids[22:23], "other", "maybe")
    assert shares(turned, turn) == pytest.approx((23, 21, 20))
    say(turned, ids[23:24], "exclude")
    assert shares(turned, turn) == pytest.approx((24, 22, 20))
    say(turned, ids[24:25], "skip")
    assert shares(turned, turn) == pytest.approx((24, 22, 20))
    assert list(audit_bands(turned, turn).open_in(1).index) == list(ids[24:])


def test_giving_the_given_label_again_keeps_it_and_giving_the_suggestion_takes_it(turned, turn, suspects):
    take(turned, suspects.iloc[:20])
    first, second = suspects.index[0], suspects.index[30]
    say(turned, [first], "other", suspects.at[first, "given"])
    say(turned, [second], "other", suspects.at[second, "suggested"])
    assert shares(turned, turn) == pytest.approx((21, 20, 20))


def test_what_was_decided_in_bulk_tells_nothing_and_takes_nothing_away(turned, turn, suspects):
    say(turned, suspects.index[:20], "keep")
    take(turned, suspects, bulk=True)
    assert shares(turned, turn) == pytest.approx((20, 0, 0))
    assert audit_bands(turned, turn).table.at[1, "open"] == 0


def test_only_decisions_since_the_turn_count(turned, suspects):
    say(turned, suspects.index[:25], "keep")
    turned.apply(Exclude(suspects.index[-2:]))
    later = turned.turn()
    audit = audit_bands(turned, later)
    assert audit.table["reviewed"].sum() == 0
    assert not audit.suspects["open"].reindex(suspects.index[:25]).fillna(False).any()


def test_an_undone_decision_does_not_count(turned, turn, suspects):
    say(turned, suspects.index[:25], "keep")
    turned.undo("ann")
    assert shares(turned, turn)[0] == 0


def test_relabelled_elsewhere_and_excluded_are_not_open(turned, turn, suspects):
    first, second = suspects.index[:2]
    turned.apply(Relabel({first: OTHER[suspects.at[first, "given"]]}))
    turned.apply(Exclude([second]))
    assert list(audit_bands(turned, turn).open_in(1).index) == list(suspects.index[2:])


# the sample


def test_a_sample_is_random_seeded_and_of_the_band(turned, turn, suspects):
    queue = review_sample(turned, turn, 1, 25)
    assert len(queue.cards) == 25
    assert set(queue.cards.index) <= set(suspects.index)
    assert list(queue.cards.columns) == list(suspects.columns)
    assert list(queue.cards.index) != [x for x in suspects.index if x in queue.cards.index]
    assert list(review_sample(turned, turn, 1, 25).cards.index) == list(queue.cards.index)
    assert list(review_sample(turned, turn, 1, 25, seed=1).cards.index) != list(queue.cards.index)
    assert "random sample of 25 from band 1" in queue.source


def test_the_sample_gives_the_figure_and_worst_first_does_not_touch_it(turned, turn, suspects):
    queue = review_sample(turned, turn, 1, 20)
    for place in range(20):
        decide(turned, current_queue(turned), place, "keep" if place < 5 else "suggested", by="bo")
    rest = suspects.drop(queue.cards.index)
    take(turned, rest.iloc[:8])
    audit = audit_bands(Project.open(turned.folder), turn)
    row = audit.table.loc[1]
    assert (row["reviewed"], row["used"], row["random"], row["right"]) == (28, 20, True, 0.75)
    assert audit.reviewers == {"bo": 20, "ann": 8}
    # Who changes their mind about a card of the sample has still seen a random card.
    say(turned, queue.cards.index[:1], "other", queue.cards["suggested"].iloc[0])
    assert audit_bands(turned, turn).table.at[1, "right"] == 0.8


def test_a_sample_of_a_band_of_another_ranking_is_not_at_random(turned, turn):
    sample = review_sample(turned, turn, 1, 30, by="ann")
    for place in range(30):
        decide(turned, sample, place, "keep", by="ann")
    again = replace(turn, ranked_at="2030-01-01T00:00:00+00:00")
    assert audit_bands(turned, turn).table.loc[1, "random"]
    assert not audit_bands(turned, again).table["random"].any()
    assert audit_bands(turned, again).table.loc[1, "used"] == 30


def test_the_simulated_reviewer_counts_and_is_named(turned, turn):
    queue = review_sample(turned, turn, 1, 30)
    simulate_reviewer(turned, queue, 30, accuracy=1.0)
    audit = audit_bands(turned, turn)
    truth = turned.dataset.frame["true_label"]
    right = (truth.loc[queue.cards.index] == queue.cards["suggested"]).mean()
    assert audit.table.at[1, "right"] == pytest.approx(right)
    assert audit.reviewers == {"simulated reviewer": 30}


def test_a_sample_of_nothing_is_refused(turned, turn, suspects):
    with pytest.raises(BandError, match="must be one of 1"):
        review_sample(turned, turn, 7, 20)
    turned.apply(Exclude(suspects.index))
    with pytest.raises(BandError, match="Band 1 has 0"):
        review_sample(turned, turn, 1, 20)


# the fix


def test_without_a_figure_nothing_is_fixed(turned, turn, suspects):
    say(turned, suspects.index[:19], "keep")
    for action in ("relabel", "exclude"):
        with pytest.raises(BandError, match="at least 20 suspects of the band reviewed"):
            fix_band(turned, turn, 1, action)
    assert len(turned.log) == 1


def test_a_fix_is_one_edit_with_one_undo_and_says_why(turned, turn, suspects):
    take(turned, suspects.iloc[:18])
    say(turned, suspects.index[18:20], "keep")
    before = turned.dataset.version
    entry = fix_band(turned, turn, 1, "relabel", by="ann", revision=turned.revision)
    rest = suspects.iloc[20:]
    assert entry.kind == "relabel"
    assert entry.reason.startswith("audited fix of band 1 of turn 0 (score 0.")
    assert "of 20 reviewed, the suggestion was right in 90% (" in entry.reason
    assert (turned.dataset.labels[rest.index] == rest["suggested"]).all()
    assert turned.dataset.labels[suspects.index[19]] == suspects["given"].iloc[19]
    assert len(turned.log) == 3
    assert audit_bands(turned, turn).table.at[1, "advice"] == "settled"
    # A fix is no evidence for itself.
    assert shares(turned, turn) == pytest.approx((20, 18, 18))
    turned.undo("ann")
    assert turned.dataset.version == before
    assert fix_band(turned, turn, 1, "exclude").kind == "exclude"
    assert turned.dataset.frame.index.intersection(rest.index).empty


def test_a_fix_on_data_that_moved_on_is_refused(turned, turn, suspects):
    say(turned, suspects.index[:20], "keep")
    with pytest.raises(StaleError):
        fix_band(turned, turn, 1, "exclude", revision=turned.revision - 1)
    assert len(turned.log) == 1


def test_another_action_is_refused(turned, turn):
    with pytest.raises(BandError, match="Got 'keep' instead"):
        fix_band(turned, turn, 1, "keep")


def test_the_figure_of_rows_needs_the_labels_that_were_audited(turned, turn, suspects):
    say(turned, suspects.index[:20], "keep")
    audit = audit_bands(turned, turn)
    figure = audit.figure(suspects.iloc[20:25])
    assert (figure.share, figure.reviewed, figure.random) == (0, 20, False)
    other = suspects.iloc[20:25].assign(suggested="maybe")
    assert audit.figure(other) is None
    assert audit.figure(turn.suspects[~turn.suspects["flagged"]].head(2)) is None
    assert audit.figure(suspects.iloc[:0]) is None


def test_a_turn_without_suspects_has_no_bands(turned, turn):
    none = replace(turn, _read=lambda name: turn.suspects.assign(flagged=False))
    audit = audit_bands(turned, none)
    assert audit.table.empty
    assert audit.suspects.empty
    with pytest.raises(BandError, match="there are no suspects"):
        audit.open_in(1)


def test_a_queue_of_another_ranking_counts_by_labels(turned, turn, suspects):
    """Whoever took the suggestion of another queue has said what the label is, not that this suggestion is right."""
    cards = pd.DataFrame(suspects).assign(suggested="maybe")
    start_queue(turned, cards, source="another", turn=0)
    for place in range(20):
        decide(turned, current_queue(turned), place, "suggested", by="ann")
    assert shares(turned, turn) == pytest.approx((20, 20, 0))
