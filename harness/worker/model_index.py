"""transformers' table of its models, kept between trials: at each import it would read 1,650 files for it, twice.

Only trials that tell no import time take it from there. A process's peak is 0.9 MiB lower for it.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from harness import atomic

MODULE = "transformers.utils.import_utils"
FUNCTION = "create_import_structure_from_path"
"""Of that module: from a folder's path, or that of a file in it, to the table of the folder's models."""

Make = Callable[[Any], Any]


@dataclass(frozen=True)
class ModelIndex:
    """Where the table is kept, and whether this process may write it there."""

    cache: Path
    writes: bool = False

    def install(self) -> None:
        """Have transformers ask here, where it has not been imported yet."""
        if MODULE not in sys.modules:
            sys.meta_path.insert(0, _Finder(self))

    def answer(self, version: str, models: str, make: Make, path: Any) -> Any:
        """What ``make(path)`` gives, from the kept table where ``path`` is the folder of all models."""
        wanted = str(path).removesuffix("/__init__.py") == models
        return self._of_all(version, models, make, path) if wanted else make(path)

    def file(self, version: str, models: str) -> Path:
        """Of this transformers with these files, in a form that only this Python is sure to read."""
        name = f"transformers-{version}-{_state(Path(models))}.{sys.implementation.cache_tag}"
        return self.cache / "imports" / name

    def _of_all(self, version: str, models: str, make: Make, path: Any) -> Any:
        file = self.file(version, models)
        with suppress(OSError, ValueError, EOFError, TypeError):
            return marshal.loads(file.read_bytes())
        table = make(path)
        if self.writes:
            with suppress(OSError, ValueError):
                atomic.write(file, marshal.dumps(table))
        return table


def _state(models: Path) -> str:
    """A hash of where the files of the models lie and when each was changed: 10 ms, a hundredth of reading them."""
    digest = hashlib.sha256(os.fsencode(models))
    for folder, folders, names in os.walk(models):
        folders.sort()
        for name in sorted(name for name in names if name.endswith(".py")):
            with suppress(OSError):
                found = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - 1,650 of them
                digest.update(f"{folder}/{name} {found.st_size} {found.st_mtime_ns}\n".encode(errors="replace"))
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class _Finder:
    """Without importlib.abc, which brings 24 ms of other modules into every trial."""

    index: ModelIndex

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            keeping: Any = _Loader(self.index, spec.loader)
            spec.loader = keeping
        return spec


@dataclass(frozen=True)
class _Loader:
    index: ModelIndex
    real: Any

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self.real.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        self.real.exec_module(module)
        make, version = getattr(module, FUNCTION, None), getattr(sys.modules.get("transformers"), "__version__", "dev")
        if make is not None and "dev" not in version:
            models = str(Path(str(module.__file__)).parent.parent / "models")
            setattr(module, FUNCTION, partial(self.index.answer, version, models, make))
