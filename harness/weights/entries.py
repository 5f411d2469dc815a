"""The cache of weights, and models loaded from it. Nothing here uses the network.

An entry is a folder ``<cache>/weights/<key>/`` that ``from_pretrained`` can read, with a seal: size and hash.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import MachineError
from harness.model.workload import Place

FORMAT = 1
"""Raise it when the rule that fills the tensors, or the layout of an entry, changes."""

FILE = "model.safetensors"
used: set[Path] = set()
"""The weight files that this process has read: what must leave the page cache for a cold start to be one."""

_SEAL = "seal.json"
_PIECE = 1 << 15
"""Numbers that are made at once: memory that is used again costs no new pages."""
_DTYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32", "bool": "BOOL"}


def load(architecture: type, config: Any, place: Place) -> Any:
    """The model in ``place.dtype`` on the CPU, ready for inference, its weights read from the cache.

    ``architecture`` is a transformers model class and ``config`` its configuration. The weights depend on nothing but
    these two and the dtype, never on ``place.seed``. Raises MachineError where the cache cannot be written.
    """
    return load_files(architecture, config, [ensure(architecture, config, place) / FILE], place)


def load_files(architecture: type, config: Any, files: Sequence[Path], place: Place) -> Any:
    """The same with its weights read from safetensors files. Raises RuntimeError where they are of something else."""
    tensors = {name: tensor for file in files for name, tensor in read(file).items()}
    with _quiet():
        model, said = architecture.from_pretrained(  # type: ignore[attr-defined]
            None, config=config, state_dict=tensors, dtype=_dtype(place.dtype), output_loading_info=True
        )
    wrong = {k: sorted(map(str, v)) for k, v in said.items() if v}
    if wrong:
        raise RuntimeError(f"the weights in {files[0].parent} do not match {architecture.__name__}: {wrong}")
    return model.eval()


def load_module(make: Callable[[], Any], name: str, place: Place) -> Any:
    """The torch module that ``make`` gives, in ``place.dtype`` on the CPU, its weights read from the cache.

    ``name`` is the entry's in the cache, with a hash of the tensors' names and shapes. What ``make`` computes into a
    tensor that is stored is replaced. Raises MachineError where the cache cannot be written.
    """
    import torch

    with torch.device("meta"):
        module = make()
    shapes = module.state_dict()
    said = json.dumps({"format": FORMAT, "shapes": {n: list(t.shape) for n, t in shapes.items()}}, sort_keys=True)
    folder = place.cache / "weights" / f"{name}-{place.dtype}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    write = partial(_write_tensors, shapes=lambda: shapes, dtype=place.dtype)
    ensure_entry(folder, write, lambda part: (part / "config.json").write_text(said))
    module.load_state_dict(read(folder / FILE), assign=True)
    return module.eval()


def read(path: Path) -> dict[str, Any]:
    """The tensors in memory of their own, not mapped from the file.

    Mapped weights are page cache: they belong to whoever touched them first, a limit drops and re-reads them instead of
    refusing them, and a warm file would make a model look as if it needed nothing. Read, they cost their size, once.
    """
    from safetensors import safe_open

    used.add(path)
    with safe_open(path, framework="pt", device="cpu", backend="pread") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict


def ensure(architecture: type, config: Any, place: Place) -> Path:
    """The cache's folder for these weights, written first where it is missing or damaged."""
    folder = place.cache / "weights" / key(architecture, config, place.dtype)
    write = partial(_write_tensors, shapes=lambda: _shapes(architecture, config), dtype=place.dtype)
    ensure_entry(folder, write, config.save_pretrained)
    return folder


def ensure_entry(folder: Path, write: Callable[[Path], str], describe: Callable[[Path], object]) -> None:
    """Make the entry where it is missing or damaged: ``write`` gives its file's SHA-256. Raises MachineError."""
    if is_sound(folder):
        return
    try:
        with _locked(folder):
            if not is_sound(folder):
                _write_entry(folder, write, describe)
    except OSError as error:
        raise MachineError(f"cannot write weights: {error.strerror or error}", where=str(folder)) from error


def unread(work: Callable[[], Any]) -> Any:
    """What ``work`` gives, done once to make an entry: files that it reads are none that a trial reads."""
    before = set(used)
    try:
        return work()
    finally:
        used.intersection_update(before)


def key(architecture: type, config: Any, dtype: str) -> str:
    """A name for these weights: architecture, dtype, and a hash of the configuration, its library and the format."""
    facts = {k: v for k, v in config.to_dict().items() if k not in {"dtype", "torch_dtype", "architectures"}}
    said = {"format": FORMAT, "config": facts}
    if not architecture.__module__.startswith("transformers."):  # whose version stands in the configuration
        said["source"] = source_of(architecture)
    text = json.dumps(said, sort_keys=True, default=str)
    return f"{architecture.__name__}-{dtype}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def source_of(made_by: Any) -> str:
    """A hash of the file in which a class or a function is written; empty where there is none to read."""
    function = getattr(made_by, "func", made_by)  # of functools.partial
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    path = getattr(getattr(function, "__code__", None), "co_filename", None) or getattr(module, "__file__", None)
    try:
        return digest(Path(path or ""))[:16]
    except OSError:
        return ""


def is_sound(folder: Path) -> bool:
    """Whether the entry is whole. Reads the file through only where its size is right and its time is not."""
    try:
        seal = json.loads((folder / _SEAL).read_text())
        stat = (folder / FILE).stat()
        if stat.st_size != seal["bytes"] or not (folder / "config.json").stat().st_size:
            return False
        if stat.st_mtime_ns == seal["modified_ns"]:
            return True
        return bool(digest(folder / FILE) == seal["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write_entry(folder: Path, write: Callable[[Path], str], describe: Callable[[Path], object]) -> None:
    """Write beside the final place and rename, so that no reader ever sees half an entry."""
    part = folder.with_name(folder.name + ".part")
    for stale in (part, folder):
        shutil.rmtree(stale, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        sha256 = write(part / FILE)
        describe(part)
        stat = (part / FILE).stat()
        seal = {"bytes": stat.st_size, "modified_ns": stat.st_mtime_ns, "sha256": sha256}
        _write_synced(part / _SEAL, json.dumps(seal).encode())
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _shapes(architecture: type, config: Any) -> dict[str, Any]:
    """The tensors that the model stores, by name: shapes without memory, tied ones once."""
    import torch

    with torch.device("meta"), _quiet():
        model = architecture(config)
    kept = model.state_dict().keys()
    named = [*model.named_parameters(), *model.named_buffers()]
    return {name: tensor for name, tensor in named if name in kept}


def _write_tensors(path: Path, shapes: Callable[[], dict[str, Any]], dtype: str) -> str:
    """Write a safetensors file a piece of a tensor at a time, in memory of that. Returns its SHA-256."""
    of = shapes()
    kinds = {name: _dtype(dtype) if t.is_floating_point() else t.dtype for name, t in of.items()}
    order = sorted(of, key=lambda name: (-kinds[name].itemsize, name))
    hasher = hashlib.sha256()
    with path.open("wb") as file:
        for block in _blocks(order, of, kinds):
            hasher.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return hasher.hexdigest()


def _blocks(order: list[str], shapes: dict[str, Any], kinds: dict[str, Any]) -> Iterator[bytes | memoryview]:
    import torch

    yield _header(order, shapes, kinds)
    for name in order:
        for piece in _fill(name, shapes[name].shape):
            yield memoryview(piece.to(kinds[name]).view(torch.uint8).numpy())


def _header(order: list[str], shapes: dict[str, Any], kinds: dict[str, Any]) -> bytes:
    """The safetensors header: its length in 8 bytes, then JSON padded to a multiple of 8."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name in order:
        end = start + shapes[name].numel() * kinds[name].itemsize
        kind = _DTYPES[str(kinds[name]).removeprefix("torch.")]
        entries[name] = {"dtype": kind, "shape": list(shapes[name].shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _fill(name: str, shape: Any) -> Iterator[Any]:
    """One tensor in float32 on the CPU, from its name and shape alone: flat pieces in the same memory, one by one."""
    import torch

    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "little")
    generator = torch.Generator().manual_seed(seed)
    sizes = _pieces(math.prod(shape))
    memory = torch.empty(max(sizes))
    for size in sizes:
        yield _shaped(memory[:size].normal_(generator=generator), name, shape)


def _pieces(numbers: int) -> list[int]:
    """Their sizes. All together get what the tensor would get at once: PyTorch draws by 16, the last ones anew."""
    whole = max(numbers // _PIECE - 1, 0)
    return [_PIECE] * whole + [numbers - _PIECE * whole]


def _shaped(noise: Any, name: str, shape: Any) -> Any:
    """A piece of normal noise, made into weights in its place.

    Matrices and filters are normal with variance 1 / fan-in; norms lie about 1, their running variance too; biases and
    running means about 0. Nothing is exactly 0, so that no page of the file is.
    """
    if name.endswith("running_var"):
        return noise.mul_(0.1).exp_()
    if len(shape) >= 2:
        return noise.mul_((math.prod(shape) / shape[0]) ** -0.5)
    if len(shape) == 0:
        return noise.fill_(1.0)
    return noise.mul_(0.05).add_(1.0 if name.endswith("weight") else 0.0)


def _dtype(name: str) -> Any:
    import torch

    return getattr(torch, name)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the entry's lock; the kernel drops it with the process, so a killed writer blocks nobody."""
    import fcntl

    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.with_name(folder.name + ".lock")
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)  # another user's may be locked, too
    except FileNotFoundError:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' progress bars, which would write to the error output of a trial."""
    from transformers.utils import logging

    shown: Callable[[], bool] = logging.is_progress_bar_enabled
    before = shown()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if before:
            logging.enable_progress_bar()
