"""The timing role's steps, then the same step once more with its operators counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.events import Found
from harness.scenarios.single_stream import MarkTaker
from harness.worker import features, matmul
from harness.worker.channel import Channel
from harness.worker.roles.timing import timed
from harness.worker.stages import Stages
from harness.worker.subject import Subject


def run(subject: Subject, stages: Stages, channel: Channel) -> None:
    """Time the steps and count one."""
    seconds = timed(subject, stages, channel)
    channel.measured(matmul.measurement())
    if subject.raw is not None:
        channel.send(Found(features.not_counted(features.MORE_THAN_THE_MODEL)))
        return
    case, loaded, workload = subject.trial.case, subject.loaded, subject.workload

    def step(call: Callable[..., Any]) -> Any:
        return workload.step(call, loaded.inputs, MarkTaker())

    features.run(case.runtime, loaded, step, seconds, subject.trial.pace.budget_seconds, channel)
