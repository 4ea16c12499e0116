"""Files that are brought: uploads, and files on the server's disk where its operator allows it.

Each is read once, however often the page is run: a small one at once, a large one as a job with progress and cancel,
through Parquet in a stream. What is packed in a zip archive counts as several files.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import streamlit as st

from core.collect import (
    disk_files,
    disk_folder,
    list_members,
    list_sheets,
    on_disk,
    read_table,
    shown,
    to_parquet,
)
from core.errors import FlywheelError
from core.report import count
from core.settings import SETTINGS
from pages.parts import jobs
from pages.parts.plain import plain

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = ["LARGE_BYTES", "Source", "Upload", "bring", "forget", "most_uploaded", "read_upload", "tables"]

# From this size on reading takes seconds.
LARGE_BYTES = 50 * 1024**2
_ALL_MEMBERS = 8
_READ = "read"


@dataclass(frozen=True)
class Source:
    """One file, uploaded or on the server's disk.

    Parameters
    ----------
    key : str
        Stands for this content: equal bytes that are uploaded again are another source.
    content : callable
        Gives the bytes, or the path of a file on disk.
    """

    key: str
    name: str
    size: int
    content: Callable[[], bytes | Path]


def bring(title: str, *, key: str, help: str = "") -> list[Source]:
    """Ask for files, and give those that were chosen."""
    uploads = st.file_uploader(
        title, accept_multiple_files=True, key=key, help=help or None, max_upload_size=most_uploaded()
    )
    return [*map(_uploaded, uploads), *_from_disk(key)]


def most_uploaded() -> int:
    """How many megabytes an upload may have: what is set, and what the server takes."""
    return min(SETTINGS.upload_mb, int(st.get_option("server.maxUploadSize")))


def tables(source: Source) -> dict[str, pd.DataFrame] | None:
    """Read the tables of one file by their names, asking for those of an archive and for the sheet of a workbook.

    Returns
    -------
    dict of str to DataFrame, or None
        None while it is being read, and if that was cancelled.

    Raises
    ------
    FlywheelError
        If it can't be read.
    """
    if source.size > LARGE_BYTES and not _members(source.key, source):
        frame = _in_a_job(source)
        return None if frame is None else {source.name: frame}
    members = _members(source.key, source)
    if len(members) < 2:
        return {source.name: _read_one(source, None)}
    chosen = st.multiselect(
        f"Tables to read from {plain(source.name)}",
        members,
        default=members[:_ALL_MEMBERS],
        format_func=shown,
        key=f"members-{source.key}",
    )
    return {f"{member} in {source.name}": _read_one(source, member) for member in chosen}


class Upload(NamedTuple):
    """One table of one uploaded file, with a key that no other table has, of this file neither."""

    key: str
    table: pd.DataFrame


def read_upload(file: UploadedFile) -> Upload:
    """Read one uploaded file as one table, asking for the table of an archive and for the sheet of a workbook."""
    source = _uploaded(file)
    members = _members(source.key, source)
    member = None
    if len(members) > 1:
        member = st.selectbox(f"Table in {plain(source.name)}", members, format_func=shown, key=f"member-{source.key}")
    sheet = _sheet(source, member)
    return Upload(repr((source.key, member, sheet)), _read(source.key, member, sheet, source))


def forget(sources: Iterable[Source]) -> None:
    """Let go of what was read of large files."""
    for source in sources:
        jobs.registry().dismiss(source.key, _READ)


def _uploaded(file: UploadedFile) -> Source:
    if file.size > SETTINGS.upload_mb * 1024**2:
        # The browser was asked to refuse it; whoever goes round that is refused here.
        raise FlywheelError(
            f"An upload may have {SETTINGS.upload_mb:,} MB (the setting upload_mb). '{shown(file.name)}' has "
            f"{file.size / 1024**2:,.0f} MB. Bring a part of it, or ask the operator for a folder on the server."
        )
    return Source(f"upload-{file.file_id}", file.name, file.size, file.getvalue)


def _from_disk(key: str) -> list[Source]:
    """Offer the files of the folder that the operator opened."""
    folder = disk_folder()
    if folder is None:
        return []
    names = disk_files(folder)
    chosen = st.multiselect(
        f"Or from the folder {plain(folder.name)} on the server",
        names,
        format_func=shown,
        placeholder="Choose files" if names else "There are no tables in it",
        key=f"{key}-disk",
        help="The operator of the app opened this folder. Its files are read where they lie.",
    )
    found = []
    for name in chosen:
        path = on_disk(folder, name)
        about = path.stat()
        # A file that was written anew is another source.
        stands = f"disk-{name}-{about.st_mtime_ns}-{about.st_size}"
        found.append(Source(stands, name, about.st_size, partial(Path, path)))
    return found


def _read_one(source: Source, member: str | None) -> pd.DataFrame:
    return _read(source.key, member, _sheet(source, member), source)


def _sheet(source: Source, member: str | None) -> str | None:
    """Ask for the sheet, if there are several."""
    sheets = _sheets(source.key, member, source)
    if len(sheets) < 2:
        return None
    name = source.name if member is None else member
    return st.selectbox(f"Sheet of {plain(name)}", sheets, format_func=shown, key=f"sheet-{source.key}-{member or ''}")


# Keyed on the upload: equal bytes that come again are another upload, and nothing large is hashed.
@st.cache_resource(show_spinner="Reading the file", max_entries=16)
def _read(key: str, member: str | None, sheet: str | None, _source: Source) -> pd.DataFrame:
    return read_table(_source.content(), name=_source.name, sheet=sheet, member=member)


@st.cache_resource(show_spinner=False, max_entries=64)
def _sheets(key: str, member: str | None, _source: Source) -> list[str]:
    return list_sheets(_source.content(), name=_source.name, member=member)


@st.cache_resource(show_spinner=False, max_entries=64)
def _members(key: str, _source: Source) -> list[str]:
    return list_members(_source.content(), name=_source.name)


def _in_a_job(source: Source) -> pd.DataFrame | None:
    """Read a large file in the background; None until it is there."""
    job = jobs.registry().snapshot(source.key, _READ)
    if job is None:
        jobs.start(source.key, _READ, f"Reading {source.name}", partial(_convert, source))
        return None
    if job.running:
        jobs.panel(source.key, _READ)
        return None
    if job.state == "done":
        frame: pd.DataFrame = job.result
        return frame
    if job.state == "failed":
        raise FlywheelError(job.message)
    st.info(f"Reading {plain(source.name)} was cancelled. Nothing of it was kept.", icon=":material/cancel:")
    if st.button("Read it", key=f"again-{source.key}", icon=":material/refresh:"):
        jobs.registry().dismiss(source.key, _READ)
        st.rerun()
    return None


def _convert(source: Source, progress: Callable[[float, str], None], cancel: threading.Event) -> pd.DataFrame:
    """Convert a file to Parquet and read that."""
    with tempfile.TemporaryDirectory(prefix="flywheel-") as folder:
        content = source.content()
        if isinstance(content, Path):
            path = content
        else:
            path = Path(folder, "brought" + Path(source.name).suffix)
            path.write_bytes(content)
        target = Path(folder, "table.parquet")
        try:
            notes = to_parquet(path, target, progress=progress, cancel=cancel, name=source.name)
        except OSError as error:
            raise FlywheelError(
                f"'{source.name}' can't be converted ({error.strerror}). Free some space for temporary files."
            ) from error
        progress(1.0, f"Opening {count(target.stat().st_size // 1024**2)} MB")
        frame = read_table(target, name=source.name)
    frame.attrs["notes"] = [*notes, *frame.attrs["notes"]]
    return frame
