"""Files: one that is there whole or not at all, and one that a user names, read within bounds."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from harness.errors import UserError
from harness.model.text import shortened

STDIN = "-"
_MOST_PATH, _MOST_NAME = 4095, 255
"""Bytes of a path and of a name in it that Linux takes."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_KINDS = (
    (stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)  # fmt: skip


def write(file: Path, content: bytes) -> None:
    """Write beside the file and rename: a reader sees the old content or the new. Makes the folder.

    Raises OSError, and then leaves nothing beside the file.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def read_given(file: Path, most: int, hint: str = "", stdin: bool = False) -> bytes:
    """The bytes of a regular file that a user names, ``most`` at most; with ``stdin``, ``-`` is standard input.

    Raises UserError for what is no regular file, cannot be read or is larger: no more than that is ever in memory.
    """
    try:
        if stdin and str(file) == STDIN:
            data = sys.stdin.buffer.read(most + 1)
        else:
            refuse_irregular(file)
            with file.open("rb") as stream:
                data = stream.read(most + 1)
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None
    if len(data) > most:
        raise UserError(f"the file has more than {_size(most)}", where=shortened(str(file)), hint=hint)
    return data


def refuse_irregular(file: Path) -> None:
    """Raise UserError for a directory, a device, a pipe or a socket, and OSError or ValueError where nothing is."""
    mode = file.stat().st_mode
    kind = next((name for test, name in _KINDS if test(mode)), "")
    if kind:
        hint = "a pipe is read as standard input: ... | tierbench ... -" if kind == "a pipe" else "name a regular file"
        raise UserError(f"is not a file but {kind}", where=str(file), hint=hint)


def unreadable(file: Path, error: OSError | ValueError) -> UserError:
    """What a user reads where a file cannot be opened or a name cannot be one."""
    what = error.strerror if isinstance(error, OSError) else str(error)
    return UserError(f"cannot be read: {what or error}", where=shortened(str(file)))


def refuse_impossible(path: Path | str) -> None:
    """Raise UserError for a path that no file system could have."""
    text = str(path)
    try:
        too_long = len(os.fsencode(text)) > _MOST_PATH or any(len(os.fsencode(n)) > _MOST_NAME for n in text.split("/"))
    except UnicodeEncodeError:
        raise UserError(f"{shortened(text)!r} has a character that nothing can be called by") from None
    if "\0" in text:
        raise UserError(f"{shortened(text)!r} has a character that nothing can be called by")
    if too_long:
        raise UserError(f"{shortened(text)!r} is too long for a name", hint=f"a name has at most {_MOST_NAME} bytes")


def exists(path: Path) -> bool:
    """Whether something of that name is there; False too where nothing can be called so."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises for a name that is too long


def is_file(path: Path) -> bool:
    """Whether it is a file; False too where nothing can be called so."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for a name that is too long


def is_directory(path: Path) -> bool:
    """Whether it is a directory; False too where nothing can be called so."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for a name that is too long


def expanded(path: Path) -> Path:
    """With ``~`` as a home, and as it stands where there is no such user."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def text_of(data: bytes, file: Path | str) -> str:
    """UTF-8 text, with or without a byte order mark, its lines ended by a newline. Raises UserError with the line."""
    if is_utf_16(data):
        raise UserError("the file is UTF-16 text", where=f"{file}:1", hint="save it as UTF-8")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError("the file is not UTF-8 text", where=f"{file}:{line}", hint="save it as UTF-8") from None


def is_utf_16(data: bytes) -> bool:
    """Whether bytes begin as UTF-16 text does: with its mark, or with one zero byte of two."""
    return data[:2] in _UTF_16 or (len(data) > 1 and (data[0] == 0) != (data[1] == 0))


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"
