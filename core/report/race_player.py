"""The race as something to play: a scene that the page and a file of its own draw with the same few lines of script.

The script (``race_player.js``) draws what the scene says and decides nothing: words, numbers and axes are made here. It
needs neither a library nor a network.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from core.evaluate import Verdict
from core.report.axis import scale, ticks
from core.report.race import ARM_COLOURS, ARM_TITLES, race_answer, race_numbers
from core.wording import count, interval, number, shorten, signed, signed_interval

__all__ = ["PLAYER_CSS", "PLAYER_HTML", "PLAYER_JS", "race_html", "race_scene"]

_HERE = Path(__file__)
PLAYER_HTML, PLAYER_CSS, PLAYER_JS = (
    _HERE.with_suffix(kind).read_text(encoding="utf-8") for kind in (".html", ".css", ".js")
)
# Told apart by line and mark as well as by colour.
_DASHES = {"model": "10 6", "data": "", "both": "2 7"}
_MARKS = {"model": "square", "data": "circle", "both": "diamond"}
_ON_THE_SAME = (
    "From the common start to the end, on the same test examples. Whiskers: 95% for all sides together (Holm)."
)
# A step is shown as long as its sentence takes to read; a race of many steps is not longer than a minute.
_SLOWEST_MS, _FASTEST_MS, _WHOLE_MS = 2_400, 900, 60_000


def race_scene(
    table: pd.DataFrame,
    *,
    metric: str,
    budget: float,
    verdict: Verdict | None = None,
    gains: Mapping[str, Verdict] | None = None,
    volume: Mapping[str, Any] | None = None,
    whole: bool = False,
) -> dict[str, Any]:
    """Make the scene of a race, moment by moment; its last moments are the answer and the two pictures.

    Parameters
    ----------
    table : DataFrame
        As ``core.flywheel.race`` returns it.
    metric : str
        Title of the metric.
    budget : float
        Seconds each arm may spend.
    verdict : Verdict, optional
        The data's side against the model's. Without it the race is still running, and shown as far as it has come.
    gains : mapping of str to Verdict, optional
        Each arm's end against the common start: which knob moved the score.
    volume : mapping, optional
        Volume against consistency, as `volume_moment` makes it.
    whole : bool
        The race is all that is on screen: it takes the whole height and hears every key.

    Returns
    -------
    dict
        JSON values, for ``playRace``. Texts are plain.
    """
    arms = [arm for arm in ARM_TITLES if (table["arm"] == arm).any()]
    of_arm = {arm: table[table["arm"] == arm] for arm in arms}
    # A search that found nothing better moved nothing: it is passed over, and its price goes by.
    costs = {cost for rows in of_arm.values() for cost in rows.loc[_told(rows), "cost"]} | {table["cost"].max()}
    moments = [_moment(of_arm, cost, metric, budget) for cost in sorted(costs)]
    opens = len(moments) - 1
    if verdict is not None:
        answer, behind = race_answer(table, verdict, metric=metric)
        sides = [
            side | {"moved": False, "did": _spent(rows)}
            for side, rows in zip(moments[-1]["sides"], of_arm.values(), strict=True)
        ]
        ended = moments[-1] | {"minutes": budget / 60, "clock": _clock(budget, budget), "sides": sides}
        moments.append(ended | {"says": answer, "sub": behind})
        opens += 1
    gained = None
    if verdict is not None and gains:
        gained = scale(
            min(0.0, *(gain.low for gain in gains.values())), max(0.0, *(g.high for g in gains.values())), signed
        )
        said = "; ".join(f"{ARM_TITLES[arm]} {signed(gains[arm].delta)}" for arm in arms)
        knobs = {"says": "Which knob moved the score?", "sub": _ON_THE_SAME, "alt": f"Gain of {metric}: {said}."}
        moments.append(ended | knobs | {"view": "knobs"})
    if verdict is not None and volume is not None:
        moments.append(ended | dict(volume))
    return {
        "metric": metric,
        "budget": budget / 60,
        "scores": scale(table["low"].min(), table["high"].max()),
        "times": ticks(0, budget / 60),
        "gains": gained,
        "sides": [_side(arm, of_arm[arm], (gains or {}).get(arm)) for arm in arms],
        "moments": moments,
        "opens": opens,
        "pace": int(min(_SLOWEST_MS, max(_FASTEST_MS, _WHOLE_MS / len(moments)))),
        "live": verdict is None,
        "whole": whole,
    }


def race_html(
    title: str,
    scene: dict[str, Any],
    table: pd.DataFrame,
    *,
    remark: str = "",
    volume: pd.DataFrame | None = None,
) -> str:
    """Write a race as one HTML file that plays without a network.

    Parameters
    ----------
    title : str
        Plain text.
    scene : dict
        Of `race_scene`, with ``whole``.
    table : DataFrame
        As ``core.flywheel.race`` returns it; its numbers stand below.
    remark : str
        Plain text above the numbers.
    volume : DataFrame, optional
        The numbers of volume against consistency, of `two_curves_numbers`.
    """
    numbers = {"The numbers": race_numbers(table, metric=scene["metric"])}
    if volume is not None:
        numbers["The numbers of volume against consistency"] = volume
    details = "".join(
        f"<details><summary>{said}</summary>"
        f'<div class="numbers">{each.to_html(index=False, border=0, escape=True)}</div></details>'
        for said, each in numbers.items()
    )
    # No text in it can end the script that carries it.
    data = json.dumps(scene).replace("<", "\\u003c")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        # The file asks nobody for anything, whatever is in it.
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        f"<title>{html.escape(title)}</title><style>{_PAGE_CSS}{PLAYER_CSS}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{PLAYER_HTML}"
        f"<p>{html.escape(remark)} Space plays and pauses, the arrow keys step.</p>"
        f"{details}</main>"
        f"<script>{PLAYER_JS}\nplayRace(document.querySelector('main'), {data});</script></body></html>\n"
    )


_PAGE_CSS = """
:root { color-scheme: light dark; --st-text-color: light-dark(#0b131b, #e4eaf0);
  --st-border-color: light-dark(#cfd8e0, #364350); --st-link-color: light-dark(#0b6178, #6fcbe0);
  --st-background-color: light-dark(#fff, #0d1319);
  --race-height: calc(100dvh - 9.5rem); }
body { margin: 0; font: 17px/1.5 system-ui, sans-serif; color: var(--st-text-color);
  background: var(--st-background-color); }
main { max-width: 100rem; margin: 0 auto; padding: 1.2rem 2rem; }
h1 { font-size: 1.15rem; font-weight: 600; margin: 0 0 .8rem; }
summary { cursor: pointer; }
.numbers { overflow-x: auto; }
table { border-collapse: collapse; font-size: 15px; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--st-border-color); }
"""


def _told(rows: pd.DataFrame) -> pd.Series:
    """Which steps of an arm are worth a moment: the start, reviews, and models that were taken."""
    return rows[["score", "decisions"]].diff().ne(0).any(axis=1)


def _side(arm: str, rows: pd.DataFrame, gain: Verdict | None) -> dict[str, Any]:
    told = rows.loc[_told(rows), ["cost", "score", "low", "high"]].to_numpy(dtype=float)
    line = (told / [60, 1, 1, 1]).tolist()
    side = {"title": ARM_TITLES[arm], "colour": ARM_COLOURS[arm], "dash": _DASHES[arm], "mark": _MARKS[arm]}
    if gain is None:
        return side | {"line": line}
    words = {"text": signed(gain.delta), "interval": signed_interval(gain.low, gain.high)}
    return side | {"line": line, "gained": {"gain": gain.delta, "low": gain.low, "high": gain.high} | words}


def _moment(of_arm: dict[str, pd.DataFrame], cost: float, metric: str, budget: float) -> dict[str, Any]:
    """What there is to see once each arm has spent so much: what was just done, and where each stands."""
    said: dict[str, list[str]] = {}
    sides, stand = [], []
    for arm, rows in of_arm.items():
        gone = rows[rows["cost"] <= cost]
        # The ledger's side may have no step as early as others.
        last = gone.iloc[-1] if len(gone) else rows.iloc[0]
        moved = bool(cost > 0 and last["cost"] == cost)
        did = shorten(last["step"], 110)
        if moved:
            said.setdefault(f"{did}. {_effect(gone)}", []).append(ARM_TITLES[arm])
        score, ends = number(last["score"]), interval(last["low"], last["high"])
        sides.append({"score": score, "interval": ends, "did": _capital(did) if cost else "", "moved": moved})
        stand.append(f"{ARM_TITLES[arm]} {score} ({ends})")
    return {
        "minutes": cost / 60,
        "clock": _clock(cost, budget),
        "view": "lines",
        # Two sides that did the same are named in one breath.
        "says": " ".join(f"{_capital(' and '.join(names))}: {what}" for what, names in said.items())
        or "All sides start from the same model on the same data.",
        "sub": "",
        "alt": f"{metric} after {number(cost / 60, 1)} minutes: {'; '.join(stand)}.",
        "sides": sides,
    }


def _spent(rows: pd.DataFrame) -> str:
    fits, decisions = rows["fits"].iloc[-1], rows["decisions"].iloc[-1]
    return ", ".join([count(decisions, "decision")] * bool(decisions) + [count(fits, "fit")])


def _effect(gone: pd.DataFrame) -> str:
    now = number(gone["score"].iloc[-1])
    before = number(gone["score"].iloc[-2]) if len(gone) > 1 else now
    return f"Still {now}." if before == now else f"{before} → {now}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _clock(cost: float, budget: float) -> str:
    return f"{number(cost / 60, 1)} of {number(budget / 60, 1)} minutes"
