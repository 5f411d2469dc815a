"""Every warning about a measurement: its code, whether it makes the measurement invalid, and what to do about it."""

from __future__ import annotations

from enum import StrEnum

from harness.model.measure import Finding


class Code(StrEnum):
    """What can be wrong with a measurement."""

    TOO_FEW_SAMPLES = "too-few-samples"
    NOT_STEADY = "not-steady"
    DRIFT = "drift"
    CLOCK_CHANGE = "clock-change"
    CLOCK_JUMP = "clock-jump"
    THROTTLED = "throttled"
    QUOTA = "quota-throttled"
    STEAL = "steal"
    CONTENDED = "contended"
    THREADS_EXCEEDED = "threads-exceeded"
    CANARY_SHIFT = "canary-shift"
    ENERGY_WINDOW = "energy-window-too-short"
    MONITOR = "monitor-too-costly"
    PRECISION = "precision-not-reached"
    SLOWS_DOWN = "slows-down"
    PACE_MISSED = "pace-missed"
    SLOW_START = "slow-start"
    TWO_KINDS = "two-kinds-of-steps"
    COLD_PAGES = "cold-pages"


HINTS: dict[Code, str] = {
    Code.TOO_FEW_SAMPLES: "give it a larger --budget or more --processes",
    Code.NOT_STEADY: "give it a longer warm-up, or look for what disturbs the machine with `tierbench doctor`",
    Code.DRIFT: "let the machine cool down and end other work; --sustained shows how it goes over minutes",
    Code.CLOCK_CHANGE: "fix the clock: governor `performance`, turbo off; see `tierbench doctor`",
    Code.CLOCK_JUMP: "do not suspend or migrate the machine while it measures; measure again",
    Code.THROTTLED: "improve the cooling, or quote the steady state that --sustained shows",
    Code.QUOTA: "lift the CPU quota of the container or service, or measure outside it",
    Code.STEAL: "measure on a dedicated machine, or when its other tenants are quiet",
    Code.CONTENDED: "end other programs, or give the run cores of its own with `taskset`, and measure again",
    Code.THREADS_EXCEEDED: "the workload ignores the number of threads it is given: set that of its library",
    Code.CANARY_SHIFT: "another tenant or the clock changed the machine's speed: measure again when it is quiet",
    Code.ENERGY_WINDOW: "make the energy window longer: the counter's step is too coarse for it",
    Code.MONITOR: "measure with --json or with standard error redirected to a file, so that no live display is drawn",
    Code.PRECISION: "give it a larger --budget",
    Code.SLOWS_DOWN: "the steady state is the last minutes' figure: quote that one for continuous work",
    Code.PACE_MISSED: "this host is hardly faster than the tier: end other programs, or take a faster host",
    Code.SLOW_START: "its first steps are slower than the rest, as with a compiler or a cache that fills, and warm-up "
    "did not see the end of them: give it a longer --warmup",
    Code.TWO_KINDS: "the median says nothing of the slow steps: quote the throughput, which counts them, and a "
    "percentile (--scenario single-stream); where they are not the workload's own, see `tierbench doctor`",
    Code.COLD_PAGES: "another program took the page cache, or memory is scarce: end it, and measure again",
}

REMARKS = frozenset({Code.PRECISION, Code.SLOWS_DOWN, Code.PACE_MISSED, Code.TWO_KINDS, Code.COLD_PAGES})
"""Codes that say something of a figure and leave it valid."""


def finding(code: Code, message: str, subject: str = "") -> Finding:
    """A finding of that code with its hint; one that makes a measurement invalid is a warning."""
    return Finding("info" if code in REMARKS else "warning", code.value, message, HINTS[code], subject)
