"""What a word of the command line names: a suite or workload, or a model of the user's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import atomic
from harness.errors import UserError
from harness.model.own import OwnKind
from harness.model.text import shortened
from harness.own import pickles

_FUNCTION = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")
_WORKLOAD = re.compile(r"(?P<file>.+\.py)(?:::(?P<name>[A-Za-z_]\w*))?\Z")
_FILES: dict[str, OwnKind] = {".onnx": "onnx", ".pt2": "exported"}
_NOT_READ = {".tflite", ".gguf", ".h5", ".keras", ".pb", ".mlmodel", ".pte", ".engine", ".safetensors", ".ptl"}
READ = (
    "model.onnx, model.pt2 (torch.export.save), package.module:function, file.py::Workload, "
    "or a folder with Hugging Face's config.json"
)
"""What can be given, for a hint."""


@dataclass(frozen=True)
class Given:
    """A model of the user's own as it was named. ``name`` is the class of a workload's file, empty for all of it."""

    kind: OwnKind
    text: str
    path: Path
    """Of a function: where it is looked for."""
    name: str = ""


def split(words: Sequence[str]) -> tuple[list[Given], list[str], list[UserError]]:
    """The models among the words, the other words, and why others are refused, as far as a look at the file tells."""
    models: list[Given] = []
    names: list[str] = []
    refused: list[UserError] = []
    for word in words:
        try:
            given = recognise(word)
            if given is None:
                _refuse_folder(word)
        except UserError as error:
            refused.append(error)
            continue
        if given is None:
            names.append(word)
        else:
            models.append(given)
    return models, names, refused


def recognise(word: str) -> Given | None:
    """What the word names, None where it is no model. Raises UserError for a pickle, or a format that is not read."""
    path = atomic.expanded(Path(word))
    if _FUNCTION.match(word):
        return Given("function", word, Path.cwd())
    if found := _WORKLOAD.match(word):
        return Given("workload", word, _there(atomic.expanded(Path(found["file"]))), found["name"] or "")
    if path.suffix.lower() in _FILES:
        return Given(_FILES[path.suffix.lower()], word, _sound(_there(path)))
    if path.suffix.lower() in pickles.SUFFIXES:
        raise pickles.refusal(_there(path))
    if path.suffix.lower() in _NOT_READ and atomic.exists(path):
        raise UserError(f"models in {path.suffix} files are not read", where=word, hint=f"give {READ}")
    return Given("config", word, path.absolute()) if atomic.is_file(path / "config.json") else None


def _refuse_folder(word: str) -> None:
    """Raises UserError for a word that can only be meant as a folder with a model."""
    if atomic.is_directory(atomic.expanded(Path(word))) and (word.startswith((".", "/", "~")) or word.endswith("/")):
        raise UserError("the folder has no config.json", where=word, hint=f"give {READ}")


def _there(path: Path) -> Path:
    if not atomic.exists(path):
        raise UserError("no such file", where=shortened(str(path)))
    if path.is_dir():
        raise UserError("is a folder, not a file", where=str(path))
    return path.absolute()


def _sound(path: Path) -> Path:
    if path.stat().st_size == 0:
        raise UserError("the file is empty", where=str(path))
    if pickles.holds_one(path):
        raise pickles.refusal(path)
    return path
