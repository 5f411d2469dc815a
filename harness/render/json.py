"""The report's figures as JSON: a case with its figures, each an array under ``columns``."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

import msgspec

from harness.render.csv import rounded
from harness.view import ReportView
from harness.view.report import DataRow

CASE = ("case", "workload", "family", "tier", "device", "runtime", "dtype", "scenario", "outcome", "limit")
FIGURE = tuple(name for name in DataRow.__struct_fields__ if name not in CASE)


def render(view: ReportView) -> str:
    """``{"run", "tierbench", "columns", "cases": [{..., "figures": [[...], ...]}]}``; null for what is missing."""
    cases = [list(rows) for _, rows in groupby(view.data, key=attrgetter("case"))]
    page = {
        "run": view.run_id,
        "tierbench": view.tierbench,
        "columns": FIGURE,
        "cases": [{**_case(rows[0]), "figures": [_figure(row) for row in rows]} for rows in cases],
    }
    return msgspec.json.encode(page).decode()


def _case(row: DataRow) -> dict[str, str]:
    return {name: getattr(row, name) for name in CASE}


def _figure(row: DataRow) -> list[object]:
    values = (getattr(row, name) for name in FIGURE)
    return [rounded(v) if isinstance(v, float) else v for v in values]
