"""Analysers: each looks at one record of a timing or energy trial and finds at most one thing wrong. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from harness.checks.codes import Code, finding
from harness.model.conditions import (
    CANARY,
    CLOCK_GAP,
    CPU_CLOCK,
    CPU_TIME,
    HARNESS_CPU,
    INVOLUNTARY,
    QUOTA_THROTTLED,
    RUN_DELAY,
    STEAL,
    THERMAL_THROTTLES,
    WINDOW,
)
from harness.model.measure import (
    LATENCY,
    PROCESS_PEAK,
    READ_FROM_DISK,
    STEP_ENERGY,
    TREE_PEAK,
    Finding,
    Metric,
)
from harness.model.memory import TREE_FILE
from harness.model.outcome import Ok
from harness.model.record import Record
from harness.model.sensors import GPU_THROTTLE, SAMPLER_CPU
from harness.model.sensors import throttled as is_throttled
from harness.model.units import MIB, show, show_bytes, show_percent
from harness.stats.kinds import two_kinds
from harness.stats.stopping import median, steady

LEAST_ROUNDS = 3
DRIFT = 0.05
"""Between the medians of the first and of the last third of the rounds."""
DRIFT_ROUNDS = 9
CLOCK_CHANGE = 0.10
THROTTLED_LOOKS = 0.1
CLOCK_GAP_SHARE, CLOCK_GAP_SECONDS = 0.001, 0.001
STOPPED_SHARE, STOPPED_SECONDS = 0.02, 0.001
"""Of the window: run delay, quota. Shorter than the second is less than one turn of the scheduler."""
STEAL_SECONDS = 0.02
"""Stolen time is counted in ticks of 10 ms: two of them."""
SWITCHES_PER_SECOND = 50.0
"""A busy neighbour on the same core takes it more often than that; a quiet kernel does not."""
IDLE_SHARE, BEYOND_THREADS = 0.75, 1.25
CANARY_SHIFT = 0.12
COLD_BYTES, COLD_SHARE = 2 * MIB, 0.01
"""A need is the same, cold or warm, to within the larger of these."""
COLD_FAULTS = 64
"""Of all the trial's processes; each reads 4 to 128 KiB."""
ENERGY_STEP_SHARE = 0.02
MONITOR_SHARE, MONITOR_SECONDS = 0.01, 0.002
_SPREAD = 1.4826 * math.sqrt(math.pi / 2)
"""From the median deviation of samples to the standard error of their median, times the root of their number."""

Analyser = Callable[[Record], Finding | None]


def analyse(record: Record) -> tuple[Finding, ...]:
    """What is wrong with the figures of a trial of time, energy or need that ended well; nothing for any other."""
    if record.trial.role in {"need", "gate"} and isinstance(record.outcome, Ok):
        return tuple(filter(None, (cold_pages(record),)))
    if record.trial.role not in {"timing", "features", "energy"} or not isinstance(record.outcome, Ok):
        return ()
    every = (*(_ENERGY if record.trial.role == "energy" else _TIMING), *_MACHINE)
    asked = [a for a in every if a not in _OF_HEAT] if record.trial.case.scenario == "sustained" else every
    return tuple(found for analyser in asked if (found := analyser(record)) is not None)


def too_few_samples(record: Record) -> Finding | None:
    """Fewer timed rounds than any figure needs."""
    count, needed = len(_rounds(record)), max(LEAST_ROUNDS, record.trial.pace.min_rounds)
    if count >= needed:
        return None
    return finding(Code.TOO_FEW_SAMPLES, f"{count} timed rounds; a figure needs at least {needed}", record.trial_id)


def not_steady(record: Record) -> Finding | None:
    """The warm-up had not settled, and the timed rounds do not show that it settled in time."""
    said = any(f.code == Code.NOT_STEADY for f in record.findings)
    if not said or steady(_rounds(record)):
        return None
    text = "step times had not settled when warm-up ended, nor had the timed rounds"
    return finding(Code.NOT_STEADY, text, record.trial_id)


def drift(record: Record) -> Finding | None:
    """The last third of the rounds differs from the first by more than their scatter explains."""
    rounds = _rounds(record)
    if len(rounds) < DRIFT_ROUNDS:
        return None
    third = len(rounds) // 3
    first, last = rounds[:third], rounds[-third:]
    before, after = median(first), median(last)
    if before <= 0 or abs(after - before) <= max(DRIFT * before, 4 * _error(first, last)):
        return None
    change = show_percent(after / before - 1, signed=True)
    return finding(Code.DRIFT, f"the last third of the rounds is {change} against the first", record.trial_id)


def two_kinds_of_steps(record: Record) -> Finding | None:
    """Some rounds are far slower than the others: here and there, or the first ones alone."""
    found = two_kinds(_rounds(record))
    if found is None:
        return None
    quick, slow = show(found.quick, "s"), show(found.slow, "s")
    if found.first:
        text = f"the first {found.count} of {found.total} rounds took about {slow} a step, the others about {quick}"
        return finding(Code.SLOW_START, text, record.trial_id)
    text = f"step times are of two kinds: about {quick}, and about {slow} in {found.count} of {found.total} rounds"
    return finding(Code.TWO_KINDS, text, record.trial_id)


def clock_jump(record: Record) -> Finding | None:
    """A round took no time or less, or two clocks disagree on how long the window was."""
    gap, window = _value(record, CLOCK_GAP), _value(record, WINDOW)
    if any(t <= 0 for t in _rounds(record)):
        return finding(Code.CLOCK_JUMP, "a timed round took no time, or less than none", record.trial_id)
    if gap is None or window is None or abs(gap) <= max(CLOCK_GAP_SECONDS, CLOCK_GAP_SHARE * abs(window)):
        return None
    text = f"two clocks differ by {show(abs(gap), 's')} on a window of {show(window, 's')}"
    return finding(Code.CLOCK_JUMP, text, record.trial_id)


def clock_change(record: Record) -> Finding | None:
    """The processor's clock after the rounds is another than before."""
    clocks = _values(record, CPU_CLOCK)
    if len(clocks) < 2 or abs(clocks[-1] / clocks[0] - 1) <= CLOCK_CHANGE:
        return None
    text = f"the processor's clock went from {show(clocks[0], 'Hz')} to {show(clocks[-1], 'Hz')}"
    return finding(Code.CLOCK_CHANGE, text, record.trial_id)


def throttled(record: Record) -> Finding | None:
    """The processor counted thermal throttling, or a GPU's clock was held down at one look in ten or more."""
    events = _value(record, THERMAL_THROTTLES)
    if events:
        return finding(Code.THROTTLED, f"the processor throttled {events:g} times for heat", record.trial_id)
    looks = [is_throttled(mask) for mask in _values(record, GPU_THROTTLE)]
    if not any(looks) or sum(looks) < THROTTLED_LOOKS * len(looks):
        return None
    text = f"power or heat held the GPU's clock down at {sum(looks)} of {len(looks)} looks"
    return finding(Code.THROTTLED, text, record.trial_id)


def quota(record: Record) -> Finding | None:
    """A CPU quota stopped the trial."""
    share = _share(record, QUOTA_THROTTLED, STOPPED_SECONDS)
    if share is None or share <= STOPPED_SHARE:
        return None
    return finding(Code.QUOTA, f"a CPU quota stopped it for {show_percent(share)} of the time", record.trial_id)


def steal(record: Record) -> Finding | None:
    """The hypervisor gave the cores to others."""
    share = _share(record, STEAL, STEAL_SECONDS)
    if share is None or share <= STOPPED_SHARE:
        return None
    text = f"the hypervisor took {show_percent(share)} of the cores' time for others"
    return finding(Code.STEAL, text, record.trial_id)


def contended(record: Record) -> Finding | None:
    """A thread had to wait for a core; where the kernel does not tell, it was often pushed off one and ran little."""
    if not _values(record, RUN_DELAY):
        return _pushed_off(record)
    share = _share(record, RUN_DELAY, STOPPED_SECONDS)
    if share is None or share <= STOPPED_SHARE:
        return None
    text = f"a thread that was ready had to wait for a core for {show_percent(share)} of the time"
    return finding(Code.CONTENDED, text, record.trial_id)


def _pushed_off(record: Record) -> Finding | None:
    used, switches, window = (_value(record, m) for m in (CPU_TIME, INVOLUNTARY, WINDOW))
    if used is None or switches is None or not window:
        return None
    rate, threads = switches / window, _threads(record) or 1
    if rate <= SWITCHES_PER_SECOND or used / window > IDLE_SHARE * threads:
        return None
    text = f"it was pushed off its cores {rate:.0f} times a second and had {used / window:.2g} of {threads} cores' time"
    return finding(Code.CONTENDED, text, record.trial_id)


def threads_exceeded(record: Record) -> Finding | None:
    """More processor time than the threads given can use."""
    used, window, threads = _value(record, CPU_TIME), _value(record, WINDOW), _threads(record)
    if used is None or not window or threads is None or used / window <= BEYOND_THREADS * threads:
        return None
    text = f"it used {used / window:.2g} cores' time and was given {threads} threads"
    return finding(Code.THREADS_EXCEEDED, text, record.trial_id)


def canary_shift(record: Record) -> Finding | None:
    """The same loop took another time after the rounds than before."""
    turns = _values(record, CANARY)
    if len(turns) < 2 or min(turns) <= 0 or max(turns) / min(turns) - 1 <= CANARY_SHIFT:
        return None
    change = show_percent(turns[-1] / turns[0] - 1, signed=True)
    text = f"a fixed loop took {change} after the timed rounds against before them"
    return finding(Code.CANARY_SHIFT, text, record.trial_id)


def energy_window(record: Record) -> Finding | None:
    """The window was too short for the energy counter, or one step of it is too large a part of the energy."""
    reasons = [m.missing for m in record.measurements if m.metric.id == STEP_ENERGY.id and m.missing]
    short = next((r for r in reasons if r.startswith(("the window lasted", "the window held"))), None)
    if short is not None:
        return finding(Code.ENERGY_WINDOW, short, record.trial_id)
    steps = [v for m in record.measurements if m.metric.id.endswith("energy_step") for v in m.values]
    if not steps or max(steps) <= ENERGY_STEP_SHARE:
        return None
    text = f"one step of the counter is {show_percent(max(steps))} of the window's energy"
    return finding(Code.ENERGY_WINDOW, text, record.trial_id)


def monitor(record: Record) -> Finding | None:
    """The harness's own processes took a noticeable part of a core while the child was timed."""
    share = max(_share(record, metric, MONITOR_SECONDS) or 0.0 for metric in (HARNESS_CPU, SAMPLER_CPU))
    if share <= MONITOR_SHARE:
        return None
    text = f"the harness itself used {show_percent(share)} of a core while this was timed"
    return finding(Code.MONITOR, text, record.trial_id)


def cold_pages(record: Record) -> Finding | None:
    """A need whose process read from disk what was to be in the page cache: those pages were charged to it."""
    read = sum(v for m in record.measurements if m.metric.id == READ_FROM_DISK.id for v in m.values)
    peak = record.find(TREE_PEAK.id, "trial") or record.find(PROCESS_PEAK.id)
    whole = max(peak.values, default=0.0) if peak is not None else 0.0
    held = [v for m in record.measurements if m.metric.id == TREE_FILE.id for v in m.values]
    faults, slack = record.usage.major_faults or 0, max(COLD_BYTES, COLD_SHARE * whole)
    charged = (
        max(held, default=read) > slack
    )  # what passes the page cache by, or is another group's, is not in the need
    if (read <= slack or not charged) and faults < COLD_FAULTS:
        return None
    text = f"it read {show_bytes(read)} from disk, with {faults} page faults: the need has pages in it that were cold"
    return finding(Code.COLD_PAGES, text, record.trial_id)


_TIMING: tuple[Analyser, ...] = (too_few_samples, not_steady, drift, two_kinds_of_steps)
_ENERGY: tuple[Analyser, ...] = (energy_window,)
_MACHINE: tuple[Analyser, ...] = (
    clock_jump,
    clock_change,
    throttled,
    quota,
    steal,
    contended,
    threads_exceeded,
    canary_shift,
    monitor,
)


_OF_HEAT: frozenset[Analyser] = frozenset({drift, not_steady, canary_shift, clock_change, throttled})
"""What a sustained load is there to show: no reason against its figures."""


def _rounds(record: Record) -> tuple[float, ...]:
    return _values(record, LATENCY)


def _values(record: Record, metric: Metric) -> tuple[float, ...]:
    found = record.find(metric.id, "timed")
    return found.values if found else ()


def _value(record: Record, metric: Metric) -> float | None:
    values = _values(record, metric)
    return values[0] if values else None


def _share(record: Record, metric: Metric, least_seconds: float) -> float | None:
    """A time (s) as a share of the window; None where it is not known, 0 below ``least_seconds``."""
    seconds, window = _value(record, metric), _value(record, WINDOW)
    if seconds is None or window is None or window <= 0:
        return None
    return seconds / window if seconds > least_seconds else 0.0


def _threads(record: Record) -> int | None:
    said = record.facts.get("threads", "")
    return record.trial.limits.threads or (int(said) if said.isdigit() else None)


def _error(first: Sequence[float], last: Sequence[float]) -> float:
    """Standard error of the difference of the medians, from the scatter within each."""
    return math.hypot(_error_of_median(first), _error_of_median(last))


def _error_of_median(part: Sequence[float]) -> float:
    middle = median(part)
    return _SPREAD * median([abs(t - middle) for t in part]) / math.sqrt(len(part))
