"""The whole view: the top of the page, and the sections put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from harness.capacity import shown
from harness.compare import Comparisons
from harness.model.estimate import Estimate, NotProjected
from harness.model.measure import Provenance
from harness.model.record import Run
from harness.verdict import TRIED, Count, article, counts, headline, holds_each_alone, joined, lacks_swap, memory_limits
from harness.view import changes
from harness.view.across import across
from harness.view.advice import advised
from harness.view.capacity import capacity
from harness.view.changed import changed, lead
from harness.view.cloud import cloud_or_edge
from harness.view.data import rows
from harness.view.details import details
from harness.view.findings import findings
from harness.view.layers import memory
from harness.view.load_section import under_load
from harness.view.matrix import matrix
from harness.view.method import method
from harness.view.names import spoken, when
from harness.view.printed import printed
from harness.view.report import ProvenanceKey, ReportView
from harness.view.scene import Scene, lay_out

KEY: tuple[tuple[Provenance, str], ...] = (
    ("measured", "ran on this hardware"),
    ("enforced", "ran on this host under the tier's limits; the tier's processor is not imitated"),
    ("projected", "computed from a measurement, never ran; shown with its band, left out of rankings and gates"),
)


def build(
    run: Run, estimates: Mapping[str, Estimate | NotProjected] | None = None, comparisons: Comparisons | None = None
) -> ReportView:
    """Everything that a report of ``run`` shows.

    ``estimates`` are projected latencies by case id; ``comparisons`` say what changed from a baseline to ``run``.
    """
    sought = capacity(run)
    scene = lay_out(shown(run), estimates)
    judged = [s.judged for s in scene.spots.values()]
    cases = changes.by_case(comparisons) if comparisons else {}
    what_changed = changed(scene, comparisons) if comparisons else None
    said = [what_changed.summary] if what_changed else []
    first, *others = [row.text for row in sought] or [headline(judged, _spoken(scene))]
    title = " ".join([*said, first])
    return ReportView(
        title=title,
        run_id=run.manifest.run_id,
        eyebrow=_eyebrow(run, comparisons),
        headline=title,
        lead=(*others, *(lead(scene, comparisons) if comparisons else ()), *_lead(scene)),
        counts=_counts(counts(judged), changes.counts(cases) if comparisons else ()),
        key=_key(scene),
        matrix=matrix(scene, cases),
        changed=what_changed,
        advised=None if sought else advised(scene),
        capacity=sought,
        across=across(scene),
        memory=memory(scene),
        cloud=cloud_or_edge(scene),
        load=under_load(scene),
        details=details(scene),
        findings=findings(run),
        method=method(scene),
        data=rows(scene),
        tierbench=run.manifest.environment.tierbench,
        printed=printed(run),
    )


def _counts(of_cases: tuple[Count, ...], of_changes: tuple[Count, ...]) -> tuple[Count, ...]:
    """What changed stands between what is known of the tried and what was not tried or went wrong."""
    last = {"unsupported", "timed_out", "not_run", "failed"}
    tried = tuple(c for c in of_cases if c.id not in last)
    return (*tried, *of_changes, *of_cases[len(tried) :])


def _eyebrow(run: Run, comparisons: Comparisons | None) -> tuple[str, ...]:
    manifest = run.manifest
    environment = manifest.environment
    this, commit = f"run {manifest.run_id}", _commit(environment.git_commit, environment.git_dirty)
    if comparisons:
        base = comparisons.baseline
        this += f" against run {base.run_id}"
        commit = _against(commit, _commit(base.commit, base.dirty))
    parts = ["Comparison report", this, commit, when(manifest.created), environment.cpu]
    return tuple(p for p in parts if p)


def _commit(commit: str | None, dirty: bool | None) -> str:
    return f"commit {commit[:10]}{'*' if dirty else ''}" if commit else ""


def _against(commit: str, base: str) -> str:
    if not commit or not base:
        return commit and f"{commit} against an unknown one"
    return f"{commit} against {base.removeprefix('commit ')}"


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
    tried = [s.facts for s in scene.spots.values() if s.facts.enforcement]
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
    open_ = (
        (sum(lacks_swap(f.ceiling) for f in held), "its swap could not"),
        (sum(holds_each_alone(f.ceiling) for f in held), "it held each process, and not all together"),
    )
    doubts = (f"; in {n} of {len(tried)} cases {why}, which leaves them open" for n, why in open_ if n)
    return f"{said}{gone}{''.join(doubts)}."


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
