"""Loads suite files by path, checks what they declare, and spells out workloads at every point of their parameters.

Used by the parent to plan and by the child to run. A suite that cannot be used is a ContentError that names its file
and line.
"""

from __future__ import annotations

from harness.collect.loading import HEAVY, Suite, SuiteFile, examine, load_suite
from harness.collect.selection import discover, find, load_all, points, quick_references, references, workload

__all__ = [
    "HEAVY",
    "Suite",
    "SuiteFile",
    "discover",
    "examine",
    "find",
    "load_all",
    "load_suite",
    "points",
    "quick_references",
    "references",
    "workload",
]
