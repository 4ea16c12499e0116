"""Figures a class a row: scores on test and out of fold side by side, and what each class's errors cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.report.chart import (
    ACCENT,
    MAX_ROWS,
    NEUTRAL,
    SECOND,
    Chart,
    faded,
    layout,
    left_out,
    name_rows,
    plain_label,
    plain_labels,
    row_height,
    whiskers,
)
from core.wording import count, interval, number, percent, shorten

__all__ = ["class_costs_chart", "class_scores_chart"]

SCORES = {"f1": "F1", "precision": "Precision", "recall": "Recall"}


def class_scores_chart(test: pd.DataFrame, train: pd.DataFrame | None = None, *, score: str = "f1") -> Chart:
    """Draw a score of each class with its 95% interval, on test and out of fold, the worst on top.

    Parameters
    ----------
    test, train : DataFrame
        Index classes; columns ``precision``, ``recall`` and ``f1``, each with ``_low`` and ``_high``, and ``support``.
    score : str
        One of ``f1``, ``precision``, ``recall``.
    """
    parts = {"test": test} if train is None else {"test": test, "out of fold": train}
    classes = test.index if train is None else test.index.union(train.index)
    order = test[score].reindex(classes).sort_values(kind="stable", na_position="last").index
    shown = order[:MAX_ROWS]
    figure = go.Figure()
    for (name, frame), colour, symbol, shift in zip(
        parts.items(), (ACCENT, SECOND), ("circle", "diamond"), (-0.14, 0.14), strict=False
    ):
        rows = frame.reindex(shown)
        figure.add_scatter(
            x=rows[score],
            y=np.arange(len(shown)) + (shift if train is not None else 0.0),
            mode="markers",
            name=name,
            marker={"size": 10, "color": colour, "symbol": symbol},
            error_x=whiskers(rows[score], rows[f"{score}_low"], rows[f"{score}_high"], colour),
            customdata=np.column_stack(
                [plain_labels(shown, 80), rows[f"{score}_low"], rows[f"{score}_high"], rows["support"]]
            ).astype(object),
            hovertemplate=f"%{{customdata[0]}}: {SCORES[score]} %{{x:.3f}} (%{{customdata[1]:.3f}} to "
            f"%{{customdata[2]:.3f}}), %{{customdata[3]:,}} examples<extra>{name}</extra>",
        )
    layout(figure, height=row_height(len(shown)) + (20 if train is not None else 0), x=SCORES[score])
    name_rows(figure, list(shown))
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_layout(showlegend=train is not None)
    said = [
        f"{shorten(name, 40)} {number(row[score])} ({interval(row[f'{score}_low'], row[f'{score}_high'])})"
        for name, row in test.reindex(order[:8]).iterrows()
    ]
    return Chart(
        figure,
        _numbers(parts, order),
        f"{SCORES[score]} by class on test, lowest first: {'; '.join(said) or 'none'}{left_out(len(order), 8)}.",
    )


def _numbers(parts: dict[str, pd.DataFrame], order: pd.Index) -> pd.DataFrame:
    """A row a class and part, so that both stand under each other."""
    tables = []
    for part, frame in parts.items():
        rows = frame.reindex(order)
        table = pd.DataFrame({"class": order.astype(str)})
        if len(parts) > 1:
            table["part"] = part
        table["support"] = rows["support"].fillna(0).astype(int).to_numpy()
        for score, title in SCORES.items():
            table[title] = [
                f"{number(value)} ({interval(low, high)})" if not np.isnan(value) else "–"
                for value, low, high in zip(rows[score], rows[f"{score}_low"], rows[f"{score}_high"], strict=True)
            ]
        tables.append(table)
    return pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)


def class_costs_chart(costs: pd.DataFrame, *, metric: str) -> Chart:
    """Draw how much of what is missing to a perfect score each class takes.

    Parameters
    ----------
    costs : DataFrame
        As `core.evaluate.class_costs` gives it, the costliest first.
    metric : str
        Title of the metric.
    """
    shown = costs.head(MAX_ROWS // 2)
    figure = go.Figure(
        go.Bar(
            x=shown["cost"],
            y=list(range(len(shown))),
            orientation="h",
            marker={"color": faded(ACCENT, 0.75)},
            error_x=whiskers(shown["cost"], shown["low"], shown["high"], NEUTRAL),
            customdata=[
                [name, percent(share, 0), count(missed), count(taken)]
                for name, share, missed, taken in zip(
                    plain_labels(shown.index, 80), shown["share"], shown["missed"], shown["taken"], strict=True
                )
            ],
            hovertemplate="%{customdata[0]}: %{x:.4f}, %{customdata[1]} of all that is missing<br>%{customdata[2]} "
            "missed, %{customdata[3]} others taken for it<extra></extra>",
        )
    )
    layout(figure, height=row_height(len(shown)), x=f"{plain_label(metric)} lost")
    name_rows(figure, list(shown.index))
    numbers = pd.DataFrame(
        {
            "class": costs.index.astype(str),
            f"{metric} lost": [number(value, 4) for value in costs["cost"]],
            "95% interval": [interval(low, high, 4) for low, high in zip(costs["low"], costs["high"], strict=True)],
            "of all lost": [percent(share) for share in costs["share"]],
            "missed": costs["missed"].to_numpy(),
            "taken for it": costs["taken"].to_numpy(),
            "examples": costs["support"].to_numpy(),
        }
    )
    said = [
        f"{shorten(name, 40)} {number(row['cost'], 4)} ({percent(row['share'], 0)})"
        for name, row in costs.head(6).iterrows()
    ]
    return Chart(
        figure,
        numbers,
        f"What each class's errors take from {metric}, the most first: {'; '.join(said) or 'none'}"
        f"{left_out(len(costs), 6)}.",
    )
