"""What a scenario asks of a case, in MLPerf's words and with its numbers: percentile, queries, samples, time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from harness.errors import UnknownName, UserError, refuse_outside
from harness.model.case import WorkloadRef
from harness.model.load import SCENARIOS, Load
from harness.stats.early_stopping import least_queries

if TYPE_CHECKING:
    from harness.plan import Settings

SAMPLES_PER_QUERY = 8
"""Of multi stream, in MLPerf's rules."""
PERCENTILES = {"single_stream": 0.9, "multi_stream": 0.99, "server": 0.99}
"""Scenario -> the percentile that MLPerf reports, or that must keep the deadline; offline has none."""
MOST_QPS = 1e6
"""Arrivals are drawn one by one, and no step is so short."""
LEAST_TRY_SECONDS = 2.0
"""Of arrivals, for a try of a rate."""
LONGEST_SECONDS, LONGEST_QUICK_SECONDS = 300.0, 60.0


def under(
    settings: Settings,
    scenario: str,
    longest: float = LONGEST_SECONDS,
    *,
    deadline: float | None = None,
    target_qps: float | None = None,
    percentile: float | None = None,
) -> Settings:
    """``settings`` with the load of a scenario, ``server`` or ``multi-stream`` say, of at most ``longest`` seconds.

    ``deadline`` is in seconds, ``percentile`` a fraction. Raises UserError for what belongs to another scenario.
    """
    name = scenario.replace("-", "_")
    if name not in SCENARIOS:
        raise UnknownName("scenario", scenario, list(SCENARIOS))
    refuse_outside("deadline", deadline, 1e-6, 86400, "seconds")
    refuse_outside("target_qps", target_qps, 1e-4, MOST_QPS, "queries a second")
    refuse_outside("percentile", percentile, 0.5, 0.9999, "a share of the queries")
    refuse_outside("budget", longest, 0.001, 7 * 86400, "seconds")
    _belongs(name, deadline, target_qps, percentile)
    share = percentile or PERCENTILES.get(name, Load().target_latency_percentile)
    load = Load(
        target_latency_percentile=share,
        target_latency=deadline,
        target_qps=target_qps,
        samples_per_query=SAMPLES_PER_QUERY if name == "multi_stream" else 1,
        min_query_count=least_queries(1, share) if name in PERCENTILES else 1,
        min_duration=LEAST_TRY_SECONDS if name == "server" else settings.timing.budget_seconds,
        max_duration=longest,
    )
    return replace(settings, scenario=name, load=load)


def longest(scenario: str, budget: float | None, quick: bool) -> float:
    """Seconds that a scenario may take in one process. A ``budget`` (s) is that of all of a search."""
    if budget is not None and scenario == "server":
        return budget
    return LONGEST_QUICK_SECONDS if quick else LONGEST_SECONDS


def of(load: Load | None, scenario: str, workload: WorkloadRef) -> Load | None:
    """The load of one workload: a server without a deadline of its own keeps the workload's. Raises UserError."""
    if load is None or scenario != "server" or load.target_latency is not None:
        return load
    if workload.deadline_seconds is None:
        hint = "give one, such as --deadline 50ms"
        raise UserError(f"{workload.id} has no deadline for the server scenario to keep", hint=hint)
    return replace(load, target_latency=workload.deadline_seconds)


def why_not(scenario: str, workload: WorkloadRef) -> str | None:
    """Why a workload has no place in a scenario, None where it has."""
    if scenario == "server" and workload.samples > 1:
        return f"a query of the server scenario is one sample, and a step of this takes {workload.samples}"
    return None


def _belongs(scenario: str, deadline: float | None, target_qps: float | None, percentile: float | None) -> None:
    for name, given in (("--deadline", deadline), ("--target-qps", target_qps)):
        if given is not None and scenario != "server":
            raise UserError(f"{name} is about the server scenario", hint="give --scenario server")
    if percentile is not None and scenario == "offline":
        raise UserError("--percentile says nothing of the offline scenario, which reports samples a second")
