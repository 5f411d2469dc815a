"""In a child: tries a suite without an engine, limits or meters, and says all that is wrong with it at once."""

from __future__ import annotations

from harness.model import codec
from harness.model.inquiry import SuiteQuestion
from harness.rehearsal.suite import rehearse

__all__ = ["answer", "rehearse"]


def answer(asked: bytes) -> bytes:
    """The answer to an encoded SuiteQuestion."""
    return codec.encode(rehearse(codec.decode(asked, SuiteQuestion)))
