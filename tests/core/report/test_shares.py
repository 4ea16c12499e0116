from __future__ import annotations

from core.evaluate import Verdict
from core.flywheel import EditGroup, Share
from core.report import shares_chart


def share(title, delta, *, half=0.01, sampling_error=0.0):
    verdict = Verdict("accuracy", 0.8, 0.8 + delta, delta, delta - half, delta + half, 2000, error=half / 2)
    return Share(EditGroup(title, (1, 2), 30), verdict, sampling_error)


def test_each_group_is_a_bar_with_its_interval_and_the_table_says_the_same():
    chart = shares_chart([share("relabelled: <b>x</b>", 0.04), share("excluded", -0.02)], metric="Accuracy")
    (bars,) = chart.figure.data
    assert list(bars.x) == [0.04, -0.02]
    assert list(bars.error_x.array) == [0.01, 0.01] or max(abs(bars.error_x.array - 0.01)) < 1e-12
    assert chart.numbers["verdict"].tolist() == ["gain", "harm"]
    assert chart.numbers["share"].tolist() == ["+0.040", "−0.020"]
    assert "error of the draw" not in chart.numbers
    assert "relabelled: <b>x</b> +0.040 (+0.030 to +0.050), gain" in chart.alt
    assert "<b>" not in bars.customdata[0]


def test_the_error_of_a_draw_stands_in_the_table():
    chart = shares_chart([share("relabelled", 0.04, sampling_error=0.002)], metric="Accuracy")
    assert chart.numbers["error of the draw"].tolist() == ["±0.002"]


def test_no_share_is_an_empty_figure_with_a_sentence():
    assert shares_chart([], metric="Accuracy").alt == "Shares of the change: none."
