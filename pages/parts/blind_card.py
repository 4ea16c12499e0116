"""One test example to label blind: the example, the classes with their keys and meanings, and nothing else.

Neither its label nor anything that a model says of it is on the card, or goes into it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.flywheel import Decision, StaleError, answer, blind_queue, last_answer, next_place
from core.report import Usual, card, records, shorten
from pages.parts import beside, cards, errors, frame, queues
from pages.parts.plain import escaped, plain

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel import Project, Queue

__all__ = ["KEYS", "STYLE", "draw"]

# Digits give a class, letters do not. C and R belong to Streamlit.
KEYS = {Decision.AMBIGUOUS: "A", Decision.EXCLUDE: "X", Decision.SKIP: "S", "back": "B"}
_CLASS_KEYS = "123456789"
_WITHOUT_CLASS = {
    Decision.AMBIGUOUS: ("Ambiguous", "More than one class is plausible, nobody could tell. The label stays as it is."),
    Decision.EXCLUDE: ("None fits", "It is no valid example: it leaves the test set. Undo brings it back."),
    Decision.SKIP: ("Skip", "Nothing is said of it; you can come back to it at the end."),
}
_NAME_WIDTH = 40
# Drawn by whoever draws the card, above all that comes and goes: a style that is replaced leaves the old card bare.
STYLE = Path(__file__).parent / "card.css"


def draw(project: Project, queue: Queue, place: int, *, by: str) -> None:
    """Draw the card at one place of the sample: the example on the left, the classes on the right.

    Parameters
    ----------
    project : Project
    queue : Queue
        As `blind_queue` returns it.
    place : int
        Of an example that is still in test.
    by : str
        Who signs the answer.
    """
    dataset = project.dataset
    example = str(queue.cards.index[place])
    known = cards.known_in_queue(dataset, project.id, queue.number)
    left, right = st.columns([8, 5], gap="medium")
    with left:
        with st.container(border=True, key=f"blind-example-{place}"):
            st.html(_example(dataset, example, known))
        if means := beside.guidelines(project.guidelines, dataset.classes):
            st.html(means)
        else:
            st.caption("What the classes mean is not written down yet: the tab Guidelines is the place for it.")
    with right:
        _answers(project, queue, place, by)


def _example(dataset: Dataset, example: str, known: Usual) -> str:
    """The example as HTML: what the model is given to see, and no more."""
    schema = dataset.schema
    (row,) = records(dataset.frame, [example], schema.inputs)
    parts = [f'<p class="rc-head rc-quiet"><span class="rc-clip">Example {escaped(example)}</span></p>']
    if schema.text is not None:
        parts.append(cards.reading(row[schema.text]))
    if schema.features:
        parts.append(cards.lines(card({name: row[name] for name in schema.features}, known)))
    return f'<div class="rc">{"".join(parts)}</div>'


def _answers(project: Project, queue: Queue, place: int, by: str) -> None:
    classes, revision = project.dataset.classes, project.revision

    def says(label: str | None, decision: str | None = None) -> dict[str, Any]:
        return {"on_click": _say, "args": (project, place, label, decision, by, revision)}

    st.markdown("**Which class is it?**")
    # Always in the same order: one by probability would be a suggestion.
    with st.container(gap="xsmall"):
        for key, name in zip(_CLASS_KEYS, classes, strict=False):
            shown = plain(shorten(name, _NAME_WIDTH))
            st.button(shown, key=f"class{key}-blind-{place}", shortcut=key, width="stretch", **says(name))
    if len(classes) > len(_CLASS_KEYS):
        chosen = f"class-blind-{place}"
        st.selectbox(
            "Another class: choosing it gives it",
            classes[len(_CLASS_KEYS) :],
            index=None,
            key=chosen,
            format_func=lambda name: shorten(name, 60),
            placeholder=f"Any of the {len(classes) - len(_CLASS_KEYS)} other classes: choosing gives it",
            label_visibility="collapsed",
            on_change=_choose,
            args=(chosen, project, place, by, revision),
        )
    with st.container(horizontal=True, gap="xsmall"):
        for decision, (words, hint) in _WITHOUT_CLASS.items():
            st.button(
                words, key=f"{decision}-blind-{place}", shortcut=KEYS[decision], help=hint, **says(None, decision)
            )
        st.button(
            "Back",
            key=f"back-blind-{place}",
            shortcut=KEYS["back"],
            help="To the card before this one: your answer there is taken back, so that you give it anew.",
            disabled=last_answer(project, queue, by) is None,
            on_click=_back,
            args=(project, by),
        )
    st.html(beside.legend(_legend(len(classes))))


def _legend(classes: int) -> list[tuple[str, str]]:
    last = _CLASS_KEYS[: max(1, classes)][-1]
    return [
        ("1" if last == "1" else f"1–{last}", "the class"),
        (KEYS[Decision.AMBIGUOUS], "several plausible"),
        (KEYS[Decision.EXCLUDE], "none fits"),
        (KEYS[Decision.SKIP], "skip"),
        (KEYS["back"], "back"),
        ("Ctrl/⌘ Z", "undo"),
    ]


@errors.calm(doing="saving the answer")
def _say(project: Project, place: int, label: str | None, decision: str | None, by: str, revision: int) -> None:
    """Run before the page is drawn again; no session state is touched, so that a fast press can't cut it in two."""
    queue = blind_queue(project, by)
    if queue is not None and next_place(project, queue) == place:
        try:
            answer(project, queue, place, label, decision=decision, by=by, revision=revision)
        except StaleError:
            # Two presses that met on the way are one too many; anything else that changed has to be looked at.
            if next_place(project, blind_queue(project, by) or queue) == place:
                raise
        else:
            return
    frame.tell(queues.meanwhile(project, queue, place, since=revision), icon=":material/info:")


def _choose(key: str, project: Project, place: int, by: str, revision: int) -> None:
    """Give the class that was chosen in the box."""
    if name := st.session_state.get(key):
        _say(project, place, name, None, by, revision)


@errors.calm(doing="going back")
def _back(project: Project, by: str) -> None:
    queue = blind_queue(project, by)
    if queue is not None and last_answer(project, queue, by) is not None:
        project.undo(by)
