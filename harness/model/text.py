"""Text of others as it can be shown: nothing in it may steer a terminal, hide, or turn what stands around it."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """``text`` with every character that is not seen as itself spelt out: an escape character becomes ``\\\\x1b``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else ascii(c)[1:-1] for c in text)


def shortened(text: str, most: int = 200) -> str:
    """``text`` with its middle left out where it has more than ``most`` characters."""
    return text if len(text) <= most else f"{text[: most // 2]}...{text[-(most // 4) :]}"


def plain_lines(text: str) -> str:
    """As ``plain``, with line ends kept."""
    return "\n".join(map(plain, text.split("\n")))
