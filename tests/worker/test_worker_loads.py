"""What a scenario's timed stage comes to, and steps of another batch, with a workload of no weight."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import trial
from msgspec.structs import replace

from harness.host.files import Files
from harness.model.case import Pace, Trial
from harness.model.load import Load
from harness.worker import loads
from harness.worker.batches import Batches

PARAMETERS = {"batch": 1}


def of(scenario: str, load: Load | None, parameters=PARAMETERS) -> Trial:
    one = trial()
    work = replace(one.case.workload, parameters=parameters)
    case = replace(one.case, workload=work, scenario=scenario)
    return replace(one, case=case, pace=Pace(budget_seconds=0.02, precision=1.0, load=load))


def batches(one: Trial, **more) -> Batches:
    return Batches(one.case.workload, lambda batch: lambda: sum(range(50 * batch)), **more)


def timed(scenario: str, load: Load | None, **more):
    one = of(scenario, load, **more)
    subject = loads.Subject(lambda: sum(range(100)), one, batches(one))
    return loads.measure(subject, 1000.0, batched=True)


def named(found) -> set[str]:
    return {m.metric.id for m in found.more}


def test_single_stream_puts_short_steps_together_unless_its_percentile_was_asked_for():
    assert timed("single_stream", None).inner > 1
    assert timed("single_stream", Load(target_latency_percentile=0.9)).inner == 1


def test_multi_stream_makes_its_queries_of_as_many_steps_as_they_need():
    load = Load(samples_per_query=8, min_query_count=5)
    assert timed("multi_stream", load).inner == 8
    assert timed("multi_stream", load, parameters={"batch": 4}).inner == 2
    assert timed("multi_stream", load, parameters={"batch": 32}).inner == 1
    assert timed("multi_stream", load, parameters={}).inner == 8


def test_multi_stream_says_that_it_had_too_few_queries():
    (said,) = timed("multi_stream", Load(min_query_count=10**6, max_duration=0.01)).remarks
    assert said.startswith("the percentile needs 1000000 queries, there were")


def test_server_gives_the_steps_of_the_largest_rate_and_all_its_tries():
    load = Load(target_latency_percentile=0.5, target_latency=1.0, min_query_count=10, max_duration=5.0)
    found = timed("server", replace(load, target_qps=2000.0))
    assert found.inner == 1
    assert len(found.rounds) >= 10
    assert {"target_qps", "query_latency", "result_validity"} <= named(found)


def test_offline_tries_batches_and_keeps_the_time_of_a_step_at_its_own():
    found = timed("offline", Load(min_duration=0.01, max_duration=1.0))
    assert {"batch", "batch_rate", "samples_per_second", "best_batch", "batch_peak"} <= named(found)


def test_a_step_of_another_batch_is_built_and_stepped_once():
    taken = []
    one = of("offline", Load())
    step = Batches(one.case.workload, lambda batch: lambda: taken.append(batch)).step_at(4)
    assert callable(step)
    assert taken == [4]


@pytest.mark.parametrize("error", [MemoryError("no room"), RuntimeError("DefaultCPUAllocator: can't allocate\nmore")])
def test_a_batch_that_cannot_run_says_why_in_a_line(error):
    def build(_batch: int):
        raise error

    said = Batches(of("offline", Load()).case.workload, build).step_at(4)
    assert said == f"{type(error).__name__}: {str(error).splitlines()[0]}"


def test_no_other_batch_without_a_parameter_or_with_a_converted_model():
    assert "has no parameter 'batch'" in batches(of("offline", Load(), parameters={})).step_at(2)
    assert batches(of("offline", Load()), why_not="converted").step_at(2) == "converted"


def test_a_batch_that_might_take_more_than_is_free_is_not_tried(tmp_path: Path):
    proc = tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal: 4000000 kB\nMemAvailable: 1000000 kB\n")
    (proc / "self" / "status").write_text("VmHWM: 900000 kB\nVmRSS: 500000 kB\n")
    said = batches(of("offline", Load()), files=Files(tmp_path)).step_at(2)
    assert said == "it could need 1.24 GiB more, and 977 MiB are free"
    (proc / "self" / "status").write_text("VmHWM: 600000 kB\nVmRSS: 500000 kB\n")
    assert callable(batches(of("offline", Load()), files=Files(tmp_path)).step_at(2))
