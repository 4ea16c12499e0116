"""The data of a project as a screen shows it: how much there is, and the examples page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.flywheel import is_sealed
from core.ids import aligned, is_among, looked_up
from core.report import count
from pages.parts import cards, paging
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.dataset import Dataset
    from core.flywheel import Project

__all__ = ["balance", "examples", "sizes"]

_PARTS = ("train", "test", "pool", "sealed")
_ALL = "all"


def sizes(project: Project) -> None:
    """Say in one row how many examples there are, by part of the split."""
    dataset = project.dataset
    numbers = {part: len(dataset.ids(part)) for part in _PARTS}
    generated, excluded = len(dataset.generated), len(dataset.excluded)
    shown = [
        (
            "train",
            numbers["train"],
            f"{count(generated)} of them generated" if generated else "what the model learns from",
        ),
        ("test", numbers["test"], "fixed, never trained on"),
        ("pool", numbers["pool"], "no label yet"),
        *([("sealed", numbers["sealed"], "set aside, to be opened once: see Evaluate")] if numbers["sealed"] else []),
        ("excluded", excluded, "left out, still listed"),
        ("classes", len(dataset.classes), "of the label " + plain(dataset.schema.label)),
        ("features", len(dataset.schema.inputs), "columns the model sees"),
    ]
    places = st.container(key="sizes").columns(len(shown))
    for place, (name, value, help_) in zip(places, shown, strict=True):
        place.metric(name, count(value), help=help_)


def examples(project: Project) -> None:
    """Show the examples 50 a page, by part, class and words; one that is chosen is shown as a card."""
    dataset, sealed = project.dataset, is_sealed(project)
    with st.container(horizontal=True, vertical_alignment="top"):
        parts = [_ALL, *(part for part in _PARTS if len(dataset.ids(part)) and not (sealed and part == "sealed"))]
        part = st.segmented_control(
            "Part", parts, default=_ALL, required=True, key="data-part", persist_state="session"
        )
        label = st.selectbox("Class", [_ALL, *dataset.classes], key="data-class", width=220)
        words = st.text_input("Containing", key="data-words", width=260, placeholder="words in any text column")
        origin = _origin(dataset)
    ids = _chosen(dataset.version, str(part), str(label), words.strip(), sealed, dataset)
    if origin != _ALL:
        ids = ids[is_among(ids, dataset.generated) == (origin == "generated")]
    key = f"data-{part}-{label}-{words.strip()}-{origin}"
    shown = looked_up(dataset.frame, ids[paging.page_of(len(ids), key=key)])
    schema = dataset.schema
    order = [
        schema.label,
        *schema.inputs,
        *(name for name in schema.names if name not in {schema.label, *schema.inputs}),
    ]
    table = shown[order]
    table.insert(0, "part", looked_up(dataset.split, shown.index))
    if is_among(shown.index, dataset.generated).any():
        table.insert(1, "generated from", aligned(dataset.parents["parent"], shown.index))
    event = st.dataframe(
        table.rename_axis("id").reset_index(names="id" if "id" not in table else "example id"),
        hide_index=True,
        key=f"table-{key}-{paging.page_of(len(ids), key=key).start}-{project.revision}",
        height=420,
        on_select="rerun",
        selection_mode="single-row",
        alt="The examples: id, part of the split, label, then all columns.",
    )
    paging.controls(len(ids), key=key)
    if event.selection.rows:
        example_id = str(shown.index[event.selection.rows[0]])
        with st.container(border=True):
            st.markdown(f"**Example {plain(example_id)}** · {plain(str(dataset.labels.get(example_id)))}")
            cards.example(dataset, example_id)


def _origin(dataset: Dataset) -> str:
    """Let the analyst choose between collected and generated examples, where there are any of these."""
    if not len(dataset.generated):
        return _ALL
    return str(st.selectbox("Origin", [_ALL, "collected", "generated"], key="data-origin", width=160))


def balance(dataset: Dataset) -> pd.DataFrame:
    """How many train examples each class has: collected and, if there are any, generated."""
    return _balance(dataset.version, dataset)


@st.cache_data(show_spinner=False, max_entries=16)
def _chosen(version: str, part: str, label: str, words: str, sealed: bool, _dataset: Dataset) -> pd.Index:
    keep = pd.Series(True, index=_dataset.frame.index)
    if sealed:
        # No search finds what nobody may look at yet.
        keep &= (_dataset.split != "sealed").to_numpy()
    if part != _ALL:
        keep &= (_dataset.split == part).to_numpy()
    if label != _ALL:
        keep &= (_dataset.labels == label).to_numpy()
    if words:
        texts = _dataset.frame.select_dtypes("str")
        keep &= texts.apply(lambda column: column.str.contains(words, case=False, regex=False, na=False)).any(axis=1)
    return _dataset.frame.index[keep.to_numpy()]


@st.cache_data(show_spinner=False, max_entries=8)
def _balance(version: str, _dataset: Dataset) -> pd.DataFrame:
    train = _dataset.labels_of("train")
    made = is_among(train.index, _dataset.generated)
    counts = pd.DataFrame({"collected": train[~made].value_counts(), "generated": train[made].value_counts()})
    counts = counts.fillna(0).astype(int)
    return counts if made.any() else counts[["collected"]]
