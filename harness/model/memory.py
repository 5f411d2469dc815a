"""The metrics of memory by layer, beside the peaks in ``harness.model.measure``."""

from __future__ import annotations

from harness.model.measure import Metric

PSS = Metric(
    "pss",
    "B",
    "lower",
    "tree",
    "Pss in smaps_rollup at the end of the stage, over the main process and those it started: shared pages in parts",
)
USS = Metric(
    "uss",
    "B",
    "lower",
    "tree",
    "private pages in smaps_rollup at the end of the stage, over the main process and those it started",
)
TREE_ANONYMOUS = Metric(
    "tree_anonymous", "B", "lower", "tree", "anonymous pages charged to the trial's own cgroup at the end of the stage"
)
TREE_FILE = Metric(
    "tree_file", "B", "lower", "tree", "pages of files charged to the trial's own cgroup at the end of the stage"
)
ALLOCATOR_USED = Metric(
    "allocator_used", "B", "lower", "process", "mallinfo2 at the end of the stage: what the program holds of malloc's"
)
ALLOCATOR_FREE = Metric(
    "allocator_free", "B", "lower", "process", "mallinfo2 at the end of the stage: freed, and not given back"
)

GPU_PROCESS = Metric(
    "gpu_process", "B", "lower", "process", "NVML's account of the trial's processes at the end of the stage"
)
GPU_DELTA = Metric(
    "gpu_device_delta",
    "B",
    "lower",
    "device",
    "NVML's memory in use on the whole GPU at the end of the stage, less what was in use before the trial touched it",
)
GPU_REMAINDER = Metric(
    "gpu_remainder",
    "B",
    "lower",
    "process",
    "NVML's account of the trial less what torch's allocator holds: CUDA context, libraries' own workspaces",
)

_AT_PEAK = "torch storages alive at the tensors' peak, in a pass of its own: "
PARTS: tuple[Metric, ...] = (
    Metric("composition_weights", "B", "lower", "process", _AT_PEAK + "parameters and buffers"),
    Metric("composition_gradients", "B", "lower", "process", _AT_PEAK + "gradients of parameters"),
    Metric("composition_optimizer_state", "B", "lower", "process", _AT_PEAK + "state of optimizers that stepped"),
    Metric("composition_kv_cache", "B", "lower", "process", _AT_PEAK + "held by a cache object"),
    Metric("composition_activations", "B", "lower", "process", _AT_PEAK + "all others, inputs included"),
)
"""What tensors are made of. With framework and remainder they add up to ``COMPOSITION_PEAK``."""

FRAMEWORK = Metric(
    "composition_framework", "B", "lower", "process", "VmRSS after import: interpreter and libraries, before any model"
)
REMAINDER = Metric(
    "composition_remainder",
    "B",
    "neither",
    "process",
    "the peak less framework and tensors: operators' scratch memory, allocator's slack, library pages first used later"
    "; below 0 where tensors were not all resident at once",
)
COMPOSITION_PEAK = Metric(
    "composition_peak", "B", "lower", "process", "the highest VmHWM of the steps in the pass that accounted for tensors"
)
GPU_COMPOSITION_PEAK = Metric(
    "composition_peak", "B", "lower", "device", "torch.cuda.max_memory_allocated over the steps of the accounting pass"
)

NO_GROUP_BUT_CHILDREN = "the trial had no group of its own and started other processes: nothing bounds its tree's peak"
"""Why such a trial has no peak of its tree."""
