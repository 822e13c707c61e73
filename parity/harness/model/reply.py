"""Reads an engine's JSON text strictly: what two readers could understand in two ways is refused. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from parity.harness.model.outcome import MalformedOutcomeError

MOST_BYTES = 64 << 20
_TOO_DEEP = "lists and objects are nested too deeply"
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Doubled(dict[str, Any]):
    """An object that names a key twice."""

    key = ""


def parse_reply(line: bytes) -> object:
    """The plain data of one line of JSON.

    Raises:
        MalformedOutcomeError: it is no JSON, holds NaN, infinity, a number beyond the doubles, a lone surrogate or a
            key twice, is larger than MOST_BYTES or nested too deeply to be read; with the path where there is one.
    """
    if len(line) > MOST_BYTES:
        raise MalformedOutcomeError("", f"a reply of {len(line)} bytes; the most is {MOST_BYTES}")
    try:
        value = msgspec.json.decode(line)
    except RecursionError as error:
        raise MalformedOutcomeError("", _TOO_DEEP) from error
    except MemoryError as error:
        raise MalformedOutcomeError("", f"a reply of {len(line)} bytes needs more memory than there is") from error
    except (msgspec.MsgspecError, ValueError, OverflowError) as error:
        # Python's own reader accepts more, so it can locate the fault.
        _refuse_at_its_place(line)
        raise MalformedOutcomeError("", f"is not JSON: {str(error).removeprefix('JSON is malformed: ')}") from error
    if _keys(value) != line.count(b":"):
        # Colons that belong to no key that was counted are in texts, or deeper down, or a key stands there twice.
        _refuse_at_its_place(line)
    return value


def _keys(value: object) -> int:
    """Keys of the rows of an outcome and of what is around it: never more than the text has colons."""
    if type(value) is not dict:
        return 0
    count, around = len(value), [part for part in value.values() if type(part) is dict]
    for part in around:
        count += len(part)
        for inner in part.values():
            if type(inner) is dict:
                count += len(inner)
            elif type(inner) is list:
                count += sum([len(row) for row in inner if type(row) is dict])
    return count


def _lenient(line: bytes) -> object:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(found)
        if len(out) == len(found):
            return out
        doubled = _Doubled(out)
        names = [name for name, _ in found]
        doubled.key = next(name for name in names if names.count(name) > 1)
        return doubled

    return json.loads(line.decode("utf-8", "surrogatepass"), object_pairs_hook=pairs)


def _refuse_at_its_place(line: bytes) -> None:
    """Raises for the first thing that is no JSON and that Python reads all the same."""
    try:
        value = _lenient(line)
    except RecursionError as error:
        raise MalformedOutcomeError("", _TOO_DEEP) from error
    except ValueError:
        return
    for path, found in _parts(value):
        if isinstance(found, _Doubled):
            raise MalformedOutcomeError(path, f"has the key {json.dumps(found.key)} twice")
        if isinstance(found, float) and not math.isfinite(found):
            raise MalformedOutcomeError(path, f"{json.dumps(found)} is no finite number")
        if isinstance(found, str) and _SURROGATE.search(found):
            raise MalformedOutcomeError(path, f"{json.dumps(found)[:60]} holds half a surrogate pair")


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Path and value of everything in plain data, in its order; keys have the path of their object."""
    left: list[tuple[str, object]] = [("", value)]
    while left:
        path, found = left.pop()
        yield path, found
        if isinstance(found, dict):
            yield from ((path, name) for name in found)
            left += reversed([(f"{path}.{name}".lstrip("."), part) for name, part in found.items()])
        elif isinstance(found, list):
            left += reversed([(f"{path}[{i}]", part) for i, part in enumerate(found)])
