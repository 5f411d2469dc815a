"""Hardware profiles: read from TOML, checked, and found by name."""

from __future__ import annotations

from harness.profiles.calibration import Calibration, calibration
from harness.profiles.describe import describe
from harness.profiles.difference import Difference, differences
from harness.profiles.fault import Defect
from harness.profiles.files import ProfileFile, check, load, load_all, load_files, notes, schema
from harness.profiles.host import host_profile
from harness.profiles.names import Resolved, resolve
from harness.profiles.template import MARK, template

__all__ = [
    "MARK",
    "Calibration",
    "Defect",
    "Difference",
    "ProfileFile",
    "Resolved",
    "calibration",
    "check",
    "describe",
    "differences",
    "host_profile",
    "load",
    "load_all",
    "load_files",
    "notes",
    "resolve",
    "schema",
    "template",
]
