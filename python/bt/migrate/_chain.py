"""Scenario 6: the chain of timeframes and what overrides the strategy's parameters on each of its links.

V1 read overrides in three forms (spec 7.2). Written is one: a block for either direction of each link, with nothing
beside it. So V2 has nothing left to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bt.migrate._report import (
    CONSTRAINT,
    DROPPED,
    INVALID_ARGUMENT,
    NORMALISED,
    RENAMED,
    TOO_LARGE,
    TYPE_MISMATCH,
    At,
    Refused,
)
from bt.migrate._show import name_of, nearest
from bt.migrate._source import Source
from bt.migrate._values import (
    MOST_ITEMS,
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    TIMEFRAMES,
    Convert,
    choice,
    each,
    number,
    whole,
)

LONGEST = 10_000_000
SIDES = ("long", "short")
_TARGET = "strategy_parameters.scenario6_params"
_FLAT = re.compile(r"scenario6_([A-Z0-9]+)_(long|short)_([A-Z_]+)", re.IGNORECASE)
_LINK: dict[str, Convert] = {
    "window_length": whole(1, LONGEST),
    "z_score": number(NUMBER),
    "z_score_long": number(NUMBER),
    "z_score_short": number(NUMBER),
    "kalman_r": number(POSITIVE),
    "kalman_q": number(NOT_NEGATIVE),
    "b_b_length": whole(1, LONGEST),
    "std_factor": number(NOT_NEGATIVE),
}
_NAMES = (*TIMEFRAMES, "PRIMARY")


@dataclass
class _Link:
    """What a timeframe's dict says: for both directions, and for each one that has a block."""

    path: str
    beside: dict[str, Any] = field(default_factory=dict)
    blocks: dict[str, dict[str, Any]] = field(default_factory=dict)


def chain(params: Source, primary: str) -> dict[str, Any]:
    """The three parameters of scenario 6, from ``scenario6_params`` and from flat keys."""
    out: dict[str, Any] = {
        "scenario6_mode": params.take(
            "scenario6_mode", "strategy_parameters.scenario6_mode", choice(("all", "any")), "all"
        ),
        "scenario6_timeframes": params.take(
            "scenario6_timeframes", "strategy_parameters.scenario6_timeframes", _timeframes(primary), []
        ),
    }
    links: dict[str, _Link] = params.take("scenario6_params", _TARGET, _links(primary), {})
    _flat_keys(params, links, primary)
    out["scenario6_params"] = _written(params, links, out["scenario6_timeframes"])
    return out


def _timeframes(primary: str) -> Convert:
    def convert(value: Any, at: At) -> list[str]:
        given = each(choice(_NAMES), "a list of timeframes", null=True)(value, at)
        names = list(dict.fromkeys(primary if name == "PRIMARY" else name for name in given))
        if names != given:
            at.note(NORMALISED, value, names, "PRIMARY is the primary timeframe, and each counts once")
        return names

    return convert


def _name(key: Any, at: At, primary: str) -> str:
    name = key.upper() if isinstance(key, str) else ""
    if name not in _NAMES:
        at.fault(INVALID_ARGUMENT, "is no timeframe", key, ", ".join(_NAMES), nearest(key, _NAMES))
    return primary if name == "PRIMARY" else name


def _links(primary: str) -> Convert:
    def convert(value: Any, at: At) -> dict[str, _Link]:
        if value is None:
            at.note(NORMALISED, None, {})
            return {}
        if not isinstance(value, dict):
            at.fault(TYPE_MISMATCH, "wrong type", value, "a mapping by timeframe")
        links: dict[str, _Link] = {}
        for key, block in value.items():
            place = at.child(name_of(key))
            try:
                name = _name(key, place, primary)
                if name in links:
                    reason = f"{place.path} comes later and stands for {name}, too"
                    at.ledger.add(links.pop(name).path, DROPPED, reason=reason)
                links[name] = _link(block, place)
            except Refused:
                continue
        return links

    return convert


def _link(block: Any, at: At) -> _Link:
    source = Source(block, at.path, at.ledger, quiet=True)
    out = _Link(at.path)
    for side in [name for name in SIDES if source.has(name)]:
        inner = source.section(side, null=False)
        out.blocks[side] = _numbers(inner)
        inner.leftovers()
    out.beside = _numbers(source)
    source.leftovers()
    for side in [name for name, own in out.blocks.items() if not own and out.beside]:
        reason = f"an empty block overrides nothing, and what stands beside it does not count for {side}"
        at.ledger.add(at.child(side).path, DROPPED, reason=reason)
    return out


def _numbers(source: Source) -> dict[str, Any]:
    out = {}
    for name, convert in _LINK.items():
        if source.has(name):
            out[name] = source.take(name, _TARGET, convert)
    source.known += list(_LINK)
    return out


def _flat_keys(params: Source, links: dict[str, _Link], primary: str) -> None:
    """Writes ``scenario6_<TF>_<side>_<parameter>`` into the block of its side, which exists from then on."""
    keys = list(_flat(params))
    if len(keys) > MOST_ITEMS:
        path = params.key("scenario6_params")
        params.ledger.fault(TOO_LARGE, path, f"{len(keys)} flat keys stand beside it", None, f"at most {MOST_ITEMS}")
        return
    for key, found in keys:
        name, side, parameter = found[1], found[2].lower(), found[3].lower()
        at = params.at(key, f"{_TARGET}.{name.upper()}.{side}.{parameter}")
        value = params.raw.pop(key)
        try:
            link = links.setdefault(_name(name, at, primary), _Link(at.path))
            if parameter not in _LINK:
                at.fault(INVALID_ARGUMENT, "unknown parameter", parameter, ", ".join(_LINK), nearest(parameter, _LINK))
            link.blocks.setdefault(side, {})[parameter] = _LINK[parameter](value, at)
            at.ledger.add(at.path, RENAMED, at.target)
        except Refused:
            continue


def _flat(params: Source) -> Iterator[tuple[str, re.Match[str]]]:
    for key in params.raw:
        found = _FLAT.fullmatch(key) if len(key) < 100 else None
        if found:
            yield key, found


def _written(params: Source, links: dict[str, _Link], names: list[str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, link in links.items():
        if name not in names:
            params.ledger.add(link.path, DROPPED, reason=f"{name} is not among scenario6_timeframes")
            continue
        sides = {side: dict(link.blocks.get(side, link.beside)) for side in SIDES}
        for side, block in sides.items():
            thresholds = {block[key] for key in ("z_score_long", "z_score_short") if key in block}
            if "z_score" in block and thresholds - {block["z_score"]}:
                path = f"{link.path}.{side}" if side in link.blocks else link.path
                message = "has z_score and another threshold of its own: which one counts is not known"
                params.ledger.fault(CONSTRAINT, path, message, block, "z_score, or z_score_long and z_score_short")
        if link.beside and len(link.blocks) == len(SIDES):
            params.ledger.add(link.path, DROPPED, reason="what stands beside long and short: both have blocks")
        if any(sides.values()):
            out[name] = sides
    return out
