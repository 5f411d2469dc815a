"""A verdict on each measurement: whether its figures hold, and if not why and what to do. Pure.

``codes`` is the one table of warnings, ``analysers`` look at a record, ``validity`` is the verdict.
"""

from __future__ import annotations

from harness.checks.analysers import analyse
from harness.checks.codes import Code, finding
from harness.checks.validity import Validity, unsupported_percentiles, validity, with_findings

__all__ = ["Code", "Validity", "analyse", "finding", "unsupported_percentiles", "validity", "with_findings"]
