"""What a result of llama-bench says of where it ran: on the CPU, on a GPU, or on both."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from msgspec import Struct

from harness.vendor.about import About, Line

_CPU = {"cpu", "blas", "accelerate", "zendnn", "kleidiai", "openblas", "mkl", "blis"}
ALL_LAYERS = 99
"""What llama-bench means all layers by; -1 does so in newer versions."""
_NONE = {"", "0", "none", "auto", "false", "-1"}
_NOTED = ("flash_attn", "type_k", "type_v", "no_op_offload", "cpu_mask", "embeddings")
_USUAL = _NONE | {"f16", "0x0"}

_TOGETHER = "they are of GPU and CPU together"

Device = Literal["cpu", "gpu"]


class Where(Struct, frozen=True):
    """The settings of a result that decide where it ran, as text."""

    SETTINGS: ClassVar = (
        "backends", "n_gpu_layers", "devices", "no_kv_offload", "n_cpu_moe", "tensor_buft_overrides", "split_mode",
        "tensor_split", "gpu_info", "cpu_info", "gpus", *_NOTED,
    )  # fmt: skip

    line: Line
    said: dict[str, str]

    @property
    def words(self) -> str:
        """For a message: the backend, and the setting that decides."""
        layers = self.said.get("n_gpu_layers")
        decides = f", n_gpu_layers = {layers}" if layers is not None else ""
        devices = self.said.get("devices", "").lower()
        return f"the backend is {self.said['backends']}{decides}" + (f", devices = {devices}" if devices else "")

    def device(self) -> Device:
        """Where the weights lie: on the CPU where the build has no GPU, or no layer is given to it."""
        names = {name.strip() for name in self.said["backends"].lower().split(",")}
        if names <= _CPU or self.said.get("devices", "").lower() == "none" or self._layers() == 0:
            return "cpu"
        return "gpu"

    def _layers(self) -> int | None:
        """Layers on the GPU; None where all are. Raises UserError."""
        text = self.said.get("n_gpu_layers", "-1")
        if text.startswith("-"):
            return None
        if text.strip("0") == "" or text == "0.0":
            return 0
        count = self.line.count(text, "n_gpu_layers")
        return None if count >= ALL_LAYERS else count

    def why_not(self, about: About) -> str | None:
        """Why the result is of no single device; None where it is."""
        if "rpc" in self.said["backends"].lower():
            return "rates over a network (RPC) are left out: they are of more than this machine"
        if self.device() == "cpu":
            return None
        layers = self._layers()
        if layers is not None and about.layers is not None and layers < about.layers:
            return f"rates with {layers} of {about.layers} layers on the GPU are left out: {_TOGETHER}"
        for name in ("n_cpu_moe", "tensor_buft_overrides", "no_kv_offload"):
            if self.said.get(name, "").lower() not in _NONE:
                return f"rates with {name} = {self.said[name]} are left out: {_TOGETHER}"
        return "rates of several GPUs together are left out" if self._several() else None

    def layers_told(self, about: About) -> bool | None:
        """True where it is known whether all layers are on the GPU, None where not."""
        known = self.device() == "cpu" or self._layers() is None or about.layers is not None
        return True if known else None

    @property
    def taken(self) -> str:
        """What is taken for granted, in a sentence; empty where the result says it."""
        if self.device() == "cpu" or "n_gpu_layers" in self.said:
            return ""
        return "n_gpu_layers is not in the table: all layers are taken to be on the GPU, as llama-bench puts them"

    def _several(self) -> bool:
        if self.said.get("split_mode", "layer").lower() == "none":
            return False
        devices = [d for d in self.said.get("devices", "").split("/") if d.lower() not in _NONE]
        if devices:
            return len(devices) > 1
        shares = [s for s in re.split(r"[/,]", self.said.get("tensor_split", "")) if s.strip("0. ")]
        if shares:
            return len(shares) > 1
        return len(self.said.get("gpu_info", "").split(", ")) > 1 or int(self.said.get("gpus", "1")) > 1

    @property
    def note(self) -> str:
        """For the anchors: the backend and whatever differs from how llama-bench usually runs, and the hardware."""
        told = [] if self.said["backends"].upper() == "CPU" else [f"backend {self.said['backends']}"]
        if self.device() == "cpu" and told:
            told.append("no layer on the GPU")
        for name in _NOTED:
            value = self.said.get(name, "")
            if value.lower() not in _USUAL:
                told.append(f"{name} {value}")
        hardware = self.said.get("cpu_info" if self.device() == "cpu" else "gpu_info", "")
        return ", ".join(("llama-bench", *told, *([f"on {hardware}"] if hardware else [])))
