"""Models of the user's own, named by file, function or folder: what they are, their inputs, and a workload of each."""

from __future__ import annotations

from harness.own.choosing import Chosen, choose, facts
from harness.own.given import Given, recognise, split
from harness.own.hashing import changed
from harness.own.inputs import parse

__all__ = ["Chosen", "Given", "changed", "choose", "facts", "parse", "recognise", "split"]
