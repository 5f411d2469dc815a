"""A run as a tidy pandas frame. The only place that touches pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict

from harness.view import ReportView
from harness.view.report import DataRow

if TYPE_CHECKING:
    import pandas


def frame(view: ReportView) -> pandas.DataFrame:
    """One row a case and metric; columns as in ``DataRow``, figures in base units, missing ones NaN with a ``note``."""
    import pandas

    return pandas.DataFrame([asdict(row) for row in view.data], columns=list(DataRow.__struct_fields__))
