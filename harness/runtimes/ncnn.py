"""ncnn on the CPU: converted by pnnx and checked against eager before measuring; the trial reads only the result."""

from __future__ import annotations

import copy
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from harness.host.files import HERE
from harness.model.workload import Model
from harness.runtimes import Loaded
from harness.runtimes._ncnn_net import Ends, parts
from harness.runtimes.converting import Converting, stored_inputs, threads, traced

_PARAM, _BIN, _CALL = "model.ncnn.param", "model.ncnn.bin", "model_ncnn.py"
_FP16 = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic")
_FP16_FLAGS = {"asimdhp", "f16c"}
"""Of the CPU: Arm's arithmetic in half precision, x86's conversion of it."""
_SWITCHES = (
    "use_winograd_convolution", "use_sgemm_convolution", "use_packing_layout", "use_bf16_storage", "use_vulkan_compute",
)  # fmt: skip
_LAST_LINES = 6


class Ncnn(Converting):
    """Steps take and return numpy arrays. Settings: ncnn's own, but no half precision in float32, and OMP_NUM_THREADS.

    Data type float16 is float32's model with ncnn's half precision on: storage and arithmetic where the CPU computes in
    it (Arm), storage of some layers' weights where it can only convert it (x86).
    """

    id = "ncnn"
    imports: tuple[str, ...] = ("numpy", "ncnn")
    tools = ("ncnn", "pnnx", "torch")
    files = ("model.ncnn.*", _CALL)

    def unavailable(self, device: str, dtype: str) -> str | None:
        """Why it cannot run there; None where it can. Imports nothing."""
        if (missing := self.missing()) is not None:
            return missing
        if device != "cpu":
            return f"the ncnn runtime runs on the CPU, not on the {device}"
        if dtype == "float16":
            return None if _cpu_flags() & _FP16_FLAGS else "this CPU has no half precision"
        return None if dtype == "float32" else f"the ncnn runtime computes in float32 and float16, not {dtype}"

    def tolerance(self, dtype: str) -> float:
        """Of float32, with Winograd's sums; of float16, with its 11 bits."""
        return 1e-3 if dtype == "float32" else 3e-2

    def convert(self, model: Model, artefacts: Path, dtype: str) -> None:
        """Write ``model.ncnn.param`` and ``.bin``, and pnnx's own example of how they are called."""
        import torch

        half = any(value.dtype == torch.float16 for value in (*model.module.parameters(), *model.inputs))
        module = copy.deepcopy(model.module).float() if half else model.module
        inputs = tuple(value.float() if value.dtype == torch.float16 else value for value in _one(model.inputs))
        with tempfile.TemporaryDirectory(dir=artefacts) as scratch:
            script = Path(scratch) / "model.pt"
            traced(module, inputs).save(str(script))
            _pnnx(script, half)
            for name in (_PARAM, _BIN, _CALL):
                shutil.move(Path(scratch) / name, artefacts / name)
        _reject_unknown(artefacts / _PARAM)

    def open(self, artefacts: Path, dtype: str) -> Loaded:
        """A net with the threads asked for. Raises RuntimeError where ncnn refuses the files."""
        import ncnn

        net = ncnn.Net()
        net.opt.num_threads = threads()
        for name in _FP16:
            setattr(net.opt, name, dtype == "float16")
        if net.load_param(str(artefacts / _PARAM)) or net.load_model(str(artefacts / _BIN)):
            raise RuntimeError(f"ncnn cannot load the model in {artefacts}")
        ends, inputs = Ends.of(net, (artefacts / _CALL).read_text()), stored_inputs(artefacts)
        return Loaded(
            ends.call,
            inputs,
            facts=_settings(net),
            graph=artefacts / _PARAM,
            parts=lambda passes: [parts(ends, inputs) for _ in range(passes + 1)][1:],
        )

    def weight_bytes(self, artefacts: Path) -> int:
        """Of the file of weights, which holds nothing else."""
        return (artefacts / _BIN).stat().st_size


def _settings(net: Any) -> dict[str, str]:
    import ncnn

    on = {name.removeprefix("use_"): getattr(net.opt, name) for name in (*_SWITCHES, *_FP16)}
    return {
        "threads": str(net.opt.num_threads),
        "ncnn_options": ", ".join(f"{name} {'on' if value else 'off'}" for name, value in on.items()),
        "openmp_blocktime_ms": str(net.opt.openmp_blocktime),
        "powersave": str(ncnn.get_cpu_powersave()),
    }


def _one(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of images the first: ncnn's nets take any number, but a number that is traced ends up in their constants."""
    return tuple(value[:1] for value in inputs) if all(value.dim() == 4 for value in inputs) else inputs


def _pnnx(script: Path, half: bool) -> None:
    """Convert; it takes shapes and types from the trace. Raises RuntimeError with the end of what it said."""
    import pnnx

    command = [pnnx.EXEC_PATH, script.name, f"fp16={int(half)}"]
    done = subprocess.run(command, cwd=script.parent, capture_output=True, text=True, check=False)
    if done.returncode or not (script.parent / _PARAM).exists():
        said = " ".join((done.stderr or done.stdout).split("\n")[-_LAST_LINES:])
        raise RuntimeError(f"pnnx cannot convert it (exit code {done.returncode}): {said}")


def _reject_unknown(param: Path) -> None:
    """Raise RuntimeError where pnnx left operators that ncnn has no layer for."""
    import ncnn

    kinds = dict.fromkeys(line.split()[0] for line in param.read_text().splitlines()[2:])
    unknown = [kind for kind in kinds if ncnn.layer_to_index(kind) < 0]
    if unknown:
        raise RuntimeError(f"ncnn has no layer for {', '.join(unknown)}")


def _cpu_flags() -> set[str]:
    lines = (HERE.text("proc/cpuinfo") or "").splitlines()
    return {flag for line in lines if line.startswith(("flags", "Features")) for flag in line.partition(":")[2].split()}
