"""The protocol's lines as values: requests, replies, the hello. Pure.

``protocol.py`` describes them for those who write engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parity.harness.model.decode import decode_reply, shown
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import MalformedOutcomeError, Outcome, Refusal
from parity.harness.model.reply import parse_reply

#: The protocol that a hello announces; an engine without a hello and without ids speaks the one before it.
PROTOCOL = 2
#: Seconds after the first answer of an engine without ids during which another line counts as unasked.
SETTLES = 0.25
#: Characters of an engine's own words that are repeated.
LONGEST_FAILURE = 400
REPLY = ("id", "outcome", "failure", "bars", "unknown", "extra")
HELLO = ("protocol", "name", "version", "capabilities")


@dataclass(frozen=True, kw_only=True)
class Hello:
    """What an engine says about itself before its first answer."""

    name: str | None = None
    version: str | None = None
    capabilities: Mapping[str, Any] = field(default_factory=dict)


def request_of(prepared: Prepared, switches: Mapping[str, str], *, events: bool, gates: bool = False) -> dict[str, Any]:
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
        "gates": gates,
    }


def read_object(line: bytes) -> dict[str, Any]:
    """The object that a line holds.

    Raises:
        MalformedOutcomeError: it is no JSON object, or one that can be understood in two ways.
    """
    try:
        value = parse_reply(line)
    except MalformedOutcomeError as error:
        raise MalformedOutcomeError(error.path, f"{error.problem}: {_start(line)}") from error
    if not isinstance(value, dict):
        raise MalformedOutcomeError("reply", f"{shown(value)} is not an object")
    return value


def _start(line: bytes) -> str:
    return repr(line[:80])[1:]


def read_hello(line: Mapping[str, Any]) -> Hello:
    """A hello line.

    Raises:
        MalformedOutcomeError: it speaks another protocol, or a key is unknown or has the wrong type.
    """
    raw = line["hello"]
    if len(line) != 1 or not isinstance(raw, Mapping):
        raise MalformedOutcomeError("hello", "is not an object in a line of its own")
    _only(raw, HELLO, "hello")
    if type(raw.get("protocol")) is not int or raw["protocol"] != PROTOCOL:
        raise MalformedOutcomeError("hello.protocol", f"{shown(raw.get('protocol'))} is not {PROTOCOL}")
    for key in ("name", "version"):
        if key in raw and not isinstance(raw[key], str):
            raise MalformedOutcomeError(f"hello.{key}", f"{shown(raw[key])} is not a text")
    if not isinstance(raw.get("capabilities", {}), Mapping):
        raise MalformedOutcomeError("hello.capabilities", "is not an object")
    return Hello(name=raw.get("name"), version=raw.get("version"), capabilities=raw.get("capabilities", {}))


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a reply to ``run`` says: an outcome, or in ``failure`` why there is none."""

    outcome: Outcome | Refusal | None
    failure: str | None = None
    bars: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_reply(raw: Mapping[str, Any], unknown: frozenset[str] = frozenset()) -> Reply:
    """A reply to ``run``; ``unknown`` are the fields that the engine is known to lack.

    Raises:
        MalformedOutcomeError: a key is missing, unknown or of the wrong type, or the outcome is none.
    """
    _only(raw, REPLY, "reply")
    if "failure" in raw:
        if not isinstance(raw["failure"], str) or "outcome" in raw:
            raise MalformedOutcomeError("failure", "is not a text in place of the outcome")
        return Reply(outcome=None, failure=" ".join(raw["failure"].split())[:LONGEST_FAILURE])
    extra = raw.get("extra", {})
    if not isinstance(extra, Mapping):
        raise MalformedOutcomeError("extra", "is not an object")
    outcome, bars = decode_reply(_with_unknown(raw), unknown=unknown)
    return Reply(outcome=outcome, bars=bars, extra=extra)


def _with_unknown(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A reply whose own ``unknown`` stands in its outcome, which may have some, too."""
    found = raw.get("outcome")
    if "unknown" not in raw or not isinstance(found, dict) or "error" in found:
        return dict(raw)
    named, own = raw["unknown"], found.get("unknown", [])
    both = [*own, *named] if isinstance(own, list) and isinstance(named, list) else named
    return {**raw, "outcome": {**found, "unknown": both}}


def _only(raw: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in raw:
        if key not in known:
            raise MalformedOutcomeError(f"{where}.{str(key)[:40]}", f"unknown; known: {', '.join(known)}")
