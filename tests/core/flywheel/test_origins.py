from __future__ import annotations

import pandas as pd

from core.flywheel import Exclude, Generate, origins


def test_each_generated_example_says_what_it_was_made_of_and_how(project, make_children):
    parents = list(project.dataset.ids("train")[:4])
    assert origins(project).empty
    first = make_children(project.dataset, parents[:2])
    second = make_children(project.dataset, parents[2:], prefix="h")
    project.apply(Generate(first, method="jitter", settings={"strength": 0.2}, seed=7))
    project.apply(Generate(second))
    found = origins(project)
    assert found.index.tolist() == [*first.index, *second.index]
    assert found["parent"].tolist() == parents
    assert found["method"].fillna("").tolist() == ["jitter", "jitter", "", ""]
    assert found["settings"].iloc[0] == '{"strength": 0.2}'
    assert found["seed"].iloc[0] == 7
    assert found["edit"].tolist() == [1, 1, 2, 2]
    project.undo()
    project.apply(Exclude([first.index[0]]))
    assert origins(project).index.tolist() == [first.index[1]]


def test_an_export_says_it_too(project, make_children, tmp_path):
    rows = make_children(project.dataset, list(project.dataset.ids("train")[:2]))
    project.apply(Generate(rows, method="jitter", settings={"strength": 0.2}, seed=7))
    project.turn()
    folder = project.export(tmp_path / "out")
    found = pd.read_csv(folder / "generated.csv", index_col="example")
    assert set(found["method"]) == {"jitter"}
    assert set(found["seed"]) == {7}
