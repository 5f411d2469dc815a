"""Runs of a workload under one of MLPerf's scenarios. The figures are invented, their shape is the worker's."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace
from sample_runs import Work, make_run

from harness.model.load import Load
from harness.model.measure import Measurement
from harness.model.record import Record, Run
from harness.scenarios import multi_stream, offline, server
from harness.scenarios.offline import Pass
from harness.scenarios.search import Bracket
from harness.scenarios.server import Found, Query, Try

WORK = Work("mlp", seconds=0.01, deadline=0.05)
SERVER = Load(target_latency=0.05, min_query_count=662)
MS, SECOND = 1_000_000, 1_000_000_000


def loaded(scenario: str, load: Load, *more: Sequence[Measurement], factor: float = 1.0) -> Run:
    """A run with a process for each of ``more``: what a process measured beside the time of a step."""
    run = make_run([replace_seconds(factor)], [], processes=len(more))
    cases = tuple(replace(case, scenario=scenario) for case in run.manifest.plan.cases)
    records = tuple(_under(r, scenario, load, more) for r in run.records)
    plan = replace(run.manifest.plan, cases=cases, trials=tuple(r.trial for r in records))
    return replace(run, manifest=replace(run.manifest, plan=plan), records=records)


def replace_seconds(factor: float) -> Work:
    return Work("mlp", seconds=0.01 * factor, deadline=0.05)


def _under(record: Record, scenario: str, load: Load, more: Sequence[Sequence[Measurement]]) -> Record:
    trial = replace(record.trial, case=replace(record.trial.case, scenario=scenario))
    if trial.role == "timing":
        trial = replace(trial, pace=replace(trial.pace, load=load))
        measured = (*record.measurements, *more[trial.replicate])
    else:
        measured = record.measurements
    return replace(record, trial=trial, trial_id=trial.id, measurements=measured)


def tried(rate: float, verdict, over: int, count: int = 662, longest: float = 0.04) -> Try:
    """A try whose latencies go evenly from 0 to ``longest``."""
    queries = tuple(Query(0, 0, round(longest * (k + 1) / count * SECOND)) for k in range(count))
    return Try(rate, verdict, queries, over)


def searched(kept: float | None = 60.0, missed: float | None = 63.0) -> tuple[Measurement, ...]:
    """What a process says whose search ended between two rates."""
    bracket = Bracket(0.05)
    tries = []
    if kept is not None:
        bracket.learn(kept, True)
        tries.append(tried(kept, "valid", 1))
    if missed is not None:
        bracket.learn(missed, False)
        tries.append(tried(missed, "invalid", 9, count=40))
    return server.measurements(Found(tuple(tries), bracket), SERVER)


def at_one_rate(rate: float = 20.0) -> tuple[Measurement, ...]:
    return server.measurements(Found((tried(rate, "valid", 1),)), replace(SERVER, target_qps=rate))


def queries(seconds: float, count: int = 662) -> tuple[Measurement, ...]:
    return multi_stream.measurements([(0, round(seconds * SECOND * (1 + k / 1e6))) for k in range(count)])


def batches(*rates: float) -> tuple[Measurement, ...]:
    tries = [Pass(2**k, ((0, round(2**k / rate * SECOND)),), (k + 1) << 28) for k, rate in enumerate(rates)]
    return offline.measurements(offline.Found(tuple(tries), offline.fastest(tries), ""))
