"""Several annotators: how far they agree, who is reliable, what they come to, and the examples they dispute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from core.annotate import agreement, alpha_in_words
from core.flywheel import Annotations, Study, match_annotations, reviewer_annotations, study
from core.report import count, interval, kappa_matrix, number, percent, percent_interval
from pages.parts import errors, figure, files, frame, jobs, paging, queues, turns
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn
    from core.progress import Cancel, Progress

__all__ = ["draw"]

_KIND = "annotators"
# Fewer labels than this are compared while the page is drawn; more of them take seconds, in the background.
_AT_ONCE = 20_000
_METHODS = {"majority": "Majority", "dawid_skene": "Dawid-Skene", "crowdlab": "CROWDLAB", "label": "Consensus"}
_ABOUT = {
    "majority": "the class most annotators gave.",
    "dawid_skene": "weighs annotators by the mistakes they make.",
    "crowdlab": "weighs annotators and the model, on train, where predictions are out of fold.",
    "label": "Dawid-Skene and the model, each as far as it predicts labels that were held out.",
}


def draw(project: Project, turn: Turn, *, by: str) -> None:
    """Draw the tab: what the annotators come to, or how to bring what they said.

    Parameters
    ----------
    project : Project
    turn : Turn
        The last one: its probabilities join in.
    by : str
        Who signs what is added.
    """
    said = _said(_key(project), project)
    if said.shape[1] < 2:
        _empty(project, said, by=by)
        _reviewers(project)
        return
    found = _study(project, turn, said)
    if found is None:
        return
    _agreement(found, said)
    _consensus(project, turn, found)
    _reviewers(project)
    with st.expander(
        "Add labels of annotators", icon=":material/group_add:", key="add-annotations", on_change="rerun"
    ) as box:
        if box.open:
            _add(project, by=by)


def _key(project: Project) -> str:
    """Changes when the data or what annotators said changes."""
    entries = [entry.seq for entry in project.log if entry.kind in ("annotations", "undo", "redo")]
    return f"{project.id}/{project.dataset.version}/{entries[-1] if entries else 0}"


@st.cache_resource(show_spinner=False, max_entries=4)
def _said(key: str, _project: Project) -> pd.DataFrame:
    return _project.annotations


@st.cache_resource(show_spinner="Comparing the annotators", max_entries=4)
def _compared(key: str, _project: Project, _turn: Turn) -> Study:
    return study(_project, _turn)


def _study(project: Project, turn: Turn, said: pd.DataFrame) -> Study | None:
    """What the annotators come to; None while that is found out in the background."""
    key = f"{_key(project)}/{turns.identity(project, turn)}"
    if int(said.count().sum()) <= _AT_ONCE:
        return _compared(key, project, turn)
    job = jobs.panel(project.id, _KIND)
    if job is not None and job.state == "done" and job.result[0] == key:
        return job.result[1]
    if job is None or not (job.running or job.state in ("failed", "cancelled")):

        def work(progress: Progress, cancel: Cancel) -> tuple[str, Study]:
            progress(0.1, "weighing them by what they say of the same examples")
            return key, study(project, turn)

        jobs.start(project.id, _KIND, "Comparing the annotators", work)
    return None


def _empty(project: Project, said: pd.DataFrame, *, by: str) -> None:
    """Say how to bring what annotators said, and take a file."""
    have = "**No annotators yet.**" if said.empty else f"**One annotator so far, {plain(said.columns[0])}.**"
    with st.container(border=True):
        st.markdown(
            f"{have} Where several people labelled the same examples, this shows how far they agree, who is reliable, "
            "and which examples they dispute: those are settled one card at a time."
        )
        _add(project, by=by)


def _add(project: Project, *, by: str) -> None:
    """Take a file of annotations, after a look at what is in it."""
    st.markdown(
        "Bring a file with one row per label (**id**, **annotator**, **label**) or one row per example and one column "
        "per annotator (**id**, **rater_1**, **rater_2**, …). Examples are matched by id; the labels in the data stay "
        "as they are."
    )
    first = project.dataset.frame.index[0]
    st.caption(f"Ids look like {plain(first)}: Collect shows them, and the export has them all.")
    file = st.file_uploader(
        "What annotators said", key=f"annotations-{project.revision}", max_upload_size=files.most_uploaded()
    )
    if file is None:
        return
    with errors.calm(doing="reading the annotations"):
        found = match_annotations(project, files.read_upload(file).table)
        left_out = (
            f" {count(len(found.unknown), 'id')} {'is' if len(found.unknown) == 1 else 'are'} not in the data and left "
            f"out, first {plain(found.unknown[0])}."
            if len(found.unknown)
            else ""
        )
        st.markdown(
            f"**{count(int(found.frame.count().sum()), 'label')} of {count(found.frame.shape[1], 'annotator')} on "
            f"{count(len(found.frame), 'example')}**: {plain(found.reason)}.{left_out}"
        )
        if st.button("Add these labels", type="primary", icon=":material/add:", key="save-annotations"):
            project.apply(Annotations(found.frame, by=by, reason=file.name))
            frame.tell(f"Added the labels of {count(found.frame.shape[1], 'annotator')}.")
            st.rerun()


def _agreement(found: Study, said: pd.DataFrame) -> None:
    """Draw alpha with its meaning, each annotator, and each pair."""
    alpha, (low, high) = found.agreement["krippendorff_alpha"], found.agreement["krippendorff_interval"]
    counts = found.consensus["annotations"]
    with st.container(border=True):
        left, middle, right = st.columns([3, 3, 6])
        left.metric(
            "Krippendorff's alpha", number(alpha, 2), help="1 is perfect agreement, 0 is what chance would give."
        )
        left.caption(f"95% interval {interval(low, high, 2)}")
        middle.metric("Annotators", count(said.shape[1]))
        middle.caption(f"{count(len(said), 'example')}, {counts.mean():.1f} labels each")
        right.markdown(alpha_in_words(alpha))
        right.caption("Krippendorff's own marks: reliable from 0.80 on, tentative from 0.67 on.")
    each, pairs = st.columns([6, 5], gap="large")
    with each:
        st.header("Who is reliable", anchor=False)
        paging.table(
            _annotator_rows(found.agreement["per_annotator"]),
            key="annotators",
            rows=16,
            noun="annotator",
            alt="Each annotator: examples labelled, agreement with the consensus, quality, with intervals",
        )
        st.caption(
            "Agreement: how often the label is the consensus. Quality: how often the label is right, estimated from "
            "what all of them said. Both on examples that others labelled, too."
        )
    with pairs:
        st.header("Who agrees with whom", anchor=False)
        drawn = found.agreement["pairwise_kappa"]
        if drawn.empty:
            st.info("No two annotators labelled the same example.", icon=":material/info:")
        else:
            figure.draw(
                kappa_matrix(drawn, labelled=found.agreement["per_annotator"]["labelled"].sort_index()),
                key="kappa",
                caption="Cohen's kappa: 1 is perfect agreement, 0 chance, below 0 worse than chance.",
            )


def _annotator_rows(found: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "annotator": found.index.astype(str),
            "labelled": [count(value) for value in found["labelled"]],
            "agreement (95%)": _shares(found["agreement"], found["low"], found["high"]),
            "quality (95%)": _shares(found["quality"], found["quality_low"], found["quality_high"]),
        }
    )


def _shares(values: pd.Series, low: pd.Series, high: pd.Series) -> list[str]:
    return [
        percent(value, 0) + ("" if pd.isna(one) else f" ({percent_interval(one, other, 0)})")
        for value, one, other in zip(values, low, high, strict=True)
    ]


def _consensus(project: Project, turn: Turn, found: Study) -> None:
    """Draw the methods side by side, where they differ, and the way to settle it."""
    st.header("What they come to", anchor=False)
    table, cards = found.consensus, found.disputes
    rows = _method_rows(table)
    left, right = st.columns([6, 5], gap="large")
    left.dataframe(rows, hide_index=True, height="content", alt="How often each method differs from the given labels")
    left.caption("  \n".join(f"**{_METHODS[column]}**: {about}" for column, about in _ABOUT.items()))
    flagged = int(cards["flagged"].sum())
    with right, st.container(border=True):
        if cards.empty:
            st.markdown("**Nothing to settle.** The annotators agree on every label of train.")
        else:
            st.markdown(
                f"On **{count(flagged, 'train example')}** the consensus is another class than the label, on "
                f"{count(len(cards) - flagged)} more the annotators are split."
            )
            st.button(
                f"Review {count(len(cards), 'disputed example')}",
                type="primary",
                key="review-disputes",
                icon=":material/how_to_reg:",
                on_click=_start,
                args=(project, cards, turn.number),
            )
            st.caption("The consensus changes no label by itself: each is settled on its card, the worst first.")
    differing = table[_differ(table)]
    with st.expander(f"{count(len(differing), 'example')} on which the methods differ", icon=":material/difference:"):
        paging.table(
            _differing_rows(differing), key="differing", noun="example", alt="Examples on which methods differ"
        )


@errors.calm(doing="starting the review")
def _start(project: Project, cards: pd.DataFrame, turn: int) -> None:
    queues.begin(project, cards, "labels that annotators dispute", turn)
    st.session_state["annotate-view"] = "Review"


def _method_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Each method: on how many examples it says anything, and how often that is not the given label."""
    rows: list[dict[str, str]] = []
    for column, title in _METHODS.items():
        both = table[[column, "given"]].dropna()
        if both.empty:
            rows.append({"method": title, "examples": "–", "differs from the given label": "–"})
            continue
        other = both[column] != both["given"]
        rows.append(
            {
                "method": title,
                "examples": count(table[column].notna().sum()),
                "differs from the given label": f"on {count(other.sum())} of {count(len(other))}",
            }
        )
    return pd.DataFrame(rows)


def _differ(table: pd.DataFrame) -> pd.Series:
    """Whether two methods that say anything say different classes."""
    said = table[["majority", "dawid_skene", "crowdlab"]]
    return said.nunique(axis=1) > 1


def _differing_rows(table: pd.DataFrame) -> pd.DataFrame:
    shown = table.sort_values("confidence", kind="stable").fillna({"given": "none yet", "crowdlab": "–"})
    return pd.DataFrame(
        {
            "example": shown.index,
            "given": shown["given"],
            "majority": shown["majority"],
            "Dawid-Skene": shown["dawid_skene"],
            "CROWDLAB": shown["crowdlab"],
            "consensus": shown["label"],
            "confidence": [percent(value, 0) for value in shown["confidence"]],
            "annotators": shown["annotations"],
        }
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def _among_reviewers(project_id: str, revision: int, _project: Project) -> tuple[int, int, dict[str, Any]]:
    said = reviewer_annotations(_project)
    twice = said[said.notna().sum(axis=1) > 1]
    return said.shape[1], len(twice), agreement(twice) if len(twice) else {}


def _reviewers(project: Project) -> None:
    """Draw how far the reviewers of this project agree where two decided on the same example."""
    reviewers, twice, found = _among_reviewers(project.id, project.revision, project)
    if not twice:
        return
    st.header("Reviewers of this project", anchor=False)
    low, high = found["krippendorff_interval"]
    st.markdown(
        f"{count(reviewers, 'reviewer')} decided, two or more of them on {count(twice, 'same example')}: alpha "
        f"**{number(found['krippendorff_alpha'], 2)}** ({interval(low, high, 2)}). "
        f"{alpha_in_words(found['krippendorff_alpha'])}"
    )
    pairs = found["pairwise_kappa"]
    rows = pd.DataFrame(
        {
            "reviewer": pairs["one"],
            "and": pairs["other"],
            "examples": pairs["shared"],
            "same decision": [percent(value) for value in pairs["agreement"]],
            "kappa": [number(value, 2) for value in pairs["kappa"]],
            "95% interval": [interval(low, high, 2) for low, high in zip(pairs["low"], pairs["high"], strict=True)],
        }
    )
    st.dataframe(rows, hide_index=True, height="content", alt="How far each pair of reviewers agrees")
