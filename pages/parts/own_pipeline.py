"""Bring one's own scikit-learn pipeline as the locked recipe, before turn 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.train import Recipe, TrainError, read_recipe
from pages.parts import errors, frame
from pages.parts.plain import plain

if TYPE_CHECKING:
    from core.flywheel import Project

__all__ = ["offer", "without_file"]


def offer(project: Project, *, busy: bool) -> None:
    """Take a file of skops, say what it holds, and lock it when asked to."""
    with st.expander("Bring your own pipeline", icon=":material/upload_file:"):
        st.markdown(
            "A classifier of scikit-learn, or a pipeline that ends in one, saved before it is fitted. No pickle: types "
            "of scikit-learn, numpy and scipy alone are read, anything else is refused by name."
        )
        st.code('import skops.io\n\nskops.io.dump(pipeline, "pipeline.skops")', language=None)
        st.caption(plain(_what_it_gets(project)))
        file = st.file_uploader("The pipeline", type=["skops"], key=f"pipeline-{project.revision}")
        if file is None:
            return
        with st.spinner("Trying the pipeline on some examples…"):
            written, problem = _read(project.id, project.revision, file.getvalue(), project)
        if problem:
            st.error(plain(problem), icon=":material/error:")
            return
        found = Recipe.from_json(written)
        if found.fingerprint == project.model.fingerprint:
            st.success("This pipeline is locked.", icon=":material/lock:")
            return
        st.markdown(f"**{plain(found.title)}** learned from some examples and predicted them.")
        if st.button("Lock this pipeline", key="lock-own", type="primary", icon=":material/lock:", disabled=busy):
            with errors.calm(doing="locking the pipeline"):
                project.change_recipe(found, decision=project.model.recipe.decision)
                frame.tell("Your own pipeline is locked now.", icon=":material/lock:")
                st.rerun()


def without_file(recipe: Recipe) -> dict[str, object]:
    """The recipe as data, with the size of a pipeline's file in its place."""
    content = recipe.to_dict()
    if "pipeline" in content["steps"]:
        file = content["steps"]["pipeline"]["skops"]
        content["steps"]["pipeline"] = content["steps"]["pipeline"] | {"skops": f"{len(file):,} characters of base 64"}
    return content


def _what_it_gets(project: Project) -> str:
    schema = project.dataset.schema
    if schema.text is not None and not schema.kinds:
        return f"It gets the texts of '{schema.text}' as they are, one string each."
    kinds = {"numeric": "number", "categorical": "string", "datetime": "date"}
    columns = [f"{name} ({kinds.get(kind, kind)})" for name, kind in schema.kinds.items()]
    columns += [] if schema.text is None else [f"{schema.text} (text)"]
    shown = ", ".join(columns[:12]) + (f" and {len(columns) - 12:,} more" if len(columns) > 12 else "")
    return f"It gets a frame with the columns {shown}; what is missing is NaN."


@st.cache_data(show_spinner=False, max_entries=4)
def _read(project_id: str, revision: int, data: bytes, _project: Project) -> tuple[str, str]:
    """The recipe as JSON, or why there is none."""
    try:
        return read_recipe(data, _project.dataset).to_json(), ""
    except TrainError as error:
        return "", str(error)
