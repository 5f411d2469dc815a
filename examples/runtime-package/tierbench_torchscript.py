"""TorchScript: traced, frozen and optimised before measuring; the trial reads only the file."""

from __future__ import annotations

from pathlib import Path

from harness.model.workload import Model
from harness.runtimes import Loaded
from harness.runtimes.converting import Converting, stored_inputs, traced

FILE = "model.pt"


class TorchScript(Converting):
    """Steps take and return tensors. Threads: PyTorch's pool, which follows OMP_NUM_THREADS."""

    id = "torchscript"
    imports = ("torch",)
    tools = ("torch",)
    files = (FILE,)
    extra = "tierbench-torchscript"

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run there, in words; None where it can. Imports nothing."""
        if (missing := self.missing()) is not None:
            return missing
        if device != "cpu":
            return f"TorchScript is made for the CPU here, not for the {device}"
        return None if dtype == "float32" else f"TorchScript is made in float32 here, not {dtype}"

    def tolerance(self, dtype: str) -> float:
        """Of float32 with folded batch norms."""
        return 1e-4

    def convert(self, model: Model, artefacts: Path, dtype: str) -> None:
        """Trace, freeze, optimise; write the file."""
        import torch

        frozen = torch.jit.freeze(traced(model.module, model.inputs))
        torch.jit.save(torch.jit.optimize_for_inference(frozen), str(artefacts / FILE))

    def open(self, artefacts: Path, dtype: str) -> Loaded:
        """The file as a callable, with the inputs that tierbench stored beside it."""
        import torch

        module = torch.jit.load(str(artefacts / FILE))

        def call(*inputs: torch.Tensor) -> list[torch.Tensor]:
            with torch.inference_mode():
                output = module(*inputs)
            return list(output) if isinstance(output, tuple) else [output]

        inputs = tuple(torch.from_numpy(array) for array in stored_inputs(artefacts))
        return Loaded(call, inputs, facts={"threads": str(torch.get_num_threads())})

    def weight_bytes(self, artefacts: Path) -> int:
        """Of the file, which holds little else."""
        return (artefacts / FILE).stat().st_size
