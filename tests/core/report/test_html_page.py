from __future__ import annotations

from html.parser import HTMLParser

import pytest

from core.report.html_page import Facts, Figure, Mark, Section, Sentences, Table, html_page

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)> {{ 7 * 7 }} 고객"


class Outline(HTMLParser):
    """Elements with their attributes, and the text of each heading, caption and cell."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def tags(self, name):
        return [attrs for tag, attrs in self.elements if tag == name]


def marks(*values):
    return [Mark(f"turn {n}", value, value - 0.1, value + 0.1, f"{value}", "gain") for n, value in enumerate(values)]


@pytest.fixture
def page():
    parts = [
        Sentences([HOSTILE]),
        Sentences([HOSTILE], listed=True),
        Facts({HOSTILE: HOSTILE}),
        Table(HOSTILE, (HOSTILE, "n"), [(HOSTILE, "1")], ("n",), remark=HOSTILE),
        Table("shaded", ("a", "b"), [("x", "1")], shades=[[0.5]]),
        Figure(HOSTILE, [Mark(HOSTILE, 0.5, 0.4, 0.6, HOSTILE, "harm")], HOSTILE, line=0.0),
    ]
    return html_page(HOSTILE, HOSTILE, [Section(HOSTILE, parts, [Section(HOSTILE, parts)])], foot=HOSTILE)


def test_text_is_never_markup(page):
    outline = Outline(page)
    assert "script" not in {tag for tag, _ in outline.elements}
    assert "img" not in {tag for tag, _ in outline.elements}
    assert not [name for _, attrs in outline.elements for name in attrs if name.startswith("on")]
    assert "{{ 7 * 7 }} 고객" in page
    assert sum(HOSTILE in text for text in outline.texts) >= 10


def test_nothing_is_fetched_and_nothing_runs(page):
    outline = Outline(page)
    assert "http://" not in page
    assert "https://" not in page
    assert "url(" not in page
    assert "@import" not in page
    assert [attrs["href"] for attrs in outline.tags("a")] == ["#part-1"]
    policy = next(attrs for attrs in outline.tags("meta") if "http-equiv" in attrs)
    assert policy["content"].startswith("default-src 'none'")


def test_what_is_seen_can_be_heard(page):
    outline = Outline(page)
    assert outline.tags("html") == [{"lang": "en"}]
    assert len(outline.tags("h1")) == 1
    assert len(outline.tags("table")) == len(outline.tags("caption")) == 4
    assert all(attrs["scope"] in ("col", "row") for attrs in outline.tags("th"))
    pictures = [attrs for attrs in outline.tags("div") if attrs.get("role") == "img"]
    assert len(pictures) == 2
    assert all(attrs["aria-label"] == HOSTILE for attrs in pictures)


@pytest.mark.parametrize("values", [(0.6, 0.65), (0.0,), (-0.02, 0.03), (120.0, 4000.0), (float("nan"),)])
def test_all_that_is_drawn_lies_on_the_axis(values):
    figure = Figure("", marks(*values), "")
    low, high = figure.ends
    assert low < high
    assert 2 <= len(figure.ticks) <= 7
    drawn = [end for mark in figure.marks for end in (mark.low, mark.high) if end == end]
    assert all(0 <= float(figure.at(end).rstrip("%")) <= 100 for end in drawn)


def test_ticks_are_round_and_have_a_true_minus():
    texts = [text for _, text in Figure("", marks(-0.02, 0.03), "", line=0.0).ticks]
    assert texts == ["−0.10", "−0.05", "0.00", "0.05", "0.10"]


def test_a_value_that_is_not_known_is_not_drawn():
    page = html_page("t", "", [Section("s", [Figure("", [Mark("a", *[float("nan")] * 3, "–")], "")])])
    assert "nan" not in page
    assert "whisker" not in page.split("</style>")[1]
