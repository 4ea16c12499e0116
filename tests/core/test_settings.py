from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from core.settings import FILE, Settings, SettingsError, read_settings, variable

ROOT = Path(__file__).parents[2]
NAMES = [each.name for each in fields(Settings)]
LIMITS = [each.name for each in fields(Settings) if "least" in each.metadata]


@pytest.fixture
def file(tmp_path):
    def written(text: str) -> dict[str, str]:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return {"FLYWHEEL_SETTINGS": str(path)}

    return written


def test_what_nobody_sets_is_the_default(file):
    assert read_settings({}) == Settings()
    assert read_settings(file("")) == Settings()


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(file):
    environment = file("rows = 5_000\ncolumns = 7\nhome = '/there'")

    assert read_settings(environment) == Settings(rows=5_000, columns=7, home="/there")
    assert read_settings(environment | {"FLYWHEEL_ROWS": "6_000"}).rows == 6_000
    assert read_settings(environment | {"FLYWHEEL_ROWS": " "}).rows == 5_000


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("value", ["-1", "many", "1.5", "1e6"])
def test_a_limit_that_can_not_be_is_refused_with_name_rule_and_value(name, value):
    with pytest.raises(SettingsError, match=rf"{name} must be a whole number of at least .*'{re.escape(value)}'"):
        read_settings({variable(name): value})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rows = true", "rows must be a whole number"),
        ("rows = 2.5", "rows must be a whole number"),
        ("home = 3", "home must be a text"),
        ("row = 100", "names 'row'. Take that line out"),
        ("rows = ", "can't be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_a_sentence(file, text, said):
    with pytest.raises(SettingsError, match=said):
        read_settings(file(text))


def test_a_file_that_is_named_must_be_there(tmp_path):
    with pytest.raises(SettingsError, match="there is no such file"):
        read_settings({"FLYWHEEL_SETTINGS": str(tmp_path / "nothing.toml")})


# --- what is written about them -------------------------------------------------------------------------------------


def test_the_file_holds_every_setting_with_its_default_and_its_sentence():
    text = FILE.read_text(encoding="utf-8")
    assert tomllib.loads(text) == {each.name: each.default for each in fields(Settings)}
    words = " ".join(text.replace("# ", "").split())
    assert all(each.metadata["says"] in words for each in fields(Settings))


def test_every_setting_is_documented_with_its_default():
    document = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for each in fields(Settings):
        (row,) = re.findall(
            rf"^\| `{each.name}` \| `{variable(each.name)}` \| (.*?) \| (.*) \|$", document, re.MULTILINE
        )
        shown = (
            f"{each.default:,}" if isinstance(each.default, int) else f"`{each.default}`" if each.default else "empty"
        )
        assert row == (shown, each.metadata["says"])


def test_every_variable_that_the_code_reads_is_documented():
    document = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    code = [path for folder in ("core", "pages", "sample_data", "tests") for path in (ROOT / folder).rglob("*.py")]
    asked = {
        found for path in code for found in re.findall(r"\bFLYWHEEL_[A-Z]+(?:_[A-Z]+)*\b", path.read_text("utf-8"))
    }
    assert {name for name in asked if f"`{name}`" not in document} <= {"FLYWHEEL_X"}


def test_every_setting_is_used():
    code = "\n".join(
        path.read_text("utf-8")
        for folder in ("core", "pages")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "settings.py"
    )
    assert [
        name for name in NAMES if not re.search(rf"\b(?:SETTINGS|read_settings\(environment\))\.{name}\b", code)
    ] == []


def test_the_server_takes_as_much_as_is_set():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["maxUploadSize"] == Settings().upload_mb
