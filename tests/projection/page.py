"""docs/projection-accuracy.md: what the last validation found, between marks that stand in the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.projection import plots
from tests.projection.crossing import ANCHORS, FOLDS
from tests.projection.decisions import APART
from tests.projection.report import CNN, Report
from tests.projection.summary import HEADINGS, Line

DOCUMENT = Path(__file__).parents[2] / "docs/projection-accuracy.md"
IMAGES = DOCUMENT.parent / "images"
BEGIN, END = (
    "<!-- begin: written by `make validate-projection` -->",
    "<!-- end: written by `make validate-projection` -->",
)


def plain(report: Report) -> str:
    """For the terminal."""
    return "\n".join(_lines(report))


def write(report: Report, document: Path = DOCUMENT) -> None:
    """Put the report between the marks and its pictures beside the page. Raises ValueError where the marks are gone."""
    before, begin, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{document} lacks the marks {BEGIN} and {END}")
    document.write_text(f"{before}{BEGIN}\n\n{plain(report)}\n\n{END}{after}")
    names = {"tierbench": CNN, "one ratio": "For comparison: one ratio", "roofline": "For comparison: roofline"}
    (IMAGES / "projection-errors.svg").write_text(plots.errors({n: report.tables[t] for n, t in names.items()}))
    (IMAGES / "projection-scatter.svg").write_text(plots.scatter(report.device[5]))


def _lines(report: Report) -> Iterator[str]:
    yield f"Validated on {datetime.now(UTC).date()}: {report.rows} published times on {report.boards} boards."
    yield f"Priors were fitted {FOLDS} times, each without the chips that were then projected."
    yield from ("", "### Targets", "")
    yield from _table(
        ("target", "found", ""), [(w, f, "met" if met else "**missed**") for w, f, met in report.targets()]
    )
    for title, lines in report.tables.items():
        yield from ("", f"### {title}", "")
        yield from _table(HEADINGS, [line.cells() for line in lines])
    yield from _decisions(report)
    yield from _host(report.machine, report.host)


def _decisions(report: Report) -> Iterator[str]:
    found = report.decisions()
    yield from ("", "### Decisions, CNN on CPU, the device left out", "")
    head = ("", f"boards {APART} times apart in the right order", "deadlines judged right", "where 95 % sure")
    yield from _table(
        head,
        [
            (f"{k} anchors", *(f"{100 * right.share:.1f} % of {right.of}" for right in found[k]))
            for k in ANCHORS
            if k in found
        ],
    )


def _host(machine: str, tables: dict[str, list[Line]]) -> Iterator[str]:
    if not tables:
        return
    yield from ("", "### Measured here, projected onto boards, against what was published for them", "", machine, "")
    yield "The boards' own rows are left out. Only ncnn's times are published: ONNX Runtime's stand against those too."
    for title, lines in tables.items():
        yield from ("", f"**{title}**", "")
        yield from _table(HEADINGS, [line.cells() for line in lines])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join(["---"] * len(head)) + " |"
    yield from ("| " + " | ".join(cells) + " |" for cells in rows)
