"""Memory by layer among a workload's figures."""

from __future__ import annotations

import pytest
from builders import manifest, plan_of, trial

from harness.model.measure import ANONYMOUS, TREE_PEAK, Measurement
from harness.model.memory import (
    ALLOCATOR_FREE,
    ALLOCATOR_USED,
    COMPOSITION_PEAK,
    FRAMEWORK,
    PARTS,
    REMAINDER,
    TREE_ANONYMOUS,
    TREE_FILE,
)
from harness.model.outcome import Ok
from harness.model.record import Record, Run
from harness.view import build

MIB = 1 << 20


def record(role, replicate, stage, **sizes):
    metrics = {m.id: m for m in (ANONYMOUS, TREE_PEAK, ALLOCATOR_FREE, ALLOCATOR_USED, TREE_ANONYMOUS, TREE_FILE)}
    metrics |= {m.id: m for m in (*PARTS, FRAMEWORK, REMAINDER, COMPOSITION_PEAK)}
    of = trial(role=role, replicate=replicate)
    found = [Measurement(metrics[k], stage, "measured", (v * MIB,)) for k, v in sizes.items()]
    whole = Measurement(TREE_PEAK, "trial", "measured", (sizes.get("tree_peak", 1) * MIB,))
    return Record(of.id, of, Ok(), "2026-01-01T00:00:00", 1.0, (*found, whole))


NEED = {"tree_peak": 320, "tree_anonymous": 290, "tree_file": 10, "anonymous": 290}
MALLOC = {"allocator_used": 200, "allocator_free": 50}
PASS = {"weights": 14, "activations": 94, "framework": 360, "remainder": -8, "peak": 460}


@pytest.fixture
def lines():
    records = (
        record("need", 0, "timed", tree_peak=300),
        record("need", 1, "timed", **NEED, **MALLOC),
        record("gate", 0, "timed", tree_peak=250),
        record("gate", 1, "timed", tree_peak=251),
        record("composition", 0, "trial", **{f"composition_{k}": v for k, v in PASS.items()}),
    )
    run = Run(manifest(plan_of(*(r.trial for r in records))), records)
    return {line.metric: line for line in build(run).details[0].lines}


def text(lines, label):
    (figure,) = (f for f in lines[label].figures if f)
    return figure.text


def test_gate_peaks_say_how_far_apart_they_lie(lines):
    assert text(lines, "peak memory, allocator held still") == "251 MiB"
    assert "0.4 % apart" in lines["peak memory, allocator held still"].how
    assert "glibc thresholds" in lines["peak memory, allocator held still"].how


def test_gaps_are_named_and_of_one_process(lines):
    assert text(lines, "gap: freed before the end, and the kernel's own") == "20 MiB"
    assert text(lines, "gap: anonymous pages that are not malloc's") == "40 MiB"


def test_the_composition_adds_up_with_its_remainder(lines):
    assert text(lines, "composition: weights") == "14 MiB"
    assert text(lines, "composition: remainder") == "-8 MiB"
    assert text(lines, "composition: they add up to") == "460 MiB"
    assert "composition: gradients" not in lines
