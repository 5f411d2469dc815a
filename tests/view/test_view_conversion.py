"""What a conversion took and left, in the report."""

from __future__ import annotations

from msgspec.structs import replace
from sample_runs import make_run

from harness.model.measure import CONVERSION, Measurement
from harness.view import build


def test_they_stand_among_a_workloads_figures():
    run = make_run()
    measured = [Measurement(m, "trial", "measured", (v,)) for m, v in zip(CONVERSION, (41.5, 14e6), strict=True)]
    records = [
        replace(r, measurements=(*r.measurements, *measured)) if r.trial.role == "need" else r for r in run.records
    ]
    lines = {line.metric: line for line in build(replace(run, records=tuple(records))).details[0].lines}
    said = {label: lines[label].figures[0].text for label in ("conversion", "converted model")}
    assert said == {"conversion": "41.5 s", "converted model": "13.4 MiB"}


def test_where_nothing_was_converted_nothing_is_said_of_it():
    lines = {line.metric for line in build(make_run()).details[0].lines}
    assert not lines & {"conversion", "converted model"}
