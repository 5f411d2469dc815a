"""Which line of a TOML text a field stands on: ``tomllib`` reads values and forgets where they were."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.profiles.fault import FieldPath

_TOKEN = re.compile(
    r'(?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<comment>#[^\n]*)|(?P<newline>\n)|(?P<blank>[ \t\r]+)|(?P<mark>[\[\]{}=,.])|(?P<bare>[^\s\[\]{}=,.#\"\']+)",
    re.DOTALL,
)


_ENDS = {",", "]", "}"}


def line_map(text: str) -> dict[FieldPath, int]:
    """Every field of a valid TOML text -> its line, counted from 1."""
    reader = _Reader(_tokens(text))
    reader.document()
    return reader.lines


def line_of(path: FieldPath, lines: dict[FieldPath, int]) -> int:
    """The line of ``path``, or of the nearest thing around it; 1 where nothing is known."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, text, line) without blanks and comments."""
    found, line = [], 1
    for match in _TOKEN.finditer(text):
        kind, said = match.lastgroup or "", match.group()
        if kind not in {"blank", "comment"}:
            found.append((kind, said, line))
        if kind in {"newline", "text"}:
            line += said.count("\n")
    return [*found, ("newline", "\n", line)]


@dataclass
class _Reader:
    tokens: list[tuple[str, str, int]]
    lines: dict[FieldPath, int] = field(default_factory=dict)
    at: int = 0
    counts: dict[FieldPath, int] = field(default_factory=dict)
    """The index of the last element so far in each array of tables."""

    def document(self) -> None:
        table: FieldPath = ()
        while self.at < len(self.tokens):
            if self.tokens[self.at][0] == "newline":
                self.at += 1
            elif self._is("["):
                table = self._header()
            else:
                self._pair(table)

    def _is(self, mark: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][:2] == ("mark", mark)

    def _header(self) -> FieldPath:
        line = self.tokens[self.at][2]
        self.at += 1
        array = self._is("[")
        self.at += array
        path = self._inside_arrays(self._key())
        self.at += 1 + array
        if array:
            self.counts[path] = self.counts.get(path, -1) + 1
            path = (*path, self.counts[path])
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)
        return path

    def _inside_arrays(self, keys: list[str]) -> FieldPath:
        """``[target.power]`` after ``[[target]]`` means the last target so far."""
        path: FieldPath = ()
        for key in keys[:-1]:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path])
        return (*path, keys[-1])

    def _key(self) -> list[str]:
        keys = [self._word()]
        while self._is("."):
            self.at += 1
            keys.append(self._word())
        return keys

    def _word(self) -> str:
        kind, text, _ = self.tokens[self.at]
        self.at += 1
        return text[1:-1] if kind == "text" else text

    def _pair(self, table: FieldPath) -> None:
        line = self.tokens[self.at][2]
        path = table
        for key in self._key():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.at += 1
        self._value(path)

    def _value(self, path: FieldPath) -> None:
        if self._is("{"):
            self._members(path, "}")
        elif self._is("["):
            self._members(path, "]")
        else:
            self._scalar()

    def _members(self, path: FieldPath, end: str) -> None:
        self.at += 1
        index = 0
        while not self._is(end):
            if self.tokens[self.at][0] == "newline" or self._is(","):
                self.at += 1
            elif end == "}":
                self._pair(path)
            else:
                self.lines[(*path, index)] = self.tokens[self.at][2]
                self._value((*path, index))
                index += 1
        self.at += 1

    def _scalar(self) -> None:
        while self.tokens[self.at][0] != "newline" and self.tokens[self.at][1] not in _ENDS:
            self.at += 1
