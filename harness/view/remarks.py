"""What is to be said of a case's figures beside the figures: whether they hold, how a load went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.checks import Code, validity
from harness.model.outcome import Ok
from harness.model.units import show_bytes, show_percent
from harness.verdict import CaseFacts
from harness.view.figures import Value
from harness.view.over_link import due
from harness.view.paced import in_words
from harness.view.under_load import told
from harness.view.words import shown


def remarks(facts: CaseFacts, values: Mapping[str, Value]) -> Iterator[str]:
    """Short sentences of figures that are the tier's own, of its time over a link, and of how it went at a board's
    pace; none where there is nothing to say."""
    over = due(values)
    if over.metric == "end_to_end" and over.value is not None:
        yield f"{over.label}: {shown(over).text}"
    if not facts.on_host:
        if isinstance(facts.outcome, Ok) and (said := in_words(values)):
            yield said
        return
    verdicts = [validity(r) for r in (*facts.work.timing, *facts.work.energy)]
    invalid = [v for v in verdicts if v.state == "invalid"]
    if invalid:
        codes = ", ".join(dict.fromkeys(code for v in invalid for code in v.codes))
        some = f"{len(invalid)} of {len(verdicts)} trials " if len(invalid) < len(verdicts) else ""
        yield f"{some}not valid: {codes}"
    yield from list(_kinds(facts))[:1]
    if facts.need is not None and facts.need.over_many_steps is not None:
        yield f"held {show_bytes(facts.need.over_many_steps)} over its timed steps; the need is that of a few"
    ratio = values.get("last_to_first")
    if ratio is not None and ratio.value is not None:
        yield f"last part of the load {show_percent(ratio.value - 1, signed=True)} against the first"
    yield from told(facts, values)


def _kinds(facts: CaseFacts) -> Iterator[str]:
    return (f.message for r in facts.work.timing for f in r.findings if f.code == Code.TWO_KINDS)
