"""The text of a V1 config file. A key that stands twice is refused: JSON readers keep the last one in silence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from bt.migrate._report import CONSTRAINT, FORMAT, TOO_LARGE, Ledger
from bt.migrate._show import name_of

__all__ = ["read_config"]


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys stand in it twice."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    out = _Object(pairs)
    if len(out) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        out.twice = tuple(key for key, count in counts.items() if count > 1)
    return out


def read_config(text: str, name: str = "the file") -> Any:
    """The value in a JSON text.

    Raises:
        MigrationError: it is no JSON, is nested too deeply, or an object in it has a key twice.
    """
    ledger = Ledger()
    value = None
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        ledger.fault(TOO_LARGE, "", f"{name} is nested too deeply")
    except ValueError as error:
        ledger.fault(FORMAT, "", f"{name} is not valid JSON: {error}")
    for path in _twice(value):
        ledger.fault(CONSTRAINT, path, "stands twice in its object", None, "one of them")
    ledger.close()
    return value


def _twice(value: Any) -> Iterator[str]:
    """Paths of keys that stand twice, without recursion: the depth is the file's."""
    rest: list[tuple[str, Any]] = [("", value)]
    while rest:
        path, item = rest.pop()
        if isinstance(item, _Object):
            start = f"{path}." if path else ""
            yield from (f"{start}{name_of(key)}" for key in item.twice)
            rest += [(f"{start}{name_of(key)}", part) for key, part in item.items() if isinstance(part, dict | list)]
        elif isinstance(item, list):
            rest += [(f"{path}[{i}]", part) for i, part in enumerate(item) if isinstance(part, dict | list)]
