"""What is run to calibrate: the published models by name, in the suites that are there, and how long each is timed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from harness import collect, content, plan
from harness.errors import UserError
from harness.model.case import WorkloadRef
from harness.selection import Selection

MODELS = (
    "mobilenet_v2", "resnet18", "googlenet", "shufflenet_v2", "alexnet", "squeezenet", "resnet50", "mobilenet",
)  # fmt: skip
"""The first five are the best set of five (docs/projection-accuracy.md); three more make their error known better."""
PUBLISHED = "published"
HALF_RUNTIME = "ncnn"
COPY, PRODUCT = "primitives/copy", "primitives/gemm"
START_SECONDS = 3.0
"""Of a trial before its first timed round: a process, imports, load."""
LEAST_SECONDS = 2.0
QUICK_PACE = replace(plan.QUICK.timing, budget_seconds=1.0, warmup_seconds=1.0)


class Chosen(Struct, frozen=True):
    """The workloads: anchor models by name, and primitives, as references."""

    models: dict[str, WorkloadRef]
    primitives: tuple[WorkloadRef, ...]

    def selections(
        self, runtimes: Sequence[str], usable: Sequence[str], half: bool, include: tuple[Path, ...] = ()
    ) -> list[Selection]:
        """The models in ``runtimes``, in ncnn in half precision too where ``half``; primitives in all ``usable``."""
        models, primitives = (tuple(ref.id for ref in of) for of in (self.models.values(), self.primitives))
        found = [Selection(models, runtimes=tuple(runtimes), dtypes=("float32",), include=include)]
        if half and HALF_RUNTIME in runtimes:
            found.append(Selection(models, runtimes=(HALF_RUNTIME,), dtypes=("float16",), include=include))
        if primitives:
            found.append(Selection(primitives, runtimes=tuple(usable), dtypes=("float32",), include=include))
        return found


def choose(matching: Sequence[str] = (), include: Sequence[Path] = (), primitives: bool = True) -> Chosen:
    """The anchor models that suites here offer; ``matching`` are parts of a name. Raises UserError for none."""
    suites = collect.load_all(content.search_path(include))
    refs = [ref for suite in suites for ref in collect.references(suite) if ref.parameters.get("batch", 1) == 1]
    models = {}
    for name in MODELS:
        found = _best(name, refs)
        if found is not None and (not matching or any(part.lower() in name for part in matching)):
            models[name] = found
    if not models:
        raise UserError("no suite here has a model to calibrate with", hint="one of " + ", ".join(MODELS))
    quick = [ref for suite in suites for ref in collect.quick_references(suite)]
    wanted = {COPY, PRODUCT} if primitives else set()
    return Chosen(models, tuple(ref for ref in quick if f"{ref.suite}/{ref.name}" in wanted))


def _best(name: str, refs: Sequence[WorkloadRef]) -> WorkloadRef | None:
    """The workload of that name, of the published networks first; else one that differs only in its marks."""
    alike = [ref for ref in refs if _plain(ref.name) == _plain(name)]
    return min(alike, key=lambda ref: (ref.name != name, ref.suite != PUBLISHED, ref.id), default=None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def pace(trials: int, minutes: float, settings: plan.Settings) -> plan.Settings:
    """``settings`` with as many processes and as long rounds as ``minutes`` allow for ``trials`` a process."""
    each = minutes * 60 / max(trials, 1)
    processes = next((n for n in (3, 2) if each / n >= START_SECONDS + LEAST_SECONDS), 1)
    timed = max(LEAST_SECONDS, each / processes - START_SECONDS)
    timing = replace(settings.timing, budget_seconds=0.6 * timed, warmup_seconds=0.4 * timed)
    return replace(settings, processes=processes, timing=timing)
