"""How V1 reads values of its raw config: text for numbers, clocks, offsets, dates.

V1 asks its model for errors and then runs the raw config, so that a value is converted only where it is used. What
V1 takes is converted here, what V1 refuses is a ValueError. Measured on V1's command line.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from typing import Any, Optional

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
OFFSET = re.compile(r"([+-]?)(\d{1,2}):([0-5]\d)")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def shown(value: Any) -> str:
    """A value in a message, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def number(value: Any) -> float:
    """A number, or text of one; ValueError for null, anything else, and what is not finite."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is no number") from None
    if not math.isfinite(found):
        raise ValueError(f"{shown(value)} is not finite")
    return found


def whole(value: Any) -> int:
    """A whole number: ``60.7`` is cut to 60, text of a whole number is one, text such as ``"60.0"`` is not."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is no whole number") from None


def not_text(value: Any) -> Any:
    """Refuses text and null where V1 calculates with the raw value."""
    if value is None or isinstance(value, str):
        raise ValueError(f"{shown(value)} is no number; V1 takes no text here")
    return value


def day(value: Any) -> date:
    """``YYYY-MM-DD`` with leading zeros and without a time; a date of YAML is one."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and DATE.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError(f"{shown(value)} is no date as YYYY-MM-DD")


def clock(value: Any) -> str:
    """``HH:MM`` or ``HH:MM:SS`` as a text that sorts by time: seconds of 0 are left out."""
    if not isinstance(value, str) or not CLOCK.fullmatch(value):
        raise ValueError(f"{shown(value)} is no clock as HH:MM or HH:MM:SS")
    return value.removesuffix(":00") if len(value) > 5 else value


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value[:1].isalpha()


def windows(value: Any) -> list[tuple[str, str]]:
    """Pairs of clocks. Null is an empty list; names in the place of times restrict nothing and are left out."""
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{shown(value)} is no list of pairs")
    out = []
    for entry in value:
        if _is_name(entry) or (isinstance(entry, (list, tuple)) and entry and all(map(_is_name, entry))):
            continue
        if not isinstance(entry, (list, tuple)) or len(entry) != 2:
            raise ValueError(f"{shown(entry)} is no pair of clocks")
        out.append((clock(entry[0]), clock(entry[1])))
    return out


def offset(value: Any) -> timedelta:
    """``"-01:30"`` or ``"-1:30"`` -> minus ninety minutes."""
    found = OFFSET.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{shown(value)} is no offset as -01:30")
    length = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -length if found[1] == "-" else length


def offsets(value: Any) -> list[tuple[str, str]]:
    """A LIST of pairs of offsets, as they are written; a bare pair is refused."""
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{shown(value)} is no list of pairs of offsets")
    for pair in value:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise ValueError(f"{shown(pair)} is no pair of offsets: offset_window is a list of pairs")
        offset(pair[0]), offset(pair[1])
    return [(first, second) for first, second in value]


def direction(value: Any) -> Optional[str]:
    """``long`` or ``short`` in any case; None, which is both, for anything else."""
    name = value.lower() if isinstance(value, str) else None
    return name if name in ("long", "short") else None


def scenarios(value: Any) -> set[int]:
    """Numbers 1 to 6 out of a list or a text of them; all for anything else, and where none is left."""
    found = set()
    for item in value if isinstance(value, (list, tuple, set, str)) else ():
        try:
            found.add(int(item))
        except (TypeError, ValueError, OverflowError):
            continue
    return found & {1, 2, 3, 4, 5, 6} or {1, 2, 3, 4, 5, 6}
