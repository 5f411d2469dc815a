"""Who speaks for a trial: its own process, until it has said how it ended. Nobody else is believed."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model import codec
from harness.model.events import ChildEvent, Ended


@dataclass
class Speaker:
    """Takes the lines of one trial. ``stranger`` is another process that spoke as if it were the trial's own."""

    stranger: int | None = None
    _own: int | None = None
    _ended: bool = False

    def event(self, line: bytes) -> ChildEvent | None:
        """The event of a line; None where it is another process's, or comes after the end. Raises FormatError."""
        event, sender = codec.decode_event(line), codec.sender_of(line)
        if self._own is None:
            self._own = sender
        if sender != self._own:
            self.stranger = self.stranger or sender
            return None
        if self._ended:
            return None
        self._ended = isinstance(event, Ended)
        return event
