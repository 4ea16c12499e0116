"""Rules of the repository that no tool knows: what code may call, what documents must say, what is pinned."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "core").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
PARTS = sorted((ROOT / "pages" / "parts").glob("*.py"))
CODE = [*CORE, *PAGES, *PARTS, ROOT / "app.py"]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text(path: str | Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


# --- code -----------------------------------------------------------------------------------------------------------


def imported(tree: ast.Module) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def side_entries(path: Path) -> list[str]:
    """Modules of other packages that a file imports as it is loaded before the package itself."""
    own, entered, found = ".".join(path.relative_to(ROOT).parts[:-1]), set(), []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ImportFrom) or not node.module or not node.module.startswith("core."):
            continue
        package = ".".join(node.module.split(".")[:2])
        if (ROOT / package.replace(".", "/") / "__init__.py").exists():
            if package != node.module and package not in {own, *entered}:
                found.append(node.module)
            entered.add(package)
    return found


# What goes into an export as it is, each file behind those it imports. In there the modules stand alone.
CARRIED = {
    "core/train/pipelines.py": set(),
    "core/train/encoder.py": set(),
    "core/train/learner.py": {"core.train.encoder", "core.train.pipelines"},
    "core/train/portable.py": {"core.train.pipelines", "core.train.encoder", "core.train.learner"},
    "core/flywheel/replay.py": {"core.train.learner"},
    "core/flywheel/predict.py": {"core.train.portable"},
}


@pytest.mark.parametrize("path", [path for path in CODE if name(path) not in CARRIED], ids=name)
def test_a_package_is_imported_before_its_modules(path):
    """Two sessions that load one package from two sides at once would wait for each other; one sees half of it."""
    assert not side_entries(path)


RUN_CODE = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "yaml", "xml", "lxml"}
RUN_BY_NAME = {"read_pickle", "to_pickle", "read_xml", "read_html", "iframe", "mktemp", "extractall"}
RUN_BY_PATH = {"os.system", "os.popen", "pd.eval", "pandas.eval", "st.components", "components.html"}
UNSAFE = {"unsafe_allow_html", "unsafe_allow_javascript", "allow_pickle"}


def dangers(source: str) -> Iterator[str]:
    """What in a file could run code that came with data, or draw it as markup."""
    tree = ast.parse(source)
    yield from sorted(module for module in imported(tree) if module.split(".")[0] in RUN_CODE)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (node.attr in RUN_BY_NAME or ast.unparse(node) in RUN_BY_PATH):
            yield ast.unparse(node)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec", "compile", "__import__"}:
                yield node.func.id
            yield from (word.arg for word in node.keywords if word.arg in UNSAFE)
            yield from (
                word.arg for word in node.keywords if word.arg == "shell" and ast.unparse(word.value) != "False"
            )


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "def f():\n    import cloudpickle as c",
        "eval(words)",
        "exec(words)",
        "pd.read_pickle(path)",
        "np.load(path, allow_pickle=True)",
        "os.system(words)",
        "pd.eval(words)",
        "subprocess.run(words, shell=True)",
        "archive.extractall(folder)",
        "import xml.etree.ElementTree as tree",
        "compile(words, '', 'exec')",
        "st.html(words, unsafe_allow_javascript=True)",
        "st.markdown(words, unsafe_allow_html=True)",
    ],
)
def test_the_rule_on_dangers_sees_them(source):
    assert list(dangers(source))


def test_nothing_runs_code_from_data_or_draws_it_as_markup():
    found = {f"{name(path)}: {danger}" for path in CODE for danger in dangers(text(path))}
    # The player of a race is a page of our own with our own script; what it shows comes to it as JSON.
    assert found <= {"pages/parts/race_player.py: st.components"}


def test_core_knows_no_screen():
    found = [
        f"{name(path)}: {module}"
        for path in CORE
        for module in imported(ast.parse(text(path)))
        if module.split(".")[0] in {"streamlit", "pages"}
    ]
    assert not found


DRAWS = {
    "plotly_chart",
    "line_chart",
    "bar_chart",
    "area_chart",
    "scatter_chart",
    "altair_chart",
    "pyplot",
    "vega_lite_chart",
}
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b")


def test_every_figure_is_drawn_with_its_words_and_its_numbers():
    """The one place that draws a figure takes a chart: figure, table, and what it says to those who don't see it."""
    calls = {
        (name(path), node.attr)
        for path in [*PAGES, *PARTS]
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.Attribute) and node.attr in DRAWS
    }
    assert calls == {("pages/parts/figure.py", "plotly_chart")}


def test_the_colours_of_figures_come_from_one_palette():
    """It is the palette that is tested for contrast and for people who are colour-blind."""
    drawing = [path for path in CORE if "import plotly" in text(path) and name(path) != "core/report/chart.py"]
    assert len(drawing) > 10
    found = {name(path): COLOUR.findall(text(path)) for path in [*drawing, *PAGES, *PARTS]}
    assert not {path: colours for path, colours in found.items() if colours}


def test_what_an_export_carries_needs_nothing_of_this_project():
    """The sources of these files, one after the other, are the exported replay.py and predict.py."""
    allowed = {"numpy", "pandas", "scipy", "sklearn", "skops", "threadpoolctl"}
    for path, own in CARRIED.items():
        tree = ast.parse(text(path))
        modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        others = {module for module in modules - own if module.split(".")[0] not in allowed | sys.stdlib_module_names}
        assert not others, path


def test_each_module_says_what_it_is_for_and_what_it_offers():
    silent = []
    for path in [*CORE, *PARTS]:
        tree = ast.parse(text(path))
        offers = any(ast.unparse(node).startswith("__all__ = ") for node in tree.body)
        if tree.body and not (ast.get_docstring(tree) and offers):
            silent.append(name(path))
    assert not silent


def test_nothing_is_left_for_later():
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert not [name(path) for path in CODE if later.search(text(path))]


def said(path: Path) -> Iterator[str]:
    """What a file may write on the screen: its strings without docstrings, a \x00 where an f-string takes a value."""
    tree = ast.parse(text(path))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    silent |= {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.iter_child_nodes(node)
    }
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)


# How things are not written, and how they are. The words are those of docs/architecture.md.
OTHER_VOICES = {
    r"[\d\0] %(?![\w{(])": "95%, by core.wording.percent",
    r"\b[12] times\b": "once and twice, by core.wording.times",
    r"[\w ]\.\.\.": "…",
    r"\w …$": "no space before an ellipsis that ends a label",
    r"[“”]": "names and values between straight quotes, 'so'",
    r"\b(?:can not|cannot)\b": "can't",
    r" .*[a-z]!(?:\s|$)": "no exclamation marks",
    r"(?i)\btraining (?:example|row|label|text)s?\b": "train examples, labels in train",
    r"\bdata sets?\b": "dataset, or the data",
    r"\bwatched slice": "pinned slice",
    r"\b(?:row|column) an? (?:label|example|annotator)\b": "one row per label",
}


def test_the_screen_speaks_with_one_voice():
    patterns = {re.compile(other, re.MULTILINE): ours for other, ours in OTHER_VOICES.items()}
    found = [
        f"{name(path)}: {each} ({ours})"
        for path in CODE
        for each in said(path)
        for pattern, ours in patterns.items()
        if pattern.search(each)
    ]
    assert not found


# --- pages ----------------------------------------------------------------------------------------------------------


def test_every_page_is_in_the_navigation_and_the_other_way_round():
    from pages.parts import frame

    assert sorted(screen.path for screen in frame.PAGES) == [name(path) for path in PAGES]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_calls_the_guard_before_anything_else(path):
    prepares = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    statements = [ast.unparse(node) for node in ast.parse(text(path)).body[1:] if not isinstance(node, prepares)]
    acts = [statement for statement in statements if not statement.startswith("if TYPE_CHECKING:")]
    assert acts[0] == "frame.guard()"


def test_every_key_stands_in_the_documentation():
    from pages.parts import blind_card, review_card

    written = {
        node.value.value
        for path in [*PAGES, *PARTS]
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.keyword) and node.arg == "shortcut" and isinstance(node.value, ast.Constant)
    }
    assert {"Mod+Z", "Mod+Shift+Z"} <= written
    single = {*review_card.KEYS.values(), *review_card.OTHER_KEYS, *blind_card.KEYS.values()}
    said = text("docs/keys.md")
    # Digits in a row stand there as a range.
    named = set(re.findall(r"`(\w)`", said)) | set("3456789" if "`3` to `9`" in said else "")
    assert {key for key in single | written if len(key) == 1} <= named
    assert all(key.replace("Mod", "Ctrl") in said for key in written if len(key) > 1)


# --- dependencies ---------------------------------------------------------------------------------------------------


def requirements(path: str) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in text(path).splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pinned() -> dict[str, Version]:
    """Exact versions by name; a line that is none (a range, a path, an address) is an error."""
    found = {}
    for line in text("constraints.txt").splitlines():
        if line and not line.startswith("#"):
            exact = re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9][0-9A-Za-z.]*)", line)
            assert exact, f"constraints.txt must hold lines like 'name==1.2.3'. Got '{line}' instead."
            found[canonicalize_name(exact[1])] = Version(exact[2])
    return found


NEEDED = [*requirements("requirements.txt"), *requirements("requirements-dev.txt")]


@pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.name)
def test_a_requirement_is_a_range_around_the_version_that_is_tested(needed):
    bounds = {each.operator: Version(each.version) for each in needed.specifier}
    assert set(bounds) == {">=", "<"}
    tested = pinned()[canonicalize_name(needed.name)]
    assert bounds[">="] <= tested < bounds["<"]
    # The next major release is left out until it is tested.
    assert bounds["<"] <= Version(str(tested.major + 1))


@pytest.mark.parametrize("needed", requirements("requirements.txt"), ids=lambda needed: needed.name)
def test_a_dependency_has_its_decision_with_the_licence(needed):
    spoken = [path for path in DECISIONS if re.search(rf"\b{re.escape(needed.name)}\b", text(path), re.IGNORECASE)]
    licence = re.compile(r"Apache-2\.0|BSD-3-Clause|MIT")
    assert any(licence.search(text(path)) for path in spoken), f"docs/decisions says nothing of {needed.name}"


# --- documents ------------------------------------------------------------------------------------------------------


def code_in(path: str | Path) -> list[str]:
    """What stands in a document as code: blocks, then spans."""
    document = text(path)
    blocks = re.findall(r"^```.*?\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
    return blocks + re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", document, flags=re.DOTALL | re.MULTILINE))


def targets(path: str | Path) -> set[str]:
    return {target for code in code_in(path) for target in re.findall(r"\bmake ([a-z][a-z-]*)", code)}


def test_the_readme_says_how_to_run_and_how_to_test():
    assert {"run", "test"} <= targets("README.md")


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_the_make_targets_that_a_document_names_exist(path):
    known = set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))
    assert targets(path) <= known


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_the_files_that_a_document_names_exist(path):
    folders = "core|pages|tests|docs|benchmarks|sample_data"
    files = {code for code in code_in(path) if re.fullmatch(rf"(?:{folders})/[\w./-]*", code)}
    links = {link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text(path)) if "://" not in link}
    missing = {file for file in files if not (ROOT / file).exists()}
    missing |= {link for link in links if link and not (path.parent / link).exists()}
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_the_tests_that_a_document_names_exist(path):
    asked = {code for code in code_in(path) if re.fullmatch(r"test_\w+", code)}
    if asked:
        # evaluate.test_health is no test, but named like one.
        sources = "\n".join(text(source) for source in [*CORE, *(ROOT / "tests").rglob("test_*.py")])
        known = set(re.findall(r"^(?:def|class) (\w+)", sources, re.MULTILINE))
        assert asked <= known


def test_decisions_are_numbered_and_of_one_form():
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    for number, path in enumerate(DECISIONS, start=1):
        assert text(path).startswith(f"# {number}. "), path.name
        assert re.findall(r"^## (.+)$", text(path), re.MULTILINE) == ["Context", "Decision", "Consequences"], path.name


def test_each_decision_stands_in_the_list_of_them():
    listed = re.findall(r"^(\d+)\. \[(.+)\]\(decisions/(.+)\)$", text("docs/decisions.md"), re.MULTILINE)
    assert [(f"# {number}. {title}", file) for number, title, file in listed] == [
        (text(path).split("\n", 1)[0], path.name) for path in DECISIONS
    ]


def test_the_picture_of_the_house_is_true():
    """Rooms and arrows are those of the imports; python docs/house.py draws it anew."""
    spec = importlib.util.spec_from_file_location("house", ROOT / "docs" / "house.py")
    house = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(house)
    assert set(house.PLACES) == {room for floor in house.layers() for room in floor}
    assert text("docs/images/house.svg") == house.picture()


def test_each_page_of_the_documentation_can_be_found_from_the_readme():
    linked = {(ROOT / "README.md").resolve()}
    waiting = list(linked)
    while waiting:
        page = waiting.pop()
        links = {(page.parent / link.split("#")[0]).resolve() for link in re.findall(r"\]\(([^)\s]+)\)", text(page))}
        new = {link for link in links if link.suffix == ".md" and link.exists()} - linked
        linked |= new
        waiting += new
    assert {path.resolve() for path in (ROOT / "docs").rglob("*.md")} <= linked


def test_the_pictures_of_the_documentation_are_small_and_shown():
    pictures = list((ROOT / "docs" / "images").iterdir())
    assert sum(path.stat().st_size for path in pictures) < 1_000_000
    shown = {Path(link).name for path in DOCUMENTS for link in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text(path))}
    assert {path.name for path in pictures} == shown


# --- the repository -------------------------------------------------------------------------------------------------


def tracked() -> list[Path]:
    """The files of the repository; without git (an unpacked archive), all that no tool made."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [path for each in listed.stdout.split("\0") if each and (path := ROOT / each).is_file()]
    made = ("build", "__pycache__")
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not any(part in made or part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]


def test_no_path_of_somebodys_machine_is_in_the_repository():
    machine = re.compile(rb"(?<![\w.:/~-])/(?:work|root|home|tmp|Users)/\w|\b[A-Z]:\\Users\\")
    assert not [name(path) for path in tracked() if machine.search(path.read_bytes())]


def test_no_package_of_tests_hides_the_core():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_app_listens_here_only_tells_nobody_and_shows_no_trace():
    config = tomllib.loads(text(".streamlit/config.toml"))
    assert config["server"]["address"] == "localhost"
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert {"light", "dark"} <= set(config["theme"])


def test_ci_runs_what_a_person_runs():
    run = ROOT / ".ci" / "run"
    commands = [line for line in text(run).splitlines() if line.strip() and not line.startswith("#")]
    assert [command.removeprefix("exec ") for command in commands] == ["make test"]
    assert os.name == "nt" or os.access(run, os.X_OK)
