"""The report as Markdown: for a pull request, an issue or a job summary."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.model.text import plain
from harness.view.advised import Advised
from harness.view.compared import Changed
from harness.view.remote import CloudOrEdge
from harness.view.report import Cell, FindingGroup, ReportView

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")


def render(view: ReportView) -> str:
    """The verdict, the counts, what changed since a baseline, the matrix and the findings."""
    counts = " · ".join(f"**{c.number:,}** {c.label}" for c in view.counts)
    changed = [_changed(view.changed)] if view.changed else []
    parts = [f"## {escape(view.headline)}", *map(escape, view.lead), counts, *changed, _table(view)]
    if view.advised:
        parts.append("### What fits instead\n\n" + "\n".join(_advice(view.advised)))
    if view.cloud:
        parts.append("### Cloud or edge\n\n" + "\n".join(_cloud(view.cloud)))
    if view.findings:
        parts.append("### Findings\n\n" + "\n".join(_finding(f) for f in view.findings))
    parts.append(
        "Measured: ran on this hardware. Enforced: ran on the host under the tier's limits. Projected: computed."
    )
    return "\n\n".join(parts) + "\n"


def _changed(changed: Changed) -> str:
    """Only what got worse or better or ended otherwise; of the rest, how much and why."""
    rows = [(e.name, e.where, "how it ended", f"{e.words} {e.detail}".strip(), "") for e in changed.ends]
    rows += [(r.name, r.where, f.title, r.said, r.figures) for f in changed.forests for r in f.called]
    parts = [f"### What changed since run {escape(changed.run_id)}", *map(escape, changed.notes)]
    if rows:
        head = "| Workload | Tier | Figure | Verdict | Before and now |\n| --- | --- | --- | --- | ---: |"
        parts.append("\n".join([head, *(f"| {' | '.join(map(escape, row))} |" for row in rows)]))
    parts += [escape(f"{f.title}: {reason}") for f in changed.forests for reason in f.reasons]
    parts += [escape(f"Not comparable, {i.count} cases: {i.reason}.") for i in changed.incomparable]
    return "\n\n".join(parts)


def escape(text: str) -> str:
    """Text that Markdown and HTML show as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", plain(" ".join(text.split())).replace("&", "&amp;"))


def _table(view: ReportView) -> str:
    tiers = view.matrix.tiers
    lines = [
        "| Workload | " + " | ".join(escape(t.name) for t in tiers) + " |",
        "| --- |" + " ---: |" * len(tiers),
    ]
    for row in view.matrix.rows:
        name = escape(f"{row.name} {row.variant}".strip())
        lines.append(f"| {name} | " + " | ".join(_cell(c) for c in row.cells) + " |")
    return "\n".join(lines)


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    latency = cell.figures["latency"]
    parts = [escape(f"{latency.text} {latency.spread}".strip())] if latency.value is not None else []
    if latency.provenance == "projected":
        parts = [f"*{parts[0]}*"]
    if cell.fit.state != "fits" or not parts:
        word = escape(f"{cell.fit.said} {cell.fit.detail}".strip())
        parts.append(f"**{word}**" if cell.fit.state != "fits" else word)
    if cell.bar and cell.fit.state in {"fits", "unsupported"}:
        parts.append(escape(cell.bar.label))
    more = (cell.deadline.text if cell.deadline else "", *cell.remarks, *(change.text for change in cell.changes))
    parts += [escape(text) for text in more if text]
    return "<br>".join(parts)


def _advice(advised: Advised) -> Iterator[str]:
    for row in advised.rows:
        fitting = "; ".join(escape(v.said) for v in row.alternatives)
        yield f"- {escape(row.name)} on {escape(row.where)}: {escape(row.why)}; {fitting}"
    if advised.missing:
        yield f"- {escape(advised.missing)} {escape(advised.command)}".rstrip()


def _cloud(cloud: CloudOrEdge) -> Iterator[str]:
    if not cloud.rows:
        yield escape(cloud.missing)
    for r in cloud.rows:
        ends = f"*{escape(r.kept.text)}* end to end on a kept connection, *{escape(r.new.text)}* on a new one"
        said = "; ".join(map(escape, r.answers))
        yield f"- {escape(r.name)} on {escape(r.tier)} over {escape(r.link)}: {ends}{f'; {said}' if said else ''}"


def _finding(group: FindingGroup) -> str:
    hint = f" ({escape(group.hint)})" if group.hint else ""
    times = f" — {group.count} times" if group.count > 1 else ""
    return f"- **{group.level}** {escape('; '.join(group.messages))}{hint}{times}"
