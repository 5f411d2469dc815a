"""OpenVINO on the CPU: converted and checked against eager before measuring; the trial reads only the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from harness.host import board
from harness.host.files import Files
from harness.model.workload import Model
from harness.runtimes import Loaded, NotSupported
from harness.runtimes.converting import Converting, stored_inputs, threads, traced

_MODEL, _WEIGHTS = "model.xml", "model.bin"
_PRECISIONS = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
_TOLERANCE = {"float32": 1e-4, "bfloat16": 5e-2, "float16": 1e-2}


class OpenVino(Converting):
    """Steps take and return numpy arrays. Settings: one stream of OMP_NUM_THREADS threads, none of them pinned.

    Data types bfloat16 and float16 are float32's model with that precision asked for, where the CPU computes in it.
    """

    id = "openvino"
    imports: tuple[str, ...] = ("numpy", "harness.runtimes._openvino_core")
    made_of: ClassVar[Mapping[str, str]] = {"bfloat16": "float32", "float16": "float32"}
    tools = ("openvino", "torch")
    files = (_MODEL, _WEIGHTS)

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run there; None where it can. Imports nothing."""
        if (missing := self.missing()) is not None:
            return missing
        if device != "cpu":
            return f"the OpenVINO runtime runs on the CPU, not on the {device}"
        if dtype not in _PRECISIONS:
            return f"the OpenVINO runtime computes in {', '.join(_PRECISIONS)}, not {dtype}"
        return None if dtype in board.dtypes(Files()) else f"this CPU does not compute in {dtype}"

    def tolerance(self, dtype: str) -> float:
        """Of float32, summed in another order; of the others, by the bits of their fraction."""
        return _TOLERANCE[dtype]

    def convert(self, model: Model, artefacts: Path, dtype: str) -> None:
        """Write ``model.xml`` and ``model.bin``, the weights in half where that is asked for."""
        from harness.runtimes import _openvino_core as openvino

        shapes = [tuple(value.shape) for value in model.inputs]
        made = openvino.convert_model(traced(model.module, model.inputs), input=shapes, example_input=model.inputs)
        openvino.save_model(made, str(artefacts / _MODEL), compress_to_fp16=dtype == "float16")

    def open(self, artefacts: Path, dtype: str) -> Loaded:
        """A compiled model in that precision, which is read back. Raises NotSupported where it is another."""
        from harness.runtimes import _openvino_core as openvino

        compiled = openvino.Core().compile_model(str(artefacts / _MODEL), "CPU", _settings(dtype))
        precision = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        if precision != _PRECISIONS[dtype]:
            raise NotSupported(f"OpenVINO computes in {precision} here, although asked for {_PRECISIONS[dtype]}")
        facts = {
            "threads": str(compiled.get_property("INFERENCE_NUM_THREADS")),
            "precision": precision,
            "pinning": "on" if compiled.get_property("ENABLE_CPU_PINNING") else "off",
        }
        return Loaded(_call(compiled), stored_inputs(artefacts), facts=facts, graph=artefacts / _MODEL)

    def weight_bytes(self, artefacts: Path) -> int:
        """Of the file of weights, which holds nothing else."""
        return (artefacts / _WEIGHTS).stat().st_size


def _settings(dtype: str) -> dict[str, Any]:
    """Its defaults but for these: bfloat16 would be taken wherever the CPU has it, pinned threads leave their cores,
    and mapped weights would be page cache, which no limit counts as the work's."""
    return {
        "INFERENCE_PRECISION_HINT": _PRECISIONS[dtype],
        "INFERENCE_NUM_THREADS": threads(),
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
        "ENABLE_MMAP": False,
    }


def _call(compiled: Any) -> Callable[..., list[Any]]:
    request = compiled.create_infer_request()

    def call(*inputs: Any) -> list[Any]:
        return list(request.infer(inputs).values())

    return call
