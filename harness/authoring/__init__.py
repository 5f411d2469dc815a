"""For authors of suites: a suite to start from, and what is wrong with one."""

from __future__ import annotations

from harness.authoring.rehearsed import check_suite, suite_file
from harness.authoring.template import write_suite

__all__ = ["check_suite", "suite_file", "write_suite"]
