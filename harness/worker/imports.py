"""What a trial imports: as much of it as there would be on a machine without tierbench."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from harness.worker.model_index import ModelIndex


def load(names: Iterable[str], index: ModelIndex | None = None) -> None:
    """Import the modules, with transformers' models as ``index`` keeps them. Raises ImportError."""
    for name in names:
        if name.partition(".")[0] == "transformers":
            if index is not None:
                index.install()
            _settle_transformers()
        import_module(name)


def _settle_transformers() -> None:
    """Have transformers find no scipy where the work has not imported it.

    It asks once, for the losses of its detectors. It needs scipy for nothing else, and here tierbench itself brings it:
    memory and time of a trial that would be none of the work's. Where it does not ask, it is left as it is.
    """
    with _hidden("scipy"):
        ask = getattr(import_module("transformers.utils"), "is_scipy_available", None)
        if ask is not None:
            ask()


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """The package cannot be found meanwhile, which is what None means to Python; one that was imported stays."""
    modules: dict[str, Any] = sys.modules
    if package in modules:
        yield
        return
    modules[package] = None
    try:
        yield
    finally:
        del modules[package]
