"""How long all shipped workloads in all their runtimes take to be projected onto all shipped profiles.

The features are invented: what they are does not change how long it takes. The first time reads the library too.
"""

from __future__ import annotations

from msgspec.structs import replace

from harness import collect, content, profiles
from harness.collect.loading import Suite
from harness.model.case import HOST, Case, Plan, Trial
from harness.model.features import ClassWork, Features
from harness.model.measure import LATENCY, MATMUL_RATE, Measurement
from harness.model.record import Record, Run
from harness.projection import library
from harness.projection.run import estimates
from harness.stats import summarise
from tests import builders
from tests.perf import result
from tests.perf.effort import Effort
from tests.perf.processes import seconds
from tests.perf.result import Result

ITEM = "projection"
AT_MOST = 2.0
FEATURES = Features(
    (ClassWork("conv1x1", 30, 500_000_000, 10_000_000, 40_000_000, 0.004), ClassWork("dispatch", 60, seconds=0.001)),
    "invented",
)


def measure(effort: Effort) -> list[Result]:
    """Seconds for all cases, the library read anew each time."""
    run = everything()
    count = len(run.manifest.plan.cases)

    def once() -> float:
        library.learned.cache_clear()
        return seconds(lambda: estimates(run))

    taken = summarise([[once()] for _ in range(effort.times(7))])
    return [result.of(ITEM, f"{count:,} shipped cases onto all shipped profiles", taken, "s", at_most=AT_MOST)]


def everything() -> Run:
    """A run in which every workload was measured in every runtime that it names, and every profile is a tier."""
    path = content.search_path([])
    tiers = profiles.load_all(path)
    own = [case for suite in collect.load_all(path) for case in _cases(suite)]
    boards = [replace(c, profile=p.id, target=t.id, device=t.device) for c in own for p in tiers for t in p.target]
    manifest = replace(builders.manifest(Plan(tuple(boards), (), (), 0, 1)), profiles=tuple(tiers))
    return Run(manifest, tuple(_record(case) for case in own))


def _cases(suite: Suite) -> list[Case]:
    runtimes = {kind.name: kind.runtimes for kind in suite.workloads}
    pairs = [(ref, runtime) for ref in collect.references(suite) for runtime in runtimes[ref.name]]
    return [Case(ref, HOST, "cpu", "cpu", runtime, "float32") for ref, runtime in pairs]


def _record(case: Case) -> Record:
    trial = Trial(case, "features")
    found = (
        Measurement(LATENCY, "timed", "measured", (0.005, 0.005, 0.005)),
        Measurement(MATMUL_RATE, "timed", "measured", (6e10,)),
    )
    return replace(builders.record(trial), measurements=found, features=FEATURES)
