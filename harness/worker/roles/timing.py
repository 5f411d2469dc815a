"""The timing role."""

from __future__ import annotations

from harness.worker import timing
from harness.worker.channel import Channel
from harness.worker.stages import Stages
from harness.worker.subject import Subject


def run(subject: Subject, stages: Stages, channel: Channel) -> None:
    """Time the steps."""
    timed(subject, stages, channel)


def timed(subject: Subject, stages: Stages, channel: Channel) -> float:
    """The same, with their median in seconds."""
    learns = subject.workload.learns
    return timing.run(subject.stepper, subject.trial, channel, stages.run, subject.batches, learns=learns)
