"""The memory role's steps once more, every tensor followed."""

from __future__ import annotations

from harness.model.events import Found
from harness.worker import composition
from harness.worker.channel import Channel
from harness.worker.roles import memory
from harness.worker.stages import Stages
from harness.worker.subject import Subject


def run(subject: Subject, stages: Stages, channel: Channel) -> None:
    """Take the steps and say what they were made of. What cannot be followed is no failure of the work."""
    device = subject.trial.case.device
    try:
        with composition.account_for(device) as account:
            account.begin_steps(subject.loaded.call, subject.loaded.inputs)
            memory.run(subject, stages, channel)
            peak = account.peak()
    except Exception as error:
        finding, missing = composition.not_followed(error)
        channel.send(Found(finding))
        channel.measured(*missing)
        return
    channel.measured(*composition.measurements(peak, stages.seen, device))
