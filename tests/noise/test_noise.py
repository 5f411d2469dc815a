"""The noise floor: what equal halves differ by, kept by machine, used by comparisons."""

from __future__ import annotations

import math
import random

import pytest
from builders import manifest, plan_of, trial
from msgspec.structs import replace

from harness import noise
from harness.errors import UserError
from harness.model.measure import LATENCY, Measurement
from harness.model.outcome import Ok
from harness.model.record import Record, Run


def equal(spread: float, processes: int = 10, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [0.01 * math.exp(chance.gauss(0, spread)) for _ in range(processes)]


def run(medians: list[float]) -> Run:
    records = []
    for replicate, seconds in enumerate(medians):
        of = trial("a", "timing", replicate)
        found = Measurement(LATENCY, "timed", "measured", (seconds,) * 3)
        records.append(Record(of.id, of, Ok(), "2026-01-01T00:00:00", 1.0, (found,)))
    return Run(manifest(plan_of(*(r.trial for r in records))), tuple(records))


def test_halves_of_equal_processes_stay_within_the_floor_most_of_the_time():
    within = 0
    for seed in range(400):
        floor = noise.floor_of(equal(0.02, seed=seed))
        a, b = equal(0.02, 5, 10_000 + seed), equal(0.02, 5, 20_000 + seed)
        ratio = math.exp(sum(map(math.log, b)) / 5 - sum(map(math.log, a)) / 5)
        within += max(ratio, 1 / ratio) - 1 <= floor
    assert within / 400 > 0.92


def test_the_floor_grows_with_the_spread():
    assert noise.floor_of(equal(0.05)) > 4 * noise.floor_of(equal(0.01))


def test_too_few_processes_are_refused():
    with pytest.raises(ValueError, match="at least 6"):
        noise.floor_of([1.0] * 5)
    with pytest.raises(UserError, match="at least 6 processes"):
        noise.measure(run(equal(0.01, 3)))


def test_what_is_kept_is_found_by_fingerprint(tmp_path):
    here = manifest(plan_of(trial("a"))).environment
    found = noise.measure(run(equal(0.01)))
    noise.save(found, tmp_path)
    assert noise.load(tmp_path, here) == found
    assert noise.load(tmp_path, replace(here, fingerprint="another")) is None
    assert set(found.fractions()) == {"latency", "throughput"}


def test_a_damaged_file_is_as_none(tmp_path):
    found = noise.measure(run(equal(0.01)))
    noise.save(found, tmp_path).write_text("{")
    assert noise.load(tmp_path, manifest(plan_of(trial("a"))).environment) is None


@pytest.mark.parametrize("changed", ["kernel", "python", "tierbench"])
def test_what_another_kernel_python_or_tierbench_left_is_not_taken(tmp_path, changed):
    noise.save(noise.measure(run(equal(0.01))), tmp_path)
    assert noise.load(tmp_path, replace(manifest(plan_of(trial("a"))).environment, **{changed: "9"})) is None
