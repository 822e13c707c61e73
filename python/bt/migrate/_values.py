"""Scalars of a V1 config: every spelling that V1 took, and those whose meaning is beyond doubt."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from bt.migrate._report import (
    CONSTRAINT,
    EMPTY,
    FORMAT,
    INVALID_ARGUMENT,
    NORMALISED,
    TOO_LARGE,
    TYPE_MISMATCH,
    V1_REFUSED,
    At,
    Refused,
)
from bt.migrate._show import nearest

TIMEFRAMES = ("M1", "M5", "M15", "M30", "H1", "H4", "D1", "W1")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})([T ]00:00(?::00(?:\.0{1,9})?)?(?:Z|[+-]00:?00)?)?")
DAY = "a day as YYYY-MM-DD between 1970-01-01 and 2200-12-31"
Convert = Callable[[Any, At], Any]


@dataclass(frozen=True)
class Bound:
    """Numbers that a key of V2 takes, and the words for them."""

    text: str
    low: float = -math.inf
    high: float = math.inf
    above: bool = False

    def holds(self, x: float) -> bool:
        """Whether the number lies inside."""
        return self.low <= x <= self.high and not (self.above and x == self.low)


NUMBER = Bound("a number")
NOT_NEGATIVE = Bound("a number of at least 0", low=0)
POSITIVE = Bound("a number above 0", low=0, above=True)


def number(bound: Bound, *, text: bool = True, zero: str = "") -> Convert:
    """A finite number. ``text``: V1 took it as text, too; ``zero``: why a negative number counts as 0."""

    def convert(value: Any, at: At) -> Any:
        x, action, _ = _parsed(value, at, bound, text)
        return _bounded(x, at, bound, zero, (value, action, None))

    return convert


def whole(low: int, high: int, *, text: bool = True, cut: bool = True, zero: str = "") -> Convert:
    """A whole number. ``cut``: V1 cut a fraction off; the rest as in ``number``."""
    bound = Bound(f"a whole number from {low} to {high}", low, high)

    def convert(value: Any, at: At) -> Any:
        x, action, exact = _parsed(value, at, bound, text, integral=True)
        reason = None
        if isinstance(x, float):
            fraction = x != math.trunc(x)
            if fraction and (not cut or isinstance(value, str)):
                at.fault(CONSTRAINT, "is not a whole number", value, bound.text)
            reason = "V1 cut the fraction off" if fraction else None
            x, action = math.trunc(x), action if exact else V1_REFUSED
            action = action or NORMALISED
        return _bounded(x, at, bound, zero, (value, action, reason))

    return convert


def _bounded(x: Any, at: At, bound: Bound, zero: str, told: tuple[Any, str | None, str | None]) -> Any:
    value, action, reason = told
    if zero and x < 0:
        x, action, reason = 0, action or NORMALISED, zero
    if not bound.holds(x):
        at.fault(CONSTRAINT, "is out of range", value, bound.text)
    if action:
        at.note(action, value, x, reason)
    return x


def _parsed(
    value: Any, at: At, bound: Bound, text: bool, *, integral: bool = False
) -> tuple[int | float, str | None, bool]:
    """The number, the action where it was no plain number, and whether V1 would have read the text like this."""
    x: Any = value
    action, exact = None, True
    if isinstance(value, str):
        x = _read(value, integral)
        if x is None:
            at.fault(FORMAT, "is not a number", value, bound.text)
        exact = not (integral and isinstance(x, float))
        action = NORMALISED if text and exact else V1_REFUSED
    elif isinstance(value, bool) or not isinstance(value, Real):
        at.fault(TYPE_MISMATCH, "is null" if value is None else "wrong type", value, bound.text)
    try:
        x = int(x) if isinstance(x, Integral) else float(x)
        finite = math.isfinite(x)
    except (OverflowError, ValueError):
        finite = False
    if not finite:
        at.fault(CONSTRAINT, "is not a finite number of 64 bits", value, bound.text)
    return x, action, exact


def _read(text: str, integral: bool) -> int | float | None:
    """The number that Python reads in a text, as V1 did: blanks around it and digits of any script included."""
    for read in (int, float) if integral else (float,):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def flag(value: Any, at: At) -> bool:
    """True or false; 1 and 0 are taken for them."""
    if not isinstance(value, bool | int | float) or value not in (0, 1):
        reason = 'V1 took any text for true, even "false"' if isinstance(value, str) else "wrong type"
        at.fault(TYPE_MISMATCH, reason, value, "true or false")
    if not isinstance(value, bool):
        at.note(NORMALISED, value, bool(value))
    return bool(value)


def choice(names: Sequence[str], *, fold: bool = True, action: str = NORMALISED, null: str | None = None) -> Convert:
    """One of the names; in any case if ``fold``. ``null``: what null means."""

    def convert(value: Any, at: At) -> str:
        if value is None and null is not None:
            at.note(NORMALISED, None, null)
            return null
        if not isinstance(value, str):
            at.fault(TYPE_MISMATCH, "is null" if value is None else "wrong type", value, ", ".join(names))
        if value in names:
            return value
        same = [name for name in names if len(value) < 64 and name.casefold() == value.casefold()] if fold else []
        if not same:
            at.fault(INVALID_ARGUMENT, "is not one of the choices", value, ", ".join(names), nearest(value, names))
        at.note(action, value, same[0])
        return same[0]

    return convert


def text(value: Any, at: At) -> str:
    """A text that UTF-8 can carry, without NUL."""
    if not isinstance(value, str):
        at.fault(TYPE_MISMATCH, "wrong type", value, "a text")
    if not value.strip():
        at.fault(EMPTY, "is empty", value, "a text")
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        at.fault(FORMAT, "holds NUL or half a surrogate pair", value, "a text")
    return value


def or_null(convert: Convert) -> Convert:
    """Null stays null; V1 and V2 read it alike."""
    return lambda value, at: None if value is None else convert(value, at)


def upper(pattern: str, allowed: str) -> Convert:
    """A name in capitals; V1 refused it in other letters."""

    def convert(value: Any, at: At) -> str:
        if not isinstance(value, str):
            at.fault(TYPE_MISMATCH, "wrong type", value, allowed)
        if not re.fullmatch(pattern, value):
            at.fault(FORMAT, "is not understood", value, allowed)
        if value != value.upper():
            at.note(V1_REFUSED, value, value.upper(), "it wanted capitals")
        return value.upper()

    return convert


def day(value: Any, at: At) -> str:
    """A day. V1 refused a time behind it, and digits without leading zero; midnight and `2025-1-7` are clear."""
    if isinstance(value, dt.datetime):
        value = value.isoformat()
    elif isinstance(value, dt.date):
        at.note(NORMALISED, value.isoformat(), value.isoformat(), "a date object")
        value = value.isoformat()
    if not isinstance(value, str):
        at.fault(TYPE_MISMATCH, "wrong type", value, DAY)
    found = _DAY.fullmatch(value) if len(value) < 64 else None
    try:
        made = dt.date(*(int(part) for part in found.groups()[:3])) if found else None
    except ValueError:
        made = None
    if made is None or not 1970 <= made.year <= 2200:
        reason = "has a time of day, which V2 does not know" if re.match(r"[0-9-]+[T ][0-9]", value) else "is no day"
        at.fault(FORMAT, reason, value, DAY)
    if made.isoformat() != value:
        at.note(V1_REFUSED, value, made.isoformat())
    return made.isoformat()


#: Items of a list, and of one of orders or edits. More would take long to report, one line or fault each.
MOST_ITEMS, MOST_ORDERS = 1_000, 1_000_000


def items(value: Any, at: At, allowed: str, most: int = MOST_ITEMS) -> list[tuple[Any, At]]:
    """Items of a list with their places; a fault where there are more than ``most``."""
    if not isinstance(value, list | tuple):
        at.fault(TYPE_MISMATCH, "is null" if value is None else "wrong type", value, allowed)
    if len(value) > most:
        at.fault(TOO_LARGE, f"has {len(value)} items", value, f"at most {most}")
    return [(item, at.child(i)) for i, item in enumerate(value)]


def each(convert: Convert, allowed: str, *, null: bool = False, most: int = MOST_ITEMS) -> Convert:
    """A list, item by item; every fault in it is found. ``null``: null is the empty list."""

    def whole_list(value: Any, at: At) -> list[Any]:
        if value is None and null:
            at.note(NORMALISED, None, [])
            return []
        out, faults = [], 0
        for item, place in items(value, at, allowed, most):
            try:
                out.append(convert(item, place))
            except Refused:
                faults += 1
        if faults:
            raise Refused
        return out

    return whole_list
