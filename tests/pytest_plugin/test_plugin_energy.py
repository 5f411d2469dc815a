"""Energy per call under a meter of known power, which stands where RAPL or NVML would."""

from __future__ import annotations

import time

import pytest

from harness import meters
from harness.meters.counter import Reading, measurements
from harness.meters.rapl import METRICS
from harness.pytest_plugin import energy
from harness.pytest_plugin.entry import Call, Entry

WATTS = 7.0


class Steady:
    """A package that draws the same power at all times."""

    id = "steady"
    roles = frozenset({"energy"})
    devices = frozenset({"cpu", "gpu"})
    metrics = METRICS

    def __init__(self, reason: str | None = None, missing: str | None = None) -> None:
        self.reason, self.missing, self.windows, self._began = reason, missing, 0, 0

    def available(self) -> str | None:
        return self.reason

    def begin(self) -> None:
        self.windows += 1
        self._began = time.perf_counter_ns()

    def end(self, stage):
        seconds = (time.perf_counter_ns() - self._began) / 1e9
        joules = None if self.missing else WATTS * seconds
        return measurements(Reading(joules, seconds, 0.001, 1.0, self.missing), stage, self.metrics)


@pytest.fixture
def steady(monkeypatch):
    """Make a meter the only one there is, and windows short."""

    def make(**given: str | None) -> Steady:
        meter = Steady(**given)
        monkeypatch.setattr(meters, "for_role", lambda role, device: [meter])
        monkeypatch.setattr(energy, "WINDOW_SECONDS", 0.05)
        monkeypatch.setattr(energy, "MIN_SECONDS", 0.04)
        energy._meter.cache_clear()
        return meter

    yield make
    energy._meter.cache_clear()


def _put(call: Call, asked: bool, seconds: float | None) -> Entry:
    entry = Entry()
    energy.put(entry, call, asked, seconds)
    return entry


def _milliseconds(count: int) -> None:
    until = time.perf_counter_ns() + count * 1_000_000
    while time.perf_counter_ns() < until:
        pass


def test_a_short_call_is_repeated_where_it_is_asked_for(steady) -> None:
    steady()
    calls: list[int] = []
    figures = _put(Call(lambda: calls.append(_milliseconds(2) or 1)), asked=True, seconds=0.002).figures
    assert figures["energy_calls"] == len(calls) > 1
    assert figures["energy_per_call_joules"] * len(calls) >= WATTS * 0.05
    assert figures["power_watts"] == pytest.approx(WATTS)
    assert (figures["energy_meter"], figures["energy_scope"]) == ("steady", "package")


def test_a_long_call_is_measured_once_and_unasked(steady) -> None:
    meter, calls = steady(), []
    entry = _put(Call(calls.append, (1,)), asked=False, seconds=0.05)
    assert (len(calls), meter.windows, entry.figures["energy_calls"]) == (1, 1, 1)
    assert not entry.missing


@pytest.mark.parametrize(
    ("given", "asked", "setup", "reason"),
    [
        ({}, False, None, "--tierbench-energy repeats it"),
        ({}, True, lambda: None, "its setup or teardown forbids"),
        ({"reason": "no counters here"}, True, None, "steady: no counters here"),
        ({"missing": "the counter did not move"}, True, None, "the counter did not move"),
    ],
    ids=["not asked for", "setup", "no meter", "no reading"],
)
def test_missing_energy_says_why(steady, given, asked, setup, reason) -> None:
    steady(**given)
    entry = _put(Call(int, setup=setup), asked, 0.001)
    assert entry.figures["energy_per_call_joules"] is None
    assert reason in entry.missing["energy_per_call_joules"]


def test_a_function_that_raises_within_the_window_is_a_reason(steady) -> None:
    steady()
    entry = _put(Call({}.__getitem__, ("none",)), asked=True, seconds=0.001)
    assert entry.missing["energy_per_call_joules"] == "the further call raised KeyError: 'none'"


def test_a_slow_sensor_gets_the_window_that_it_needs(steady) -> None:
    meter, calls = steady(), []
    meter.window_seconds = 0.2
    assert "0.2 s" in _put(Call(int), asked=False, seconds=0.1).missing["energy_per_call_joules"]
    entry = _put(Call(lambda: calls.append(_milliseconds(20))), asked=True, seconds=0.02)
    assert entry.figures["energy_per_call_joules"] * len(calls) >= WATTS * 0.2
