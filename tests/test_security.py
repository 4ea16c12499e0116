"""What docs/security.md promises of the code and of what it stands on, where no other test holds it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = [*(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"]
PAGES_OF = {".py", ".js", ".html", ".svg"}
PINNED = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]


def run(*arguments: str, seconds: int = 120) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
    )


# --- tools ----------------------------------------------------------------------------------------------------------


def test_bandit_finds_no_weakness():
    done = run(
        "-m", "bandit", "-q", "-c", "pyproject.toml", "-r", "core", "pages", "sample_data", "app.py", seconds=300
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_bandit_would_find_one(tmp_path):
    (tmp_path / "weak.py").write_text("import subprocess\nsubprocess.run(words, shell=True)\n")
    assert run("-m", "bandit", "-q", "-c", "pyproject.toml", str(tmp_path / "weak.py")).returncode == 1


def audited(lines: list[str], folder: Path, seconds: int) -> list[dict]:
    """What pip-audit says of some pinned packages; the test is skipped if nobody answers."""
    file = folder / "pinned.txt"
    file.write_text("\n".join(lines))
    asks = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "5", "--format", "json")
    try:
        done = run("-m", "pip_audit", "-r", str(file), *asks, seconds=seconds)
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        pytest.skip("the registry does not answer, so that nobody says which vulnerabilities are known")
    if all("skip_reason" in each for each in found):
        pytest.skip("the registry that is asked here knows nothing of vulnerabilities")
    return found


def test_no_vulnerability_is_known_of_what_is_pinned(tmp_path):
    # One first: where nobody answers, that is known in a moment.
    audited([next(line for line in PINNED if line.startswith("streamlit=="))], tmp_path, 30)
    found = audited(PINNED, tmp_path, 120)
    known = {each["name"]: [said["id"] for said in each["vulns"]] for each in found if each.get("vulns")}
    assert not known, f"raise the versions of these in constraints.txt: {known}"


@pytest.mark.parametrize("line", PINNED)
def test_no_licence_reaches_for_those_who_use_the_app_over_a_network(line):
    try:
        about = metadata.metadata(line.split("==")[0])
    except metadata.PackageNotFoundError:
        pytest.skip(f"{line} is not installed here")
    said = [about.get("License-Expression"), *(about.get_all("Classifier") or ())]
    # Some put the whole text there; its first line names the licence.
    said.append((about.get("License") or "").partition("\n")[0])
    assert not re.search(r"Affero|AGPL|Business Source|BUSL|SSPL|Server Side Public", " ".join(filter(None, said)))


# --- code -----------------------------------------------------------------------------------------------------------

# What may stand in SQL beside constants in capitals: names of the program's own tables and columns, and conditions
# over them. A value of a user's is always a parameter.
IN_SQL = {
    "table",
    "column",
    "columns",
    "key",
    "marks",
    "there",
    "where",
    "condition",
    "listed",
    "words",
    "', '.join(row)",
    "_not_aside(store)",
}
CONSTANT = re.compile(r"_?[A-Z][A-Z_]*|', '\.join\(_?[A-Z][A-Z_]*\)")
SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|PRAGMA)\b")


def in_sql(source: str) -> Iterator[str]:
    """The expressions that a file writes into SQL."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            if SQL.search(text):
                yield from (ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue))


def test_no_value_of_a_users_is_written_into_sql():
    found = {(path.relative_to(ROOT).as_posix(), said) for path in CODE for said in in_sql(path.read_text("utf-8"))}
    assert {(path, said) for path, said in found if said not in IN_SQL and not CONSTANT.fullmatch(said)} == set()


def test_the_rule_on_sql_sees_a_value():
    assert list(in_sql("store.execute(f\"SELECT * FROM log WHERE by = '{name}'\")")) == ["name"]


def test_no_script_of_ours_writes_markup():
    scripts = [path for folder in ("core", "pages") for path in (ROOT / folder).rglob("*") if path.suffix in PAGES_OF]
    writes = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write")
    assert not [path.name for path in scripts if writes.search(path.read_text("utf-8"))]


# --- the server -----------------------------------------------------------------------------------------------------


def test_nothing_that_protects_the_server_is_switched_off():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    server = config["server"]
    assert server["address"] == "localhost"
    assert set(server["allowedHosts"]) == {"localhost", "127.0.0.1", "[::1]"}
    for protection in ("enableXsrfProtection", "enableCORS"):
        assert server.get(protection, True) is True
    assert "enableStaticServing" not in server
    assert server.get("corsAllowedOrigins", []) == []


def test_make_and_the_readme_start_it_no_other_way():
    for file in ("Makefile", "README.md"):
        assert "server.address" not in (ROOT / file).read_text(encoding="utf-8")
