"""ExecuTorch on the CPU: exported to XNNPACK and checked against eager before measuring; the trial reads the result."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from harness.model.workload import Model
from harness.runtimes import Loaded
from harness.runtimes.converting import Converting, stored_inputs, threads

_MODEL = "model.pte"
_BINDINGS = "executorch.extension.pybindings.portable_lib"


class ExecuTorch(Converting):
    """Steps take and return tensors: its bindings for Python import torch, in the trial too.

    Settings: the operators that XNNPACK has are its; a pool of OMP_NUM_THREADS threads, which it would not ask for.
    """

    id = "executorch"
    imports: tuple[str, ...] = ("torch", _BINDINGS)
    tools = ("executorch", "torch")
    files = (_MODEL,)

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run there; None where it can. Imports nothing."""
        if (missing := self.missing()) is not None:
            return missing
        if device != "cpu":
            return f"the ExecuTorch runtime runs on the CPU, not on the {device}"
        return None if dtype == "float32" else f"the ExecuTorch runtime computes in float32, not {dtype}"

    def tolerance(self, dtype: str) -> float:
        """Of float32, summed in another order."""
        return 1e-4

    def convert(self, model: Model, artefacts: Path, dtype: str) -> None:
        """Write ``model.pte``."""
        import torch

        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            (artefacts / _MODEL).write_bytes(_program(torch.export.export(model.module.eval(), model.inputs)))

    def open(self, artefacts: Path, dtype: str) -> Loaded:
        """The program with the threads asked for. Raises RuntimeError where it took another number."""
        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from executorch.extension.pybindings import portable_lib

        portable_lib._unsafe_reset_threadpool(threads())
        taken = portable_lib._threadpool_get_thread_count()
        if taken != threads():
            raise RuntimeError(f"asked for {threads()} threads, but ExecuTorch uses {taken}")
        program = portable_lib._load_for_executorch(str(artefacts / _MODEL))

        def call(*inputs: Any) -> list[Any]:
            return list(program.forward(inputs))

        inputs = tuple(torch.from_numpy(array) for array in stored_inputs(artefacts))
        return Loaded(call, inputs, facts={"threads": str(taken), "backend": "XNNPACK"}, graph=artefacts / _MODEL)

    def weight_bytes(self, artefacts: Path) -> int:
        """Of the file, which holds little else."""
        return (artefacts / _MODEL).stat().st_size


def _program(exported: Any) -> bytes:
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    lowered = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
    return bytes(lowered.to_executorch().buffer)
