"""What a report's numbers rest on and where they end: looks, seal, lock, and what nobody can read out of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from core.dataset import Dataset
from core.evaluate import METRICS, test_health
from core.flywheel import SIMULATED, Reviewed, opened_elsewhere, reviewed
from core.flywheel import log as entries
from core.report.html_page import Facts, Part, Section, Sentences, Table
from core.report.turn_words import change_in_words, score_in_words
from core.train import Recipe
from core.wording import count, moment, percent, percent_interval, times

if TYPE_CHECKING:
    from core.flywheel import Project, Turn

__all__ = ["limits_section", "lock_section", "test_section"]

_DECISIONS = {
    "argmax": "the class with the largest probability",
    "threshold": "a threshold between two classes, chosen out of fold",
}


def test_section(project: Project) -> Section:
    """Tell how often the test set was looked at, what is known of its labels, and what the sealed examples said."""
    looks = project.looks
    said = [
        f"The test set was looked at {times(looks)}: once a turn, branches of the "
        "project and reruns included. Each look makes the next verdict a little less sure."
    ]
    found = reviewed(project)
    if found is None or not found.noise.reviewed:
        said.append("How many of its labels are wrong is not known: none was reviewed blind.")
    else:
        said.append(_noise(found))
    return Section("Looks, test labels and the seal", [Sentences(said), *_seal(project)])


def _noise(found: Reviewed) -> str:
    noise = found.noise
    share = percent(noise.share)
    if not noise.complete:
        share += f" ({percent_interval(noise.low, noise.high)})"
    return (
        f"{count(noise.reviewed)} of {count(noise.size, 'test label')} were reviewed blind, in random order: {share} "
        f"of the labels that the test set came with are wrong. {count(noise.wrong)} were found; turns were scored anew."
    )


def _seal(project: Project) -> list[Part]:
    claim, size = project.claim, len(project.dataset.ids("sealed"))
    if claim is None:
        if not size:
            return [Sentences(["No examples were sealed when the project was made."])]
        elsewhere = opened_elsewhere(project)
        state = "not opened" if elsewhere is None else f"opened in '{elsewhere.name}', not here"
        return [Sentences([f"{count(size, 'example')} were sealed when the project was made: {state}."])]
    facts = {
        "Opened": f"{moment(claim.at)}{f' by {claim.by}' if claim.by else ''}, once, for turn {claim.turn}",
        f"{METRICS[claim.headline]}, sealed": score_in_words(*claim.score),
        f"{METRICS[claim.headline]}, test": f"{score_in_words(*claim.test_score)}, as it was then",
    }
    if claim.verdict is not None:
        facts["Against turn 0"] = f"{claim.verdict.verdict}, {change_in_words(claim.verdict)}"
    return [Sentences([claim.sentence], strong=True), Facts(facts)]


def lock_section(project: Project) -> Section:
    """Tell which model was held: fingerprint, recipe, decision rule, versions."""
    recipe = project.model.recipe
    versions = ", ".join(f"{name} {version}" for name, version in sorted(recipe.versions.items()))
    facts = {
        "Fingerprint": project.model.fingerprint,
        "Recipe": f"{recipe.title or recipe.name}. {recipe.description}".strip(),
        "Judged by": METRICS[project.headline],
        "Decides by": _DECISIONS[recipe.decision],
        "Seed": f"{recipe.seed}" + (f"; probabilities of {recipe.seeds} fits are averaged" if recipe.seeds > 1 else ""),
        "Locked with": versions,
    }
    said = "One recipe, one headline metric and one decision rule for all turns; only the data changed."
    return Section("The lock", [Sentences([said]), Facts(facts), _settings(recipe)])


def _settings(recipe: Recipe) -> Table:
    rows = [[part, name, _written(value)] for part, own in recipe.steps.items() for name, value in own.items()]
    return Table("Settings of the recipe", ("part", "setting", "value"), rows)


def _written(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # A pipeline of the analyst's own is a file: its hash stands for it.
    return text if len(text) <= 200 else f"{text[:160]}… ({count(len(text), 'character')})"


def limits_section(project: Project, turn: Turn, dataset: Dataset) -> Section:
    """Say what the numbers can't say."""
    said = [
        "A verdict is about this model under these data and this test set. It says nothing of another model.",
        _seen(turn, dataset),
        "'No evidence' is not 'no change': it means that this test set can't tell.",
        "Intervals cover the luck of the test sample. A world that has moved since the data was collected, or a test "
        "set that was no fair sample of it, is in none of them.",
    ]
    if turn.number > 1:
        said.append(
            "The turns were judged by one test set: the best of several is a little flattered by being the best."
        )
    if reviewed(project) is None:
        said.append("Test labels are taken as right. Where they are wrong, a better model can look worse.")
    if len(dataset.generated):
        said.append(
            "Generated examples repeat, with changes, what train has; their labels are their parents' and unreviewed."
        )
    if any(entry.by == SIMULATED for entry in entries.active(project.log, until=turn.revision)):
        said.append(
            "Some decisions are those of the simulated reviewer, which answers from a known truth: what they brought "
            "is what perfect knowledge brings, not what a person would have brought."
        )
    said.append(
        "Slices and suspects point to where to look. Why something is so, and what causes what, they don't say."
    )
    return Section("What these numbers can't say", [Sentences(said, listed=True)])


def _seen(turn: Turn, dataset: Dataset) -> str:
    health = test_health(dataset, verdict=turn.verdict, recalls=turn.evaluation.per_class["recall"])
    if turn.verdict is not None and health.headline is not None:
        title, least = METRICS[health.headline.metric], f"{health.headline.detectable:.3f}"
        return (
            f"With {count(health.size, 'test example')} a true change of {title} of {least} is called gain or harm "
            "four times out of five; smaller ones mostly go unseen."
        )
    return f"There are {count(health.size, 'test example')}; a later turn says how large a change they can tell."
