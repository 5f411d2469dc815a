"""tierbench: does this AI workload fit, how fast is it and what power does it draw, on every tier of hardware.

The public names load when first used; importing this package runs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api import fit, run
    from harness.model.case import Case, Trial
    from harness.model.measure import Finding, Measurement, Metric
    from harness.model.profile import HardwareProfile
    from harness.model.record import Record
    from harness.model.workload import Marks, Model, Place, Raw, Workload
    from harness.results import RunHandle, compare, load

__version__ = "0.1.0"

_WHERE = {
    "run": "harness.api",
    "load": "harness.results",
    "compare": "harness.results",
    "fit": "harness.api",
    "RunHandle": "harness.results",
    "Workload": "harness.model.workload",
    "Model": "harness.model.workload",
    "Place": "harness.model.workload",
    "Marks": "harness.model.workload",
    "Raw": "harness.model.workload",
    "Case": "harness.model.case",
    "Trial": "harness.model.case",
    "Metric": "harness.model.measure",
    "Measurement": "harness.model.measure",
    "Finding": "harness.model.measure",
    "Record": "harness.model.record",
    "HardwareProfile": "harness.model.profile",
}

__all__ = [
    "Case",
    "Finding",
    "HardwareProfile",
    "Marks",
    "Measurement",
    "Metric",
    "Model",
    "Place",
    "Raw",
    "Record",
    "RunHandle",
    "Trial",
    "Workload",
    "__version__",
    "compare",
    "fit",
    "load",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
