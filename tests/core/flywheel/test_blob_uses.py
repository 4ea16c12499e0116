from __future__ import annotations

from core.flywheel.blob_uses import _TABLES
from core.flywheel.tables import table_columns

# Columns of text that name no file. One that is neither here nor in the list of files would be left out of backups.
WORDS = {
    "meta": {"key", "value"},
    "log": {"at", "by", "kind", "reason", "summary", "payload"},
    "turns": {"at", "version", "fingerprint", "test_version", "evaluation"},
    "queue": {"at", "version", "source"},
    "guidelines": {"at", "by", "label", "text"},
    "rankings": {"at", "version", "fingerprint"},
    "pins": {"at", "by", "label", "example", "kind", "note", "shown"},
    "refits": {"at", "version", "fingerprint", "thresholds"},
    "dated_refits": {"at", "version", "fingerprint", "rows", "thresholds"},
    "fits": {"at", "version", "fingerprint"},
    "races": {"at", "settings", "verdict"},
    "curves": {"at", "kind", "version", "fingerprint", "content"},
    "forecasts": {"at", "by", "version", "fingerprint", "actions"},
    "starts": {"by"},
    "places": {"by", "at"},
    "watched": {"at", "by", "predicates", "kind"},
    "notes": {"at", "by", "text"},
    "claims": {"at", "by", "version", "fingerprint", "content"},
    "batches": {"at", "by", "name", "fate", "reason", "report"},
    "dated_tests": {"at", "by", "name"},
    "predictions": {"at", "version", "fingerprint", "rows"},
}


def test_every_column_of_the_store_either_names_a_file_or_does_not():
    files: dict[str, set[str]] = {}
    for table, column, *_ in _TABLES:
        files.setdefault(table, set()).add(column)
    for table, columns in table_columns().items():
        texts = {name for _, name, kind, *_ in columns if kind == "TEXT"}
        assert texts == WORDS.get(table, set()) | files.get(table, set()), table
        assert not WORDS.get(table, set()) & files.get(table, set())
