"""What the analyst reads: figures (data in, figure out), cards of single examples and the way numbers are written."""

from core.report.agreement import kappa_matrix
from core.report.batches import (
    confidence_over_batches,
    drift_over_batches,
    scores_over_batches,
    slices_over_batches,
)
from core.report.beside import class_shares, column_drift
from core.report.card import Field, Usual, card, differences, records, usual, written
from core.report.changes import NEW, stayed, traced
from core.report.chart import ACCENT, ALERT, CLASSES, MAX_ROWS, NEUTRAL, SECOND, Chart
from core.report.classes import class_costs_chart, class_scores_chart
from core.report.confusion import confusion_list, confusion_matrix
from core.report.distributions import class_quantiles, distribution_chart
from core.report.error_map import error_heat_map, error_tree_chart
from core.report.example_map import example_map_chart
from core.report.figures import (
    class_balance,
    learning_curve,
    ledger_chart,
    slices_bar,
    suspect_scores,
)
from core.report.forecasts import foretold_chart
from core.report.missingness import missing_by_class_chart, missing_map, missing_together
from core.report.pool import pool_confidence
from core.report.probabilities import loss_histogram, reliability_diagram, threshold_chart
from core.report.project_report import project_report
from core.report.race import ARM_TITLES, knobs_chart, race_answer, race_numbers, race_terms
from core.report.race_player import PLAYER_CSS, PLAYER_HTML, PLAYER_JS, race_html, race_scene
from core.report.relations import relations_bar, word_shares
from core.report.shares import shares_chart
from core.report.side_by_side import changes_chart
from core.report.turn_words import change_in_words, covers_in_words, effort_in_words, score_in_words, verdict_in_words
from core.report.two_curves import (
    about,
    gains_table,
    two_curves_chart,
    two_curves_numbers,
    volume_in_words,
    worth_in_words,
)
from core.report.volume_moment import volume_moment
from core.wording import (
    count,
    interval,
    moment,
    number,
    p_value,
    percent,
    percent_interval,
    shorten,
    signed,
    signed_interval,
    times,
    verb,
)

__all__ = [
    "ACCENT",
    "ALERT",
    "ARM_TITLES",
    "CLASSES",
    "MAX_ROWS",
    "NEUTRAL",
    "NEW",
    "PLAYER_CSS",
    "PLAYER_HTML",
    "PLAYER_JS",
    "SECOND",
    "Chart",
    "Field",
    "Usual",
    "about",
    "card",
    "change_in_words",
    "changes_chart",
    "class_balance",
    "class_costs_chart",
    "class_quantiles",
    "class_scores_chart",
    "class_shares",
    "column_drift",
    "confidence_over_batches",
    "confusion_list",
    "confusion_matrix",
    "count",
    "covers_in_words",
    "differences",
    "distribution_chart",
    "drift_over_batches",
    "effort_in_words",
    "error_heat_map",
    "error_tree_chart",
    "example_map_chart",
    "foretold_chart",
    "gains_table",
    "interval",
    "kappa_matrix",
    "knobs_chart",
    "learning_curve",
    "ledger_chart",
    "loss_histogram",
    "missing_by_class_chart",
    "missing_map",
    "missing_together",
    "moment",
    "number",
    "p_value",
    "percent",
    "percent_interval",
    "pool_confidence",
    "project_report",
    "race_answer",
    "race_html",
    "race_numbers",
    "race_scene",
    "race_terms",
    "records",
    "relations_bar",
    "reliability_diagram",
    "score_in_words",
    "scores_over_batches",
    "shares_chart",
    "shorten",
    "signed",
    "signed_interval",
    "slices_bar",
    "slices_over_batches",
    "stayed",
    "suspect_scores",
    "threshold_chart",
    "times",
    "traced",
    "two_curves_chart",
    "two_curves_numbers",
    "usual",
    "verb",
    "verdict_in_words",
    "volume_in_words",
    "volume_moment",
    "word_shares",
    "worth_in_words",
    "written",
]
