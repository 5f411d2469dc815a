"""Two runs side by side, on made records: verdicts, refusals, transitions of fit."""

from __future__ import annotations

import math
import random

import pytest
from builders import manifest, plan_of, trial
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from harness.checks.codes import Code
from harness.compare import compare
from harness.compare.fit import fit_verdict
from harness.model.case import Limits
from harness.model.measure import ELAPSED, GPU_RESERVED, LATENCY, TIMED_STEPS, TREE_PEAK, Finding, Measurement
from harness.model.outcome import DoesNotFit, Failed, Ok, Thrashes, Unsupported
from harness.model.own import Input, Own
from harness.model.record import Enforced, Record, Run

MIB = 1 << 20
FULL = DoesNotFit(512 * MIB, 512 * MIB, "killed")


def timing(name: str, seconds: float, replicate: int, started: str = "2026-01-01T00:00:00") -> Record:
    of = trial(name, "timing", replicate)
    values = tuple(seconds * f for f in (0.99, 1.0, 1.01))
    return Record(of.id, of, Ok(), started, 1.0, (Measurement(LATENCY, "timed", "measured", values),))


def need(name: str, peak: float, replicate: int) -> Record:
    of = trial(name, "need", replicate)
    return Record(of.id, of, Ok(), "2026-01-01T00:00:00", 1.0, (Measurement(TREE_PEAK, "trial", "measured", (peak,)),))


def run(*records: Record) -> Run:
    return Run(manifest(plan_of(*(r.trial for r in records))), records)


def noisy(level: float, seed: int, name: str = "a", processes: int = 5, noise: float = 0.01) -> Run:
    chance = random.Random(seed)
    return run(*(timing(name, level * math.exp(chance.gauss(0, noise)), i) for i in range(processes)))


def row(result, metric: str = "latency"):
    return next(r for r in result.rows if r.metric == metric)


@pytest.mark.parametrize(
    ("factor", "verdict", "words"),
    [(1.3, "regressed", "slower"), (1.0, "no_change", "no change detected"), (0.7, "improved", "faster")],
)
def test_a_change_is_called_by_its_name(factor, verdict, words):
    found = row(compare(noisy(0.01, 1), noisy(0.01 * factor, 2)))
    assert (found.verdict, found.words) == (verdict, words)
    assert found.low < factor < found.high
    assert found.ratio == pytest.approx(found.candidate / found.baseline, rel=0.02)


def test_a_change_below_what_matters_is_none():
    assert row(compare(noisy(0.01, 1, noise=0.001), noisy(0.0103, 2, noise=0.001))).verdict == "no_change"


def stalling(every: int, replicate: int) -> Record:
    """10 ms a step, and 50 ms every so many steps; 0: never."""
    times = tuple(0.05 if every and k % every == 0 else 0.01 + replicate * 1e-6 for k in range(100))
    found = (
        Measurement(LATENCY, "timed", "measured", times),
        Measurement(TIMED_STEPS, "timed", "measured", (100.0,)),
        Measurement(ELAPSED, "timed", "measured", (math.fsum(times),)),
    )
    return replace(timing("a", 0.01, replicate), measurements=found, items=4.0)


def test_a_step_that_begins_to_stall_is_a_regression_though_its_median_is_the_same():
    result = compare(*(run(*(stalling(every, k) for k in range(5))) for every in (0, 10)))
    assert row(result).verdict == "no_change"
    found = row(result, "throughput")
    assert (found.verdict, found.words, found.unit) == ("regressed", "slower", "items/s")
    assert found.baseline == pytest.approx(400.0, rel=0.01)
    assert found.candidate == pytest.approx(400.0 / 1.4, rel=0.01)


def test_throughput_is_not_compared_where_the_workload_does_not_say_what_a_step_processes():
    assert "throughput" not in {r.metric for r in compare(noisy(0.01, 1), noisy(0.01, 2)).rows}


def test_one_process_is_inconclusive_and_says_what_to_do():
    found = row(compare(noisy(0.01, 1, processes=1), noisy(0.02, 2, processes=1)))
    assert found.verdict == "inconclusive"
    assert "--processes 5" in found.reason


def test_noise_that_could_hide_a_change_is_inconclusive():
    found = row(compare(noisy(0.01, 1, processes=3, noise=0.3), noisy(0.01, 2, processes=3, noise=0.3)))
    assert found.verdict == "inconclusive"
    assert "too wide" in found.reason


def test_processes_run_in_turn_are_paired_and_those_that_are_not_are_not():
    def at(level, seconds):
        return run(*(timing("a", level, i, f"2026-01-01T00:00:{s:02}") for i, s in enumerate(seconds)))

    assert row(compare(at(1, (0, 3, 4)), at(1, (1, 2, 5)))).method.startswith("paired")
    assert row(compare(at(1, (0, 1, 2)), at(1, (3, 4, 5)))).method.startswith("Welch")


def test_a_process_that_failed_has_no_part_in_the_pairs():
    def side(levels, seconds):
        starts = (f"2026-01-01T00:00:{s:02}" for s in seconds)
        first, second, *rest = (timing("a", level, i, next(starts)) for i, level in enumerate(levels))
        return [first, replace(second, outcome=Failed("no", "timed"), measurements=()), *rest]

    a = run(*side((1, 9, 2, 3), (0, 2, 4, 6)))
    b = run(*side((1, 9, 2, 3), (1, 3, 5, 7)))
    found = row(compare(a, b))
    assert found.method.startswith("paired")
    assert (found.ratio, found.low, found.high) == (1, 1, 1), "1 with 1, 2 with 2, 3 with 3"
    assert (found.baseline_processes, found.candidate_processes) == (3, 3)


def test_pairs_are_made_in_the_order_of_their_starts_however_the_records_lie():
    a = run(timing("a", 1, 0, "2026-01-01T00:00:00"), timing("a", 2, 1, "2026-01-01T00:00:02"))
    b = run(timing("a", 2, 1, "2026-01-01T00:00:03"), timing("a", 1, 0, "2026-01-01T00:00:01"))
    assert (row(compare(a, b)).low, row(compare(a, b)).high) == (1, 1)


def test_a_figure_of_0_has_no_ratio_and_says_so():
    a, b = noisy(0.01, 1), run(*(timing("a", 0, i) for i in range(5)))
    found = row(compare(a, b))
    assert (found.verdict, found.ratio) == ("inconclusive", None)
    assert "no ratio" in found.reason


def test_the_sides_are_named_with_their_commit():
    a, b = noisy(0.01, 1), noisy(0.01, 2)
    made = replace(b.manifest.environment, git_commit="0123456789abcdef", git_dirty=True)
    result = compare(a, replace(b, manifest=replace(b.manifest, run_id="b-run", environment=made)))
    assert (result.baseline.run_id, result.baseline.commit) == ("a-run", None)
    assert (result.candidate.run_id, result.candidate.commit, result.candidate.dirty) == (
        "b-run",
        "0123456789abcdef",
        True,
    )


def test_gpu_memory_is_compared_by_its_highest_stage():
    def reserved(*stages):
        of = trial("a", "need")
        found = [
            Measurement(GPU_RESERVED, stage, "measured", (peak * MIB,))
            for stage, peak in zip(("warm-up", "timed"), stages, strict=True)
        ]
        records = [Record(f"need:{i}", replace(of, replicate=i), Ok(), "now", 1.0, tuple(found)) for i in range(5)]
        return run(*records)

    found = row(compare(reserved(600, 500), reserved(800, 500)), "gpu_reserved_peak")
    assert (found.verdict, found.words) == ("regressed", "needs more memory")
    assert (found.baseline, found.candidate) == (600 * MIB, 800 * MIB)


def test_memory_has_its_own_threshold_with_a_floor_in_bytes():
    small = run(*(need("a", 50 * MIB + i, i) for i in range(5)))
    grown = run(*(need("a", 53 * MIB + i, i) for i in range(5)))
    assert row(compare(small, grown), "tree_peak").verdict == "no_change"
    large = run(*(need("a", 500 * MIB + i, i) for i in range(5)))
    larger = run(*(need("a", 530 * MIB + i, i) for i in range(5)))
    found = row(compare(large, larger), "tree_peak")
    assert (found.verdict, found.words) == ("regressed", "needs more memory")


def test_a_noise_floor_of_the_machine_raises_the_threshold():
    a, b = noisy(0.01, 1), noisy(0.013, 2)
    found = row(compare(a, b, floors={"latency": 0.5}))
    assert (found.verdict, found.threshold, found.floor) == ("no_change", 0.5, 0.5)
    assert row(compare(a, b)).floor is None


def test_another_machine_is_refused_and_can_be_insisted_on():
    a, b = noisy(0.01, 1), noisy(0.013, 2)
    other = replace(b.manifest.environment, fingerprint="other", cpu="Another CPU")
    b = replace(b, manifest=replace(b.manifest, environment=other))
    result = compare(a, b)
    assert not result.comparable
    assert "processor A CPU and Another CPU" in result.refused[0]
    assert row(compare(a, b, insist=True)).verdict == "regressed"


def test_a_changed_library_is_named():
    a, b = noisy(0.01, 1), noisy(0.01, 2)
    b = replace(
        b, manifest=replace(b.manifest, environment=replace(b.manifest.environment, packages={"torch": "2.14"}))
    )
    assert compare(a, b).refused == ("library versions changed: torch 2.13.0 -> 2.14",)


def board(outcome, limit=512 * MIB) -> Run:
    of = replace(trial("a", "ceiling", limits=Limits(memory_bytes=limit)), case=replace(trial("a").case, profile="b"))
    enforced = (Enforced("memory", limit, limit, "cgroup1"),)
    return run(Record(of.id, of, outcome, "2026-01-01T00:00:00", 1.0, enforced=enforced))


@pytest.mark.parametrize("worse", [DoesNotFit(512 * MIB, 512 * MIB, "killed"), Thrashes(512 * MIB, 9000)])
def test_from_fits_to_does_not_fit_is_always_a_regression(worse):
    assert row(compare(board(Ok()), board(worse)), "fit").verdict == "regressed"
    assert row(compare(board(worse), board(Ok())), "fit").verdict == "improved"
    assert row(compare(board(worse), board(worse)), "fit").verdict == "no_change"


@pytest.mark.parametrize(
    ("was", "now", "verdict", "words", "reason"),
    [
        (Ok(), FULL, "regressed", "ran before, does not fit now", ""),
        (FULL, Ok(), "improved", "did not fit before, runs now", ""),
        (Thrashes(1, 9), FULL, "regressed", "thrashed before, does not fit now", ""),
        (FULL, Thrashes(1, 9), "improved", "did not fit before, thrashes now", ""),
        (FULL, Failed("no", "load"), "inconclusive", "inconclusive", "did not fit before, fails now"),
        (Ok(), Failed("no", "load"), "regressed", "ran before, fails now", ""),
        (Ok(), Unsupported("x"), "inconclusive", "inconclusive", "tried only in the baseline; in the candidate: x"),
        (None, Ok(), "inconclusive", "inconclusive", "tried only in the candidate; in the baseline: not run yet"),
        (None, Unsupported("no GPU"), "inconclusive", "inconclusive", "tried in neither run: no GPU"),
    ],
)  # fmt: skip
def test_how_a_case_ended_is_said_of_both_runs(was, now, verdict, words, reason):
    assert fit_verdict(was, now) == (verdict, words, reason)


def test_a_changed_limit_is_not_comparable():
    found = row(compare(board(Ok()), board(Ok(), 256 * MIB)), "fit")
    assert found.verdict == "not_comparable"
    assert "512 MiB and 256 MiB" in found.reason


def test_a_limit_that_the_kernel_rounded_to_pages_is_the_same_limit():
    asked, given = 7_267_889_971, 7_267_889_152
    found = row(compare(board(Ok(), asked), board(DoesNotFit(given, given, "killed"), asked)), "fit")
    assert found.verdict == "regressed"


def test_a_changed_workload_is_not_comparable():
    a, b = noisy(0.01, 1), noisy(0.02, 2)
    records = tuple(
        replace(
            r, trial=replace(r.trial, case=replace(r.trial.case, workload=replace(r.trial.case.workload, version=2)))
        )
        for r in b.records
    )
    found = row(compare(a, run(*records)))
    assert found.verdict == "not_comparable"
    assert "version 1 and version 2" in found.reason


def _of_model(of: Run, own: Own) -> Run:
    """The run as if it had been of a model of the user's own."""

    def changed(r: Record) -> Record:
        workload = replace(r.trial.case.workload, own=own)
        return replace(r, trial=replace(r.trial, case=replace(r.trial.case, workload=workload)))

    return run(*map(changed, of.records))


def test_two_models_of_one_name_are_not_comparable():
    own = Own("onnx", "/models/net.onnx", "1" * 64, inputs=(Input("x", (1, 3), "float32"),))
    before = _of_model(noisy(0.01, 1), own)
    assert row(compare(before, _of_model(noisy(0.01, 2), own))).verdict == "no_change"
    found = row(compare(before, _of_model(noisy(0.01, 2), replace(own, sha256="2" * 64))))
    assert found.verdict == "not_comparable"
    assert found.reason == "the model changed: /models/net.onnx had sha256 111111111111, and now 222222222222"
    found = row(compare(before, _of_model(noisy(0.01, 2), replace(own, inputs=(Input("x", (2, 3), "float32"),)))))
    assert found.reason == "the inputs changed: x=1x3:float32 and x=2x3:float32"


def test_cases_of_one_run_only_are_named():
    result = compare(noisy(0.01, 1, "a"), noisy(0.01, 1, "b"))
    assert result.rows == ()
    assert len(result.notes) == 2


def test_trials_whose_figures_do_not_hold_are_told_of():
    busy = Finding("warning", Code.CONTENDED, "another process used the machine")
    a, b = noisy(0.01, 1), noisy(0.01, 2)
    first, *rest = b.records
    result = compare(a, replace(b, records=(replace(first, findings=(busy,)), *rest)))
    assert any(
        note.startswith("1 of ") and note.endswith(f"candidate are not valid: {busy.code}") for note in result.notes
    )
    assert not any("baseline are not valid" in note for note in result.notes)


def test_equal_code_is_seldom_called_changed():
    called = 0
    for seed in range(200):
        result = compare(noisy(0.01, seed, noise=0.03), noisy(0.01, 10_000 + seed, noise=0.03))
        called += row(result).verdict in {"regressed", "improved"}
    assert called <= 4


def test_many_comparisons_of_equal_code_raise_hardly_an_alarm():
    def many(offset):
        chance = random.Random(offset)
        names = [f"w{i}" for i in range(60)]
        return run(*(timing(n, 0.01 * math.exp(chance.gauss(0, 0.05)), i) for n in names for i in range(5)))

    assert len(compare(many(1), many(2)).regressed) == 0


@given(st.floats(1e-6, 1e3), st.floats(0.2, 5.0))
def test_swapping_the_sides_turns_the_ratio_round(level, factor):
    a, b = noisy(level, 1), noisy(level * factor, 2)
    there, back = row(compare(a, b)), row(compare(b, a))
    assert there.ratio * back.ratio == pytest.approx(1)
    opposite = {"regressed": "improved", "improved": "regressed"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)
