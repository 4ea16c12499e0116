from __future__ import annotations

import numpy as np
import pandas as pd

from core.report import changes_chart


def changes(*rows):
    names = ["support", "before", "after", "delta", "low", "high", "word", "fixed", "broken"]
    return pd.DataFrame([row[1:] for row in rows], index=[row[0] for row in rows], columns=names)


SOME = changes(
    ("<b>a</b>", 40, 0.5, 0.6, 0.1, 0.02, 0.18, "gain", 9, 2),
    ("b", 30, 0.7, 0.65, -0.05, -0.1, 0.0, "no evidence", 1, 3),
    ("c", 12, 0.7, 0.5, -0.2, -0.3, -0.1, "harm", 0, 4),
    ("d", 3, np.nan, np.nan, np.nan, np.nan, np.nan, "too few to tell", 0, 0),
)


def test_each_part_is_a_mark_with_its_interval_best_first():
    chart = changes_chart(SOME, of="class", what="F1")
    drawn = {trace.name: trace for trace in chart.figure.data}

    assert set(drawn) == {"gain", "no evidence", "harm"}
    assert [list(drawn[word].y) for word in ("gain", "no evidence", "harm")] == [[0], [1], [2]]
    assert len({trace.marker.symbol for trace in chart.figure.data}) == 3
    assert drawn["gain"].error_x.array[0] == np.float64(0.18) - 0.1
    assert "<b>" not in drawn["gain"].customdata[0][0]


def test_the_table_holds_all_of_them_also_those_that_are_too_few():
    numbers = changes_chart(SOME, of="class", what="F1").numbers

    assert numbers["class"].tolist() == ["<b>a</b>", "b", "c", "d"]
    assert numbers["change (interval)"].tolist()[0] == "+0.100 (+0.020 to +0.180)"
    assert numbers["change (interval)"].tolist()[3] == "–"
    assert numbers["fixed"].tolist() == ["9", "1", "0", "0"]
    assert "fixed" not in changes_chart(SOME.drop(columns=["fixed", "broken"]), of="slice", what="F1").numbers


def test_the_sentence_says_the_same():
    alt = changes_chart(SOME, of="class", what="F1").alt

    assert alt.startswith("Change of F1 by class, best first: <b>a</b> +0.100 (+0.020 to +0.180), gain; b ")
    assert "d " not in alt.split(": ", 1)[1]


def test_of_many_the_best_and_the_worst_are_drawn():
    many = changes(*[(f"c{n}", 20, 0.5, 0.5 + n / 100, n / 100, 0.0, 1.0, "no evidence", 0, 0) for n in range(40)])
    chart = changes_chart(many, of="class", what="F1")

    assert len(chart.figure.data[0].x) == 24
    assert len(chart.numbers) == 40
    assert chart.alt.endswith("and 32 more.")


def test_no_part_is_an_empty_figure_with_a_sentence():
    assert changes_chart(SOME.iloc[:0], of="class", what="F1").alt == "Change of F1 by class, best first: none."
