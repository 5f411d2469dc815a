"""The energy role."""

from __future__ import annotations

from harness.scenarios.single_stream import MarkTaker, SingleStream
from harness.worker import energy
from harness.worker.channel import Channel
from harness.worker.stages import Stages
from harness.worker.subject import Subject


def run(subject: Subject, stages: Stages, channel: Channel) -> None:
    """Warm up as a timing trial does, so that no compiler works in the window, and step under the energy meters."""
    step = subject.stepper(MarkTaker())
    stream = SingleStream(step, subject.trial.pace)
    stages.run("warm-up", lambda: stream.warm_up(stream.cold()))
    energy.run(step, subject.trial, channel, subject.items)
