"""What a trial does once its workload is loaded, a module a kind of role.

Only the one that a trial needs is imported: the others' modules would take a tenth of a second of each child.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from harness.model.case import Role
from harness.model.outcome import Outcome

if TYPE_CHECKING:
    from harness.worker.channel import Channel
    from harness.worker.stages import Stages
    from harness.worker.subject import Subject

_MODULES: dict[Role, str] = {
    "need": "memory",
    "gate": "memory",
    "ceiling": "memory",
    "fit": "memory",
    "composition": "composition",
    "features": "features",
    "timing": "timing",
    "energy": "energy",
    "paced": "paced",
}


def of(role: Role) -> Callable[[Subject, Stages, Channel], Outcome | None]:
    """What takes the role's steps and sends what was measured; None is a good end.

    Raises KeyError for ``prepare``, which has no steps.
    """
    return cast(
        "Callable[[Subject, Stages, Channel], Outcome | None]", import_module(f"{__name__}.{_MODULES[role]}").run
    )
