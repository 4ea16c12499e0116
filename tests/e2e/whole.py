"""A project with something on every page and in every tab, made through core before the server sees the workspace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.annotate import Rule
from core.annotate.conditions import Compares, Contains
from core.collect.checks import InRange, OneOf
from core.dataset import Dataset
from core.evaluate import Predicate
from core.flywheel import (
    Annotations,
    Exclude,
    Project,
    Relabel,
    SetChecks,
    SetRules,
    branch,
    decide,
    define_class,
    draw,
    examine_batch,
    forecast_actions,
    hold_out_batch,
    merge_batch,
    pin_example,
    race_project,
    rank,
    refuse_batch,
    start_queue,
    watch,
    write_note,
)

__all__ = ["customers", "make_whole"]

WORDS = {
    "stays": ("thank you, all is well", "please renew my plan", "good network at home"),
    "leaves": ("please cancel my contract", "the invoice is wrong again", "slow network, I go elsewhere"),
}


def customers(rows: int, seed: int, *, shift: float = 0.0) -> pd.DataFrame:
    """Customers with a text; many labels are wrong in one segment, a few elsewhere, and the truth is known."""
    rng = np.random.default_rng(seed)
    income, age = rng.normal(40 + shift, 9, rows).round(1), rng.integers(18, 80, rows)
    truth = np.where(income + age / 4 + rng.normal(0, 3, rows) > 51 + 1.5 * shift, "stays", "leaves")
    other = np.where(truth == "stays", "leaves", "stays")
    frame = pd.DataFrame(
        {
            "income": income,
            "age": age,
            "plan": rng.choice(["basic", "plus", "family"], rows),
            "region": rng.choice(["서울", "부산", "<b>Oslo</b>"], rows, p=[0.6, 0.3, 0.1]),
            "said": [rng.choice(WORDS[name]) for name in np.where(rng.random(rows) < 0.8, truth, other)],
            "true_label": truth,
        }
    )
    weak = (frame["plan"] == "basic") & (frame["region"] == "서울")
    wrong = rng.random(rows) < np.where(weak, 0.5, 0.1)
    frame.insert(5, "label", np.where(wrong, other, truth))
    frame.loc[rng.choice(rows, rows // 15, replace=False), "age"] = np.nan
    return frame


def make_whole(workspace: Path, *, name: str = "whole") -> str:
    """Make a project with turns, reviews, rules, checks, annotators, batches, a branch and a race; its id."""
    frame = customers(360, 0)
    frame.loc[300:329, "label"] = None
    dataset = Dataset.from_frame(frame, label="label", text="said", sealed=0.1)
    project = Project.create(workspace / name, dataset, name=name.capitalize())
    race_project(project, budget=200, reviews_per_turn=8)
    project.turn()
    _turn_the_wheel(project)
    _stand_beside_it(project, workspace)
    _bring_batches(project)
    project.close()
    return name


def _turn_the_wheel(project: Project) -> None:
    train = project.dataset.ids("train")
    suspects = project.turns[0].suspects
    queue = start_queue(project, suspects, source="every label", turn=0, by="ann")
    for place in range(3):
        decide(project, queue, place, "suggested", by="ann", revision=project.revision)
    project.apply(Exclude(tuple(train[:2]), by="ben", reason="twins"))
    project.turn()
    relabelled = suspects.index[4:30]
    project.apply(Relabel(suspects.loc[relabelled, "suggested"].to_dict(), by="ben", reason="looked at"))
    project.turn()


def _stand_beside_it(project: Project, workspace: Path) -> None:
    last = project.turns[-1]
    rank(project, last)
    train, (first, *_) = project.dataset.ids("train"), project.dataset.classes
    start_queue(project, last.suspects, source="every label", turn=last.number)
    watch(project, [Predicate("plan", "basic", values=("basic",))], turn=0)
    project.apply(SetChecks([InRange("age", 30, 70), OneOf("plan", ("basic", "plus"))]))
    rules = [
        Rule("cancels", "leaves", Contains("said", ("cancel",))),
        Rule("rich", "stays", Compares("income", ">=", ("50",))),
    ]
    project.apply(SetRules(rules))
    rng = np.random.default_rng(3)
    votes = {who: rng.choice(project.dataset.classes, len(train)) for who in ("ann", "ben", "cho")}
    project.apply(Annotations(pd.DataFrame(votes, index=train, dtype="object"), by="ann"))
    for text in ("Leaves within a year", "Leaves within a month"):
        define_class(project, first, text, by="ann")
    pin_example(project, train[5], first, "negative", by="ann", note="stays with the basic plan")
    draw(project, 4, by="ann")
    write_note(project, 1, "twins are out", by="ann")
    branch(project, workspace / f"{project.id}-branch", turn=1, name="Another way").close()


def _bring_batches(project: Project) -> None:
    report, new = examine_batch(project, customers(60, 11).drop(columns="true_label"))
    merge_batch(project, report, new, name="april.csv", by="ann")
    report, new = examine_batch(project, customers(60, 12, shift=9.0).drop(columns=["label", "true_label"]))
    merge_batch(project, report, new, name="may.csv", by="ann")
    report, _ = examine_batch(project, customers(60, 13, shift=30.0).drop(columns="true_label"))
    refuse_batch(project, report, name="odd.csv", reason="another currency", by="ann")
    report, new = examine_batch(project, customers(60, 14, shift=4.0).drop(columns="true_label"))
    hold_out_batch(project, report, new, name="june.csv", by="ann")
    project.turn()
    forecast_actions(project, by="")
