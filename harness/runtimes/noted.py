"""What ``prepare`` noted of a conversion, in ``converted.json`` beside the model's files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness.runtimes import Conversion

FILE = "converted.json"


def write(artefacts: Path, facts: Mapping[str, str]) -> None:
    """Note the facts, whole or not at all."""
    part = artefacts / (FILE + ".part")
    part.write_text(json.dumps(dict(facts)))
    part.replace(artefacts / FILE)


def read(artefacts: Path) -> dict[str, str] | None:
    """What was noted; None where nothing was, or it cannot be read."""
    try:
        facts: dict[str, str] = json.loads((artefacts / FILE).read_text())
    except (OSError, ValueError):
        return None
    return facts


def conversion(facts: Mapping[str, str]) -> Conversion:
    """The cost and the difference among the facts."""
    seconds, size, difference = (facts[name] for name in ("conversion_seconds", "file_bytes", "relative_difference"))
    return Conversion(float(seconds), int(size), float(difference))


def size_of(folder: Path, patterns: Sequence[str]) -> int:
    """Bytes of all files that match."""
    return sum(file.stat().st_size for pattern in patterns for file in folder.glob(pattern) if file.is_file())


def installed(package: str) -> str:
    """Version of a package, without importing it; empty where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
