"""The report as JUnit XML, for CI: a test case a case.

Does not fit, thrashes, a deadline missed in a measured time (never in a projected one) and what got worse since a
baseline are failures; a trial that went wrong or ran out of time is an error; what could not be tried or has not run is
skipped.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from harness.view.report import Cell, ReportView, Row, Tier

_FAILURES = {"does_not_fit", "thrashes"}
_ERRORS = {"failed", "timed_out"}
_SKIPS = {"unsupported", "not_run"}
_TOTALS = {"failures": "failure", "errors": "error", "skipped": "skipped"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(view: ReportView) -> str:
    """The whole run as one ``testsuites`` element, a suite a tier."""
    root = Element("testsuites", name="tierbench")
    for tier in view.matrix.tiers:
        _suite(root, tier, view.matrix.rows)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, tier: Tier, rows: tuple[Row, ...]) -> None:
    cases = [(row, cell) for row in rows if (cell := row.cells[tier.index])]
    kinds = [kind_of(cell) for _, cell in cases]
    attributes = {"name": _clean(tier.id), "tests": str(len(cases))}
    attributes |= {name: str(kinds.count(kind)) for name, kind in _TOTALS.items()}
    suite = SubElement(root, "testsuite", attributes)
    for (row, cell), kind in zip(cases, kinds, strict=True):
        _case(suite, tier, row, cell, kind)


def kind_of(cell: Cell) -> str:
    """``failure``, ``error``, ``skipped`` or ``passed``."""
    if cell.fit.state in _ERRORS:
        return "error"
    if cell.fit.state in _SKIPS:
        return "skipped"
    measured = cell.figures["latency"].provenance == "measured"
    missed = measured and cell.deadline is not None and cell.deadline.state == "missed"
    return "failure" if cell.fit.state in _FAILURES or missed or _worse(cell) else "passed"


def _worse(cell: Cell) -> list[str]:
    return [change.text for change in cell.changes if change.verdict == "regressed"]


def _case(suite: Element, tier: Tier, row: Row, cell: Cell, kind: str) -> None:
    latency = cell.figures["latency"]
    name = _clean(f"{row.name} {row.variant}".strip())
    measured = latency.value is not None and latency.provenance == "measured"
    time = {"time": f"{latency.value:.9g}"} if measured else {}
    test = SubElement(suite, "testcase", {"classname": _clean(tier.id), "name": name, **time})
    if kind == "passed":
        return
    worse = _worse(cell)
    SubElement(
        test, kind, message=_clean("; ".join([*_said(cell), *worse])), type="regressed" if worse else cell.fit.state
    )


def _said(cell: Cell) -> list[str]:
    """What is wrong with the case by itself."""
    if cell.fit.state == "fits":
        return [cell.deadline.text] if cell.deadline and cell.deadline.state == "missed" else []
    return [": ".join(part for part in (cell.fit.said, cell.fit.detail) if part)]


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
