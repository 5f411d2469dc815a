"""The search path for content: suites, hardware profiles and report themes, found as files and never as imports.

Places, best first: directories given with ``-I``, the project directory, installed packages (entry-point group
``tierbench.content``, naming a module whose directory holds the folders), what tierbench brings itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from harness import atomic, plugins
from harness.errors import ContentError, UserError
from harness.model.measure import Finding
from harness.model.text import shortened

GROUP = "tierbench.content"
NO_PROJECT = "TIERBENCH_NO_PROJECT"
"""Set for whoever runs in a directory of others: what lies there is neither read nor run."""
_OFF = {"", "0", "no", "off", "false"}
MOST_ENTRIES = 10_000
"""A directory of more is none of content. It is looked into, and not searched: what lies deeper is not found."""

Kind = Literal["suites", "hardware_profiles", "reports"]
"""A kind of content is called as the folder that holds it."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")
MOST_COMPARED = 16 << 20
"""Bytes; larger files of one name count as different."""
_SUFFIX = {"suites": ".py", "hardware_profiles": ".toml"}
_NOT_CONTENT = {"pyproject.toml", "setup.py", "conftest.py"}
"""What may lie beside suites and profiles without being one."""

_SINGULAR = {"suites": "suite", "hardware_profiles": "hardware profile", "reports": "report theme"}


@dataclass(frozen=True)
class Found:
    """One suite file, profile file or theme folder. ``origin`` says which place it comes from, for people."""

    name: str
    path: Path
    origin: str


@dataclass(frozen=True)
class Place:
    """A directory to search, ``given`` on the command line or not."""

    path: Path
    origin: str
    given: bool = False

    def folders(self, kind: Kind) -> list[Path]:
        """Where content of that kind may lie in this place."""
        inside = self.path / kind
        if atomic.is_directory(inside):
            return [inside]
        return [self.path] if self.flat else []

    @property
    def flat(self) -> bool:
        """True where the directory itself holds the content, and not in folders by kind."""
        return self.given and not any(atomic.is_directory(self.path / kind) for kind in KINDS)


@dataclass(frozen=True)
class SearchPath:
    """The places in order, and what was noticed while they were gathered."""

    places: tuple[Place, ...]
    notices: tuple[Finding, ...] = ()

    def find(self, kind: Kind) -> list[Found]:
        """All content of that kind, by name; of one name the earliest. Raises ContentError for an unusable name."""
        return self._search(kind)[0]

    def findings(self, kind: Kind) -> list[Finding]:
        """What the user should know: content that is passed over because an earlier place has one of its name."""
        return [*self.notices, *self._search(kind)[1]]

    def _search(self, kind: Kind) -> tuple[list[Found], list[Finding]]:
        won: dict[str, Found] = {}
        said: list[Finding] = []
        for place in self.places:
            for found in _content_of(place, kind):
                earlier = won.setdefault(found.name, found)
                if not _same(earlier.path, found.path):
                    said.append(_passed_over(kind, earlier, found))
        return sorted(won.values(), key=lambda f: f.name), said


def search_path(extra: Sequence[Path] = ()) -> SearchPath:
    """The search path, with the directories of ``-I`` before all others. Raises UserError for one that is not there."""
    installed, notices = _installed()
    project = [] if without_project() else _project()
    places = [*map(_given, extra), *project, *installed, Place(bundled(), "tierbench")]
    once: dict[Path, Place] = {}
    for place in places:
        earlier = once.get(place.path, place)
        once[place.path] = Place(place.path, place.origin, earlier.given)
    empty = [_empty(place) for place in once.values() if place.given and not _holds_any(place)]
    return SearchPath(tuple(once.values()), (*notices, *empty))


def _holds_any(place: Place) -> bool:
    return any(True for kind in KINDS for _ in _content_of(place, kind))


def _empty(place: Place) -> Finding:
    message = f"{place.path} holds no suites, hardware profiles or report themes"
    hint = "give a folder of them, or one that has suites/, hardware_profiles/ or reports/ in it"
    return Finding("warning", "content-empty", message, hint, str(place.path))


def _given(directory: Path) -> Place:
    path = atomic.expanded(directory)
    if not atomic.is_directory(path):
        what = "is a file, -I takes a directory" if atomic.exists(path) else "no such directory"
        raise UserError(
            what, where=shortened(str(directory)), hint="-I takes a directory with suites, profiles or themes"
        )
    return Place(path.resolve(), f"-I {directory}", given=True)


def without_project() -> bool:
    """Whether the working directory's content is left out: ``TIERBENCH_NO_PROJECT`` is set, and not to 0."""
    return os.environ.get(NO_PROJECT, "").strip().lower() not in _OFF


def left_out(file: Path) -> bool:
    """Whether a suite is content of the working directory, and that is left out."""
    if not without_project():
        return False
    kept = [place.path for place in search_path().places]
    inside = [place.path / kind for place in _project() if place.path not in kept for kind in KINDS]
    return any(file.is_relative_to(folder) for folder in inside)


def _project() -> list[Place]:
    try:
        return [Place(Path.cwd().resolve(), "project")]
    except FileNotFoundError:
        return []


def bundled() -> Path:
    """The directory of what tierbench brings."""
    package = Path(__file__).resolve().parent
    in_wheel = package / "_content"
    return in_wheel if in_wheel.is_dir() else package.parent


def _installed() -> tuple[list[Place], list[Finding]]:
    places, notices = [], []
    for entry in plugins.entries(GROUP):
        path = _directory_of(entry.module)
        if path is not None:
            places.append(Place(path, f"package {entry.name}"))
        else:
            message = f"the installed package {entry.name} names {entry.module}, which cannot be found"
            notices.append(Finding("warning", "content-missing", message, "reinstall or remove the package"))
    return places, notices


def _directory_of(module: str) -> Path | None:
    from importlib.util import find_spec

    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).resolve()
    return Path(spec.origin).resolve().parent if spec.origin else None


def _content_of(place: Place, kind: Kind) -> Iterator[Found]:
    seen: dict[str, Path] = {}
    for folder in place.folders(kind):
        for name, path in _items(folder, kind, place.flat):
            if name in seen:
                raise ContentError(f"{seen[name].name} has the same name", where=str(path), hint="rename one of them")
            if not _NAME.match(name):
                hint = "use letters, digits, '_' and '-', beginning with a letter or digit"
                raise ContentError(f"{name!r} cannot name a {_SINGULAR[kind]}", where=str(path), hint=hint)
            seen[name] = path
            yield Found(name, path, place.origin)


def _items(folder: Path, kind: Kind, flat: bool) -> list[tuple[str, Path]]:
    itself = _item(folder, kind) if flat else None
    if itself is not None:
        return [itself]
    wanted = [
        path for path in _entries(folder) if not path.name.startswith(("_", ".")) and path.name not in _NOT_CONTENT
    ]
    return [item for item in (_item(path, kind) for path in wanted) if item is not None]


def _entries(folder: Path) -> list[Path]:
    """What lies in the folder, by name. Raises ContentError where it cannot be read, or has very much in it."""
    try:
        with os.scandir(folder) as found:
            names = sorted(entry.name for entry in islice(found, MOST_ENTRIES + 1))
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", where=str(folder)) from None
    if len(names) > MOST_ENTRIES:
        hint = (
            "give a folder of suites, profiles or themes, or one that has suites/, hardware_profiles/ or reports/ in it"
        )
        raise ContentError(f"has more than {MOST_ENTRIES:,} entries", where=str(folder), hint=hint)
    return [folder / name for name in names]


def _item(path: Path, kind: Kind) -> tuple[str, Path] | None:
    """The name and path of what ``path`` is, None where it is nothing of that kind. A dangling link counts."""
    if atomic.is_directory(path):
        return _folder_item(path, kind)
    if path.suffix == _SUFFIX.get(kind):
        return path.stem, path
    return None


def _folder_item(path: Path, kind: Kind) -> tuple[str, Path] | None:
    if kind == "suites" and atomic.is_file(path / "suite.py"):
        return path.name, path / "suite.py"
    if kind == "reports" and atomic.is_file(path / "template.html"):
        return path.name, path
    return None


def _same(first: Path, second: Path) -> bool:
    """True for one and the same file, and for two files of the same bytes."""
    if first == second:
        return True
    try:
        return first.samefile(second) or _equal(first, second)
    except OSError:
        return False


def _equal(first: Path, second: Path) -> bool:
    sizes = {path.stat().st_size for path in (first, second)}
    if not (first.is_file() and second.is_file() and len(sizes) == 1 and max(sizes) <= MOST_COMPARED):
        return False
    return first.read_bytes() == second.read_bytes()


def _passed_over(kind: Kind, earlier: Found, later: Found) -> Finding:
    message = f"the {_SINGULAR[kind]} {later.name} of {later.origin} is passed over: {earlier.path} has its name"
    return Finding("info", "content-shadowed", message, "rename one of them to have both", str(later.path))
