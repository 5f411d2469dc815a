"""The features role, after its steps were timed: what a step is made of."""

from __future__ import annotations

from harness import features
from harness.model.events import Counted, Found
from harness.model.measure import Finding
from harness.runtimes import Loaded
from harness.worker.channel import Channel

PASSES = 5
"""At most; fewer where steps take long. The first one's figures are as good as any: the steps are warm."""

MORE_THAN_THE_MODEL = features.NotCounted(
    "its step also prepares its input and reads its output, outside the model: what the model alone takes is "
    "projected from the same point with processing=off"
)


def run(runtime: str, loaded: Loaded, step: features.Step, seconds: float, budget: float, channel: Channel) -> None:
    """Count a step, which takes ``seconds``, and send what was found. What cannot be counted is no failure of the work.

    ``budget`` is how long to count, in seconds; one pass is always made.
    """
    passes = max(1, min(PASSES, int(budget / seconds)))
    try:
        found = features.summed(features.count(runtime, loaded, step, passes), seconds)
    except Exception as error:
        channel.send(Found(not_counted(error)))
        return
    channel.send(Counted(found))


def not_counted(error: Exception) -> Finding:
    """What to say where operators could not be counted."""
    known = isinstance(error, features.NotCounted)
    reason = str(error) if known else f"{type(error).__name__}: {error}"
    hint = "its other figures are not affected; a board's time cannot be projected from it"
    return Finding("info" if known else "warning", "not-counted", f"its operators could not be counted: {reason}", hint)
