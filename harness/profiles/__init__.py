"""Hardware profiles: read from TOML, checked, and found by name."""

from __future__ import annotations

from harness.profiles.calibration import Calibration, calibration
from harness.profiles.fault import Defect
from harness.profiles.files import ProfileFile, check, load, load_all, load_files, notes, schema
from harness.profiles.host import host_profile
from harness.profiles.names import Resolved, resolve

__all__ = [
    "Calibration",
    "Defect",
    "ProfileFile",
    "Resolved",
    "calibration",
    "check",
    "host_profile",
    "load",
    "load_all",
    "load_files",
    "notes",
    "resolve",
    "schema",
]
