"""Values and keys of a V1 config as short, printable text. Nothing here fails on any value, however odd."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

LONGEST = 100
_BITS = 256
#: Levels of containers that are shown.
_DEPTH = 3


def _escaped(text: str, most: int = LONGEST) -> str:
    cut = text[:most]
    out = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
    return out if len(text) <= most else f"{out}..."


def name_of(key: Any) -> str:
    """A key as part of a path."""
    return _escaped(key) if isinstance(key, str) else show(key)


def show(value: Any, depth: int = _DEPTH) -> str:
    """A value as it would stand in JSON, cut to a readable length."""
    return _cut(_text(value, depth))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _text(value: Any, depth: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value)) if value.bit_length() <= _BITS else f"a whole number of {value.bit_length()} bits"
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, str):
        return '"' + _escaped(value).replace('"', '\\"') + '"'
    if isinstance(value, dict):
        few = [f"{_text(k, 0)}: {_text(v, depth - 1)}" for k, v in list(value.items())[:8]] if depth > 0 else []
        return _list("{}", few, len(value))
    if isinstance(value, list | tuple):
        return _list("[]", [_text(v, depth - 1) for v in value[:8]] if depth > 0 else [], len(value))
    return f"a value of type {_escaped(type(value).__name__)}"


def _list(brackets: str, few: list[str], count: int) -> str:
    more = ["..."] if len(few) < count else []
    return brackets[0] + ", ".join([*few, *more]) + brackets[1]


def plain(value: Any) -> Any:
    """A value as data that JSON and pickle can carry: small scalars as they are, the rest as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _escaped(value)
    if type(value) is int and value.bit_length() <= 64:
        return value
    if type(value) is float and value - value == 0:
        return value
    return show(value)


def nearest(word: Any, known: Iterable[str]) -> str | None:
    """The known word that is likeliest meant; long words are not compared, which would take long."""
    if not isinstance(word, str) or len(word) > 64:
        return None
    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.75)
    return by_folded[found[0]] if found else None
