"""The tables of `make truth`: claimed against true, what a poller would have said, and the worst against its target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.model.units import show, show_bytes, show_percent
from tests.truth import durations, programs
from tests.truth.durations import Duration
from tests.truth.energies import Energy
from tests.truth.poller import Polled
from tests.truth.programs import Measured, Scope, Truth, claimed

DASH = "–"
SCOPES: dict[Scope, str] = {"process": "process", "tree": "all its processes"}


@dataclass(frozen=True)
class Memory:
    """A program's growth in one stage by one account, in bytes."""

    program: str
    stage: str
    scope: Scope
    true: int
    claimed: float | None
    missing: str
    """Why there is no claim."""
    polled: int | None
    """What a 10 ms poller beside the same process said; None where it saw nothing of it."""

    @property
    def error(self) -> float | None:
        """How far the claim is off; below 0 where it is too low."""
        return None if self.claimed is None else self.claimed - self.true

    @property
    def share(self) -> float:
        """The error as a share of what is allowed: above 1 the target is missed."""
        return 0.0 if self.error is None else abs(self.error) / programs.allowed(self.true)


def memory(measured: Measured, polled: Polled, truths: Sequence[Truth]) -> Iterator[Memory]:
    """Each program's process and tree in the stages where its truth is known, by its need trial."""
    for truth in truths:
        record = measured.record(truth.program, "need")
        for scope in SCOPES:
            true = truth.process if scope == "process" else measured.tree(truth, "need")
            claim = claimed(record, truth.stage, scope)
            seen = polled.grown(record, truth.stage, scope)
            figure, missing = (None, claim) if isinstance(claim, str) else (claim, "")
            yield Memory(truth.program, truth.stage, scope, true, figure, missing, seen)


def memory_rows(found: Sequence[Memory]) -> Iterator[tuple[str, ...]]:
    yield ("program", "stage", "of", "true", "claimed", "error", "a 10 ms poller said", "")
    for row in found:
        said = DASH if row.polled is None else show_bytes(row.polled)
        error = DASH if row.error is None else _signed(row.error, "B")
        figure = DASH if row.claimed is None else show_bytes(row.claimed)
        verdict = row.missing if row.claimed is None else _verdict(row.share)
        yield (row.program, row.stage, SCOPES[row.scope], show_bytes(row.true), figure, error, said, verdict)


def duration_rows(found: Sequence[Duration]) -> Iterator[tuple[str, ...]]:
    yield (
        "program",
        "asked",
        "true (own stamps)",
        "claimed",
        "error",
        "off what was asked",
        "steps",
        "",
    )
    for row in found:
        off, from_asked = row.claimed - row.true, row.claimed - row.asked
        figures = (show(row.true, "s", 6), show(row.claimed, "s", 6), _signed(off, "s"), _signed(from_asked, "s"))
        notes = " ".join(filter(None, (_verdict(duration_share(row)), *row.warnings)))
        yield (row.program, show(row.asked, "s"), *figures, str(row.steps), notes)


def duration_share(row: Duration) -> float:
    """The larger of both errors, against its own stamps and against what was asked, as a share of what is allowed."""
    return max(_duration_shares(row).values())


def _duration_shares(row: Duration) -> dict[str, float]:
    truths = {"by its own stamps": row.true, "that were asked": row.asked}
    return {which: abs(row.claimed - true) / durations.allowed(true) for which, true in truths.items()}


def energy_rows(found: Sequence[Energy]) -> Iterator[tuple[str, ...]]:
    yield ("sensor", "true", "claimed", "error", "one step", "")
    for row in found:
        figure, error = (DASH, DASH)
        if row.claimed is not None:
            figure, error = show(row.claimed, "J", 6), _signed(row.claimed - row.true, "J")
        notes = f"{_verdict(0.0 if row.met else 2.0)}{': ' + row.missing if row.missing else ''}"
        yield (row.replayed.name, show(row.true, "J", 6), figure, error, show(row.one_step, "J"), notes)


def worst_memory(found: Sequence[Memory]) -> tuple[str, bool]:
    """The worst error in a sentence, and whether the target is met: of what was claimed, and something was."""
    judged = [row for row in found if row.error is not None]
    if not judged:
        return "memory: nothing was claimed", False
    row = max(judged, key=lambda row: row.share)
    of = f"{show_bytes(row.true)} ({row.program}, {row.stage}, {SCOPES[row.scope]})"
    text = f"memory: worst error {_signed(row.error or 0.0, 'B')} of {of}"
    return f"{text}; at most 1 % or 2 MiB: {_verdict(row.share)}", row.share <= 1


def worst_duration(found: Sequence[Duration]) -> tuple[str, bool]:
    """The same of durations; where the machine did not let a step take the time that was asked, that is a miss, too."""
    row = max(found, key=duration_share)
    shares = _duration_shares(row)
    which = max(shares, key=lambda which: shares[which])
    true = row.true if which == "by its own stamps" else row.asked
    text = f"durations: worst error {_signed(row.claimed - true, 's')} of {show(true, 's')} {which} ({row.program})"
    warned = f", of which the record says: {', '.join(row.warnings)}" if row.warnings else ""
    return f"{text}{warned}; at most 1 % or 2 µs: {_verdict(shares[which])}", shares[which] <= 1


def worst_energy(found: Sequence[Energy]) -> tuple[str, bool]:
    """The same of energies; a figure where there can be none is a miss, too."""
    shares = {abs(row.claimed - row.true) / row.one_step: row for row in found if row.claimed is not None}
    met, lost = all(row.met for row in found), sum(row.claimed is None for row in found)
    text = f"energies: worst error {show_percent(max(shares))} of one step ({shares[max(shares)].replayed.name})"
    return f"{text}, {lost} missing with a reason; at most one step: {_verdict(0.0 if met else 2.0)}", met


def text(rows: Iterator[tuple[str, ...]]) -> str:
    """Columns of text."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(map(str.ljust, cells, widths)).rstrip() for cells in table)


def _signed(value: float, unit: str) -> str:
    shown = show(abs(value), unit, 2)
    return f"{'+' if value > 0 else '-' if value < 0 else ''}{shown}"


def _verdict(share: float) -> str:
    return "met" if share <= 1 else "NOT MET"
