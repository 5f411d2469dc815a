"""A suite's networks as shapes alone: the real architecture and configuration, no numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from harness.model.workload import Place, Workload


@contextmanager
def without_numbers(kind: type[Workload]) -> Iterator[None]:
    """Weights on torch's meta device."""
    names = kind.build.__globals__
    before = {name: names[name] for name in ("load", "load_module") if name in names}

    def made(make: Callable[[], Any], *_: Any) -> Any:
        with torch.device("meta"):
            return make().eval()

    names["load"] = lambda architecture, config, place: made(lambda: architecture(config))
    names["load_module"] = made
    try:
        yield
    finally:
        names.update(before)


def module_of(kind: type[Workload], place: Place) -> Any:
    """The module at the first value of each parameter."""
    first = {key: values[0] for key, values in kind.parameters.items()}
    with without_numbers(kind):
        return kind().build(place, **first).module
