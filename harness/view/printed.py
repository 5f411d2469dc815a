"""What the code of works that did not end well had printed last."""

from __future__ import annotations

from harness.model.outcome import Failed, Outcome, name_of
from harness.model.record import Run
from harness.model.text import plain
from harness.view.report import Printed

MOST_LINES = 40


def printed(run: Run) -> tuple[Printed, ...]:
    """Return the end of the output of each work, once where several trials printed the same; in the records' order."""
    found: dict[tuple[str, str], Printed] = {}
    for record in run.records:
        lines = tuple(plain(line.expandtabs()) for line in record.output_tail.splitlines() if line.strip())
        text = "\n".join(lines[-MOST_LINES:])
        if text:
            work = record.trial.case.workload.id
            found.setdefault((work, text), Printed(work, _how_it_ended(record.outcome), text))
    return tuple(found.values())


def _how_it_ended(outcome: Outcome) -> str:
    return outcome.error if isinstance(outcome, Failed) else name_of(outcome).replace("_", " ")
