"""What a run says of each case: does it fit, does it meet its deadline, and the run's verdict in words. Pure.

``gather`` joins records to cases, ``judge`` puts a state on each, ``sentence`` says it all in words.
"""

from __future__ import annotations

from harness.model.estimate import Estimate
from harness.verdict.gather import CaseFacts, Need, Work, gather, mean_step, samples, step_times, warm
from harness.verdict.judge import STATES, TRIED, Count, DeadlineState, Judged, State, counts, deadline_state, state_of
from harness.verdict.limits import (
    SLACK,
    Enforcement,
    holds_each_alone,
    lacks_swap,
    memory_limits,
    short_of_memory,
    tighter_limit,
)
from harness.verdict.sentence import article, headline, joined, runtime_name, share

__all__ = [
    "SLACK",
    "STATES",
    "TRIED",
    "CaseFacts",
    "Count",
    "DeadlineState",
    "Enforcement",
    "Estimate",
    "Judged",
    "Need",
    "State",
    "Work",
    "article",
    "counts",
    "deadline_state",
    "gather",
    "headline",
    "holds_each_alone",
    "joined",
    "lacks_swap",
    "mean_step",
    "memory_limits",
    "runtime_name",
    "samples",
    "share",
    "short_of_memory",
    "state_of",
    "step_times",
    "tighter_limit",
    "warm",
]
