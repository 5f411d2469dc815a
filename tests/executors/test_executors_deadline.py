"""When a trial's time is up."""

from __future__ import annotations

from builders import trial
from msgspec.structs import replace

from harness.executors.deadline import IMPORT_SECONDS, Deadline

LIMITED = replace(trial(role="ceiling"), timeout_seconds=180.0, patience_seconds=15.0)


def test_a_trial_has_its_time_limit():
    deadline = Deadline(replace(trial(), timeout_seconds=600.0), began=100.0)
    assert (deadline.at, deadline.seconds) == (700.0, 600.0)
    deadline.imported(105.0)
    assert (deadline.at, deadline.seconds) == (700.0, 600.0)


def test_patience_counts_from_when_the_libraries_are_imported():
    deadline = Deadline(LIMITED, began=100.0)
    assert (deadline.at, deadline.seconds) == (100.0 + IMPORT_SECONDS, IMPORT_SECONDS)
    deadline.imported(130.0)
    assert (deadline.at, deadline.seconds) == (145.0, 15.0)


def test_no_part_goes_beyond_the_time_limit():
    deadline = Deadline(replace(LIMITED, timeout_seconds=30.0), began=100.0)
    assert (deadline.at, deadline.seconds) == (130.0, 30.0)
    deadline.imported(120.0)
    assert (deadline.at, deadline.seconds) == (130.0, 30.0)
