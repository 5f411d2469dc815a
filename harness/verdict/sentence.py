"""The verdict of a run in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.model.measure import BOUND_WORDS
from harness.model.units import show_bytes
from harness.verdict.judge import TRIED, Judged

_RUNTIMES = {
    "torch-eager": "PyTorch", "torch-compile": "torch.compile", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO",
    "executorch": "ExecuTorch",
}  # fmt: skip
_TRIED = ("fits", "thrashes", "does_not_fit", "timed_out", "failed")
_NAMED_TIERS = 3


def headline(judged: Sequence[Judged], tiers: Mapping[str, str]) -> str:
    """E.g. ``6 of 14 workloads fit a Raspberry Pi 5 in PyTorch; the language model needs 3.6 of 2 GiB.``

    ``tiers`` gives each tier its name. Boards come first; without any, it is about the machine itself.
    """
    tried = [j for j in judged if j.state in _TRIED]
    known = {j.tier for j in tried if j.board and j.state in TRIED}
    if known:
        return _about_boards([j for j in tried if j.tier in known], tiers, _kinds(judged))
    if tried:
        return _about_host([j for j in tried if not j.board]) or f"None of {len(tried)} cases ran to its end."
    return "Nothing was tried."


def share(need: float, limit: float, digits: int = 2) -> str:
    """``3.6 of 2 GiB``, or both units where they differ; more digits where fewer would make them look equal."""
    while digits < 6 and need != limit and show_bytes(need, digits) == show_bytes(limit, digits):
        digits += 1
    first, second = show_bytes(need, digits), show_bytes(limit, digits)
    number, unit = first.split(" ")
    return f"{number} of {second}" if second.endswith(f" {unit}") else f"{first} of {second}"


def runtime_name(runtime: str) -> str:
    """A runtime's name for people, its id where none is known."""
    return _RUNTIMES.get(runtime, runtime)


def article(name: str) -> str:
    """The name with its article: ``a Raspberry Pi 5``, ``an NVIDIA Jetson``."""
    first = name.split(" ")[0]
    vowel = first[:1] in "AEFHILMNORSX" if first.isupper() and len(first) > 1 else first[:1].lower() in "aeio"
    return f"{'an' if vowel else 'a'} {name}"


def joined(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


_Groups = Mapping[str, Sequence[Judged]]
"""The tried cases of each board, by tier."""


def _about_boards(boards: Sequence[Judged], tiers: Mapping[str, str], kinds: Mapping[str, str]) -> str:
    """The boards from most to fewest fits, then what is furthest from fitting the last of them."""
    groups: dict[str, list[Judged]] = {}
    for j in boards:
        groups.setdefault(j.tier, []).append(j)
    groups = dict(sorted(groups.items(), key=lambda item: _roominess(item[1]), reverse=True))
    runtimes = list(dict.fromkeys(j.runtime for j in boards))
    where = f" in {runtime_name(runtimes[0])}" if len(runtimes) == 1 else f" in {len(runtimes)} runtimes"
    first = _many_tiers(groups) if len(groups) > _NAMED_TIERS else _few_boards(groups, tiers)
    return first + where + _tightest(groups, tiers) + _misfit(groups, tiers, kinds) + "."


def _roominess(cases: Sequence[Judged]) -> tuple[float, float]:
    return _fitting(cases) / len(cases), max(map(_limit, cases))


def _few_boards(groups: _Groups, tiers: Mapping[str, str]) -> str:
    totals = {len(cases) for cases in groups.values()}
    parts: list[str] = []
    for tier, cases in groups.items():
        fitting, total = _fitting(cases), len(cases)
        if not parts:
            parts.append(f"{_of(fitting, total)} {article(tiers[tier])}")
        else:
            few = str(fitting or "none") if len(totals) == 1 else f"{fitting} of {total}"
            parts.append(f"{few} {article(tiers[tier])}")
    return joined(parts)


def _of(fitting: int, total: int) -> str:
    """``5 of 6 workloads fit``, ``None of 6 workloads fits``."""
    noun = "workload" if total == 1 else "workloads"
    return f"{fitting or 'None'} of {total} {noun} {'fit' if fitting > 1 else 'fits'}"


def _many_tiers(groups: _Groups) -> str:
    full = sum(_fitting(cases) == len(cases) for cases in groups.values())
    noun = _noun(groups)
    if full == len(groups):
        return f"All {full} {noun} hold every workload"
    return f"{full or 'None'} of {len(groups)} {noun} {'hold' if full > 1 else 'holds'} every workload"


def _noun(groups: _Groups) -> str:
    """What the tiers are: a generic limit is no board."""
    generic = {cases[0].generic for cases in groups.values()}
    if generic == {True}:
        return "memory limits"
    return "boards" if generic == {False} else "boards and memory limits"


def _tightest(groups: _Groups, tiers: Mapping[str, str]) -> str:
    """Of many boards, of which only the number is said, the one that holds the fewest."""
    tier, cases = list(groups.items())[-1]
    if len(groups) <= _NAMED_TIERS or _fitting(cases) == len(cases):
        return ""
    return f"; {article(tiers[tier])} holds the fewest, {_fitting(cases)} of {len(cases)}"


def _misfit(groups: _Groups, tiers: Mapping[str, str], kinds: Mapping[str, str]) -> str:
    """What is furthest from fitting, on the board named last where that is one it does not fit."""
    last = list(groups)[-1]
    misfits = {tier: [j for j in cases if j.state == "does_not_fit"] for tier, cases in groups.items()}
    for tier, found in reversed(misfits.items()):
        known = [j for j in found if _need(j) > _limit(j) > 0 and j.need_bound != "upper"]
        if known:
            worst = max(known, key=lambda j: _need(j) / _limit(j))
            there = "there, " if tier == last and len(groups) > 1 else ""
            where = "" if tier == last else f" on the {tiers[tier]}"
            need = f"{BOUND_WORDS[worst.need_bound]}{share(_need(worst), _limit(worst))}"
            return f"; {there}{_called(worst, kinds)} needs {need}{where}"
    gone = [j for found in misfits.values() for j in found if j.limit_bytes]
    return f"; {_called(gone[0], kinds)} does not fit within {show_bytes(_limit(gone[0]), 2)}" if gone else ""


def _called(case: Judged, kinds: Mapping[str, str]) -> str:
    return kinds.get(case.workload, case.name)


def _kinds(judged: Sequence[Judged]) -> dict[str, str]:
    """Workloads that are the only one of their family: ``the language model``."""
    members: dict[str, set[str]] = {}
    for j in judged:
        members.setdefault(j.family, set()).add(j.workload)
    return {names.pop(): f"the {family} model" for family, names in members.items() if family and len(names) == 1}


def _need(case: Judged) -> float:
    return case.need_bytes or 0.0


def _limit(case: Judged) -> float:
    return case.limit_bytes or 0.0


def _about_host(cases: Sequence[Judged]) -> str:
    if not cases:
        return ""
    noun = "workload" if len(cases) == 1 else "workloads"
    if _fitting(cases) == len(cases):
        return f"{'The only' if len(cases) == 1 else f'All {len(cases)}'} {noun} ran on this machine."
    bad = next(j for j in cases if j.state != "fits")
    return f"{_fitting(cases)} of {len(cases)} {noun} ran on this machine; {bad.name} {_said(bad)}."


def _said(bad: Judged) -> str:
    return {"does_not_fit": "does not fit", "thrashes": "thrashes", "timed_out": "timed out"}.get(bad.state, "failed")


def _fitting(cases: Sequence[Judged]) -> int:
    return sum(j.state == "fits" for j in cases)
