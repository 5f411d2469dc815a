"""From a search and the records so far: what each try said, and the next trial. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from harness.capacity import estimate
from harness.capacity.search import Answer, Edge, Question, edge
from harness.engine.assemble import NOT_PREPARED
from harness.model.case import ParameterValue, Trial
from harness.model.measure import PROCESS_PEAK, TREE_PEAK
from harness.model.outcome import DoesNotFit, Failed, Ok, Outcome, Thrashes, TimedOut, Unsupported, name_of
from harness.model.record import Record
from harness.model.search import Search
from harness.model.units import KIB, show, show_bytes
from harness.verdict.limits import told

MEMORY = "memory"
GRAIN = 256 * KIB
"""Memory limits are tried in multiples of it: the kernel charges memory to a group in batches of about this size."""
FAST_PRECISION = 0.03
DOUBLINGS = 16
CONFIRMATIONS = 2
"""The smallest memory counts once the work has completed in it in so many processes."""


class Sought(Struct, frozen=True):
    """One thing that is sought, the answers so far and where they leave it."""

    what: str
    """``memory``, or the parameter."""
    question: Question
    answers: tuple[Answer, ...]
    estimate: int | None = None
    """What one composition said, in the question's unit."""

    @property
    def edge(self) -> Edge:
        """Where the search for it stands."""
        return edge(self.question, self.answers)


def probes(search: Search) -> tuple[Trial, ...]:
    """What is measured before the first try: memory that repeats, without a limit; composition for an estimate."""
    plain = replace(search.pattern, limits=replace(search.pattern.limits, memory_bytes=None))
    gate = replace(plain, role="gate")
    return (gate, replace(plain, role="composition")) if _can_estimate(search) else (gate,)


def next_trial(search: Search, records: Sequence[Record]) -> Trial | None:
    """What to try next, None once everything sought is settled (or before the probes have ended)."""
    for sought in soughts(search, records):
        value = sought.edge.next
        if value is not None:
            return _trial(search, sought, value, len(sought.answers))
    return None


def soughts(search: Search, records: Sequence[Record]) -> Iterator[Sought]:
    """All that is sought, in the order in which it is; nothing where the probe said nothing of the memory."""
    need = _need(records)
    if need is None:
        return
    yield _memory(search, records, need)
    for name in search.parameters:
        yield _parameter(search, records, need, name)


def probe_failure(records: Sequence[Record]) -> str:
    """Why no search could begin; empty where it could, or the probe has not ended yet."""
    gate = next((r for r in records if r.trial.role == "gate"), None)
    if gate is None or _need(records) is not None:
        return ""
    return _why_no_need(gate.outcome)


def why(outcome: Outcome) -> str:
    """In words, why a trial says neither that it fits nor that it does not; empty where it says so."""
    match outcome:
        case Failed(error=error):
            return f"failed: {error}"
        case TimedOut(limit_seconds=limit, stage=stage, thrashing=False):
            return f"timed out after {show(limit, 's')} in stage {stage}"
        case Unsupported(reason=reason):
            return reason
        case Ok() | Thrashes() | DoesNotFit() | TimedOut():
            return ""


def _why_no_need(outcome: Outcome) -> str:
    if isinstance(outcome, DoesNotFit | Thrashes):
        return f"does not fit this machine: it was given {show_bytes(outcome.limit_bytes)}"
    return why(outcome) or "how much memory it takes uncapped could not be read"


def _can_estimate(search: Search) -> bool:
    return search.fast and search.pattern.case.runtime == "torch-eager"


def _need(records: Sequence[Record]) -> float | None:
    """The uncapped peak of the probe, in bytes."""
    gate = next((r for r in records if r.trial.role == "gate" and isinstance(r.outcome, Ok)), None)
    if gate is None:
        return None
    whole = [v for m in gate.measurements if m.metric.id == TREE_PEAK.id and m.stage == "trial" for v in m.values]
    own = [v for m in gate.measurements if m.metric.id == PROCESS_PEAK.id for v in m.values]
    return max(whole or own, default=None)


def _memory(search: Search, records: Sequence[Record], need: float) -> Sought:
    precision = max(search.precision, FAST_PRECISION) if search.fast else search.precision
    start = -(-int(need) // GRAIN)
    question = Question(
        smallest=True,
        start=start,
        step=max(1, int((1 if search.fast else 2) * precision * start)),
        least=1,
        most=search.most_bytes // GRAIN,
        precision=precision,
        confirmations=1 if search.fast else CONFIRMATIONS,
    )
    tried = [r for r in records if r.trial.role == "fit"]
    return Sought(MEMORY, question, tuple(_answer(r, (r.trial.limits.memory_bytes or 0) // GRAIN) for r in tried))


def _parameter(search: Search, records: Sequence[Record], need: float, name: str) -> Sought:
    base = _int(search.pattern.case.workload.parameters[name])
    limit = search.pattern.limits.memory_bytes or search.most_bytes
    guess = estimate.largest(records, base, need, limit) if search.fast else None
    start = guess or base
    question = Question(
        smallest=False,
        start=start,
        step=max(1, int(FAST_PRECISION * start)) if guess else start,
        least=1,
        most=search.most or base << DOUBLINGS,
        precision=FAST_PRECISION if search.fast else 0.0,
    )
    tried = [r for r in records if r.trial.role == "ceiling" and _only(name, r, search)]
    answers = tuple(_answer(r, _int(r.trial.case.workload.parameters[name])) for r in tried)
    return Sought(name, question, answers, guess)


def _only(name: str, record: Record, search: Search) -> bool:
    """Whether a try differs from the base in this parameter at most."""
    base, point = search.pattern.case.workload.parameters, record.trial.case.workload.parameters
    return all(point[other] == value for other, value in base.items() if other != name)


def _int(value: ParameterValue) -> int:
    return int(value)


def _answer(record: Record, value: int) -> Answer:
    """What could not even be prepared in most of this machine's memory does not fit a smaller tier either."""
    prepared = all(finding.code != NOT_PREPARED for finding in record.findings)
    outcome = told(record) if prepared else record.outcome
    if reason := why(outcome):
        return Answer(value, None, reason)
    if isinstance(outcome, TimedOut):
        return Answer(value, False, "thrashes")
    return Answer(value, isinstance(outcome, Ok), "" if isinstance(outcome, Ok) else name_of(outcome))


def _trial(search: Search, sought: Sought, value: int, number: int) -> Trial:
    pattern = search.pattern
    if sought.what == MEMORY:
        return replace(
            pattern, role="fit", replicate=number, limits=replace(pattern.limits, memory_bytes=value * GRAIN)
        )
    work = pattern.case.workload
    point = replace(work, parameters={**work.parameters, sought.what: value})
    return replace(pattern, case=replace(pattern.case, workload=point))
