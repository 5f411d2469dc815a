"""What a record says of the files that its work reads from disk: how they were found, and what a need leaves out."""

from __future__ import annotations

from msgspec.structs import replace

from harness.engine.prepared import Known
from harness.model.case import Role
from harness.model.measure import TREE_PEAK, Finding
from harness.model.memory import TREE_FILE
from harness.model.record import Record
from harness.model.units import MIB, show_bytes

FOUND_BY = "files_found_by"
"""Fact of a trial whose work's files were made warm or cold for it: by which means they were known."""
NEEDS: frozenset[Role] = frozenset({"need", "gate"})
UNSEEN, UNKNOWN_FILES = "files-unseen", "files-in-need"
SLACK_BYTES, SLACK_SHARE = 2 * MIB, 0.01
"""A need is the same, whether its files were in the page cache or not, to within the larger of these."""

_UNSEEN = {
    "audit": "files that native code or another process opens and closes again could not be seen here",
    "": "what this work reads from disk was not traced",
}


def with_read_files(record: Record, known: Known) -> Record:
    """The record with how its files were found; of a need, also with what it may leave out or have in it."""
    facts = {**record.facts, FOUND_BY: known.found_by or "none"}
    findings = (_unseen(record, known), _left_out(record, known), _in_need(record))
    said = tuple(finding for finding in findings if finding) if record.trial.role in NEEDS else ()
    return replace(record, facts=facts, findings=(*record.findings, *said))


def _unseen(record: Record, known: Known) -> Finding | None:
    if known.found_by not in _UNSEEN:
        return None
    text = f"{_UNSEEN[known.found_by]}: the need has their pages in it where they were not in the page cache"
    hint = "run a second time for the need without them; `tierbench doctor` says what tracing lacks"
    return Finding("info", UNSEEN, text, hint, record.trial.id)


def _left_out(record: Record, known: Known) -> Finding | None:
    if not known.left_out_bytes:
        return None
    text = (
        f"the work opens {show_bytes(known.left_out_bytes)} of files that are too large to be kept in the page cache: "
        "the need has in it what it reads of them from disk"
    )
    return Finding("info", UNKNOWN_FILES, text, "", record.trial.id)


def _in_need(record: Record) -> Finding | None:
    """Of pages of files that were charged to the trial: those that preparing it had not read were not warm."""
    held = max((v for m in record.measurements if m.metric.id == TREE_FILE.id for v in m.values), default=0.0)
    peak = record.find(TREE_PEAK.id, "trial")
    whole = max(peak.values, default=0.0) if peak is not None else 0.0
    if held <= max(SLACK_BYTES, SLACK_SHARE * whole):
        return None
    text = (
        f"{show_bytes(held)} of the need are pages of files that the work wrote, or read without having done so while "
        "it was prepared: it is less by as much where they are in the page cache"
    )
    return Finding("info", UNKNOWN_FILES, text, "", record.trial.id)
