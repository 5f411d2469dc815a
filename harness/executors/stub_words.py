"""What the stub says of itself on the status descriptor: why it could not start the trial, and what it did without."""

from __future__ import annotations

import json

from harness.model.measure import Finding

_MEANINGS = {
    "warm": ("not-warm", "not read before the trial, which is charged for what it brings into the page cache"),
    "drop": ("not-dropped", "not dropped from the page cache, so that the limit need not have held its pages"),
    "outlives": ("outlives", "the trial would go on if the harness were killed"),
}
_HINT = "see `tierbench doctor`"


def parse(said: bytes) -> tuple[str | None, tuple[Finding, ...]]:
    """The error, None where there was none, and a finding for each note. What is no line of the stub's is an error."""
    errors, findings = [], []
    for line in said.decode("utf-8", "replace").splitlines():
        kind, value = _of(line)
        if kind == "stub_note":
            findings.append(_finding(value))
        elif value:
            errors.append(_plain(value))
    return "; ".join(errors) or None, tuple(findings)


def _of(line: str) -> tuple[str, object]:
    try:
        [(kind, value)] = json.loads(line).items()
    except (ValueError, AttributeError):
        return "", line.strip()
    return (kind, value) if kind in {"stub_error", "stub_note"} else ("", line.strip())


def _finding(value: object) -> Finding:
    kind, note = value if isinstance(value, list) and len(value) == 2 else ("", value)
    code, means = _MEANINGS.get(str(kind), ("stub", ""))
    return Finding("warning", code, f"{_plain(note)}: {means}" if means else _plain(note), _HINT)


def _plain(value: object) -> str:
    """A path may hold bytes that are no text: a record is text."""
    return str(value).encode("utf-8", "backslashreplace").decode()
