"""The labels of the test set: drawing a random sample of them, reviewing it blind, and what that says of the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.evaluate import METRICS, label_noise
from core.flywheel import arrive, blind_queue, dated_tests, move, on_reviewed, others, reviewed, skipped
from core.flywheel import draw as draw_sample
from core.report import count, percent, percent_interval, shorten
from pages.parts import blind_card, errors, frame, queues, review_queue, verdicts
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Queue, Reviewed, Turn

__all__ = ["TAB", "draw", "reviewing", "summary"]

TAB = "Test labels"
_VIEW = "annotate-view"
_FIRST = 100
# What is assumed before anything is known, to say how well a sample would tell.
_USUAL_NOISE = 0.05
_PAIRS = 8


def draw(project: Project, turn: Turn, *, by: str) -> None:
    """Draw the way to a sample, the card that the reviewer has come to, or what the reviewed sample says."""
    st.html(blind_card.STYLE)
    queue = blind_queue(project, by)
    if queue is None:
        _why(project)
        _dated(project)
        _size(project, drawn=0)
        return
    queue = arrive(project, queue)
    _progress(project, queue)
    _dated(project)
    if queue.place < len(queue.cards):
        blind_card.draw(project, queue, queue.place, by=by)
        review_queue.simulated(project, queue, queue.place)
    else:
        _through(project, queue, turn)


def reviewing(project: Project, by: str) -> bool:
    """Whether a card of the test set is on the screen: then no score may be, since it would answer for the model."""
    if st.session_state.get(_VIEW) != TAB:
        return False
    queue = blind_queue(project, by)
    return queue is not None and queue.place < len(queue.cards)


def summary(project: Project, turn: Turn) -> None:
    """Draw what is known of the test labels, beside the rest of what is known of the test set."""
    st.header("Are its labels right?", anchor=False)
    found = reviewed(project)
    if found is None or not found.noise.reviewed:
        st.markdown(
            "Nobody knows yet: none of them was reviewed. A model that is right where the label is wrong is called "
            "wrong."
        )
    else:
        _noise(found)
        _both_figures(project, turn)
    words = "Review test labels blind" if found is None else "Go on with the test labels"
    if found is not None and found.noise.complete:
        words = "See the test labels"
    if st.button(words, key="review-test-labels", icon=":material/visibility_off:"):
        st.session_state[_VIEW] = TAB
        frame.navigate("annotate")


# --- before and during ----------------------------------------------------------------------------------------------


def _why(project: Project) -> None:
    size = len(project.dataset.ids("test"))
    st.header("Are the test labels right?", anchor=False)
    st.markdown(
        f"Every score rests on the labels of {count(size, 'test example')}, which may be as wrong as those of train. "
        "Here you label a random sample of them again, **blind**: you see the example and what the classes mean, "
        "neither its label nor what the model says. Where your answer differs, the label is corrected, and every turn "
        "is scored again.\n\n"
        "Random, because correcting only where the model disagrees turns its mistakes into hits and leaves those that "
        "it shares with the labels: the score would rise by itself, and an equally good next model would look worse."
    )


def _dated(project: Project) -> None:
    """Say that dated test sets are not among these, if there are any."""
    if dated := dated_tests(project):
        st.caption(
            "These are the labels of the project's test set. Those of dated test sets "
            f"({plain(', '.join(map(str, dated)))}) stay as they came: nothing can correct them. If they are wrong, a "
            "later batch can become a better set."
        )


def _size(project: Project, *, drawn: int) -> None:
    """Draw how many test examples the sample is to hold, and what so many would tell."""
    size = len(project.dataset.ids("test"))
    if found := reviewed(project):
        size = found.sample.size
    with st.container(border=True):
        left, right = st.columns([2, 5], vertical_alignment="bottom")
        wanted = int(
            left.number_input(
                "Test examples to review" if not drawn else "Test examples to review in all",
                min(drawn + 1, size),
                size,
                min(size, drawn + _FIRST),
                step=10,
                key=f"blind-size-{drawn}",
            )
        )
        right.button(
            f"Draw {count(wanted, 'test example')} at random" if not drawn else f"Draw {count(wanted - drawn)} more",
            key="draw-sample",
            type="secondary" if drawn else "primary",
            icon=":material/casino:",
            on_click=_draw,
            args=(project, wanted),
        )
        st.caption(f"{_tells(found, wanted, size)} {queues.duration(project, wanted - drawn)}.")
        st.caption(
            "Who is in it is drawn once and stays: nobody can pick. It can grow later, and stays a random sample then. "
            "Decide on its size before you look at the result."
        )


def _tells(found: Reviewed | None, wanted: int, size: int) -> str:
    """How well a sample of that size would tell the share of wrong labels."""
    if wanted == size:
        return "All of them: the share of wrong labels is then known exactly, and none is left."
    known = found is not None and found.noise.reviewed > 0
    share = found.noise.share if found is not None and known else _USUAL_NOISE
    noise = label_noise(round(share * wanted), wanted, size)
    return (
        f"If {percent(share, 0)} of the labels are wrong{', as in the sample so far' if known else ''}, this sample "
        f"would put the share at {percent_interval(noise.low, noise.high)}."
    )


@errors.calm(doing="drawing the sample")
def _draw(project: Project, wanted: int) -> None:
    from pages.parts import sidebar

    draw_sample(project, wanted, by=sidebar.reviewer())


def _progress(project: Project, queue: Queue) -> None:
    total = len(queue.cards)
    done = total - len(skipped(project, queue))
    through = queue.place == total
    at = "The sample is through" if through else f"Card **{count(queue.place + 1)}** of {count(total)}"
    st.progress(done / total, text=f"{at} · {count(done)} of {count(total)} test labels answered blind")
    shares = [f"{plain(by or 'somebody')} answered {count(held)}" for by, held in others(project, queue).items()]
    if shares:
        st.caption(f":material/group: {', '.join(shares)} of these; what others answered is passed over.")


# --- after ----------------------------------------------------------------------------------------------------------


def _through(project: Project, queue: Queue, turn: Turn) -> None:
    left, found = skipped(project, queue), reviewed(project)
    if found is not None and found.noise.reviewed:
        with st.container(border=True):
            _noise(found)
            _both_figures(project, turn)
            _pairs(found)
    if left:
        words = f"Go to {count(len(left), 'card')} without answer"
        st.button(words, key="blind-left", icon=":material/undo:", on_click=_go, args=(project, queue, left[0]))
    if found is not None and not found.sample.everything:
        _size(project, drawn=len(queue.cards))


@errors.calm(doing="going to the card")
def _go(project: Project, queue: Queue, place: int) -> None:
    move(project, queue, place)


def _noise(found: Reviewed) -> None:
    """Draw how many labels were wrong, how many are left, what that leaves a perfect model, and how it was found."""
    noise = found.noise
    share, low, high = noise.left
    said = (
        ("Wrong test labels", noise.share, noise.low, noise.high, f"{count(noise.wrong)} of {count(noise.reviewed)}"),
        ("Still wrong now", share, low, high, "among those not reviewed"),
        ("Accuracy of a perfect model", 1 - share, 1 - high, 1 - low, "on the labels as they are now"),
    )
    for place, (title, value, least, most, of) in zip(st.columns(len(said)), said, strict=True):
        place.metric(title, percent(value))
        # Once all were reviewed nothing is estimated.
        known = "exactly" if noise.complete else f"95% interval {percent_interval(least, most)}"
        place.caption(f"{known}; {of}" if of else known)
    st.caption(_how(found))


def _how(found: Reviewed) -> str:
    """How the figures came about: who was in the sample, who said what, and what counts as wrong."""
    noise, drawn = found.noise, found.sample
    which = "All" if drawn.everything else f"A random {count(len(drawn.ids))} of"
    said = [f"{which} {count(noise.size, 'test label')}, in an order drawn before anybody looked (seed {drawn.seed})"]
    if waiting := len(drawn.ids) - noise.reviewed:
        said.append(f"{count(waiting)} of them without answer so far")
    if noise.ambiguous:
        said.append(f"{count(noise.ambiguous)} ambiguous, counted as right")
    if len(found.reviewers) > 1:
        said.append(
            ", ".join(f"{plain(by or 'somebody')} answered {count(done)}" for by, done in found.reviewers.items())
        )
    return ". ".join([*said, "What a reviewer says is taken as right, though they err, too."])


def _both_figures(project: Project, turn: Turn) -> None:
    """Say what the correction did to the score of the last turn, if it did anything."""
    if not turn.rescored:
        return
    now, then = turn.headline, turn.evaluation_then.metrics[project.headline]
    st.markdown(
        f"{METRICS[project.headline]} of turn {turn.number}: **{verdicts.score(*now)}** on the labels as they are now, "
        f"{verdicts.score(*then)} when it ran. Every turn was scored again; **Ledger** shows both figures of each."
    )
    alone = on_reviewed(project, turn)
    if alone is not None:
        st.caption(
            f"On the reviewed ones alone, whose labels are right: {verdicts.score(*alone.metrics[project.headline])}. "
            "The figure for all still pays for the wrong labels among the others, but so does that of every turn."
        )


def _pairs(found: Reviewed) -> None:
    """Which labels were found wrong, and what they are."""
    wrong = found.answers[(found.answers["given"] != found.answers["said"]).to_numpy(dtype=bool)].head(_PAIRS)
    if wrong.empty:
        return
    said = [("no class fits" if pd.isna(name) else shorten(name, 40)) for name in wrong["said"]]
    st.dataframe(
        pd.DataFrame(
            {
                "label it came with": [shorten(name, 40) for name in wrong["given"]],
                "answer": said,
                "examples": wrong["examples"].to_numpy(),
            }
        ),
        hide_index=True,
        width="content",
        height="content",
        alt="Labels that were found wrong, with the answers, the most frequent first",
    )
