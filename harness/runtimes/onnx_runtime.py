"""ONNX Runtime on the CPU: exported and checked against eager before measuring; the trial reads only the result."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from harness.model.workload import Model
from harness.runtimes import Loaded
from harness.runtimes._converting import Converting, threads

_MODEL = "model.onnx"


class OnnxRuntime(Converting):
    """Steps take and return numpy arrays. Settings: the threads of OMP_NUM_THREADS, none of them spinning."""

    id = "onnxruntime"
    imports: tuple[str, ...] = ("numpy", "onnxruntime")
    tools = ("onnxruntime", "torch", "onnx", "onnxscript")
    files = (_MODEL + "*",)

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run there; None where it can. Imports nothing."""
        if (missing := self.missing()) is not None:
            return missing
        if device != "cpu":
            return f"the ONNX Runtime runtime runs on the CPU, not on the {device}"
        return None if dtype == "float32" else f"the ONNX Runtime runtime computes in float32, not {dtype}"

    def tolerance(self, dtype: str) -> float:  # noqa: ARG002
        """Of float32, summed in another order."""
        return 1e-4

    def convert(self, model: Model, artefacts: Path) -> None:
        """Write ``model.onnx`` with its weights beside it."""
        import torch

        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model.module.eval(), model.inputs, artefacts / _MODEL, dynamo=True, external_data=True, verbose=False
            )

    def open(self, artefacts: Path, dtype: str) -> Loaded:  # noqa: ARG002
        """A session with ONNX Runtime's default optimisations."""
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        session = onnxruntime.InferenceSession(
            str(artefacts / _MODEL), _options(onnxruntime), providers=["CPUExecutionProvider"]
        )
        names = [given.name for given in session.get_inputs()]

        def call(*inputs: Any) -> list[Any]:
            outputs: list[Any] = session.run(None, dict(zip(names, inputs, strict=True)))
            return outputs

        return Loaded(call, (), facts={"threads": str(threads()), "spinning": "off", "optimisation": "all"})

    def weight_bytes(self, artefacts: Path) -> int:
        """Of the initialisers."""
        import onnx

        graph = onnx.load(str(artefacts / _MODEL)).graph
        return sum(onnx.numpy_helper.to_array(tensor).nbytes for tensor in graph.initializer)


def _options(onnxruntime: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
