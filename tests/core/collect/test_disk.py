from __future__ import annotations

import pytest

from core.collect import ReadError, disk_files, disk_folder, on_disk, read_table

CSV = "a,b\n1,2\n"


@pytest.fixture
def folder(tmp_path):
    opened = tmp_path / "opened"
    (opened / "sub").mkdir(parents=True)
    (opened / ".hidden").mkdir()
    for name in ("x.csv", "sub/y.csv.gz", "z.zip", "notes.md", ".w.csv", ".hidden/v.csv"):
        (opened / name).write_text(CSV)
    (tmp_path / "secret.csv").write_text(CSV)
    return opened.resolve()


def test_it_is_off_unless_a_folder_is_named(tmp_path):
    assert disk_folder({}) is None
    assert disk_folder({"FLYWHEEL_DISK": " "}) is None
    assert disk_folder({"FLYWHEEL_DISK": str(tmp_path / "nowhere")}) is None
    assert disk_folder({"FLYWHEEL_DISK": str(tmp_path)}) == tmp_path.resolve()


def test_the_tables_of_the_folder_are_listed(folder):
    assert disk_files(folder) == ["x.csv", "z.zip", "sub/y.csv.gz"]
    assert len(read_table(on_disk(folder, "x.csv"))) == 1


def test_links_are_followed_within_the_folder_only(folder):
    (folder / "in.csv").symlink_to(folder / "x.csv")
    (folder / "out.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "away").symlink_to(folder.parent)
    assert disk_files(folder) == ["in.csv", "x.csv", "z.zip", "sub/y.csv.gz"]
    assert on_disk(folder, "in.csv") == folder / "x.csv"
    for name in ("out.csv", "away/secret.csv"):
        with pytest.raises(ReadError, match="not in the folder that the operator opened"):
            on_disk(folder, name)


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "sub/../../secret.csv", "no.csv", "sub", "", "a\0b"])
def test_a_name_never_leads_out(folder, name):
    with pytest.raises(ReadError, match="not in the folder"):
        on_disk(folder, name)
