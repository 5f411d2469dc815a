"""Each analyser against a record that has the one thing wrong, and against quiet ones."""

from __future__ import annotations

import pytest
from builders import record, trial
from checks_records import QUIET, found, quiet
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness.checks import Code, analyse, analysers, validity, with_findings
from harness.checks.codes import HINTS, REMARKS
from harness.model.case import Case
from harness.model.measure import LATENCY, READ_FROM_DISK, STEP_ENERGY, TREE_PEAK, Finding, Measurement
from harness.model.memory import TREE_FILE
from harness.model.outcome import Failed
from harness.model.record import Record, Usage
from harness.model.units import MIB
from harness.stats import median


def test_a_quiet_record_has_nothing_wrong_and_is_valid():
    assert found(quiet()) == []
    assert validity(with_findings(quiet())).state == "valid"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"latency": (0.01,) * 2}, Code.TOO_FEW_SAMPLES),
        ({"latency": tuple(0.01 * (1 + k / 300) for k in range(90))}, Code.DRIFT),
        ({"latency": (0.012,) * 40 + (0.01,) * 50}, Code.DRIFT),
        ({"latency": (0.01,) * 20 + (-0.2,) + (0.01,) * 20}, Code.CLOCK_JUMP),
        ({"clock_gap": (-0.5,)}, Code.CLOCK_JUMP),
        ({"clock_gap": (3600.0,)}, Code.CLOCK_JUMP),
        ({"cpu_clock": (3.0e9, 1.8e9)}, Code.CLOCK_CHANGE),
        ({"thermal_throttles": (3.0,)}, Code.THROTTLED),
        ({"gpu_throttle_reasons": (4.0, 8.0 + 4)}, Code.THROTTLED),
        ({"quota_throttled": (0.1,)}, Code.QUOTA),
        ({"steal": (0.05,)}, Code.STEAL),
        ({"run_delay": (0.03,)}, Code.CONTENDED),
        ({"run_delay": (), "involuntary_switches": (200.0,), "cpu_time": (0.4,)}, Code.CONTENDED),
        ({"cpu_time": (3.6,)}, Code.THREADS_EXCEEDED),
        ({"canary": (8e-9, 9.1e-9)}, Code.CANARY_SHIFT),
        ({"canary": (12e-9, 8e-9)}, Code.CANARY_SHIFT),
        ({"harness_cpu": (0.05,)}, Code.MONITOR),
        ({"sampler_cpu": (0.05,)}, Code.MONITOR),
    ],
)
def test_each_disturbance_is_found_with_what_to_do(changed, code):
    record = with_findings(quiet(**changed))
    assert [f.code for f in record.findings] == [code]
    assert record.findings[0].hint == HINTS[code]
    assert record.findings[0].subject == record.trial_id
    assert validity(record).state == "invalid"
    assert validity(record).codes == (code,)


def test_steps_of_two_kinds_are_a_remark_and_a_slow_start_is_not_valid():
    stalls = with_findings(quiet(latency=tuple(0.04 if k % 10 == 9 else 0.002 for k in range(86))))
    (remark,) = stalls.findings
    assert (remark.code, remark.level, remark.hint) == (Code.TWO_KINDS, "info", HINTS[Code.TWO_KINDS])
    assert remark.message == "step times are of two kinds: about 2 ms, and about 40 ms in 8 of 86 rounds"
    assert validity(stalls).state == "valid"
    compiled = with_findings(quiet(latency=(0.1,) * 7 + (0.01,) * 60))
    assert [f.code for f in compiled.findings] == [Code.SLOW_START]
    assert "the first 7 of 67 rounds took about 100 ms a step, the others about 10 ms" in compiled.findings[0].message
    assert validity(compiled).codes == (Code.SLOW_START,)


@pytest.mark.parametrize(
    "changed",
    [
        {"run_delay": (0.017,)},
        {"run_delay": (0.0009,), "window": (0.01,), "cpu_time": (0.009,)},  # less than one turn of the scheduler
        {"steal": (0.01,), "window": (0.1,), "cpu_time": (0.1,)},  # one tick of the counter
        {"run_delay": (), "involuntary_switches": (200.0,)},  # pushed off, yet all the time it wanted
        {"run_delay": (), "cpu_time": (0.01,)},  # a workload that waits
        {"canary": (8e-9, 8.9e-9)},
        {"cpu_clock": ()},
        {"canary": ()},
        {"gpu_throttle_reasons": (1.0, 0.0, 2.0)},  # idle, and clocks that were set
        {"latency": tuple(0.01 * (1 + 0.5 * (k * 37 % 11)) for k in range(60))},  # wild, without a trend
    ],
)
def test_what_is_within_reason_is_left_alone(changed):
    assert found(quiet(**changed)) == []


def test_a_signal_that_cannot_be_read_is_no_reason_against_a_figure():
    names = [m.id for m in QUIET if m is not LATENCY]
    assert found(quiet(**dict.fromkeys(names, ()))) == []


def test_warm_up_that_did_not_settle_counts_unless_the_rounds_did():
    remark = Finding("info", Code.NOT_STEADY, "step times had not settled when warm-up ended")
    settled = with_findings(replace(quiet(), findings=(remark,)))
    assert validity(settled).state == "valid"
    assert settled.findings == (remark,)
    rising = tuple(0.01 * 1.04**k for k in range(12))
    record = with_findings(replace(quiet(latency=rising), findings=(remark,)))
    assert validity(record).codes == (Code.NOT_STEADY, Code.DRIFT)
    assert remark not in record.findings


def test_a_sustained_load_may_slow_down():
    hot = {"canary": (8e-9, 12e-9), "cpu_clock": (3e9, 2e9), "thermal_throttles": (9.0,)}
    record = quiet(latency=tuple(0.01 * (1 + k / 100) for k in range(90)), **hot)
    case: Case = replace(record.trial.case, scenario="sustained")
    assert found(replace(record, trial=replace(record.trial, case=case))) == []
    contended = quiet(run_delay=(0.5,))
    assert found(replace(contended, trial=replace(contended.trial, case=case))) == [Code.CONTENDED]


def test_an_energy_window_that_was_too_short():
    energy = Measurement(STEP_ENERGY, "timed", "measured", missing="the window lasted 1.20 s; an energy needs 5 s")
    record = replace(quiet("energy"), measurements=(energy,))
    assert found(record) == [Code.ENERGY_WINDOW]
    assert found(quiet("energy", package_energy_step=(0.05,))) == [Code.ENERGY_WINDOW]
    assert found(quiet("energy", package_energy_step=(0.005,))) == []


@pytest.mark.parametrize("role", ["need", "ceiling", "gate"])
def test_memory_is_not_judged_by_time(role):
    record = with_findings(quiet(role, run_delay=(0.8,)))
    assert record.findings == ()
    assert validity(replace(record, measurements=())).state == "not_judged"


def test_what_failed_is_not_judged():
    record = replace(quiet(run_delay=(0.8,)), outcome=Failed("x", "timed"), measurements=())
    assert analyse(record) == ()
    assert validity(record).state == "not_judged"


def test_forty_samples_with_p99_asked_are_invalid_and_with_the_median_are_not():
    record = with_findings(quiet(latency=(0.01,) * 40))
    assert validity(record).state == "valid"
    assert validity(record, percentiles=(50,)).state == "valid"
    asked = validity(record, percentiles=(50, 99))
    assert asked.state == "invalid"
    assert asked.reasons[0].message == "p99 needs 662 samples, there are 40"


def test_every_code_has_a_hint_and_is_known_once():
    assert set(HINTS) == set(Code)
    assert set(Code) > REMARKS
    assert all(hint and hint[0].islower() for hint in HINTS.values())


positive = st.floats(1e-6, 1e3)


@given(delay=st.floats(0, 10), window=st.floats(0.1, 10))
def test_contended_exactly_beyond_two_percent(delay, window):
    verdict = Code.CONTENDED in found(quiet(run_delay=(delay,), window=(window,), cpu_time=(0.0,)))
    assert verdict == (delay / window > 0.02)


@given(before=st.floats(1e-9, 1e-7), ratio=st.floats(0.5, 2))
def test_a_canary_shift_counts_alike_both_ways(before, ratio):
    pair = (before, before * ratio)
    assert found(quiet(canary=pair)) == found(quiet(canary=pair[::-1]))


@given(rounds=st.lists(positive, min_size=3, max_size=60), scale=st.floats(0.01, 100))
def test_the_unit_of_time_does_not_change_the_verdict_on_drift(rounds, scale):
    one, other = (tuple(rounds), tuple(r * scale for r in rounds))
    first, last = sorted(one[: len(one) // 3]), sorted(one[-(len(one) // 3) :])
    near = abs(abs(last[len(last) // 2] - first[len(first) // 2]) - 0.05 * first[len(first) // 2]) < 1e-6 * max(one)
    assert near or found(quiet(latency=one)) == found(quiet(latency=other))


@given(
    st.dictionaries(
        st.sampled_from(["run_delay", "steal", "cpu_time", "window", "canary", "cpu_clock", "latency"]),
        st.lists(positive, max_size=4).map(tuple),
    )
)
def test_no_record_whatever_is_too_odd_to_be_judged(changed):
    record = with_findings(quiet(**changed))
    assert validity(record).state in {"valid", "invalid"}
    assert with_findings(record).findings == record.findings


def test_the_work_of_judging_a_record_grows_no_faster_than_its_rounds(monkeypatch):
    looks = []
    monkeypatch.setattr(analysers, "median", lambda values: looks.append(len(values)) or median(values))
    analyse(quiet(latency=tuple(0.01 + 1e-5 * (k % 7) for k in range(3000))))
    assert sum(looks) <= 3 * 3000


def need(read: float, faults: int = 0, held: float | None = None) -> Record:
    stages = (("load", read), ("warm-up", 0.0))
    found = [Measurement(READ_FROM_DISK, stage, "measured", (value,)) for stage, value in stages]
    found += [Measurement(TREE_PEAK, "trial", "measured", (130.0 * MIB,))]
    found += [] if held is None else [Measurement(TREE_FILE, "load", "measured", (held,))]
    return replace(record(trial(role="need")), measurements=tuple(found), usage=Usage(major_faults=faults))


@pytest.mark.parametrize(
    ("of", "cold"),
    [
        (need(0.0), False),
        (need(1.9 * MIB, faults=63), False),
        (need(38 * MIB), True),
        (need(38 * MIB, held=38 * MIB), True),
        (need(38 * MIB, held=0.1 * MIB), False),
        (need(0.0, faults=64), True),
    ],
)
def test_a_need_with_pages_that_were_cold_says_so_and_stays_a_figure(of, cold):
    record = with_findings(of)
    assert [f.code for f in record.findings] == [Code.COLD_PAGES] * cold
    assert validity(record).state == "not_judged"
