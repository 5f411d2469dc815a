"""``rounds.py PACE``: warms up and times the busy step by the harness's own loop, with no meter and no sampler around.

Prints the median of the rounds in seconds. PACE is JSON.
"""

from __future__ import annotations

import gc
import sys

import msgspec
from busy import busy

from harness.model.case import Pace
from harness.scenarios.single_stream import SingleStream
from harness.stats.stopping import median


def main(pace: Pace) -> None:
    """As a timing trial does it, without what stands around it."""
    stream = SingleStream(busy(), pace)
    times, _ = stream.warm_up(stream.cold())
    gc.freeze()
    rounds, inner, _ = stream.measure(median(times), batched=True)
    sys.stdout.write(repr(median([(end - start) / inner / 1e9 for start, end in rounds])))


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Pace))
