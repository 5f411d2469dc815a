"""How little memory a workload completes in, and how large its batch or context can be on a tier.

Pure but for ``drive``: from a search and the records so far follow the next trial and what has been found. ``search``
says where a monotone answer turns, ``tries`` makes trials of it, ``estimate`` says from one composition where to begin.
``variants`` are what else a suite ships, tried where a workload does not fit.
"""

from __future__ import annotations

from harness.capacity.drive import drive, pending
from harness.capacity.found import Found, found, shown
from harness.capacity.planning import Wish, plan_search
from harness.capacity.tries import next_trial
from harness.capacity.variants import reserve

__all__ = ["Found", "Wish", "drive", "found", "next_trial", "pending", "plan_search", "reserve", "shown"]
