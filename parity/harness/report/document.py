"""A session as a document that other processes and machines read: strict JSON with a format version. Pure.

The reader trusts nothing: a file may come from another machine. Unknown and missing fields, other types, duplicate
keys, NaN, negative counts, names of branches or verdicts that do not exist and documents over the size limit are
refused with the place. Control characters in texts, which could rewrite what a terminal shows, are replaced.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections import Counter
from typing import Annotated, Any, NoReturn

import msgspec
from msgspec import Meta

from parity.harness.boundary.before_after import BeforeAfter
from parity.harness.boundary.rules import RuleRow
from parity.harness.coverage.registry import BRANCHES, Coverage
from parity.harness.engines.clocks import Clocks
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import Verdict
from parity.harness.report.profiles import Profile
from parity.harness.report.session import Session
from parity.harness.report.tally import MOST_REPORTS, Failure, MarketRun, Pace, SwitchEffects, Tally

FORMAT = "omega-parity-session/1"
#: Bytes of a document that are read at most.
MOST_BYTES = 64 << 20

Count = Annotated[int, Meta(ge=0, le=2**53)]
Seconds = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(max_length=1_000_000)]
KINDS = ("difference", "infrastructure", "performance")


class SessionError(ValueError):
    """A file that is no session, or sessions that do not belong together; the message says where and why."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the suite: cases by verdict, and what could not be compared."""

    verdicts: dict[Verdict, Count]
    refused: Count
    trades: Count
    bars: Count
    unknown: dict[Text, Count]
    untraced: dict[Text, Count]
    reports: Annotated[list[Text], Meta(max_length=MOST_REPORTS)]


class Tolerance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tolerance: its limit, and the largest distance that was measured."""

    group: Text
    field: Text
    limit: Seconds
    used: Seconds


class Branches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rule branches by engine: hits, engines that gave traces, and cases of which one gave none."""

    hits: dict[Text, dict[Text, Count]]
    traced: list[Text]
    untraced: dict[Text, Count]


class SessionDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything of a session, and what it was a session of."""

    format: str
    commit: Text
    versions: dict[Text, Text]
    profile: Profile
    engines: tuple[Text, Text]
    tallies: dict[Text, Part]
    market_runs: list[MarketRun]
    switch_effects: list[SwitchEffects]
    market: Text
    rules: list[RuleRow]
    steps: dict[Annotated[int, Meta(ge=1, le=4)], Text]
    before_after: list[BeforeAfter]
    boundary_facts: list[Text]
    remarks: list[Text]
    adrs: Count
    failures: list[Failure]
    findings: list[Text]
    tests: list[Text]
    ran: list[Text]
    skipped: dict[Text, Text]
    absent: list[Text]
    narrowed: list[Text]
    processes: Count
    coverage: Branches
    paces: dict[Text, Pace]
    clocks: Clocks
    tolerances: list[Tolerance] | None


def encode(seen: Session, *, commit: str, versions: dict[str, str]) -> str:
    """The session as JSON text."""
    tallies = {
        name: Part(
            verdicts=dict(t.verdicts), refused=t.refused, trades=t.trades, bars=t.bars, unknown=dict(t.unknown),
            untraced=dict(t.untraced), reports=t.reports,
        )
        for name, t in seen.tallies.items()
    }  # fmt: skip
    tolerances = None
    if seen.tolerances is not None:
        used = seen.tolerances.used
        tolerances = [
            Tolerance(group=group, field=name, limit=limit, used=used.get((group, name), 0.0))
            for (group, name), limit in seen.tolerances.limits.items()
        ]
    document = SessionDocument(
        format=FORMAT, commit=commit, versions=versions, profile=seen.profile, engines=seen.engines, tallies=tallies,
        market_runs=seen.market_runs, switch_effects=seen.switch_effects, market=seen.market, rules=seen.rules,
        steps=seen.steps, before_after=seen.before_after, boundary_facts=seen.boundary_facts,
        remarks=seen.remarks, adrs=seen.adrs,
        failures=seen.failures, findings=seen.findings, tests=sorted(seen.tests), ran=sorted(seen.ran),
        skipped=seen.skipped, absent=sorted(seen.absent), narrowed=seen.narrowed, processes=seen.processes,
        coverage=Branches(
            hits={engine: dict(hits) for engine, hits in seen.coverage.hits.items()},
            traced=sorted(seen.coverage.traced), untraced=dict(seen.coverage.untraced),
        ), paces=seen.paces,
        clocks=seen.clocks, tolerances=tolerances,
    )  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()


def decode(text: str | bytes) -> tuple[Session, SessionDocument]:
    """The session of a document, and the document.

    Raises:
        SessionError: the text is no session of this format; the message names the place.
    """
    if len(text) > MOST_BYTES:
        raise SessionError(f"a session has at most {MOST_BYTES >> 20} MiB")
    try:
        raw = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite, parse_int=_bounded
        )
    except (ValueError, RecursionError) as error:
        raise SessionError(f"is no strict JSON: {error}") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        found = raw.get("format") if isinstance(raw, dict) else None
        raise SessionError(f"is no session: format must be {FORMAT!r}, not {str(found)[:80]!r}")
    try:
        raw = _printable(raw)
        document = msgspec.convert(raw, SessionDocument, strict=True, str_keys=True)
    except (msgspec.ValidationError, RecursionError) as error:
        raise SessionError(str(error)) from error
    _same_keys(raw, document, "$")
    _check(document)
    return _session(document), document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} occurs twice in one object")
    return out


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is no 64-bit number")
    return value


def _bounded(text: str) -> int:
    if len(text) > 20 or abs(int(text)) >= 2**63:
        raise ValueError(f"{text[:40]} is no 64-bit number")
    return int(text)


def _same_keys(raw: Any, typed: Any, path: str) -> None:
    """Raises for a field that a dataclass does not know, or that was left out and took its default.

    Raises:
        SessionError: with the path of the field.
    """
    if isinstance(raw, list):
        for i, (value, other) in enumerate(zip(raw, typed, strict=True)):
            _same_keys(value, other, f"{path}[{i}]")
    elif isinstance(raw, dict) and dataclasses.is_dataclass(typed):
        if odd := sorted(raw.keys() ^ {field.name for field in dataclasses.fields(typed)}):
            raise SessionError(f"{'unknown' if odd[0] in raw else 'missing'} field - at `{path}.{odd[0]}`")
        for key, value in raw.items():
            _same_keys(value, getattr(typed, key), f"{path}.{key}")
    elif isinstance(raw, dict) and not isinstance(typed, dict):
        for key, value in raw.items():
            _same_keys(value, getattr(typed, key), f"{path}.{key}")
    elif isinstance(raw, dict):
        for key, value in raw.items():
            if key in typed:
                _same_keys(value, typed[key], f"{path}.{key}")


def _printable(value: Any) -> Any:
    """The value with control characters, surrogates and marks of writing direction replaced in every text."""
    if isinstance(value, str):
        return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "?", value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    return value


def _check(document: SessionDocument) -> None:
    """What types alone do not say."""
    profile = document.profile
    k, n = profile.shard
    faults = []
    if not 1 <= k <= n:
        faults.append(f"$.profile.shard: {k}/{n} is no shard")
    if min(profile.examples, profile.sweep) < 0:
        faults.append("$.profile: a number of cases is negative")
    for engine, hits in document.coverage.hits.items():
        if unknown := sorted(hits.keys() - BRANCHES.keys()):
            faults.append(f"$.coverage.{engine}: no such rule branch: {unknown[0]}")
    named = {*document.coverage.hits, *document.coverage.traced, *document.coverage.untraced}
    if strange := sorted(named - set(document.engines)):
        faults.append(f"$.coverage: no such engine: {strange[0]}")
    for failure in document.failures:
        if failure.kind not in KINDS:
            faults.append(f"$.failures: no such kind: {failure.kind}")
    figures = {
        "market_runs": [
            x for run in document.market_runs for x in (run.bars, run.trades, run.seconds_a, run.seconds_b)
        ],
        "paces": [x for pace in document.paces.values() for x in (pace.cases, pace.wall, pace.a, pace.b)],
        "clocks": [document.clocks.a, document.clocks.b, document.clocks.harness],
    }
    faults += [f"$.{name}: a figure is negative" for name, values in figures.items() if min(values, default=0) < 0]
    if any(side.seconds <= 0 for row in document.before_after for side in (row.v1, row.v2)):
        faults.append("$.before_after: seconds must be positive")
    if stray := sorted(set(document.ran) - set(document.tests)):
        faults.append(f"$.ran: not among $.tests: {stray[0]}")
    if faults:
        raise SessionError(faults[0])


def _session(document: SessionDocument) -> Session:
    tallies = {
        name: Tally(
            Counter(part.verdicts), part.refused, part.trades, part.bars, Counter(part.unknown), Counter(part.untraced),
            list(part.reports),
        )
        for name, part in document.tallies.items()
    }  # fmt: skip
    tolerances = None
    if document.tolerances is not None:
        rows = document.tolerances
        tolerances = Tolerances(
            {(row.group, row.field): row.limit for row in rows},
            {(row.group, row.field): row.used for row in rows if row.used},
        )
    coverage = Coverage(
        {engine: Counter(hits) for engine, hits in document.coverage.hits.items()},
        set(document.coverage.traced),
        Counter(document.coverage.untraced),
    )
    return Session(
        profile=document.profile, engines=document.engines, tallies=tallies, market_runs=document.market_runs,
        switch_effects=document.switch_effects, market=document.market, rules=document.rules, steps=document.steps,
        before_after=document.before_after, boundary_facts=document.boundary_facts,
        remarks=document.remarks, adrs=document.adrs,
        failures=document.failures, findings=document.findings, tests=set(document.tests), ran=set(document.ran),
        skipped=document.skipped, absent=set(document.absent), narrowed=document.narrowed,
        processes=document.processes, coverage=coverage, paces=document.paces, clocks=document.clocks,
        tolerances=tolerances,
    )  # fmt: skip
