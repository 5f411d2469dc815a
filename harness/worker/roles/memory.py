"""The roles that look at memory: load is done; a first step, then a few more, or one where a step takes long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from harness.meters.memory import major_faults
from harness.model.events import StepDone
from harness.scenarios.single_stream import MarkTaker
from harness.worker import payload
from harness.worker.channel import Channel
from harness.worker.stages import Stages
from harness.worker.subject import Subject


def run(subject: Subject, stages: Stages, channel: Channel) -> None:
    """Take the steps, each with its time and its page faults from disk."""
    step, pace = subject.stepper(MarkTaker()), subject.trial.pace
    sizes = stages.run("warm-up", lambda: payload.measurements(subject.given, _counted(step, channel)))
    if subject.trial.role == "need":
        channel.measured(*sizes)

    def several() -> None:
        end = time.perf_counter() + pace.budget_seconds
        for _ in range(pace.steps):
            _counted(step, channel)
            if time.perf_counter() >= end:
                return

    stages.run("timed", several)


def _counted(step: Callable[[], Any], channel: Channel) -> Any:
    faults, start = major_faults(), time.perf_counter_ns()
    output = step()
    seconds = (time.perf_counter_ns() - start) / 1e9
    channel.send(StepDone(seconds, major_faults() - faults))
    return output
