"""What the analyst reads: figures (data in, figure out), cards of single examples and the way numbers are written."""

from core.report.agreement import kappa_matrix
from core.report.beside import class_shares, column_drift
from core.report.card import Field, Usual, card, differences, records, usual, written
from core.report.chart import ACCENT, ALERT, NEUTRAL, SECOND, Chart
from core.report.figures import (
    class_balance,
    confusion_matrix,
    learning_curve,
    ledger_chart,
    per_class_f1,
    slices_bar,
    suspect_scores,
)
from core.report.pool import pool_confidence
from core.report.words import count, interval, number, percent, shorten, signed, signed_interval

__all__ = [
    "ACCENT",
    "ALERT",
    "NEUTRAL",
    "SECOND",
    "Chart",
    "Field",
    "Usual",
    "card",
    "class_balance",
    "class_shares",
    "column_drift",
    "confusion_matrix",
    "count",
    "differences",
    "interval",
    "kappa_matrix",
    "learning_curve",
    "ledger_chart",
    "number",
    "per_class_f1",
    "percent",
    "pool_confidence",
    "records",
    "shorten",
    "signed",
    "signed_interval",
    "slices_bar",
    "suspect_scores",
    "usual",
    "written",
]
