"""How a case ended in one run and in the other: a verdict without figures. Pure."""

from __future__ import annotations

from harness.compare.result import Verdict
from harness.model.outcome import Outcome, Unsupported, name_of

_RANK = {"ok": 0, "thrashes": 1, "does_not_fit": 2, "timed_out": 2, "failed": 2}
_WAS = {
    "ok": "ran",
    "thrashes": "thrashed",
    "does_not_fit": "did not fit",
    "timed_out": "timed out",
    "failed": "failed",
}
_IS = {
    "ok": "runs",
    "thrashes": "thrashes",
    "does_not_fit": "does not fit",
    "timed_out": "times out",
    "failed": "fails",
}


def fit_verdict(was: Outcome | None, now: Outcome | None) -> tuple[Verdict, str, str]:
    """The verdict, its words and its reason. To end worse than before is always a regression."""
    untried = _untried(was, now)
    if untried or was is None or now is None:
        return "inconclusive", "inconclusive", untried
    before, after = name_of(was), name_of(now)
    said = f"{_WAS[before]} before, {_IS[after]} now"
    if before == after:
        return "no_change", "no change", ""
    if _RANK[before] == _RANK[after]:
        return "inconclusive", "inconclusive", said
    return ("regressed" if _RANK[before] < _RANK[after] else "improved"), said, ""


def _untried(was: Outcome | None, now: Outcome | None) -> str:
    """Why nothing can be said, empty where the case was tried in both runs."""
    before, after = _why_untried(was), _why_untried(now)
    if before and after:
        return f"tried in neither run: {after}"
    if before:
        return f"tried only in the candidate; in the baseline: {before}"
    return f"tried only in the baseline; in the candidate: {after}" if after else ""


def _why_untried(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not run yet"
    return outcome.reason if isinstance(outcome, Unsupported) else ""
