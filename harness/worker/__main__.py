"""``python -m harness.worker SPEC_FD EVENTS_FD``: the process in which one trial runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from harness.model import codec
from harness.model.events import Ended, Found
from harness.model.spec import ChildSpec
from harness.worker import cache_trouble
from harness.worker.channel import Channel
from harness.worker.failures import outcome_of
from harness.worker.trial import run


def main(spec_fd: int, events_fd: int) -> None:
    """Run the trial that is described on ``spec_fd``; write what happens to ``events_fd``."""
    with os.fdopen(spec_fd, "rb") as source:
        spec = codec.decode(source.read(), ChildSpec)
    channel = Channel(events_fd)
    try:
        run(spec, channel)
    except BaseException as error:
        if isinstance(error, SystemExit) and channel.is_of_a_fork():
            os._exit(error.code if isinstance(error.code, int) else error.code is not None)  # as in any program
        if (trouble := cache_trouble.found(error, Path(spec.cache))) is not None:
            channel.send(Found(trouble))
        channel.send(Ended(outcome_of(error, spec.trial, channel.stage)))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a hang or a crash in a library's clean-up is not part of the trial


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
