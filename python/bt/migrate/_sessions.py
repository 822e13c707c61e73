"""Session filters of V1: times of day, and offsets from the opening of a market."""

from __future__ import annotations

import re
from typing import Any

from bt.migrate._report import (
    CONSTRAINT,
    EMPTY,
    FORMAT,
    MISSING,
    NORMALISED,
    TYPE_MISMATCH,
    V1_REFUSED,
    WARNING,
    At,
    Refused,
)
from bt.migrate._source import Source
from bt.migrate._values import choice, each, items

ANCHORS = ("london", "new_york", "tokyo", "sydney", "frankfurt", "asia", "europe")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_OFFSET = re.compile(r"([+-]?)([0-9]{1,2}):([0-9]{2})")
_NAME = re.compile(r"[A-Za-z][A-Za-z_ -]*")
_TIME = "HH:MM or HH:MM:SS, from 00:00 to 23:59:59"
_SIGNED = "a signed offset such as -01:00 or +3:30, of at most 24 hours"
_TIMES = '[["HH:MM", "HH:MM"], ...]'
_OFFSETS = '[["-01:00", "+03:00"], ...]'


def sessions(value: Any, at: At) -> list[dict[str, str]] | None:
    """``session_filter`` -> ``sessions``; None where there is no filter, an empty list where it is always open."""
    if value is None or (isinstance(value, dict | list | tuple) and not value):
        at.note(NORMALISED, value, None, "no filter: always open")
        return None
    source = Source(value, at.path, at.ledger, quiet=True)
    if source.broken:
        raise Refused
    if not source.has("fixed_times"):
        at.ledger.add(at.path, WARNING, at.target, reason="no fixed_times: V1 restricted nothing, and V2 does not")
    out: list[dict[str, str]] = source.take("fixed_times", at.target, _windows, [])
    source.leftovers()
    return out


def _windows(value: Any, at: At) -> list[dict[str, str]]:
    if value is None:
        at.note(NORMALISED, None, [], "always open")
        return []
    if _names(value):
        at.note(NORMALISED, value, [], "names instead of times: V1 restricted nothing")
        return []
    return [{"start": start, "end": end} for start, end in each(_window, _TIMES)(value, at)]


def _names(value: Any) -> bool:
    """Whether there are names where times are meant, and nothing but names."""
    if not isinstance(value, list | tuple) or not value:
        return False
    parts = [part for item in value for part in (item if isinstance(item, list | tuple) else [item])]
    return bool(parts) and all(isinstance(part, str) and _NAME.fullmatch(part) for part in parts)


def _pair(value: Any, at: At, allowed: str) -> list[tuple[Any, At]]:
    pair = items(value, at, allowed)
    if len(pair) != 2:
        at.fault(FORMAT, f"has {len(pair)} items instead of 2", value, allowed)
    return pair


def _window(value: Any, at: At) -> tuple[str, str]:
    start, end = (_clock(item, place) for item, place in _pair(value, at, '["HH:MM", "HH:MM"]'))
    return start, end


def _clock(value: Any, at: At) -> str:
    """A time of day; the seconds count where they are given."""
    if not isinstance(value, str):
        at.fault(TYPE_MISMATCH, "wrong type", value, _TIME)
    found = _CLOCK.fullmatch(value)
    if found is None:
        at.fault(FORMAT, "is no time of day", value, _TIME)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    if hours > 23 or minutes > 59 or seconds > 59:
        hint = ": the next day begins at 00:00" if hours == 24 else ""
        at.fault(CONSTRAINT, f"is no time of day{hint}", value, _TIME)
    padded = value if len(found[1]) == 2 else f"0{value}"
    if padded != value:
        at.note(V1_REFUSED, value, padded, "it wanted two digits")
    return padded


def anchored(value: Any, at: At) -> dict[str, Any] | list[dict[str, Any]] | None:
    """``anchored_session_filter`` -> ``anchored_sessions``: one mapping for one anchor, a list for several."""
    if value is None or (isinstance(value, dict | list | tuple) and not value):
        at.note(NORMALISED, value, None, "no filter: always open")
        return None
    source = Source(value, at.path, at.ledger, quiet=True)
    if source.broken:
        raise Refused
    pairs = _anchor_pairs(source, at)
    source.leftovers()
    merged: dict[str, list[dict[str, int]]] = {}
    for anchor, windows in pairs:
        merged.setdefault(anchor, []).extend(windows)
    out = [{"anchor": anchor, "windows": windows} for anchor, windows in merged.items()]
    return out[0] if len(out) == 1 else out


def _anchor_pairs(source: Source, at: At) -> list[tuple[str, list[dict[str, int]]]]:
    """Anchors with their windows, in the order in which they are given."""
    given = [name for name in ("anchor", "offset_window", "windows") if source.raw.get(name) is not None]
    if "windows" not in given:
        source.drop("windows", "it is null")
        return [_anchor_block(source)]
    if "offset_window" in given:
        at.fault(CONSTRAINT, "has both offset_window and windows", source.raw, "one of them")
    windows = source.raw["windows"]
    if isinstance(windows, list | tuple) and windows and all(isinstance(w, list | tuple) for w in windows):
        source.raw["offset_window"] = source.raw.pop("windows")
        at.ledger.add(source.key("windows"), V1_REFUSED, at.target, reason="it wanted this list under offset_window")
        return [_anchor_block(source, "windows")]
    allowed = f'[{{"anchor": "london", "offset_window": {_OFFSETS}}}, ...]'
    blocks = source.take("windows", at.target, each(_block, allowed)) if given else None
    source.drop("anchor", "each of the windows has its own anchor")
    if blocks is None:
        raise Refused
    if not blocks:
        at.child("windows").fault(EMPTY, "is empty", windows, allowed)
    return list(blocks)


def _block(value: Any, at: At) -> tuple[str, list[dict[str, int]]]:
    source = Source(value, at.path, at.ledger, quiet=True)
    if source.broken:
        raise Refused
    out = _anchor_block(source)
    source.leftovers()
    return out


def _anchor_block(source: Source, name: str = "offset_window") -> tuple[str, list[dict[str, int]]]:
    """One anchor and its windows; ``name`` is what the list is called in the config."""
    target = "anchored_sessions"
    anchor = source.require("anchor", target, choice(ANCHORS, action=V1_REFUSED), ", ".join(ANCHORS))
    if source.raw.get("offset_window") is None:
        source.ledger.fault(MISSING, source.key(name), "is required", None, _OFFSETS)
        source.raw.pop("offset_window", None)
        raise Refused
    at = source.at(name, target)
    source.known.append("offset_window")
    windows = _offset_windows(source.raw.pop("offset_window"), at)
    if anchor is None:
        raise Refused
    return anchor, windows


def _offset_windows(value: Any, at: At) -> list[dict[str, int]]:
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(part, str) for part in value):
        at.note(V1_REFUSED, value, [value], "it wanted a list of pairs")
        return [_offset_window(value, at)]
    windows: list[dict[str, int]] = each(_offset_window, _OFFSETS)(value, at)
    if not windows:
        at.fault(EMPTY, "is empty", value, _OFFSETS)
    return windows


def _offset_window(value: Any, at: At) -> dict[str, int]:
    start, end = (_minutes(item, place) for item, place in _pair(value, at, '["-01:00", "+03:00"]'))
    return {"start_offset_minutes": start, "end_offset_minutes": end}


def _minutes(value: Any, at: At) -> int:
    if not isinstance(value, str):
        at.fault(TYPE_MISMATCH, "wrong type", value, _SIGNED)
    found = _OFFSET.fullmatch(value)
    if found is None:
        at.fault(FORMAT, "is no offset", value, _SIGNED)
    minutes = int(found[2]) * 60 + int(found[3])
    if int(found[3]) > 59 or minutes > 1440:
        at.fault(CONSTRAINT, "is out of range", value, _SIGNED)
    return -minutes if found[1] == "-" else minutes


def filters(source: Source, strategy: Source) -> dict[str, Any]:
    """Both session filters. One of the strategy stands before one at the top."""
    out: dict[str, Any] = {}
    given = []
    for key, target, convert in (
        ("session_filter", "sessions", sessions),
        ("anchored_session_filter", "anchored_sessions", anchored),
    ):
        chosen = strategy.take(key, target, convert)
        if chosen is None:
            chosen = source.take(key, target, convert)
        else:
            source.drop(key, f"{strategy.key(key)} stands before it")
        if chosen is not None:
            out[target] = chosen
            given.append(key)
    if len(given) == 2:
        reason = "V1 failed on its first bar with both session filters; V2 at v1 refuses it too (error 4000), at v2 it "
        reason += "trades where both are open"
        source.ledger.add(given[1], V1_REFUSED, "anchored_sessions", reason=reason)
    return out
