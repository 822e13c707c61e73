"""The expected effect of a switch on its witness: each field that changes, with both values and the change.

A person reads the numbers as they stand in the front matter; the check compares value, sign and size with what the
witness shows, to the precision that stands beside them. What changes and is not listed is a fault, and so is what is
listed and does not change. Left out: how an ADR is read (``front``) and which engines run (``record``).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from parity.harness.oracle.compare import Difference
from parity.harness.oracle.figures import FINEST, UNITS, duration, exact, moment, plain, precision_of, rounded

Value = int | float | str
#: What stands for the value that one side does not have: a row or metric that appears or disappears.
ABSENT = "absent"
#: What stands for the code of a side that does not refuse.
RUNS = "runs"
#: The comparison gives no more differences than this, so a witness with so many cannot be checked.
MOST = 200
_PRECISIONS = frozenset(Decimal(1).scaleb(-digits) for digits in range(13))
#: Fields of the account that belong to the curve.
_OF_EQUITY = ("length", "timestamp_ns")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?")
#: Words that YAML does not read as text.
_TAKEN = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))

Place = tuple[str, int | None, str | None]


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One field of the witness's outcome with the switch at ``v1`` and at ``v2``.

    Numbers with a point are rounded to ``precision`` (a power of ten); counts are exact; times are UTC text, their
    change is in seconds. ``order`` is the order's id in V1's outcome, ``at`` the time of an equity point.
    """

    field: str
    order: int | None = None
    at: str | None = None
    v1: Value
    v2: Value
    change: Value | None = None
    precision: float | None = None

    @property
    def place(self) -> Place:
        """What the change is of; no two changes of an effect have the same."""
        return self.field, self.order, self.at

    def __str__(self) -> str:
        """The line of the front matter."""
        parts = [f"field: {self.field}"]
        if self.order is not None:
            parts.append(f"order: {self.order}")
        if self.at is not None:
            parts.append(f"at: {json.dumps(self.at)}")
        parts += [f"v1: {_yaml(self.v1)}", f"v2: {_yaml(self.v2)}"]
        if self.change is not None:
            parts.append(f"change: {_yaml(self.change)}")
        if self.precision is not None:
            parts.append(f"precision: {plain(exact(self.precision))}")
        return f"{{{', '.join(parts)}}}"


@dataclass(frozen=True)
class Found:
    """One place in which the witness differs, with the engines' own values (ABSENT where there is none)."""

    field: str
    order: int | None
    at: str | None
    a: Value
    b: Value

    @property
    def place(self) -> Place:
        """Field, order number and index: what identifies the difference within one outcome."""
        return self.field, self.order, self.at


def _yaml(value: Value) -> str:
    if isinstance(value, float):
        return "-0.0" if value == 0 and math.copysign(1, value) < 0 else plain(exact(value))
    if isinstance(value, int) or (re.fullmatch(r"[a-z_]+", value) and value not in _TAKEN):
        return str(value)
    return json.dumps(value)


def show(place: Place) -> str:
    """A place in words: ``trades.exit_price of order 0``."""
    field, order, at = place
    return field + (f" of order {order}" if order is not None else "") + (f" at {at}" if at is not None else "")


def found(differences: Sequence[Difference]) -> list[Found]:
    """What the witness shows: rows in the order of time, then account and metrics. ValueError when it is too much."""
    if len(differences) >= MOST:
        raise ValueError(f"{MOST} differences or more: too many for a witness, minimise it")
    return [_found(d) for d in sorted(differences, key=lambda d: (_part(d), d.time or 0 if _part(d) == 0 else 0))]


def _part(difference: Difference) -> int:
    return {"refusal": 0, "trades": 0, "open_positions": 0, "account": 1}.get(difference.group, 2)


def _found(difference: Difference) -> Found:
    if difference.group == "refusal":
        return Found(
            "error.code", None, None, *(RUNS if code is None else code for code in (difference.a, difference.b))
        )
    field, at = _field(difference)
    return Found(field, difference.order, at, *(_value(field, value) for value in (difference.a, difference.b)))


def _field(difference: Difference) -> tuple[str, str | None]:
    """The field as an effect names it, and the time of an equity point."""
    if difference.group != "account":
        name = difference.field or ("order" if difference.order is None else "")
        return (f"{difference.group}.{name}" if name else difference.group), None
    if difference.field == "equity":
        return "equity", moment(difference.time or 0)
    return f"equity.{difference.field}" if difference.field in _OF_EQUITY else difference.field, None


def _value(field: str, value: Any) -> Value:
    """An engine's value as an effect holds it."""
    if value is None:
        return ABSENT
    if isinstance(value, dict):
        return _row(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, int) and field.endswith("_ns"):
        return moment(value)
    return value if isinstance(value, int | float) else str(value)


def _row(row: dict[str, Any]) -> str:
    """A trade or position that only one side has: ``long market in 1.1001 out 1.1021 (take_profit)``."""
    text = f"{row['direction']} {row['order_type']} in {_price(row['entry_price'])}"
    if row.get("exit_price") is not None:
        text += f" out {_price(row['exit_price'])}"
    return text + (f" ({row['reason']})" if row.get("reason") else "")


def _price(value: float) -> str:
    return plain(rounded(exact(value), precision_of("entry_price")))


def _ns(text: str) -> int:
    """The time of a moment's text, ns."""
    head, _, rest = text.partition(".")
    seconds = int(datetime.strptime(head, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int(rest.ljust(9, "0") or 0)


def _number(value: Value) -> Decimal | None:
    return None if isinstance(value, str) else exact(value)


def effect_of(differences: Sequence[Difference]) -> tuple[Change, ...]:
    """The effect that the front matter states for these differences, each number with a fitting precision."""
    return tuple(_stated(one) for one in found(differences))


def _stated(one: Found) -> Change:
    common: dict[str, Any] = {"field": one.field, "order": one.order, "at": one.at}
    a, b = _number(one.a), _number(one.b)
    if one.field.endswith("_ns") and ABSENT not in (one.a, one.b):
        length = duration(_ns(str(one.b)) - _ns(str(one.a)))
        return Change(v1=one.a, v2=one.b, change=length, **common)
    if isinstance(one.a, float) or isinstance(one.b, float):
        change = None if a is None or b is None else b - a
        precision = precision_of(one.field, *((change,) if change is not None else (a or b or Decimal(0),)))
        v1, v2 = (
            value if isinstance(value, str | int) or value == 0 else _rounded(exact(value), precision)
            for value in (one.a, one.b)
        )
        stated = None if change is None else _rounded(change, precision)
        return Change(v1=v1, v2=v2, change=stated, precision=float(precision), **common)
    step = None if a is None or b is None or one.field == "error.code" else int(b - a)
    return Change(v1=one.a, v2=one.b, change=step, **common)


def _rounded(value: Decimal, precision: Decimal) -> float:
    """A value to a precision; what rounds to zero has no sign."""
    return float(rounded(value, precision)) or 0.0


def problem(change: Change) -> str | None:
    """What is wrong with the form of a stated change; None when a person can read and a machine can check it."""
    numbers = [n for n in (change.v1, change.v2) if not isinstance(n, str)]
    if any(isinstance(n, float) and not math.isfinite(n) for n in (*numbers, change.change, change.precision)):
        return "a number must be finite"
    if type(change.v1) is type(change.v2) and change.v1 == change.v2:
        return "v1 and v2 are the same: nothing changes"
    if change.field.endswith("_ns"):
        return _time_problem(change)
    if any(isinstance(n, float) for n in numbers):
        return _float_problem(change, [exact(n) for n in numbers])
    if change.precision is not None:
        return "precision belongs to numbers with a point"
    if len(numbers) == 2 and change.field != "error.code":
        step = numbers[1] - numbers[0]
        return None if type(change.change) is int and change.change == step else f"change must be {step}"
    return None if change.change is None else "change belongs to two numbers or two times"


def _time_problem(change: Change) -> str | None:
    times = [v for v in (change.v1, change.v2) if v != ABSENT]
    if change.precision is not None:
        return "a time has no precision, it is exact"
    if not all(isinstance(t, str) and _TIME.fullmatch(t) for t in times):
        return 'a time is text in UTC: "2025-01-07 00:01:00"'
    try:
        ns = [_ns(str(t)) for t in times]
    except ValueError:
        return "there is no such time"
    wanted = duration(ns[1] - ns[0]) if len(ns) == 2 else None
    return None if change.change == wanted else f"change must be {wanted}"


def _float_problem(change: Change, numbers: Sequence[Decimal]) -> str | None:
    precision = exact(change.precision).normalize() if change.precision else None
    if precision is None or Decimal(f"{precision:f}") not in _PRECISIONS:
        return f"precision must be a power of ten from {FINEST:f} to 1"
    stated = change.change
    if len(numbers) == 2:
        if not isinstance(stated, float):
            return "change must be a number with a point"
        step = exact(stated)
        if abs(numbers[1] - numbers[0] - step) > precision:
            return f"change must be {plain(numbers[1] - numbers[0])} to the precision"
        numbers = [*numbers, step]
    elif stated is not None:
        return "change belongs to two numbers or two times"
    if any(number % precision for number in numbers):
        return f"numbers must be rounded to the precision {plain(precision)}"
    least = abs(numbers[-1])
    if least < UNITS * precision and precision > FINEST and (len(numbers) == 3 or least):
        return f"precision {plain(precision)} is too coarse: it leaves less than two digits of {plain(numbers[-1])}"
    return None


def faults(stated: Sequence[Change], differences: Sequence[Difference]) -> list[str]:
    """Why the differences are not the stated effect, a line for each field; empty when they are."""
    shown: dict[Place, Found] = {}
    out = []
    for one in found(differences):
        if one.place in shown:
            out.append(f"{show(one.place)} differs twice: orders of the witness need ids of their own")
        shown[one.place] = one
    wanted = {change.place: change for change in stated}
    out += [
        f"{show(place)}: {_yaml(one.a)} -> {_yaml(one.b)} is not in the effect"
        for place, one in shown.items()
        if place not in wanted
    ]
    for place, change in wanted.items():
        if place not in shown:
            out.append(f"{show(place)} is in the effect and does not differ")
        elif fault := _mismatch(change, shown[place]):
            out.append(f"{show(place)}: {fault}")
    return out


def _mismatch(change: Change, one: Found) -> str | None:
    """Why a difference is not the stated one."""
    for side, stated, value in (("v1", change.v1, one.a), ("v2", change.v2, one.b)):
        if isinstance(stated, float) and isinstance(value, float) and change.precision is not None:
            same = abs(exact(value) - exact(stated)) <= exact(change.precision) / 2
            # The sign of a zero counts, as everywhere; a value that only rounds to zero may have either.
            same = same and (value != 0 or math.copysign(1, value) == math.copysign(1, stated))
        else:
            same = type(stated) is type(value) and stated == value
        if not same:
            return f"{_yaml(value)} at {side}, the ADR says {_yaml(stated)}"
    a, b = _number(one.a), _number(one.b)
    if a is None or b is None or change.precision is None or isinstance(change.change, str | None):
        return None
    if abs(b - a - exact(change.change)) > exact(change.precision) / 2:
        return f"changes by {plain(b - a)}, the ADR says {_yaml(change.change)}"
    return None
