"""OpenVINO without its telemetry, which would tell its maker of each conversion. Imported here and nowhere else."""

from __future__ import annotations

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type] # None is how Python says: cannot be imported

from openvino import Core, convert_model, save_model  # noqa: E402 - after its telemetry is kept out

__all__ = ["Core", "convert_model", "save_model"]
