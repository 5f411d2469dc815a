"""From a run to a ReportView: every number and every sentence that is shown, as frozen data. Pure.

``scene`` lays a run out in rows and columns, ``figures`` has the numbers of a case, ``words`` spells them; a module a
section makes its part of the view, and ``page`` puts them together.
"""

from __future__ import annotations

from harness.view.page import build
from harness.view.report import ReportView

__all__ = ["ReportView", "build"]
