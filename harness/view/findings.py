"""Section 10: findings of the run and its trials, those of one kind together."""

from __future__ import annotations

from harness.model.measure import Finding
from harness.model.record import Run
from harness.view.report import FindingGroup

_LEVELS = ("error", "warning", "info")
NAMED = 12
MESSAGES = 6


def findings(run: Run) -> tuple[FindingGroup, ...]:
    """Groups by level, code and hint, errors first and the largest first."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    every = [*run.manifest.findings, *(f for r in run.records for f in r.findings)]
    for finding in dict.fromkeys(every):
        groups.setdefault((finding.level, finding.code, finding.hint), []).append(finding)
    made = [_group(found) for found in groups.values()]
    return tuple(sorted(made, key=lambda g: (_LEVELS.index(g.level), -g.count)))


def _group(found: list[Finding]) -> FindingGroup:
    subjects = list(dict.fromkeys(f.subject for f in found if f.subject))
    messages = list(dict.fromkeys(f.message for f in found))
    if len(messages) > MESSAGES:
        messages = [*messages[:MESSAGES], f"and {len(messages) - MESSAGES} more of this kind"]
    return FindingGroup(
        level=found[0].level,
        code=found[0].code,
        messages=tuple(messages),
        hint=found[0].hint,
        count=len(found),
        subjects=tuple(subjects[:NAMED]),
        more=max(0, len(subjects) - NAMED),
    )
