"""Times the busy step in blocks, in turn with all default meters and the sampler at work and with neither.

Both kinds of block are the harness's own loop of timed rounds in one process, so that memory lies alike for both.
``python -m tests.perf.blocks ORDER`` prints an Answer; both are JSON.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import closing
from pathlib import Path

import msgspec

from harness import launch
from harness.executors.beside import Beside
from harness.meters.conditions import Conditions
from harness.model.case import Pace
from harness.model.events import ChildEvent, Measured
from harness.model.sensors import SAMPLER_CPU
from harness.model.spec import ChildSpec
from harness.scenarios.single_stream import SingleStream
from harness.stats.stopping import median
from harness.worker.channel import Channel
from harness.worker.stages import Stages
from tests.perf import pairs
from tests.perf.suites.perf.busy import busy


class Order(msgspec.Struct):
    """A timing trial in its group, how many pairs of blocks, and the root below which the sampler looks."""

    spec: ChildSpec
    procs: tuple[str, ...]
    pairs: int
    sensors: str


class Answer(msgspec.Struct):
    """Medians of a step by block, in seconds, the sampler's processor time, and how often meters gave a figure."""

    metered: list[float]
    bare: list[float]
    sampler_seconds: tuple[float, ...]
    """Empty where there was no sampler."""
    figures: int


class Told(Channel):
    """Writes events to nowhere and tells the sampler of them, as the parent does that reads them."""

    def __init__(self, descriptor: int, beside: Beside) -> None:
        super().__init__(descriptor)
        self._tell = beside.listen(lambda _event: None)

    def send(self, event: ChildEvent) -> None:
        """Encode, write and tell."""
        super().send(event)
        self._tell(event)


class Blocks:
    """The step, warmed up, and the two ways to time a block of it."""

    def __init__(self, pace: Pace, stages: Stages, channel: Channel) -> None:
        self._stream = SingleStream(busy(), pace)
        times, _ = self._stream.warm_up(self._stream.cold())
        self._typical = median(times)
        self._stages, self._channel = stages, channel
        gc.freeze()

    def bare(self) -> float:
        """Median of a step, in seconds."""
        gc.collect()  # before a stage everything is collected too
        return self._measure()

    def metered(self) -> float:
        """The same with everything at work that a timing trial has."""
        conditions = Conditions()

        def watched() -> float:
            conditions.begin()
            found = self._measure()
            conditions.end()
            return found

        found: float = self._stages.run("timed", watched)
        self._channel.measured(*conditions.measurements("timed"))
        return found

    def _measure(self) -> float:
        rounds, inner, _ = self._stream.measure(self._typical, batched=True)
        return median([(end - start) / inner / 1e9 for start, end in rounds])


def main(order: Order) -> Answer:
    """Warm up and time the blocks, as one of the trial's group; the sampler stays outside of it."""
    trial, seen = order.spec.trial, []
    with closing(Beside(trial, None, os.environ, Path(order.sensors))) as beside:
        for procs in order.procs:
            launch.enter(procs)
        channel = Told(os.open(os.devnull, os.O_WRONLY), beside)
        stages = Stages(order.spec, channel)
        blocks = Blocks(trial.pace, stages, channel)
        taken = pairs.interleaved({"metered": blocks.metered, "bare": blocks.bare}, order.pairs)
        beside.finish(seen.append)
    sampler = [e.measurement for e in seen if isinstance(e, Measured) and e.measurement.metric == SAMPLER_CPU]
    figures = sum(bool(measurement.values) for measurement in stages.seen)
    return Answer(**taken, sampler_seconds=sampler[0].values if sampler else (), figures=figures)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(main(msgspec.json.decode(sys.argv[1], type=Order))))
