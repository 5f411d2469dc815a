"""The report's figures as CSV: a row a case and metric, base units, an empty field for what is missing."""

from __future__ import annotations

import csv
import io

from harness.view import ReportView
from harness.view.report import DataRow

COLUMNS = tuple(name for name in DataRow.__struct_fields__ if name != "case")
"""The case's id is made of the columns that are there."""


def render(view: ReportView) -> str:
    """The table as CSV with a head line. A cell that a spreadsheet would take for a formula is led by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_field(getattr(row, name)) for name in COLUMNS] for row in view.data)
    return out.getvalue()


def rounded(value: float) -> float | int:
    """A figure as data: a whole number as it is, another to seven digits, which is more than a clock can mean."""
    return int(value) if value.is_integer() else float(f"{value:.7g}")


def _field(value: object) -> object:
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return value
