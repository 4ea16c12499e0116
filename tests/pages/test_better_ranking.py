"""The better ranking on screen: begun by itself, offered when it is there, taken only when asked."""

from __future__ import annotations

import pytest

from core.flywheel import current_queue, rank, start_queue
from core.progress import Cancelled
from core.settings import Settings
from pages.parts import better_ranking, jobs, queues


@pytest.fixture
def queued(turned):
    """The customers with a queue of the suspects by the first ranking, begun before there was a better one."""
    turn = turned.turns[0]
    start_queue(turned, turn.suspects.iloc[queues.places(turned, turn)], source=queues.named(turn), turn=0)
    with turned.store.writing():
        turned.store.execute("UPDATE queue SET at = '2020-01-01T00:00:00+00:00'")
    return turned


def offers(app) -> list[str]:
    return [each.label for each in app.button if each.key == "newer-queue"]


def test_it_is_begun_when_the_turn_is_seen_and_offered_when_it_is_there(start, queued, quiet, monkeypatch):
    monkeypatch.setattr(better_ranking, "SETTINGS", Settings())
    app = quiet(start("annotate", project=queued.id))
    assert not offers(app) or queued.turns[0].ranked_at
    job = jobs.registry().wait(queued.id, "ranking", timeout=120)
    assert job.state == "done", job.message
    before = current_queue(queued).cards.index.tolist()
    app = quiet(app.run())
    assert offers(app) == ["Take the better order"]
    assert current_queue(queued).cards.index.tolist() == before


def test_taking_it_starts_a_queue_in_its_order(start, queued, quiet):
    turn = rank(queued, queued.turns[0])
    app = quiet(start("annotate", project=queued.id))
    app = quiet(app.button(key="newer-queue").click().run())
    assert not offers(app)
    started = queued.store.execute("SELECT blob FROM queue ORDER BY number")
    assert len(started) == 2
    cards = queued.store.read_frame(started[-1][0])
    assert cards.index.tolist() == turn.suspects.index[turn.suspects["flagged"]].tolist()


def test_of_many_rows_it_waits_for_a_button(start, queued, quiet, monkeypatch):
    monkeypatch.setattr(better_ranking, "SETTINGS", Settings(ranking_rows=10))
    app = quiet(start("annotate", project=queued.id))
    assert jobs.registry().snapshot(queued.id, "ranking") is None
    quiet(app.button(key="rank-now").click().run())
    assert jobs.registry().wait(queued.id, "ranking", timeout=120).state == "done"
    assert queued.turns[0].ranked_at is not None


def test_a_ranking_that_was_cancelled_is_not_begun_again_by_itself(start, queued, quiet, monkeypatch):
    monkeypatch.setattr(better_ranking, "SETTINGS", Settings())
    registry = jobs.registry()

    def waits(progress, cancel):
        cancel.wait(60)
        raise Cancelled("cancelled")

    registry.start(queued.id, "ranking", "Better ranking of turn 0", waits)
    registry.cancel(queued.id, "ranking")
    registry.wait(queued.id, "ranking", timeout=60)
    app = quiet(start("annotate", project=queued.id))
    assert registry.snapshot(queued.id, "ranking").state == "cancelled"
    app = quiet(app.button(key="rank-again").click().run())
    assert registry.wait(queued.id, "ranking", timeout=120).state == "done"
    assert queued.turns[0].ranked_at is not None
