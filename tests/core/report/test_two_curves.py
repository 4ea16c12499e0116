from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from core.flywheel import FARTHEST, LABELLINGS, TwoCurves
from core.report import about, gains_table, two_curves_chart, volume_in_words, worth_in_words

NAMES = {"collected": "as <b>they</b> are", "consistent": "settled"}
INF = math.inf


def curves(worth=(2137.0, 900.0, 4200.0)) -> TwoCurves:
    def table(rows):
        return pd.concat(
            [
                pd.DataFrame({"labelling": name, "rows": rows, "value": base + 0.02 * np.log(rows)}).assign(
                    low=lambda each: each["value"] - 0.01, high=lambda each: each["value"] + 0.01
                )
                for name, base in zip(LABELLINGS, (0.5, 0.52), strict=True)
            ],
            ignore_index=True,
        )

    return TwoCurves(
        2000,
        table([240, 400, 640, 1040, 1600]),
        table([300, 500, 800, 1300, 2000, 3000, 4000, 6000, 8000]),
        (0.02, 0.01, 0.03),
        (0.015, 0.005, 0.02),
        worth,
    )


@pytest.mark.parametrize(
    ("worth", "said"),
    [
        ((2137.0, 900.0, 4200.0), "Settling the 300 suspects is worth about 2,100 more examples (900 to 4,200)."),
        ((2137.0, 900.0, INF), "is worth about 2,100 more examples (900 to more than 6,000)."),
        ((INF, 900.0, INF), "is worth over 6,000 more examples (900 at least): more like these bring little."),
        ((INF, INF, INF), "is worth over 6,000 more examples: more like these bring little."),
        ((100.0, -50.0, 420.0), "is worth less than 420 more examples, if anything."),
        ((-300.0, -800.0, -10.0), "is worth no more examples here."),
        ((0.0, 0.0, 0.0), "is worth no more examples here."),
        ((800.0, -50.0, 5000.0), "can't tell what settling the 300 suspects is worth: anything from less than nothing"),
        ((800.0, -50.0, INF), "to more than 6,000 more examples."),
    ],
)
def test_the_sentence_says_no_more_than_the_interval_allows(worth, said):
    assert said in worth_in_words(curves(worth), "Settling the 300 suspects")


@pytest.mark.parametrize(
    ("worth", "said"),
    [
        (
            (2137.0, 900.0, 4200.0),
            "2,000 examples with consistent labels do as well as about 4,100 labelled as these are",
        ),
        ((2137.0, 900.0, INF), "(2,900 to more than 8,000)"),
        ((INF, INF, INF), "do better than 8,000 labelled as these are would."),
        ((100.0, -50.0, 420.0), "hardly better"),
        ((800.0, -50.0, INF), "can't tell"),
    ],
)
def test_the_same_is_said_of_volume(worth, said):
    assert said in volume_in_words(curves(worth))


@pytest.mark.parametrize("worth", [(2137.0, 900.0, 4200.0), (INF, 900.0, INF), (INF, INF, INF), (0.0, -9.0, INF)])
def test_the_figure_draws_both_curves_and_the_stretch_between_them(worth):
    chart = two_curves_chart(curves(worth), metric="Macro F1", names=NAMES)

    named = [trace.name for trace in chart.figure.data if trace.showlegend]
    assert named == ["as &lt;b&gt;they&lt;/b&gt; are", "settled"]
    texts = [text for trace in chart.figure.data for text in (trace.text or ())]
    assert len(texts) == (worth[1] > 0)
    assert all(np.isfinite(trace.x).all() for trace in chart.figure.data)
    assert set(chart.numbers["how"]) == {"measured", "power law"}
    assert chart.numbers["train examples"].max() == FARTHEST * 2000
    assert "2,000" in chart.alt


def test_gains_are_a_line_each_with_their_interval():
    table = gains_table(curves(), "suspects settled")

    assert table["change of the score"].tolist() == ["+0.020", "+0.015"]
    assert table["train examples"].tolist() == ["2,000", "4,000"]
    assert len(gains_table(curves(), "suspects settled", only_added=True)) == 1


@pytest.mark.parametrize(("value", "said"), [(0, "0"), (7.4, "7"), (84.4, "84"), (2137, "2,100"), (-312, "-310")])
def test_numbers_of_rows_have_two_digits(value, said):
    assert about(value) == said
