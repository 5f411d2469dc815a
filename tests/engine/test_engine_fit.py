"""A try of a search waits as a ceiling trial does: a multiple of what the same work took uncapped."""

from __future__ import annotations

import pytest
from builders import manifest, plan_of, record, trial
from msgspec.structs import replace

from harness import store
from harness.engine import LEAST_PATIENCE_SECONDS, PATIENCE, Engine
from harness.engine.assemble import IMPORTED_AFTER
from harness.engine.prepared import Preparation
from harness.testing import FakeExecutor


@pytest.mark.parametrize("uncapped", ["need", "gate"])
@pytest.mark.parametrize("limited", ["fit", "ceiling"])
@pytest.mark.parametrize(("imports", "facts"), [(0.0, {}), (8.0, {IMPORTED_AFTER: "8.000"})])
@pytest.mark.parametrize(("took", "waits"), [(30.0, PATIENCE * 30), (0.5, LEAST_PATIENCE_SECONDS)])
def test_it_waits_for_a_multiple_of_the_uncapped_time(tmp_path, uncapped, limited, took, waits, imports, facts):
    """Both from when its libraries are imported, and never so briefly that reading a model is a time-out."""
    before, tried = trial(role=uncapped), trial(role=limited)
    executor, plan = FakeExecutor(), plan_of(before, tried)
    with store.RunWriter.create(tmp_path / "run", manifest(plan)) as writer:
        done = (replace(record(before), wall_seconds=took + imports, facts=facts),)
        Engine(executor, writer, Preparation(tmp_path / "cache", {})).run(plan, done)
    assert executor.executed[-1].role == limited
    assert executor.executed[-1].patience_seconds == waits
    assert executor.executed[-1].timeout_seconds == tried.timeout_seconds
