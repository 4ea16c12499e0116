"""The tables of a project's SQLite file, and how it is opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

__all__ = ["TABLES", "connect", "table_columns", "table_names"]

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
    summary TEXT NOT NULL, payload TEXT NOT NULL, blob TEXT, target INTEGER);
CREATE TABLE IF NOT EXISTS turns (
    baseline INTEGER NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL, revision INTEGER NOT NULL,
    version TEXT NOT NULL, fingerprint TEXT NOT NULL, test_version TEXT NOT NULL, threshold REAL, seconds REAL NOT NULL,
    evaluation TEXT NOT NULL, out_of_fold TEXT NOT NULL, test_probabilities TEXT NOT NULL, suspects TEXT NOT NULL,
    PRIMARY KEY (baseline, number));
CREATE TABLE IF NOT EXISTS queue (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, turn INTEGER NOT NULL, version TEXT NOT NULL,
    source TEXT NOT NULL, blob TEXT NOT NULL, place INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS guidelines (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, label TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rankings (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, version TEXT NOT NULL, fingerprint TEXT NOT NULL,
    blob TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pins (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, label TEXT NOT NULL,
    example TEXT NOT NULL, kind TEXT NOT NULL, note TEXT NOT NULL, version INTEGER NOT NULL, shown TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refits (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, version TEXT NOT NULL, fingerprint TEXT NOT NULL,
    blob TEXT NOT NULL, thresholds TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dated_refits (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, version TEXT NOT NULL, fingerprint TEXT NOT NULL,
    rows TEXT NOT NULL, blob TEXT NOT NULL, thresholds TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fits (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, version TEXT NOT NULL, fingerprint TEXT NOT NULL,
    blob TEXT NOT NULL, threshold REAL);
CREATE TABLE IF NOT EXISTS races (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, settings TEXT NOT NULL, verdict TEXT NOT NULL,
    blob TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS curves (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, version TEXT NOT NULL,
    fingerprint TEXT NOT NULL, content TEXT NOT NULL, blob TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS forecasts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, turn INTEGER NOT NULL,
    version TEXT NOT NULL, fingerprint TEXT NOT NULL, actions TEXT NOT NULL, blob TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS starts (queue INTEGER PRIMARY KEY, revision INTEGER NOT NULL, by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS places (
    queue INTEGER NOT NULL, by TEXT NOT NULL, place INTEGER NOT NULL, asked INTEGER NOT NULL, at TEXT NOT NULL,
    joined INTEGER NOT NULL, PRIMARY KEY (queue, by));
CREATE TABLE IF NOT EXISTS watched (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, predicates TEXT NOT NULL,
    kind TEXT NOT NULL, turn INTEGER NOT NULL, blob TEXT);
CREATE TABLE IF NOT EXISTS notes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, turn INTEGER NOT NULL,
    text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS claims (
    seal INTEGER PRIMARY KEY CHECK (seal = 1), at TEXT NOT NULL, by TEXT NOT NULL, turn INTEGER NOT NULL,
    version TEXT NOT NULL, fingerprint TEXT NOT NULL, content TEXT NOT NULL, predictions TEXT NOT NULL,
    probabilities TEXT NOT NULL, first_probabilities TEXT);
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, name TEXT NOT NULL,
    fate TEXT NOT NULL, reason TEXT NOT NULL, report TEXT NOT NULL, columns TEXT, predictions TEXT);
CREATE TABLE IF NOT EXISTS dated_tests (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, name TEXT NOT NULL,
    batch INTEGER NOT NULL, blob TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS predictions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, version TEXT NOT NULL, fingerprint TEXT NOT NULL,
    rows TEXT NOT NULL, blob TEXT NOT NULL);
"""


def connect(path: Path | str, tables: str = "") -> sqlite3.Connection:
    """Open an SQLite file (or an address of one); a file that came from elsewhere may run nothing of its own."""
    connection = sqlite3.connect(
        path, timeout=30, isolation_level=None, check_same_thread=False, uri=str(path).startswith("file:")
    )
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.executescript(tables)
    return connection


def table_names(connection: sqlite3.Connection) -> list[str]:
    """The names of the tables of an SQLite file."""
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def table_columns(connection: sqlite3.Connection | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """The tables of an SQLite file with their columns: name, type, whether it may be empty, default, key, hidden.

    Parameters
    ----------
    connection : sqlite3.Connection, optional
        By default those that every project has.
    """
    if connection is None:
        with closing(connect(":memory:", TABLES)) as own:
            return table_columns(own)
    return {
        name: connection.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)).fetchall()
        for name in table_names(connection)
    }
