"""What docs/security.md promises of the code and of what it stands on, where no other test holds it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


# Of this version vulnerabilities are known for years: who knows none of it knows none of anything.
KNOWN_BAD = "jinja2==2.4.1"
# Where pip-audit can ask, in this order.
SERVICES = (("-s", "pypi"), ("-s", "osv"))


def audited(lines: list[str], folder: Path, seconds: int, service: tuple[str, ...]) -> dict[str, list[str]] | None:
    """What pip-audit says of some pinned packages: vulnerabilities by name; None if nobody answers."""
    file = folder / "pinned.txt"
    file.write_text("\n".join(lines))
    asks = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "5", "--format", "json")
    try:
        done = run("-m", "pip_audit", "-r", str(file), *asks, *service, seconds=seconds)
        found = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    return {each["name"]: [said["id"] for said in each["vulns"]] for each in found if "vulns" in each}


def knowing_service(folder: Path, services: Sequence[tuple[str, ...]] = SERVICES) -> tuple[str, ...]:
    """The first service that knows of vulnerabilities; the test is skipped if there is none, and says why."""
    said = []
    for service in services:
        found = audited([KNOWN_BAD], folder, 30, service)
        if found is not None and any(found.values()):
            return service
        what = (
            "does not answer" if found is None else f"answers, but knows of no vulnerability, not even of {KNOWN_BAD}"
        )
        said.append(f"{service[1]} {what}")
    pytest.skip(f"nothing was audited, since nobody here knows which vulnerabilities there are: {'; '.join(said)}")


def test_no_vulnerability_is_known_of_what_is_pinned(tmp_path):
    found = audited(PINNED, tmp_path, 120, knowing_service(tmp_path))
    assert found is not None, "the service stopped answering; run the test again"
    assert len(found) == len(PINNED), f"not audited: {[line for line in PINNED if line.split('==')[0] not in found]}"
    known = {name: vulnerabilities for name, vulnerabilities in found.items() if vulnerabilities}
    assert not known, f"raise the versions of these in constraints.txt: {known}"


@pytest.fixture
def service():
    """A vulnerability service on this machine, which knows of what is put into ``known``."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = asked["package"]["name"]
            self.send_response(200)
            self.end_headers()
            vulnerability = {"id": "PYSEC-0", "summary": "made up", "affected": [{"package": asked["package"]}]}
            self.wfile.write(json.dumps({"vulns": [vulnerability]} if name in known else {}).encode())

        def log_message(self, *_: object) -> None:
            pass

    known: set[str] = set()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield known, ("-s", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_where_a_service_answers_a_vulnerability_of_what_is_pinned_is_found(tmp_path, service, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    known, asked = service
    with pytest.raises(pytest.skip.Exception, match=r"osv answers, but knows of no vulnerability, not even of jinja2"):
        knowing_service(tmp_path, [asked])
    known |= {"jinja2", "pandas"}
    assert knowing_service(tmp_path, [asked]) == asked
    pinned = [line for line in PINNED if line.startswith(("pandas==", "numpy=="))]
    assert audited(pinned, tmp_path, 60, asked) == {"numpy": [], "pandas": ["PYSEC-0"]}


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
