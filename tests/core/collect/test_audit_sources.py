from __future__ import annotations

import numpy as np

SOURCES = np.array(["airline", "airport", "search", "mirror", "travel", "agency", "board", "app", "feed", "page"])


def told(wrong=0.25):
    """Ten sources tell of forty flights; some say something else."""
    flights = np.arange(400) // 10
    truth = np.array([f"{7 + n % 12}:{n * 7 % 60:02} a.m." for n in range(40)], dtype=object)[flights]
    departs = truth.copy()
    random = np.random.default_rng(1)
    for n in random.choice(400, int(400 * wrong), replace=False):
        departs[n] = f"{random.integers(1, 12)}:{random.integers(0, 60):02} p.m."
    return {"source": SOURCES[np.arange(400) % 10], "flight": [f"F{n}" for n in flights], "departs": departs}, truth


def test_what_most_sources_say_is_offered(mended):
    columns, truth = told()
    (finding,), dataset = mended("sources_disagree", **columns)
    wrong = {(f"r{n}", "departs") for n in np.flatnonzero(columns["departs"] != truth)}
    assert len(set(finding.cells) & wrong) > 0.95 * len(wrong)
    assert len(set(finding.cells) - wrong) <= 2
    assert (dataset.frame["departs"] == truth).mean() > 0.97


def test_months_are_no_sources_and_customers_may_change(mended):
    columns, _ = told()
    columns["source"] = np.array([f"2024-{n % 10 + 1:02}" for n in range(400)])
    assert mended("sources_disagree", **columns)[0] == []


def test_a_source_that_tells_of_a_thing_twice_is_none(mended):
    columns, _ = told()
    columns["source"] = np.resize(SOURCES[:3], 400)
    assert mended("sources_disagree", **columns)[0] == []


def test_what_the_thing_does_not_settle_is_left_alone(mended):
    columns, _ = told()
    columns["departs"] = np.random.default_rng(2).permutation(columns["departs"])
    assert mended("sources_disagree", **columns)[0] == []
