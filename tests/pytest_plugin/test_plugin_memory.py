"""Memory that is known beforehand, through unmodified tests and the file that pytest-benchmark saves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Project

pytestmark = pytest.mark.slow

MIB = 1 << 20
KNOWN = """
import pytest

def written(mib):
    return bytearray(b"\\x01") * (mib << 20)

@pytest.mark.parametrize("mib", [2, 8, 31, 64])
def test_returned(benchmark, mib):
    assert len(benchmark(written, mib)) == mib << 20

@pytest.mark.parametrize("mib", [2, 8, 31, 64])
def test_freed(benchmark, mib):
    benchmark(lambda: len(written(mib)))

@pytest.mark.parametrize("mib", [8, 64])
def test_numpy(benchmark, mib):
    import numpy
    benchmark(lambda: int(numpy.ones(mib << 20, numpy.uint8).sum()))

def test_pieces(benchmark):
    benchmark(lambda: sum(len(piece) for piece in [bytearray(b"\\x01") * 65536 for _ in range(320)]))

def test_held_before(benchmark):
    held = written(48)
    benchmark(lambda: len(held))

def test_decorator(benchmark):
    @benchmark
    def result():
        return written(8)
    assert len(result) == 8 << 20

def test_setup_in_the_baseline(benchmark):
    benchmark.pedantic(len, setup=lambda: ((written(32),), {}), rounds=2)

def test_pedantic(benchmark):
    seen = []
    benchmark.pedantic(written, (16,), teardown=seen.append, rounds=2, warmup_rounds=1)
    assert seen == [16] * 4

def test_iterations(benchmark):
    benchmark.pedantic(written, args=(4,), iterations=3, rounds=2)

def test_seldom(benchmark):
    calls = []
    def now_and_then():
        calls.append(None)
        return len(written(96 if len(calls) == 2 else 4))
    benchmark.pedantic(now_and_then, rounds=4)

@pytest.mark.tierbench(extra_call=False)
def test_no_extra_call(benchmark):
    calls = []
    benchmark.pedantic(lambda: calls.append(len(written(24))), rounds=2)
    assert len(calls) == 2
"""
TRUE = {
    **{f"test_{what}[{mib}]": mib for what in ("returned", "freed") for mib in (2, 8, 31, 64)},
    "test_numpy[8]": 8,
    "test_numpy[64]": 64,
    "test_pieces": 20,
    "test_held_before": 0,
    "test_decorator": 8,
    "test_setup_in_the_baseline": 0,
    "test_pedantic": 16,
    "test_iterations": 4,
    "test_seldom": 4,
    "test_no_extra_call": 24,
}


@pytest.fixture(scope="module")
def known(make_project: Callable[[str], Project]) -> Project:
    """All of them, run once."""
    return make_project(KNOWN).run()


@pytest.mark.parametrize(("name", "mib"), TRUE.items(), ids=TRUE)
def test_the_delta_is_what_the_call_took(known: Project, name: str, mib: int) -> None:
    entry = known.entry(name)
    assert abs(entry["host_delta_bytes"] - mib * MIB) <= max(mib * MIB / 100, 2 * MIB)
    assert entry["host_delta_bytes"] == entry["host_peak_bytes"] - entry["host_baseline_bytes"]
    assert all(type(entry[f"host_{which}_bytes"]) is int for which in ("peak", "baseline", "delta"))


def test_every_test_passed_and_has_one_entry(known: Project) -> None:
    assert known.code == 0, known.said
    assert {b["name"] for b in known.saved} == set(TRUE)
    assert all(set(b["extra_info"]) == {"tierbench"} for b in known.saved)


def test_the_window_is_named(known: Project) -> None:
    assert known.entry("test_pedantic")["memory_window"] == "one call after the timed rounds"
    assert known.entry("test_no_extra_call")["memory_window"] == "all calls, timed rounds included"


def test_what_is_missing_is_none_with_a_reason(known: Project) -> None:
    for bench in known.saved:
        entry = bench["extra_info"]["tierbench"]
        assert {name for name, value in entry.items() if value is None} == set(entry["missing"])
        assert entry["missing"]["gpu_allocated_peak_bytes"] == "torch is not loaded"
        assert entry["energy_per_call_joules"] is not None or len(entry["missing"]["energy_per_call_joules"]) > 10


def test_the_table_follows_theirs(known: Project) -> None:
    theirs, ours = known.said.index("Name (time in"), known.said.index("- tierbench: memory")
    assert theirs < ours
    table = known.said[ours:].splitlines()
    assert table[1].split() == ["Name", "Peak", "Before", "Delta"]
    rows = {line.split()[0]: line for line in table[2:] if line}
    assert rows.keys() >= TRUE.keys()
    assert rows["test_no_extra_call"].endswith("MiB*")
    assert "*: over all calls" in known.said


def test_a_function_that_cannot_be_called_again_is_a_reason_and_no_failure(project: Project) -> None:
    project.write("""
def test_it(benchmark):
    left = iter(range(3))
    assert benchmark.pedantic(lambda: next(left), rounds=3) == 2
""")
    project.run()
    assert project.code == 0, project.said
    entry = project.entry()
    assert entry["host_peak_bytes"] is None
    assert entry["missing"]["host_peak_bytes"] == "the further call raised StopIteration"
    assert "-: Peak, Before, Delta: the further call raised StopIteration" in project.said


def test_torch_on_a_machine_without_a_gpu(project: Project) -> None:
    project.write("""
def test_it(benchmark):
    import torch
    benchmark(lambda: torch.ones(16 << 20, dtype=torch.uint8).numel())
""")
    entry = project.run().entry()
    assert abs(entry["host_delta_bytes"] - 16 * MIB) <= 2 * MIB
    if entry["gpu_allocated_peak_bytes"] is None:
        assert "CUDA" in entry["missing"]["gpu_allocated_peak_bytes"]


def test_a_call_that_takes_far_more_than_the_one_that_is_measured_is_told(known: Project) -> None:
    entry = known.entry("test_seldom")
    assert entry["host_delta_bytes"] < 8 * MIB
    assert entry["host_delta_all_calls_bytes"] > 90 * MIB
    assert "test_seldom: over all calls, timed rounds included, the process grew by up to " in known.said
    assert known.said.count("over all calls, timed rounds included, the process grew") == 1
    assert "host_delta_all_calls_bytes" not in known.entry("test_no_extra_call")
