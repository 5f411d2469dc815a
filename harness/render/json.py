"""The report's figures as JSON: a case with its figures, each an array under ``columns``.

With a baseline, its id and what was compared, each an array under columns of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

import msgspec

from harness.compare import Comparison
from harness.render.csv import rounded
from harness.view import ReportView
from harness.view.advised import Advice
from harness.view.compared import Changed
from harness.view.report import DataRow

CASE = ("case", "workload", "family", "tier", "device", "runtime", "dtype", "scenario", "outcome", "limit")
FIGURE = tuple(name for name in DataRow.__struct_fields__ if name not in CASE)
COMPARED = tuple(Comparison.__struct_fields__)


def render(view: ReportView) -> str:
    """``{"run", "tierbench", "columns", "cases": [{..., "figures": [[...], ...]}]}``; null for what is missing.

    With a baseline also ``"changed": {"baseline", "columns", "rows": [[...], ...]}``; where variants fit instead of
    what does not, ``"instead": [{"case", "fits", "ratio", "low", "high", "provenance"}]``.
    """
    cases = [list(rows) for _, rows in groupby(view.data, key=attrgetter("case"))]
    page: dict[str, object] = {
        "run": view.run_id,
        "tierbench": view.tierbench,
        "columns": FIGURE,
        "cases": [{**_case(rows[0]), "figures": [_figure(row) for row in rows]} for rows in cases],
    }
    if view.changed:
        page["changed"] = _changed(view.changed)
    if view.advised and view.advised.rows:
        page["instead"] = [found for row in view.advised.rows for found in _instead(row)]
    return msgspec.json.encode(page).decode()


def _instead(row: Advice) -> Iterator[dict[str, object]]:
    for variant in row.alternatives:
        numbers = {name: _rounded(getattr(variant, name)) for name in ("ratio", "low", "high")}
        yield {"case": row.case, "fits": variant.case, **numbers, "provenance": variant.provenance}


def _changed(changed: Changed) -> dict[str, object]:
    rows = [[_rounded(getattr(row, name)) for name in COMPARED] for row in changed.data]
    return {"baseline": changed.run_id, "columns": COMPARED, "rows": rows}


def _rounded(value: object) -> object:
    return rounded(value) if isinstance(value, float) else value


def _case(row: DataRow) -> dict[str, str]:
    return {name: getattr(row, name) for name in CASE}


def _figure(row: DataRow) -> list[object]:
    return [_rounded(getattr(row, name)) for name in FIGURE]
