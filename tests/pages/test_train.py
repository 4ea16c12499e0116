from __future__ import annotations

from core.flywheel import DropColumn, Exclude, Project
from pages.parts import jobs
from pages.parts.plain import plain


def words(app) -> str:
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.header, *app.warning, *app.info))


def test_turn_0_is_run_as_a_job_and_its_result_is_shown(start, project, quiet):
    app = quiet(start("train", project=project.id))
    app.button(key="run-turn").click().run()
    assert jobs.registry().wait(project.id, "turn", 60).state == "done"
    app = quiet(app.run())
    assert "What turn 0 said" in words(app)
    assert app.button(key="run-turn").disabled
    assert len(Project.open(project.folder).turns) == 1


def test_the_next_turn_waits_for_a_change_and_says_what_changed(start, turned, quiet):
    turned.apply(Exclude(turned.dataset.ids("train")[:4].tolist(), by="ann"))
    app = quiet(start("train", project=turned.id))
    assert "Since turn 0: 4 excluded" in words(app)
    assert not app.button(key="run-turn").disabled


def test_verdicts_come_with_their_interval(start, turned, quiet):
    turned.apply(Exclude(turned.dataset.ids("train")[:4].tolist(), by="ann"))
    turn = turned.turn()
    said = words(quiet(start("train", project=turned.id)))
    assert turn.verdict.verdict in said
    assert " to " in said.split("against turn 0:")[1]


def test_another_recipe_can_be_locked_until_turn_0(start, project, quiet):
    app = quiet(start("train", project=project.id))
    before = project.model.fingerprint
    app.selectbox(key="recipe").select("random_forest").run()
    lock = next(button for button in app.button if button.label == "Lock this recipe")
    quiet(lock.click().run())
    assert Project.open(project.folder).model.recipe.name == "random_forest"
    assert Project.open(project.folder).model.fingerprint != before


def test_after_turn_0_the_recipe_is_shown_and_cant_be_changed(start, turned, quiet):
    app = quiet(start("train", project=turned.id))
    assert not [box for box in app.selectbox if box.key == "recipe"]
    assert "Locked since turn 0" in words(app)
    assert turned.model.fingerprint in words(app)
    assert '"seed"' in app.code[0].value


def test_a_moved_library_stops_turns_and_offers_the_re_baseline(start, turned, quiet, monkeypatch):
    moved = {"scikit-learn": ("0.1", "9.9")}
    monkeypatch.setattr(Project, "moved_versions", property(lambda self: moved))
    app = quiet(start("train", project=turned.id))
    assert plain("scikit-learn") in words(app)
    assert app.button(key="run-turn").disabled
    next(button for button in app.button if button.label.startswith("Re-baseline")).click().run()
    quiet(app)
    assert "trained and judged again" in words(app)
    assert [button for button in app.button if button.label == "Rerun every turn"]


def test_a_running_turn_is_found_again_on_another_page_and_can_be_cancelled(start, project, quiet):
    import threading

    go = threading.Event()

    def work(progress, cancel):
        progress(0.4, "fold 3 of 5")
        go.wait(30)
        assert cancel.is_set()

    jobs.registry().start(project.id, "turn", "Turn 0", work)
    try:
        while jobs.registry().snapshot(project.id, "turn").share == 0:
            pass
        app = quiet(start("train", project=project.id))
        assert not [button for button in app.button if button.key == "run-turn"]
        app.button(key="cancel-turn").click().run()
        assert jobs.registry().snapshot(project.id, "turn").state == "cancelling"
    finally:
        go.set()
        jobs.registry().wait(project.id, "turn", 30)


def test_the_learning_curve_is_measured_as_a_job(start, project, quiet):
    app = quiet(start("train", project=project.id))
    app.button(key="measure-curve").click().run()
    assert jobs.registry().wait(project.id, "curve", 60).state == "done"
    app = quiet(app.run())
    table = next(frame.value for frame in app.dataframe if "train examples" in frame.value)
    assert table["train examples"].is_monotonic_increasing
    assert table["95% interval"].str.contains(" to ").all()
    assert not [each for each in app.button if each.key == "measure-curve"]


def pipeline_file(classifier):
    import skops.io
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    return "pipeline.skops", skops.io.dumps(make_pipeline(SimpleImputer(), classifier)), "application/octet-stream"


def brought(app, project, file):
    app.file_uploader(key=f"pipeline-{project.revision}").set_value(file)
    return app.run()


def test_a_pipeline_of_ones_own_is_locked_and_run(start, project, quiet):
    from sklearn.ensemble import HistGradientBoostingClassifier

    numbers = [name for name, kind in project.dataset.schema.kinds.items() if kind == "numeric"]
    for name in project.dataset.schema.kinds:
        if name not in numbers:
            project.apply(DropColumn(name))
    app = quiet(start("train", project=project.id))
    quiet(brought(app, project, pipeline_file(HistGradientBoostingClassifier(max_iter=5))))
    assert plain("SimpleImputer, HistGradientBoostingClassifier") in words(app)
    quiet(app.button(key="lock-own").click().run())
    assert Project.open(project.folder).model.recipe.name == "own"
    assert "characters of base 64" in app.code[-1].value
    app.button(key="run-turn").click().run()
    assert jobs.registry().wait(project.id, "turn", 60).state == "done"
    assert "What turn 0 said" in words(quiet(app.run()))


def test_a_file_that_is_no_pipeline_ends_in_a_sentence(start, project, quiet):
    app = quiet(start("train", project=project.id))
    app = brought(app, project, ("x.skops", b"not one", "application/octet-stream"))
    assert not app.exception
    assert "be read as a pipeline" in app.error[0].value
    assert not [button for button in app.button if button.key == "lock-own"]
