"""``run --baseline``: the run to compare with, found before anything is measured, and the exit code that follows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.echo import say
from harness.errors import Exit, UserError

if TYPE_CHECKING:
    from harness.results import RunHandle
    from harness.view import ReportView


def find(name: str, insist: bool, resumed: Path | None) -> RunHandle:
    """The baseline. Raises UserError where there is none, or what is measured here could not be compared with it."""
    from harness import api, results, store

    before = results.load(store.find(name, api.RUNS))
    if resumed and before.path.resolve() == resumed.resolve():
        raise UserError("the baseline is the run itself", where=str(resumed))
    refused = api.refusals(before)
    if refused and not insist:
        said = f"not comparable with run {before.data.manifest.run_id}: {'; '.join(refused)}"
        raise UserError(said, hint="--insist compares all the same")
    return before


def code(view: ReportView) -> int:
    """REGRESSION where something got worse, FAILED (and a line) where nothing could be compared, else OK."""
    if view.changed is None:
        return Exit.OK
    verdicts = {row.verdict for row in view.changed.data}
    if "regressed" in verdicts:
        return Exit.REGRESSION
    if verdicts - {"not_comparable"}:
        return Exit.OK
    say(f"nothing could be compared with run {view.changed.run_id}", err=True)
    return Exit.FAILED


def regressed(view: ReportView) -> list[str] | None:
    """Case and metric of what got worse, for scripts; None without a baseline."""
    if view.changed is None:
        return None
    return [f"{row.case_id} {row.metric}" for row in view.changed.data if row.verdict == "regressed"]
