"""The anchors of a profile as points, and which of them the library holds already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from harness.model.profile import Anchors
from harness.model.units import to_base
from harness.projection import library
from harness.projection.device import Setting, anchors_of, setting
from harness.projection.kernel import Point
from harness.projection.subject import Subject
from harness.projection.work import known_models


@dataclass(frozen=True)
class Anchored:
    """A time on the device of a known model; ``in_library`` where the library holds it already."""

    model: str
    point: Point
    seconds: float
    in_library: bool


def anchored(at: Setting, subjects: Mapping[str, Subject]) -> list[Anchored]:
    """Each anchor of the target in this runtime."""
    found: list[Anchored] = []
    named = _by_name(subjects)
    for group in anchors_of(at):
        here = setting(at.profile, at.target, group.runtime, group.dtype, group.threads)
        if isinstance(here, Setting):
            found += _of_group(group, twin(here), subjects, named)
    return found


def _of_group(
    group: Anchors, here: Setting, subjects: Mapping[str, Subject], named: Mapping[str, str]
) -> Iterator[Anchored]:
    known = here.label in library.blocks()
    for model, value in group.values.items():
        name = named.get(model)
        of_model = subjects[name] if name is not None else _known_model(model, here.runtime)
        if of_model is not None:
            point = here.point(name or model, of_model.shares, of_model.base)
            yield Anchored(model, point, to_base(value, group.unit), known)


def twin(at: Setting) -> Setting:
    """The setting under the library's own names, where the profile carries the same published times as the library."""
    if at.runtime != library.RUNTIME:
        return at
    for group in anchors_of(at):
        if (group.dtype, group.threads) == (at.dtype, at.threads):
            block = _block_like({(m, round(to_base(v, group.unit), 9)) for m, v in group.values.items()})
            if block is not None:
                known = library.blocks()[block][0]
                return replace(at, label=block, board=known.device, chip=known.soc)
    return at


def _block_like(own: set[tuple[str, float]]) -> str | None:
    """The library's setting most of whose times are these; None where there is none."""
    held = Counter(name for time in own for name in library.settings_of().get(time, ()))
    found = (name for name, count in held.most_common(1) if 2 * count > len(library.blocks()[name]))
    return next(found, None)


def _known_model(model: str, runtime: str) -> Subject | None:
    """By the table of known models, of the library's runtime."""
    if runtime != library.RUNTIME or model not in known_models():
        return None
    prior, work = library.prior(), np.array(known_models()[model])
    return Subject(prior.shares(work), prior.base(work))


def _by_name(subjects: Mapping[str, Subject]) -> dict[str, str]:
    """The measured workload that an anchor's model is: by its id, and by its name without suite and parameters."""
    short = {workload.split("/")[-1].split("[")[0]: workload for workload in reversed(list(subjects))}
    return short | {workload: workload for workload in subjects}
