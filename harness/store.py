"""Runs on disk: a directory a run, immutable once written, appended to one record at a time.

``run.json``       the manifest, written before the first trial
``records.jsonl``  one record a line, synced as each trial ends
``lock``           held by the process that writes
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from harness import atomic
from harness.errors import MachineError, UnknownName, UserError
from harness.model import codec
from harness.model.record import Manifest, Record, Run

MANIFEST, RECORDS, LOCK = "run.json", "records.jsonl", "lock"
MOST_MANIFEST, MOST_RECORD = 256 << 20, 256 << 20
"""Bytes. What is larger is no run's: reading it would take all memory."""
_PIECE = 1 << 16
RESUMABLE = "nothing that was finished is lost; `tierbench run --resume {path}` goes on from there"


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of ``data`` or raise OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems sync no directories
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cache_directory() -> Path:
    """Where weights and converted models are kept: ``$TIERBENCH_CACHE``, or ``tierbench`` in the user's cache."""
    given = os.environ.get("TIERBENCH_CACHE")
    if given:
        return Path(given).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(base or Path.home() / ".cache").absolute() / "tierbench"
    except RuntimeError:
        hint = "name a folder for it in TIERBENCH_CACHE"
        raise MachineError("this user has no home for the cache to lie in", where="HOME", hint=hint) from None


def cache_error(path: Path | str, error: OSError | str, resumes: Path | None = None) -> MachineError:
    """What a user reads where the cache cannot be used; ``resumes`` is a run that can go on afterwards."""
    what = error if isinstance(error, str) else _said(error)
    where = str(path if isinstance(error, str) else error.filename or path)
    hint = "this is the cache: make room for it, or name another folder in TIERBENCH_CACHE"
    more = f"; then `tierbench run --resume {resumes}`" if resumes is not None else ""
    return MachineError(what, where=where, hint=hint + more)


def _said(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "the disk is full" if full else error.strerror or str(error)


@contextmanager
def measuring(cache: Path) -> Iterator[bool]:
    """Say to other runs on this machine that one is measuring; yields False where another said so before.

    Raises MachineError where the cache cannot be used.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        descriptor = open_lock(cache / "measuring.lock")
    except OSError as error:
        raise cache_error(cache, error) from error
    try:
        yield take_lock(descriptor)
    finally:
        os.close(descriptor)


def open_lock(file: Path) -> int:
    """A descriptor to lock by. To lock takes no right to write: the file may be another user's."""
    with suppress(FileNotFoundError):
        return os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def take_lock(descriptor: int) -> bool:
    """Whether nobody else holds it. Some file systems and sandboxes have no locks: there everybody is alone."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@dataclass
class RunWriter:
    """The one writer of a run. Use as a context; raises MachineError where the disk or another run is in the way."""

    path: Path
    _lock: int = field(default=-1, repr=False)
    _records: int = field(default=-1, repr=False)

    @classmethod
    def create(cls, path: Path, manifest: Manifest) -> RunWriter:
        """A new run at ``path``, which must not hold one already."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            if (path / MANIFEST).exists():
                raise UserError("holds a run already", where=str(path), hint="choose another --out, or --resume it")
            writer = cls(path)
            writer._take()
            _write_new(path / MANIFEST, codec.encode(manifest) + b"\n")
        except OSError as error:
            raise disk_error(path, error) from error
        return writer

    @classmethod
    def resume(cls, path: Path) -> tuple[RunWriter, Run]:
        """Go on with the run at ``path``: the writer, and what is there, its last line repaired where it was cut."""
        if not atomic.exists(path / MANIFEST):
            raise UserError("holds no run", where=str(path), hint="give the directory that a run printed")
        writer = cls(path)
        try:
            writer._take()
            run = read(path)
            os.ftruncate(writer._records, _whole_bytes(path / RECORDS))
        except OSError as error:
            writer.close()
            raise disk_error(path, error) from error
        except UserError:
            writer.close()
            raise
        return writer, run

    def _take(self) -> None:
        self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not take_lock(self._lock):
            os.close(self._lock)
            self._lock = -1
            hint = "wait for it, or write to another --out"
            raise MachineError("another tierbench is writing this run", where=str(self.path), hint=hint) from None
        self._records = os.open(self.path / RECORDS, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def append(self, record: Record) -> None:
        """Write one record and sync it. Raises MachineError, the file left as it was, where it cannot be written."""
        size = os.fstat(self._records).st_size
        try:
            write_all(self._records, codec.encode(record) + b"\n")
            os.fsync(self._records)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._records, size)
            raise disk_error(self.path, error) from error

    def close(self) -> None:
        """Let go of the run."""
        for descriptor in (self._records, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._records = self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(path: Path) -> Run:
    """The run in a directory. Raises UserError where it is none, is damaged or was written by a newer tierbench."""
    atomic.refuse_impossible(path)
    try:
        manifest = codec.decode_manifest(_manifest(path / MANIFEST))
        records, cut = _records(path / RECORDS)
    except FileNotFoundError:
        raise UserError("holds no run", where=str(path), hint="give the directory that a run printed") from None
    except codec.FutureFormat as error:
        raise UserError(str(error), where=str(path / MANIFEST), hint="update tierbench") from None
    except codec.FormatError as error:
        raise UserError(f"is damaged: {error}", where=str(path / MANIFEST)) from None
    except OSError as error:
        raise disk_error(path, error) from error
    notices = (f"{path / RECORDS}: the last line was cut off and has been left out",) if cut else ()
    return Run(manifest, tuple(records), str(path), notices)


def _manifest(path: Path) -> bytes:
    atomic.refuse_irregular(path)
    if path.stat().st_size > MOST_MANIFEST:
        raise UserError(f"is no run's: it has more than {MOST_MANIFEST >> 20} MiB", where=str(path))
    return path.read_bytes()


def _records(path: Path) -> tuple[list[Record], bool]:
    """Line by line, and whether the last one was cut off; none where there is no file."""
    found: list[Record] = []
    if not path.exists():
        return found, False
    atomic.refuse_irregular(path)
    with path.open("rb") as stream:
        while line := stream.readline(MOST_RECORD):
            if len(line) == MOST_RECORD:
                what = f"is damaged: a line has more than {MOST_RECORD >> 20} MiB"
                raise UserError(what, where=f"{path}:{len(found) + 1}")
            if not line.endswith(b"\n"):
                return found, True
            found.append(_record(path, len(found) + 1, line))
    return found, False


def _whole_bytes(path: Path) -> int:
    """The size of the file up to its last whole line."""
    with path.open("rb") as stream:
        at = stream.seek(0, os.SEEK_END)
        while at > 0:
            start = max(0, at - _PIECE)
            stream.seek(start)
            found = stream.read(at - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            at = start
    return 0


def _record(path: Path, number: int, line: bytes) -> Record:
    try:
        return codec.decode_record(line)
    except codec.FormatError as error:
        raise UserError(f"is damaged: {error}", where=f"{path}:{number}") from None


def _write_new(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    sync_directory(path.parent)


def disk_error(path: Path, error: OSError) -> MachineError:
    """The error a user reads where a file at or below `path` cannot be written or read."""
    what = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else (error.strerror or str(error))
    hint = "choose another --out" if error.errno in (errno.EACCES, errno.EROFS) else RESUMABLE.format(path=path)
    return MachineError(what, where=str(error.filename or path), hint=hint)


class _Head(Struct):
    """What a run is found and ordered by."""

    run_id: str = ""
    created: str = ""


def _head(path: Path) -> _Head:
    """Of the run in ``path``; empty where it cannot be read, which is said when it is."""
    try:
        return msgspec.json.decode(_manifest(path / MANIFEST), type=_Head)
    except (OSError, RecursionError, UserError, ValueError):
        return _Head()


def _heads(folder: Path) -> list[tuple[Path, _Head]]:
    """Runs below ``folder``, oldest first by their own word; of one second by their names."""
    found = [(p.parent, _head(p.parent)) for p in folder.glob(f"*/{MANIFEST}")]
    return sorted(found, key=lambda run: (run[1].created, run[0].name))


def runs_in(folder: Path) -> list[Path]:
    """Directories of runs below ``folder``, oldest first."""
    return [path for path, _ in _heads(folder)]


def find(name: str, folder: Path) -> Path:
    """The run that ``name`` means: a directory, a run below ``folder`` by its directory's name or its id, or by the
    unique beginning of one of these; or ``latest``.
    """
    if atomic.exists(Path(name) / MANIFEST):
        return Path(name)
    known = _heads(folder)
    if name == "latest" and known:
        return known[-1][0]
    near = [path for path, head in known if name in (path.name, head.run_id)]
    near = near or [
        path for path, head in known if name and (path.name.startswith(name) or head.run_id.startswith(name))
    ]
    if len(near) == 1:
        return near[0]
    if near:
        hint = "one of " + ", ".join(p.name for p in near[:6])
        raise UserError(f"{name!r} is the beginning of {len(near)} runs", where=str(folder), hint=hint)
    names = [known_name for path, head in known for known_name in dict.fromkeys((path.name, head.run_id)) if known_name]
    raise UnknownName("run", name, names + (["latest"] if known else []))
