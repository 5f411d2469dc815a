"""A question put to a child of its own, which may load what the command line must not: both ends of the pipe.

The child's answer is its standard output; what the user's code prints goes to its error output instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import IO, TypeVar

from msgspec import Struct

import harness
from harness.errors import UserError
from harness.model import codec
from harness.model.signals import signal_name

TAIL, TAIL_BYTES = 300, 4096
_ROOT = str(Path(harness.__file__).resolve().parent.parent)
_FIXED = {
    "PYTHONHASHSEED": "0",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}

A = TypeVar("A", bound=Struct)


def ask(room: str, question: Struct, answer: type[A], *, about: str, seconds: float = 600.0, in_time: str = "") -> A:
    """What the child-side room ``harness.ROOM`` answers. Raises UserError where the child dies or is not done in time.

    ``about`` is the file that an error names, ``in_time`` what would let it be done in time.
    """
    command = [sys.executable, "-P", "-c", child_code("from harness.asking import answer; answer(sys.argv[1])"), room]
    given, environment = codec.encode(question), os.environ | _FIXED
    with tempfile.TemporaryFile(prefix="tierbench-output-") as printed:  # a file: the child reads in it, too
        try:
            done = subprocess.run(
                command,
                input=given,
                stdout=subprocess.PIPE,
                stderr=printed,
                check=False,
                env=environment,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            raise UserError(f"not done after {seconds:g} s", where=about, hint=in_time) from None
        if done.returncode:
            raise UserError(_death(done.returncode, _last_line(printed)), where=about)
    return codec.decode(done.stdout, answer)


def _last_line(printed: IO[bytes]) -> str:
    size = printed.seek(0, os.SEEK_END)
    printed.seek(max(0, size - TAIL_BYTES))
    lines = printed.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:TAIL] if lines else ""


def child_code(statement: str) -> str:
    """Code for a child's interpreter that does ``statement`` with this very package as ``harness``.

    PYTHONPATH may hold another of the name. The folder that ours lies in comes last: it may be the one of all packages.
    """
    first = f"import sys; sys.path.insert(0, {_ROOT!r}); import harness; sys.path.append(sys.path.pop(0))"
    return f"{first}; {statement}"


def _death(code: int, said: str) -> str:
    if code < 0:
        name = signal_name(-code)
        more = ", as the kernel does where memory runs out" if name == "SIGKILL" else ""
        last = f"; it printed last: {said}" if said else ""
        return f"the process that looked at it was ended by {name}{more}{last}"
    return f"the process that looked at it failed: {said or f'exit code {code}'}"


def answer(room: str) -> None:
    """In the child: let ``harness.ROOM.answer`` answer what comes on standard input, and end."""
    target, own = os.dup(1), os.getpid()
    os.dup2(2, 1)
    reply: bytes = import_module(f"harness.{room}").answer(sys.stdin.buffer.read())
    if os.getpid() != own:
        os._exit(1)  # a fork that user code let go on: the answer is the other's to give
    with os.fdopen(target, "wb") as sink:
        sink.write(reply)
    sys.stderr.flush()
    os._exit(0)  # a hang or a crash in a library's clean-up is no part of the answer
