"""The protocol's lines as values: requests, replies, the hello. Pure.

``protocol.py`` describes them for those who write engines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parity.harness.model.files import Prepared
from parity.harness.model.outcome import MalformedOutcomeError, check

#: The protocol that a hello announces; an engine without a hello and without ids speaks the one before it.
PROTOCOL = 2
#: Seconds after the first answer of an engine without ids in which another one shows that it came unasked.
SETTLES = 0.25
REPLY = ("id", "outcome", "failure", "bars", "unknown", "extra")
HELLO = ("protocol", "name", "version", "capabilities")


@dataclass(frozen=True, kw_only=True)
class Hello:
    """What an engine says about itself before its first answer."""

    name: str | None = None
    version: str | None = None
    capabilities: Mapping[str, Any] = field(default_factory=dict)


def request_of(prepared: Prepared, switches: Mapping[str, str], *, events: bool) -> dict[str, Any]:
    """What an engine is asked about a case, but for the id."""
    return {
        "op": "run",
        "config": {
            **prepared.case.config,
            "execution_costs_file": str(prepared.costs_file),
            "symbol_specs_file": str(prepared.specs_file),
        },
        "data_root": str(prepared.data_root),
        "news_file": str(prepared.news_csv),
        "news_parquet": str(prepared.news_parquet),
        "switches": dict(switches),
        "events": events,
    }


def read_line(line: bytes) -> dict[str, Any]:
    """The object that a line holds.

    Raises:
        MalformedOutcomeError: it is no JSON object, or one that can be understood in two ways.
    """
    try:
        value = json.loads(line)
    except ValueError as error:
        raise MalformedOutcomeError(f"{line[:80]!r}: {error}") from error
    if not isinstance(value, dict):
        raise MalformedOutcomeError(f"{line[:80]!r} is not an object")
    return value


def read_hello(line: Mapping[str, Any]) -> Hello:
    """A hello line.

    Raises:
        MalformedOutcomeError: it speaks another protocol, or a key is unknown or has the wrong type.
    """
    raw = line["hello"]
    if len(line) != 1 or not isinstance(raw, Mapping):
        raise MalformedOutcomeError("hello is not an object in a line of its own")
    _only(raw, HELLO, "hello")
    if type(raw.get("protocol")) is not int or raw["protocol"] != PROTOCOL:
        raise MalformedOutcomeError(f"hello.protocol: {raw.get('protocol')!r} is not {PROTOCOL}")
    for key in ("name", "version"):
        if key in raw and not isinstance(raw[key], str):
            raise MalformedOutcomeError(f"hello.{key}: {raw[key]!r} is not a text")
    if not isinstance(raw.get("capabilities", {}), Mapping):
        raise MalformedOutcomeError("hello.capabilities is not an object")
    return Hello(name=raw.get("name"), version=raw.get("version"), capabilities=raw.get("capabilities", {}))


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a reply to ``run`` says: an outcome, or in ``failure`` why there is none."""

    outcome: Any
    failure: str | None = None
    bars: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_reply(raw: Mapping[str, Any], unknown: frozenset[str] = frozenset()) -> Reply:
    """A reply to ``run``; ``unknown`` are the fields that the engine is known to lack.

    Raises:
        MalformedOutcomeError: a key is missing, unknown or of the wrong type, or the outcome is none.
    """
    _only(raw, REPLY, "reply")
    if "failure" in raw:
        if not isinstance(raw["failure"], str) or "outcome" in raw:
            raise MalformedOutcomeError("failure is not a text in place of the outcome")
        return Reply(outcome=None, failure=raw["failure"])
    if "outcome" not in raw:
        raise MalformedOutcomeError("outcome is missing")
    bars, extra = raw.get("bars", 0), raw.get("extra", {})
    if type(bars) is not int or not 0 <= bars < 2**63:
        raise MalformedOutcomeError(f"bars: {str(bars)[:40]} is not a number of bars")
    if not isinstance(extra, Mapping):
        raise MalformedOutcomeError("extra is not an object")
    return Reply(outcome=check(raw["outcome"]), bars=bars, extra=extra)


def _only(raw: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in raw:
        if key not in known:
            raise MalformedOutcomeError(f"{where}.{str(key)[:40]}: unknown; known: {', '.join(known)}")
