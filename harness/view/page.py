"""The whole view: the top of the page, and the sections put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from harness.model.estimate import Estimate, NotProjected
from harness.model.measure import Provenance
from harness.model.record import Run
from harness.verdict import TRIED, article, counts, headline, joined, memory_limits
from harness.view.across import across
from harness.view.data import rows
from harness.view.details import details
from harness.view.findings import findings
from harness.view.layers import memory
from harness.view.matrix import matrix
from harness.view.method import method
from harness.view.names import spoken
from harness.view.report import ProvenanceKey, ReportView
from harness.view.scene import Scene, lay_out

KEY: tuple[tuple[Provenance, str], ...] = (
    ("measured", "ran on this hardware"),
    ("enforced", "ran on this host under the tier's limits; the tier's processor is not imitated"),
    ("projected", "computed from a measurement, never ran; shown with its band, left out of rankings and gates"),
)


def build(run: Run, estimates: Mapping[str, Estimate | NotProjected] | None = None) -> ReportView:
    """Everything that a report of ``run`` shows. ``estimates`` are projected latencies by case id."""
    scene = lay_out(run, estimates)
    judged = [s.judged for s in scene.spots.values()]
    title = headline(judged, _spoken(scene))
    return ReportView(
        title=title,
        run_id=run.manifest.run_id,
        eyebrow=_eyebrow(run),
        headline=title,
        lead=tuple(_lead(scene)),
        counts=counts(judged),
        key=_key(scene),
        matrix=matrix(scene),
        across=across(scene),
        memory=memory(scene),
        details=details(scene),
        findings=findings(run),
        method=method(scene),
        data=rows(scene),
        tierbench=run.manifest.environment.tierbench,
    )


def _eyebrow(run: Run) -> tuple[str, ...]:
    manifest = run.manifest
    environment = manifest.environment
    commit = (
        f"commit {environment.git_commit[:10]}{'*' if environment.git_dirty else ''}" if environment.git_commit else ""
    )
    parts = ["Comparison report", f"run {manifest.run_id}", commit, _when(manifest.created), environment.cpu]
    return tuple(p for p in parts if p)


def _when(created: str) -> str:
    """``23 Nov 2026, 02:14 UTC``; as it is written where it is no date."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{moment.day} {moment:%b %Y, %H:%M} {moment:%Z}".strip()


def _lead(scene: Scene) -> list[str]:
    """What lies behind the verdict: how fit was tried, how times were taken, and what is not there yet."""
    run = scene.run
    done, planned = len({r.trial_id for r in run.records}), len(run.manifest.plan.trials)
    found = [_what_thrashes(scene), _how_enforced(scene), _how_timed(scene)]
    if done < planned:
        found.append(f"This run is not finished: {done} of {planned} trials have ended.")
    return [sentence for sentence in found if sentence]


def _spoken(scene: Scene) -> dict[str, str]:
    """The tiers' names in a sentence."""
    return spoken(scene.tiers, [s.tier.id for s in scene.spots.values() if s.judged.state != "unsupported"])


def _what_thrashes(scene: Scene) -> str:
    """How many cases fit only by thrashing, and where."""
    names = _spoken(scene)
    every = [s for s in scene.spots.values() if s.judged.state == "thrashes"]
    if not every:
        return ""
    tally = Counter(article(names[s.tier.id]) if s.tier.board else "this machine" for s in every)
    where = joined([f"{f'{n} ' if len(every) > 1 else ''}on {name}" for name, n in tally.most_common()])
    are = "cases fit but thrash" if len(every) > 1 else "case fits but thrashes"
    return f"{len(every)} {are}, not counted as fitting: {where}."


def _how_enforced(scene: Scene) -> str:
    tried = [s.facts for s in scene.spots.values() if s.facts.ceiling]
    held = [f for f in tried if f.enforcement != "not enforced"]
    if not tried:
        return ""
    if not held:
        return "No memory limit could be enforced here, so nothing can be said of what fits a board."
    means = dict.fromkeys(e.means for f in held if f.ceiling for e in memory_limits(f.ceiling))
    about = "approximately " if any(f.enforcement == "approximately enforced" for f in held) else ""
    machine = scene.run.manifest.environment.machine
    said = f"Each board's memory limit was {about}enforced on this {machine} host by {joined(list(means))}"
    lost = len(tried) - len(held)
    gone = f"; in {lost} of {len(tried)} cases it could not be, and they count as not tried" if lost else ""
    return f"{said}{gone}."


def _how_timed(scene: Scene) -> str:
    timed = [v for s in scene.spots.values() if (v := s.values["latency"]).provenance == "measured"]
    if not timed:
        return ""
    processes = sorted({v.processes for v in timed})
    if processes == [1]:
        return (
            "Times are medians of one process a workload; their 95 % intervals hold within that process and say "
            "nothing of how another would differ."
        )
    count = f"{processes[0]}" if len(processes) == 1 else f"{processes[0]} to {processes[-1]}"
    return f"Times are medians of {count} processes a workload with 95 % intervals."


def _key(scene: Scene) -> tuple[ProvenanceKey, ...]:
    used = {v.provenance for s in scene.spots.values() for v in s.values.values()}
    tried = any(s.tier.board and s.judged.state in TRIED for s in scene.spots.values())
    return tuple(ProvenanceKey(id_, id_, meaning, id_ in used or (id_ == "enforced" and tried)) for id_, meaning in KEY)
