"""Names, values and labels that are markup: every page shows them as text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.flywheel import Project, Relabel, start_queue
from pages.parts import frame

SCRIPT = "<script>alert(1)</script>"
IMAGE = '<img src=x onerror="alert(2)">'
LINK = "[click](javascript:alert(3))"
HOSTILE = (SCRIPT, IMAGE, LINK)
# An escaped bracket is text.
UNESCAPED = re.compile(r"(?<!\\)(<img|<script|\]\(javascript:)")
# What the app itself writes.
TAGS = {
    "div",
    "i",
    "span",
    "dl",
    "dt",
    "dd",
    "ul",
    "li",
    "p",
    "b",
    "strong",
    "em",
    "mark",
    "small",
    "kbd",
    "br",
    "style",
}
TAGS |= {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "caption",
    "section",
    "h3",
    "h4",
    "ins",
    "del",
    "ol",
    "code",
    "svg",
}
TAGS |= {"path", "title", "g", "rect", "line", "circle", "text"}


class Markup(HTMLParser):
    """The tags and attributes that a browser would read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS:
            self.bad.append(f"<{tag}>")
        self.bad += [
            f"{name}={value}"
            for name, value in attributes
            if name.startswith("on") or name in ("src", "href", "srcdoc")
        ]


def make_hostile(folder: Path) -> Project:
    rng = np.random.default_rng(0)
    rows = 160
    number = rng.normal(size=rows)
    table = pd.DataFrame(
        {
            f"n {IMAGE}": number.round(3),
            f"c {SCRIPT}": rng.choice([f"a {SCRIPT}", f"b {LINK}", IMAGE], rows),
            "note": [f"{HOSTILE[place % 3]} {place}" for place in range(rows)],
            f"label {LINK}": np.where(number + rng.normal(0, 0.4, rows) > 0, f"yes {IMAGE}", f"no {SCRIPT}"),
        }
    )
    dataset = Dataset.from_frame(table, label=f"label {LINK}")
    project = Project.create(folder / "hostile", dataset, name=f"{SCRIPT} {LINK}", recipe="logistic_regression")
    project.turn()
    train = project.dataset.ids("train")
    project.apply(Relabel({str(train[0]): f"no {SCRIPT}"}, by=IMAGE, reason=LINK))
    project.define(f"no {SCRIPT}", f"{IMAGE} {LINK}", by=SCRIPT)
    project.turn()
    start_queue(project, project.turns[-1].suspects, source=f"all {IMAGE}", turn=1)
    return project


@pytest.fixture
def hostile(ready) -> Project:
    return ready(make_hostile)


@pytest.mark.parametrize("slug", [page.slug for page in frame.PAGES])
def test_no_page_reads_words_of_the_data_as_markup(start, hostile, slug):
    app = start(slug, project=hostile.id)
    assert not app.exception, [element.value for element in app.exception]

    drawn = [*app.get("html"), *app.sidebar.get("html")]
    bad = {found for element in drawn for found in Markup(str(element.proto.body)).bad}
    assert not bad
    assert not [element for element in drawn if getattr(element.proto, "unsafe_allow_javascript", False)]
    for kind in ("markdown", "caption", "header", "title", "subheader", "info", "success", "warning", "error"):
        for element in getattr(app, kind):
            assert not getattr(element.proto, "allow_html", False)
            assert not UNESCAPED.search(element.value), element.value
    for kind in ("button", "selectbox", "multiselect", "radio", "checkbox", "text_input"):
        for element in getattr(app, kind):
            assert not UNESCAPED.search(element.label), element.label


@pytest.mark.parametrize("text", [SCRIPT, IMAGE, '<a href="javascript:x">', "<p onclick=x>"])
def test_the_rule_sees_markup(text):
    assert Markup(text).bad
