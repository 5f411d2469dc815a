"""What was measured: metrics that describe themselves, samples with their stage and provenance, findings."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Provenance = Literal["measured", "enforced", "projected"]
"""``measured``: ran on this hardware. ``enforced``: ran on a host under a profile's limits. ``projected``: computed."""

Stage = Literal["import", "load", "warm-up", "timed", "trial"]
"""A part of a trial; ``trial`` is the whole of it."""

Bound = Literal["upper", "lower"]
BOUND_WORDS: dict[Bound | None, str] = {"upper": "at most ", "lower": "at least ", None: ""}
"""What stands before a figure that only bounds the truth."""

Scope = Literal["process", "tree", "device", "package", "module", "board", "wall"]


class Metric(Struct, frozen=True, omit_defaults=True):
    """A metric that describes itself: ``unit`` is a base unit (``s``, ``B``, ``J``, ``W``, ``items/s``, ``1``)."""

    id: str
    unit: str
    better: Literal["lower", "higher", "neither"]
    scope: Scope
    how: str
    """By what means it is read, for people."""
    resolution: str = ""
    """The finest difference it can show, for people: the step of a counter, the digits of a file; empty: not known."""


class Measurement(Struct, frozen=True, omit_defaults=True):
    """All samples of one metric in one stage. No samples means it could not be had, and ``missing`` says why."""

    metric: Metric
    stage: Stage
    provenance: Provenance
    values: tuple[float, ...] = ()
    missing: str | None = None
    bound: Bound | None = None
    """Set where the figure only bounds the truth."""
    marks: str | None = None
    """The mark inside a step that these times belong to, e.g. ``first_token``."""


class Finding(Struct, frozen=True, omit_defaults=True):
    """What a validator or analyser has to say, and what to do about it."""

    level: Literal["info", "warning", "error"]
    code: str
    message: str
    hint: str = ""
    subject: str = ""
    """Id of the trial, case or file it is about; empty for the whole run."""


PREPROCESSED, INFERRED, POSTPROCESSED = "preprocessed", "inferred", "postprocessed"
PROCESSING = (PREPROCESSED, INFERRED, POSTPROCESSED)
"""Marks at which a stage of a step ends, in their order; a step may lack some of them."""

LATENCY = Metric("latency", "s", "lower", "process", "time.perf_counter_ns around each step")
TIMED_STEPS = Metric("timed_steps", "count", "neither", "process", "steps in the timed rounds")
ELAPSED = Metric(
    "elapsed", "s", "neither", "process", "wall time of all timed rounds; under a server's load also that between them"
)
MATMUL_RATE = Metric(
    "matmul_rate", "FLOP/s", "higher", "process", "float32 products of 512 x 512 matrices on one thread, best of 12"
)
COLD_START = Metric("cold_start", "s", "lower", "process", "time of the first step after load")
LOAD_TIME = Metric("load_time", "s", "lower", "process", "time to build the model and load its weights")
IMPORT_TIME = Metric("import_time", "s", "lower", "process", "time to import the suite and what it requires")
MARK_TIME = Metric("mark_time", "s", "lower", "process", "time.perf_counter_ns at a mark, from the start of its step")
INTERVAL_TIME = Metric("interval_time", "s", "lower", "process", "time between one mark and the next of its name")
PROCESSING_TIME = Metric(
    "processing_time", "s", "lower", "process", "time.perf_counter_ns from the stage before in the same step to its end"
)
PROCESS_PEAK = Metric("process_peak", "B", "lower", "process", "VmHWM of the main process, reset at each stage")
PROCESS_BASELINE = Metric("process_baseline", "B", "lower", "process", "VmRSS of the main process before the stage")
TREE_PEAK = Metric("tree_peak", "B", "lower", "tree", "the kernel's high-water mark of the trial's own cgroup")
TREE_BASELINE = Metric(
    "tree_baseline", "B", "lower", "tree", "memory charged to the trial's own cgroup before the stage"
)
ANONYMOUS = Metric("anonymous", "B", "lower", "process", "RssAnon of the main process at the end of the stage")
FILE_BACKED = Metric("file_backed", "B", "lower", "process", "RssFile of the main process at the end of the stage")
WEIGHTS = Metric("weights", "B", "lower", "process", "sum over the model's distinct parameter and buffer storages")
CONVERSION_TIME = Metric(
    "conversion_time",
    "s",
    "lower",
    "process",
    "time to convert or compile the model, once, before all trials; another work may be prepared beside it",
)
CONVERTED_SIZE = Metric("converted_size", "B", "lower", "process", "size of the files that the conversion left")
CONVERSION = (CONVERSION_TIME, CONVERTED_SIZE)
INPUT_BYTES = Metric(
    "input_bytes",
    "B",
    "neither",
    "process",
    "sum over the tensors, arrays, texts and numbers given to a step, as they are",
)
OUTPUT_BYTES = Metric("output_bytes", "B", "neither", "process", "the same over what the first step returned")
MAJOR_FAULTS = Metric("major_faults", "count", "lower", "process", "page faults that read from disk, during the stage")
READ_FROM_DISK = Metric(
    "read_from_disk",
    "B",
    "lower",
    "process",
    "read_bytes in /proc/self/io: what the main process had fetched from disk, during the stage",
)
GPU_ALLOCATED = Metric(
    "gpu_allocated_peak", "B", "lower", "device", "torch.cuda.max_memory_allocated, reset at each stage"
)
GPU_RESERVED = Metric(
    "gpu_reserved_peak", "B", "lower", "device", "torch.cuda.max_memory_reserved, reset at each stage"
)
STEP_ENERGY = Metric("step_energy", "J", "lower", "device", "difference of an energy counter over a window, per step")
NET_STEP_ENERGY = Metric(
    "net_step_energy", "J", "lower", "device", "energy per step less what the idle machine would have drawn"
)
ITEM_ENERGY = Metric("item_energy", "J", "lower", "device", "energy per step over the items that one step processes")
POWER = Metric("power", "W", "lower", "device", "energy over the window's wall time")
