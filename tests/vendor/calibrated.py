"""Records as timing trials on a quiet board would leave them; every figure is made up."""

from __future__ import annotations

from builders import capabilities, manifest, plan_of, ref
from checks.checks_records import quiet
from msgspec.structs import replace

from harness.model import conditions as c
from harness.model.case import HOST, Case, Trial
from harness.model.measure import LATENCY, Measurement
from harness.model.record import Record, Run
from harness.model.sensors import TEMPERATURE
from harness.vendor import gathering
from harness.vendor.gathering import Measured

MILLISECONDS = {"mobilenet_v2": 5.4, "resnet18": 9.8, "googlenet": 16.2, "shufflenet_v2": 2.4, "alexnet": 11.7}
"""In the proportions that they have to each other on a Raspberry Pi 5."""


def timing(
    model: str,
    milliseconds: float,
    replicate: int = 0,
    runtime: str = "ncnn",
    suite: str = "published",
    celsius: float | None = None,
    waited: float = 0.0005,
    items: float = 1.0,
    dtype: str = "float32",
) -> Record:
    case = Case(ref(model, suite), HOST, "cpu", "cpu", runtime, dtype)
    of = Trial(case, "timing", replicate)
    seconds = tuple(milliseconds / 1e3 * (1 + 0.001 * (i % 5)) for i in range(90))
    base = quiet(**{LATENCY.id: seconds, c.RUN_DELAY.id: (waited,)})
    heat = () if celsius is None else (Measurement(TEMPERATURE, "timed", "measured", (celsius,)),)
    from harness.checks.validity import with_findings

    made = replace(base, trial=of, trial_id=of.id, measurements=(*base.measurements, *heat), items=items)
    return with_findings(made)


def run(*records: Record) -> Run:
    made = manifest(plan_of(*(record.trial for record in records)))
    return Run(replace(made, capabilities=capabilities()), records)


def measured(slower: float = 3.0, faster: float = 1.0) -> Measured:
    """All models in ncnn and ONNX Runtime, at one thread and at four, with a copy and a product."""
    single, four = [], []
    for records, factor in ((single, slower), (four, faster)):
        for model, value in MILLISECONDS.items():
            records += [timing(model, value * factor, i) for i in range(2)]
            records.append(timing(model, value * factor * 1.5, runtime="onnxruntime"))
        records.append(timing("copy[mib=128]", 40.0 * factor, suite="primitives", items=2.0 * 2**27))
        records.append(timing("gemm[shape=1024-1024-1024]", 30.0 * factor, suite="primitives", items=2.0 * 2**30))
    found = {1: gathering.gather([run(*single)]), 4: gathering.gather([run(*four)])}
    models = {f"published/{model}": model for model in MILLISECONDS}
    return Measured(found, models, {"ncnn": "1.0.1", "onnxruntime": "1.30"})
