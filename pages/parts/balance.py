"""How unevenly the classes of train are filled, and which of its examples were generated."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.dataset import Dataset
from core.evaluate import FEW, class_counts, imbalance
from core.ids import is_among
from core.report import MAX_ROWS, class_balance, count, number, percent, percent_interval, shorten, verb
from pages.parts import figure, frame
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["draw", "view"]


def draw(dataset: Dataset, *, key: str, opened: bool = False) -> None:
    """Draw the classes of train with their counts, collected and generated apart, and say how uneven they are.

    Parameters
    ----------
    dataset : Dataset
    key : str
        Unique on the page.
    opened : bool
        Show the numbers without a click.
    """
    labels = dataset.labels_of("train")
    made = labels.loc[is_among(labels.index, dataset.generated)] if len(dataset.generated) else labels.iloc[:0]
    counts = pd.DataFrame({"collected": labels.value_counts() - made.value_counts().reindex(labels.unique()).fillna(0)})
    if len(made):
        counts["generated"] = made.value_counts().reindex(counts.index).fillna(0)
    found = imbalance(labels)
    rarest = found.iloc[-1]
    figure.draw(
        class_balance(counts.astype(int)),
        key=key,
        opened=opened,
        caption=f"The rarest class, {plain(found.index[-1])}, holds {percent(rarest['share'])} of "
        f"{count(len(labels), 'train example')}: one for every {number(rarest['ratio'], 1)} of the largest."
        + (f" {count(len(made))} {verb(len(made), 'is', 'are')} generated." if len(made) else ""),
    )


def view(project: Project, turn: Turn) -> None:
    """Draw how the classes are filled as the data is now, and what to do where they are too rare."""
    dataset = project.dataset
    counts = _counted(dataset.version, dataset)
    rarest = counts.iloc[-1]
    held, of_test = int(counts["train"].sum()), int(counts["test"].sum())
    drawn = replace(class_balance(_origins(counts)), numbers=_written(counts))
    figure.draw(
        drawn,
        key="balance",
        opened=True,
        caption=("The 12 largest and the 12 smallest classes. " if len(counts) > MAX_ROWS else "")
        + f"{count(held, 'train example')}, {count(of_test, 'test example')}, "
        f"{count(len(dataset.ids('pool')))} without a label in the pool; as the data is now.",
    )
    st.caption(
        "**Ratio**: examples of the largest class for each of this one. **Effective number**: what is left of the "
        "count when each further example tells a little less that is new, so that a large class gains less by more of "
        "the same. Shares have Wilson's 95% interval; where those of train and test don't overlap, the two parts "
        "are not balanced alike."
    )
    st.markdown(
        f"The rarest class of train, **{plain(counts.index[-1])}**, holds {percent(rarest['train_share'])} "
        f"({percent_interval(rarest['train_low'], rarest['train_high'])})"
        + (
            f": one for every {number(rarest['ratio'], 1)} of the largest."
            if rarest["train"]
            else ": train has none of it, so the model can't know it."
        )
    )
    _rare(project, counts)


@st.cache_resource(show_spinner=False, max_entries=8)
def _counted(version: str, _dataset: Dataset) -> pd.DataFrame:
    return class_counts(_dataset.labels_of("train"), _dataset.labels_of("test"), generated=_dataset.generated)


def _origins(counts: pd.DataFrame) -> pd.DataFrame:
    shown = counts[["collected", "generated"]] if counts["generated"].any() else counts[["collected"]]
    return shown.rename(columns={name: f"{name}, train" for name in shown.columns})


def _rare(project: Project, counts: pd.DataFrame) -> None:
    """Say which classes are too rare to learn or to judge, with the way to what helps."""
    to_learn = counts.index[(counts["train"] < FEW).to_numpy()]
    to_judge = counts.index[(counts["test"] < FEW).to_numpy()]
    if not len(to_learn) and not len(to_judge):
        st.caption(f"Each class has at least {FEW} examples in train and in test.")
        return
    said = []
    if len(to_learn):
        said.append(f"Too rare to learn, fewer than {FEW} in train: {_listed(to_learn)}.")
    if len(to_judge):
        said.append(
            f"Too rare to judge, fewer than {FEW} in test: {_listed(to_judge)}. Scores of these classes are mostly "
            "luck; their intervals say how much."
        )
    with st.container(border=True):
        for sentence in said:
            st.markdown(sentence)
        st.caption(
            "Real examples help most: collect them. Generated ones can only spread what train holds already, and they "
            "never help a class of which test has too few."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            options = list(counts.index[(counts["train"] > 0).to_numpy()][::-1])
            chosen = st.selectbox(
                "Class",
                range(len(options)),
                format_func=lambda place: shorten(options[place], 40),
                key="rare-class",
                width=320,
            )
            if st.button("Generate for it", key="generate-class", icon=":material/library_add:"):
                # The target that Generate offers for one class.
                st.session_state["target-False"] = f"class {options[chosen]}"
                frame.navigate("generate")
            if st.button("Collect more", key="collect-class", icon=":material/database_upload:"):
                frame.navigate("collect")


def _listed(classes: pd.Index, most: int = 8) -> str:
    names = ", ".join(f"**{plain(shorten(name, 40))}**" for name in classes[:most])
    return names + (f" and {count(len(classes) - most)} more" if len(classes) > most else "")


def _written(counts: pd.DataFrame) -> pd.DataFrame:
    def shares(part: str) -> list[str]:
        ends = zip(counts[f"{part}_share"], counts[f"{part}_low"], counts[f"{part}_high"], strict=True)
        return [f"{percent(share)} ({percent_interval(low, high)})" for share, low, high in ends]

    table = pd.DataFrame({"class": counts.index.astype(str), "train": counts["train"].to_numpy()})
    if counts["generated"].any():
        table["of these generated"] = counts["generated"].to_numpy()
    return table.assign(
        **{
            "share of train": shares("train"),
            "ratio": [number(value, 1) for value in counts["ratio"]],
            "effective number": [count(value) for value in counts["effective"]],
            "test": counts["test"].to_numpy(),
            "share of test": shares("test"),
        }
    )
