from __future__ import annotations

import json

import pandas as pd

from core.evaluate import class_costs, per_class_of
from core.report import class_costs_chart, class_scores_chart

TEST = per_class_of(pd.DataFrame([[90, 10], [5, 5]], index=["common", "rare <i>"], columns=["common", "rare <i>"]))
TRAIN = per_class_of(pd.DataFrame([[40, 2], [3, 9]], index=["common", "other"], columns=["common", "other"]))


def test_the_worst_class_is_on_top_and_test_stands_beside_out_of_fold():
    chart = class_scores_chart(TEST, TRAIN)
    assert chart.figure.layout.yaxis.ticktext == ("rare &lt;i&gt;", "common", "other")
    assert [trace.name for trace in chart.figure.data] == ["test", "out of fold"]
    low, high = chart.figure.layout.yaxis.range
    assert low > high
    assert chart.numbers["class"].tolist() == ["rare <i>"] * 2 + ["common"] * 2 + ["other"] * 2
    assert chart.numbers["part"].tolist() == ["test", "out of fold"] * 3
    json.loads(chart.figure.to_json())


def test_a_class_that_one_part_has_none_of_is_a_dash_there():
    numbers = class_scores_chart(TEST, TRAIN).numbers.set_index(["class", "part"])
    assert numbers.loc[("other", "test"), "F1"] == "–"
    assert numbers.loc[("other", "test"), "support"] == 0


def test_another_score_is_drawn_on_request():
    chart = class_scores_chart(TEST, score="recall")
    assert list(chart.figure.data[0].x) == [0.5, 0.9]
    assert chart.alt.startswith("Recall by class on test, lowest first: rare <i> 0.500 (")


def test_costs_are_drawn_with_their_intervals_the_costliest_on_top():
    costs = class_costs(pd.DataFrame([[90, 10], [5, 5]], index=["common", "rare"], columns=["common", "rare"]))
    chart = class_costs_chart(costs, metric="Macro F1")
    assert chart.figure.layout.yaxis.ticktext == ("rare", "common")
    assert (chart.figure.data[0].error_x.array > 0).all()
    assert chart.numbers["taken for it"].tolist() == [10, 5]
    assert "rare 0.3000" in chart.alt


def test_no_class_is_no_error():
    assert "none" in class_scores_chart(TEST.head(0)).alt
    assert "none" in class_costs_chart(class_costs(pd.DataFrame()), metric="Macro F1").alt
