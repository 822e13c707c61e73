"""The one decoder: whatever engine gave it, plain data becomes an outcome or a refusal, or it is malformed. Pure.

A usual answer is checked in two steps. msgspec checks names, ranges and options. It accepts a whole number where a
price belongs, so the shape of each row (its keys and the types of its values) is then looked up among the shapes that
were valid before. Only a new shape or a faulty answer is walked field by field, by the same types, so that the fault
has a path.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
from msgspec import inspect

from parity.harness.model.events import EVENTS
from parity.harness.model.outcome import MalformedOutcomeError, OpenPosition, Outcome, Refusal, Trade

#: Where a fault lies and what it is.
Fault = tuple[str, str]
#: Bounds, so that no engine can fill the memory with permutations of keys or with names of unknown fields.
MOST_SHAPES, MOST_UNKNOWN = 10_000, 200
#: Type of a plain value by msgspec's kind, and how a reader calls it.
_KINDS: dict[type[inspect.Type], tuple[type, str]] = {
    inspect.IntType: (int, "a whole number of 64 bits"),
    inspect.FloatType: (float, "a finite number with a decimal point"),
    inspect.StrType: (str, "a text"),
    inspect.LiteralType: (str, "one of"),
    inspect.BoolType: (bool, "true or false"),
    inspect.NoneType: (type(None), "null"),
}
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Values:
    """What the value of a field may be."""

    def __init__(self, kind: inspect.Type) -> None:
        kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
        self.kinds = [(one, *_KINDS[type(one)]) for one in kinds]

    def fault(self, value: object) -> str | None:
        """Why a value does not belong here; None when it does."""
        if any(type(value) is plain and _in_range(kind, value) for kind, plain, _ in self.kinds):
            return None
        wanted = [f"{words} {', '.join(map(str, kind.values))}" if isinstance(kind, inspect.LiteralType) else words
                  for kind, _, words in self.kinds]  # fmt: skip
        return f"{shown(value)} is not {' or '.join(wanted)}"


def _in_range(kind: inspect.Type, value: Any) -> bool:
    if isinstance(kind, inspect.IntType):
        return bool(-(2**63) <= value <= 2**63 - 1)
    if isinstance(kind, inspect.FloatType):
        return math.isfinite(value)
    if isinstance(kind, inspect.LiteralType):
        return value in kind.values
    return type(value) is not str or not _SURROGATE.search(value)


def shown(value: object) -> str:
    """A plain value as JSON would have it, cut short; what JSON has no words for, by its type."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


class _Row:
    """The fields of one kind of row, less what an engine does not know."""

    def __init__(self, struct: type[msgspec.Struct], unknown: Collection[str] = ()) -> None:
        info = inspect.type_info(struct)
        assert isinstance(info, inspect.StructType)
        self.fields = {field.name: _Values(field.type) for field in info.fields if field.name not in unknown}
        self.unknown = frozenset(unknown)
        self.tag = info.tag_field

    def faults(self, path: str, row: dict[Any, Any]) -> Iterator[Fault]:
        """Everything that is wrong with a row."""
        for name in row:
            if name not in self.fields and name != self.tag:
                problem = "declared unknown and given all the same" if name in self.unknown else "unknown field"
                yield f"{path}.{name}", problem
        for name, values in self.fields.items():
            fault = values.fault(row[name]) if name in row else "missing"
            if fault:
                yield f"{path}.{name}", fault


def _optional(struct: type[msgspec.Struct]) -> set[str]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return {field.name for field in info.fields if not field.required}


_EVENT_ROWS: dict[Any, _Row] = {struct.__struct_config__.tag: _Row(struct) for struct in EVENTS}
_EQUITY = _EVENT_ROWS["equity"].fields
_REFUSAL = _Row(Refusal).fields
_GROUPS: dict[str, type[msgspec.Struct]] = {"trades": Trade, "open_positions": OpenPosition}
_METRIC = _Values(inspect.type_info(Outcome).fields[5].type.value_type)  # type: ignore[attr-defined]
_PARTS = _optional(Outcome) - {"unknown"}
#: What an engine may declare unknown, besides single metrics.
UNKNOWABLE = frozenset(
    _PARTS | {f"{group}.{name}" for group, struct in _GROUPS.items() for name in _optional(struct)}
)  # fmt: skip


def check_unknown(names: Collection[str]) -> frozenset[str]:
    """The names of what an engine does not know.

    Raises:
        ValueError: one of them is no field that an outcome can do without.
    """
    for name in names:
        if name not in UNKNOWABLE and not (name.startswith("metrics.") and name != "metrics."):
            raise ValueError(
                f"{shown(name)} cannot be unknown; what can: {', '.join(sorted(UNKNOWABLE))}, metrics.NAME"
            )
    return frozenset(names)


class _Decoder:
    """Decodes the outcomes of engines that lack the same fields."""

    def __init__(self, unknown: frozenset[str]) -> None:
        self.unknown = unknown
        self.rows = {group: _Row(struct, [name.removeprefix(f"{group}.") for name in unknown
                                          if name.startswith(f"{group}.")])
                     for group, struct in _GROUPS.items()}  # fmt: skip
        self.metrics = frozenset(name.removeprefix("metrics.") for name in unknown if name.startswith("metrics."))
        self.needed = {"trades", *_PARTS} - unknown - {"events"}
        self.allowed = self.needed | ({"events"} - unknown)
        self.shapes: set[tuple[Any, ...]] = set()

    def decode(self, raw: dict[Any, Any]) -> Outcome:
        """The outcome; MalformedOutcomeError for the first fault."""
        known = self._known(raw)
        if not known:
            self._refuse(raw)
        try:
            outcome = msgspec.convert(raw, Outcome)
        except (msgspec.ValidationError, RecursionError, ValueError, OverflowError) as error:
            self._refuse(raw)
            raise MalformedOutcomeError("outcome", str(error)) from error
        if not known:
            self._learn(raw)
        return outcome

    def _refuse(self, raw: dict[Any, Any]) -> None:
        for path, problem in self.faults(raw):
            raise MalformedOutcomeError(path, problem)

    def _known(self, raw: dict[Any, Any]) -> bool:
        """Whether every row has a shape that was good before; says nothing about ranges and options."""
        if raw.keys() - self.allowed or self.needed - raw.keys():
            return False
        shapes = self.shapes
        try:
            for event in raw.get("events", ()):
                if (event["event"], *event, *map(type, event.values())) not in shapes:
                    return False
            for group in _GROUPS:
                for row in raw.get(group, ()):
                    if (group, *row, *map(type, row.values())) not in shapes:
                        return False
            points = raw.get("equity", ())
            flat = [*chain.from_iterable(points)]
        except (TypeError, KeyError, AttributeError):
            return False
        if set(map(type, points)) - {list} or set(map(type, flat[1::2])) - {float}:
            return False
        if self.metrics and self.metrics & raw.get("metrics", {}).keys():
            return False
        return all(type(raw[name]) is float for name in ("balance", "fees_total") if name in raw)

    def _learn(self, raw: dict[Any, Any]) -> None:
        if len(self.shapes) > MOST_SHAPES:
            self.shapes.clear()
        self.shapes |= {(event["event"], *event, *map(type, event.values())) for event in raw.get("events", ())}
        for group in _GROUPS:
            self.shapes |= {(group, *row, *map(type, row.values())) for row in raw.get(group, ())}

    def faults(self, raw: dict[Any, Any]) -> Iterator[Fault]:
        """Everything that is wrong, field by field."""
        for name in raw:
            if name not in self.allowed:
                yield str(name), "declared unknown and given all the same" if name in self.unknown else "unknown field"
        yield from ((name, "missing") for name in sorted(self.needed - raw.keys()))
        for group, kind in self.rows.items():
            for path, row in _objects(group, raw):
                yield from ((path, row),) if isinstance(row, str) else kind.faults(path, row)
        yield from _equity_faults(raw)
        for name in ("balance", "fees_total"):
            fault = _EQUITY["balance"].fault(raw[name]) if name in raw else None
            if fault:
                yield name, fault
        yield from self._metric_faults(raw)
        for path, row in _objects("events", raw):
            yield from ((path, row),) if isinstance(row, str) else _event_faults(path, row)

    def _metric_faults(self, raw: dict[Any, Any]) -> Iterator[Fault]:
        metrics = raw.get("metrics", {})
        if type(metrics) is not dict:
            yield "metrics", f"{shown(metrics)} is not an object"
            return
        for name, value in metrics.items():
            if type(name) is not str or not name.isprintable():
                yield "metrics", f"{shown(name)} is no name"
            elif name in self.metrics:
                yield f"metrics.{name}", "declared unknown and given all the same"
            elif fault := _METRIC.fault(value):
                yield f"metrics.{name}", fault


def _objects(group: str, raw: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Path and row of each row of a group, or a fault in place of the row."""
    rows = raw.get(group, [])
    if type(rows) is not list:
        yield group, f"{shown(rows)} is not a list"
        return
    for i, row in enumerate(rows):
        yield f"{group}[{i}]", row if type(row) is dict else f"{shown(row)} is not an object"


def _equity_faults(raw: dict[Any, Any]) -> Iterator[Fault]:
    points = raw.get("equity", [])
    if type(points) is not list:
        yield "equity", f"{shown(points)} is not a list"
        return
    for i, point in enumerate(points):
        if type(point) is not list or len(point) != 2:
            yield f"equity[{i}]", f"{shown(point)} is not a pair [timestamp_ns, equity]"
            continue
        for place, name in enumerate(("timestamp_ns", "equity")):
            if fault := _EQUITY[name].fault(point[place]):
                yield f"equity[{i}][{place}]", fault


def _event_faults(path: str, row: dict[Any, Any]) -> Iterator[Fault]:
    tag = row.get("event")
    kind = _EVENT_ROWS.get(tag) if type(tag) is str else None
    if kind is None:
        fault = f"{shown(tag)} is not one of {', '.join(_EVENT_ROWS)}" if "event" in row else "missing"
        yield f"{path}.event", fault
        return
    yield from kind.faults(path, row)


_decoder = lru_cache(maxsize=64)(_Decoder)


def decode_outcome(raw: object, *, unknown: Collection[str] = ()) -> Outcome | Refusal:
    """An outcome or a refusal from plain data as JSON gives it; ``unknown`` names what the engine is known to lack.

    Raises:
        MalformedOutcomeError: a field is missing, unknown, of another type or out of range; the error has its path.
    """
    if type(raw) is not dict:
        raise MalformedOutcomeError("outcome", f"{shown(raw)} is not an object")
    if "error" in raw:
        return _refusal(raw)
    if "unknown" not in raw:
        if not unknown:
            return _decoder(frozenset()).decode(raw)
        names = check_unknown(unknown)
    else:
        names = check_unknown(unknown) | _declared(raw["unknown"])
        raw = {name: value for name, value in raw.items() if name != "unknown"}
    outcome = _decoder(names).decode(raw)
    return msgspec.structs.replace(outcome, unknown=tuple(sorted(names)))


def _declared(names: object) -> frozenset[str]:
    if type(names) is not list or len(names) > MOST_UNKNOWN:
        raise MalformedOutcomeError("unknown", f"{shown(names)} is not a list of at most {MOST_UNKNOWN} names")
    for i, name in enumerate(names):
        if type(name) is not str:
            raise MalformedOutcomeError(f"unknown[{i}]", f"{shown(name)} is not a text")
        try:
            check_unknown([name])
        except ValueError as error:
            raise MalformedOutcomeError(f"unknown[{i}]", str(error)) from error
    return frozenset(names)


def _refusal(raw: dict[Any, Any]) -> Refusal:
    for name in raw:
        if name != "error":
            raise MalformedOutcomeError(str(name), "unknown field of a refusal, which holds error alone")
    error = raw["error"]
    if type(error) is not dict:
        raise MalformedOutcomeError("error", f"{shown(error)} is not an object")
    for name in error:
        if name not in _REFUSAL:
            raise MalformedOutcomeError(f"error.{name}", "unknown field")
    for name, values in _REFUSAL.items():
        if name not in error and name == "message":
            continue
        if fault := values.fault(error[name]) if name in error else "missing":
            raise MalformedOutcomeError(f"error.{name}", fault)
    return Refusal(**error)


def decode_reply(reply: object, *, unknown: Collection[str] = ()) -> tuple[Outcome | Refusal, int | None]:
    """What an engine's whole reply holds: ``outcome``, and how many ``bars`` it played (None where it does not say).

    Raises:
        MalformedOutcomeError: as ``decode_outcome``, and for a reply without an outcome or with another ``bars``.
    """
    if type(reply) is not dict:
        raise MalformedOutcomeError("reply", f"{shown(reply)} is not an object")
    if "outcome" not in reply:
        raise MalformedOutcomeError("outcome", "missing")
    bars = reply.get("bars")
    if "bars" in reply and (type(bars) is not int or not 0 <= bars < 2**63):
        raise MalformedOutcomeError("bars", f"{shown(bars)} is not a whole number of bars")
    return decode_outcome(reply["outcome"], unknown=unknown), bars


def check(outcome: object) -> Outcome | Refusal:
    """Another name of ``decode_outcome``."""
    return decode_outcome(outcome)
