"""Reading and writing the types: JSON and JSON Lines, with a format number and its history.

Format history of a run's files:
    1  first format (0.1.0). A record's ``features`` came later, with a default.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from harness.model.events import ChildEvent
from harness.model.record import Manifest, Record

FORMAT = 1

T = TypeVar("T")


class FormatError(ValueError):
    """Bytes that are not what they should be; the message says what."""


class FutureFormat(FormatError):  # noqa: N818 - it names what happened
    """A file written by a newer tierbench."""

    def __init__(self, found: int) -> None:
        super().__init__(f"has format {found}, this tierbench reads up to {FORMAT}")


class _Head(msgspec.Struct):
    format: int


_encoder = msgspec.json.Encoder()
_record = msgspec.json.Decoder(Record)
_event: msgspec.json.Decoder[ChildEvent] = msgspec.json.Decoder(ChildEvent)


def encode(value: object) -> bytes:
    """``value`` as compact JSON on one line, without a newline."""
    return _encoder.encode(value)


def decode(data: bytes | str, kind: type[T]) -> T:
    """JSON as ``kind``. Raises FormatError, its message naming the field."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(str(error)) from None


def decode_record(line: bytes) -> Record:
    """One line of a records file. Raises FormatError."""
    try:
        return _record.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(str(error)) from None


def decode_event(line: bytes) -> ChildEvent:
    """One line of a child's events. Raises FormatError."""
    try:
        return _event.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(str(error)) from None


class _Sent(msgspec.Struct):
    sender: int | None = None


def encode_event(event: ChildEvent, sender: int) -> bytes:
    """One line of a child's events, without a newline: the event, and the process that sends it beside its fields."""
    return b'{"sender":%d,' % sender + encode(event)[1:]


def sender_of(line: bytes) -> int | None:
    """The process that sent a line of events, None where it does not say. Raises FormatError."""
    return decode(line, _Sent).sender


def decode_manifest(data: bytes) -> Manifest:
    """A run's manifest. Raises FormatError; FutureFormat where a newer tierbench wrote it."""
    head = decode(data, _Head)
    if head.format > FORMAT:
        raise FutureFormat(head.format)
    return decode(data, Manifest)
