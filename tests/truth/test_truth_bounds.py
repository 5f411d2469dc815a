"""What is said of a tree without a group of its own, and of a whole trial whose stages reset the kernel's mark."""

from __future__ import annotations

import subprocess
import sys

import pytest
from builders import trial

from harness.engine.assemble import assemble
from harness.meters.memory import NO_RESET
from harness.model.events import Measured
from harness.model.measure import TREE_PEAK, Measurement
from harness.model.memory import NO_GROUP_BUT_CHILDREN
from harness.model.record import Usage
from harness.model.spec import Ending

SAY = """
from harness.meters.memory import TreeMemory
import os, subprocess, sys
{before}
[peak, _] = TreeMemory(None).end("load")
print(peak.bound, len(peak.values), peak.missing)
"""


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", "upper 1 None"),
        ("subprocess.run(['true'])", f"None 0 {NO_GROUP_BUT_CHILDREN}"),
        ("alive = subprocess.Popen(['cat'], stdin=-1)", f"None 0 {NO_GROUP_BUT_CHILDREN}"),
        ("os.fork() or os._exit(0)", f"None 0 {NO_GROUP_BUT_CHILDREN}"),
    ],
)
def test_a_process_alone_bounds_its_tree_and_one_with_children_does_not(before: str, said: str) -> None:
    code = SAY.format(before=before)
    assert subprocess.check_output([sys.executable, "-P", "-c", code], text=True).strip() == said


def whole(last: int | None, *stages: Measurement) -> Measurement:
    ending = Ending(0, None, 1.0, usage=Usage(peak_bytes=last))
    found = assemble(trial(), [Measured(m) for m in stages], ending, "2026-01-01").find(TREE_PEAK.id, "trial")
    assert found is not None
    return found


def stage(value: float | None, bound: str | None = None, missing: str | None = None) -> Measurement:
    return Measurement(TREE_PEAK, "load", "measured", () if value is None else (value,), missing, bound)


def test_the_whole_trial_has_the_highest_of_its_stages_though_the_kernels_mark_was_reset() -> None:
    assert whole(70, stage(100.0), stage(60.0)).values == (100.0,)
    assert whole(200, stage(100.0)).values == (200.0,)
    assert whole(200, stage(None, missing=NO_RESET)).values == (200.0,)


def test_bounds_of_all_stages_bound_the_whole_and_a_stage_without_one_leaves_it_unknown() -> None:
    bounded = whole(None, stage(100.0, "upper"), stage(60.0, "upper"))
    assert (bounded.values, bounded.bound) == ((100.0,), "upper")
    unknown = whole(None, stage(100.0, "upper"), stage(None, missing=NO_GROUP_BUT_CHILDREN))
    assert (unknown.values, unknown.missing) == ((), NO_GROUP_BUT_CHILDREN)
    assert whole(None).missing
