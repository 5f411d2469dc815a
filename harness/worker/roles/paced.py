"""The role of steps at a pace."""

from __future__ import annotations

from harness.model.outcome import Outcome
from harness.scenarios.single_stream import MarkTaker
from harness.worker import paced
from harness.worker.channel import Channel
from harness.worker.stages import Stages
from harness.worker.subject import Subject


def run(subject: Subject, stages: Stages, channel: Channel) -> Outcome:
    """Take the steps at the trial's pace."""
    return paced.run(subject.stepper(MarkTaker()), subject.trial.pace, channel, stages.run)
