"""What a ``prepare`` trial found, as a file: written in the child, read by the parent."""

from __future__ import annotations

import json

import msgspec

from harness.model.codec import FormatError
from harness.model.spec import Prepared

FORMAT = 2


def encode(prepared: Prepared) -> bytes:
    """As JSON. Paths may hold bytes that are no text, which msgspec would not write."""
    return json.dumps(msgspec.to_builtins(prepared), separators=(",", ":")).encode()


def decode(data: bytes) -> Prepared:
    """The same again. Raises FormatError."""
    try:
        return msgspec.convert(json.loads(data), Prepared)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise FormatError(str(error)) from None
