"""Texts of engines, made harmless for a terminal. Pure."""

from __future__ import annotations


def printable(text: str, *, lines: bool = False) -> str:
    """The text with escapes in place of what a terminal would obey or not show; ``lines`` keeps ends of lines."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or (lines and c == "\n") else c.encode("unicode_escape").decode() for c in text)
