"""The energy role."""

from __future__ import annotations

from harness.scenarios.single_stream import MarkTaker
from harness.worker import energy
from harness.worker.channel import Channel
from harness.worker.stages import Stages
from harness.worker.subject import Subject


def run(subject: Subject, stages: Stages, channel: Channel) -> None:
    """Warm up and step under the energy meters."""
    step = subject.stepper(MarkTaker())
    stages.run("warm-up", step)
    energy.run(step, subject.trial, channel, subject.items)
