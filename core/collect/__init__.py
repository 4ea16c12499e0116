"""Collect: bring data in, propose what its columns are for, and say what is wrong with it."""

from __future__ import annotations

from core.collect.annotations import Layout, find_layout, find_long, gather_examples, read_annotations, to_wide
from core.collect.audit import audit
from core.collect.batch import join_test_set, shared_columns
from core.collect.checked import check_table
from core.collect.checks import Check, CheckError, read_checks
from core.collect.column_match import ColumnMatch, match_columns, take_columns
from core.collect.describe import describe, describe_texts
from core.collect.disk import disk_files, disk_folder, on_disk
from core.collect.drift import EFFECT, DriftError, drift
from core.collect.errors import ReadError, shown
from core.collect.finding import Finding
from core.collect.pandera_schema import checks_source, needs_source, to_pandera
from core.collect.profile import Profile, profile
from core.collect.projection import PROJECTIONS, available_projections
from core.collect.readers import list_members, list_sheets, read_table
from core.collect.retype import retype
from core.collect.stream import to_parquet
from core.collect.two_samples import TwoSamples, tell_apart
from core.schema import infer_schema

__all__ = [
    "EFFECT",
    "PROJECTIONS",
    "Check",
    "CheckError",
    "ColumnMatch",
    "DriftError",
    "Finding",
    "Layout",
    "Profile",
    "ReadError",
    "TwoSamples",
    "audit",
    "available_projections",
    "check_table",
    "checks_source",
    "describe",
    "describe_texts",
    "disk_files",
    "disk_folder",
    "drift",
    "find_layout",
    "find_long",
    "gather_examples",
    "infer_schema",
    "join_test_set",
    "list_members",
    "list_sheets",
    "match_columns",
    "needs_source",
    "on_disk",
    "profile",
    "read_annotations",
    "read_checks",
    "read_table",
    "retype",
    "shared_columns",
    "shown",
    "take_columns",
    "tell_apart",
    "to_pandera",
    "to_parquet",
    "to_wide",
]
