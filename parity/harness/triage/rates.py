"""Rates of a sweep: cases by stratum and verdict, every kind of difference, the branches taken. Pure.

They are kept in a file, so that a sweep can go on where it ended and shards can be joined. The file is read strictly.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from parity.harness.coverage.registry import BRANCHES, Coverage
from parity.harness.generate.cases import STRATUM
from parity.harness.model.case import Case
from parity.harness.oracle.fingerprint import Fingerprint
from parity.harness.oracle.verdict import CaseReport, Verdict

FORMAT = "omega-parity-rates/1"
#: Bytes of a file that are read at most, and kinds of differences that the text shows.
MOST_BYTES, MOST_SHOWN = 16 << 20, 40
Count = Annotated[int, Meta(ge=0, le=2**53)]


class RatesError(ValueError):
    """A file that holds no rates, or rates that do not belong together; the message says what is wrong."""


class Row(Struct, kw_only=True, forbid_unknown_fields=True):
    """Counts of one stratum; ``refused`` are cases that both engines refuse."""

    cases: Count = 0
    refused: Count = 0
    trades: Count = 0
    match: Count = 0
    unexplained: Count = 0
    incomparable: Count = 0

    def add(self, other: Row) -> None:
        """Adds the counts of another row."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Kind(Struct, kw_only=True, forbid_unknown_fields=True):
    """One kind of difference: how many cases of which stratum show it, which case of the sweep first, where it lies."""

    fingerprint: tuple[str, ...]
    strata: dict[str, Count]
    first: Count
    path: str = ""

    @property
    def count(self) -> int:
        """Cases that show it."""
        return sum(self.strata.values())


class _Document(Struct, kw_only=True, forbid_unknown_fields=True):
    format: str
    commit: str
    seed: int
    engines: tuple[str, str]
    shards: list[tuple[Count, Count]]
    done: Count
    strata: dict[str, Row]
    kinds: list[Kind]
    hits: dict[str, dict[str, Count]]
    traced: list[str]
    untraced: dict[str, Count]


@dataclass
class Rates:
    """What a sweep of one seed has shown so far; ``done`` cases of each of its ``shards`` (k, n) were examined."""

    commit: str
    seed: int
    engines: tuple[str, str]
    shards: list[tuple[int, int]] = field(default_factory=lambda: [(1, 1)])
    done: int = 0
    strata: dict[str, Row] = field(default_factory=dict)
    kinds: dict[Fingerprint, Kind] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, number: int, case: Case, report: CaseReport, fingerprint: Fingerprint | None) -> None:
        """Counts case ``number`` of the sweep."""
        name = next((tag.removeprefix(STRATUM) for tag in case.tags if tag.startswith(STRATUM)), "none")
        row = self.strata.setdefault(name, Row())
        row.add(Row(cases=1, refused=int(report.refused), trades=report.trades))
        setattr(row, report.verdict.value, getattr(row, report.verdict.value) + 1)
        self.done += 1
        if fingerprint is not None:
            kind = self.kinds.setdefault(fingerprint, Kind(fingerprint=fingerprint, strata={}, first=number))
            kind.strata[name] = kind.strata.get(name, 0) + 1

    @property
    def total(self) -> Row:
        """All strata together."""
        out = Row()
        for row in self.strata.values():
            out.add(row)
        return out

    def merge(self, other: Rates) -> None:
        """Adds another shard of the same sweep.

        Raises:
            RatesError: it is of another commit, seed or pair, or a shard is there already.
        """
        for name in ("commit", "seed", "engines"):
            if getattr(self, name) != getattr(other, name):
                raise RatesError(f"another {name}: {getattr(other, name)!r}, not {getattr(self, name)!r}")
        if self.shards[0][1] != other.shards[0][1] or set(self.shards) & set(other.shards):
            shown = ", ".join(f"{k}/{n}" for k, n in other.shards)
            raise RatesError(f"shard {shown} does not belong to the others, or is there already")
        self.shards += other.shards
        self.done += other.done
        for name, row in other.strata.items():
            self.strata.setdefault(name, Row()).add(row)
        for fingerprint, kind in other.kinds.items():
            known = self.kinds.setdefault(fingerprint, Kind(fingerprint=fingerprint, strata={}, first=kind.first))
            known.strata = dict(Counter(known.strata) + Counter(kind.strata))
            known.path = known.path or kind.path
        self.coverage.merge(other.coverage)

    def encode(self) -> bytes:
        """The rates as JSON text."""
        coverage = self.coverage
        document = _Document(
            format=FORMAT, commit=self.commit, seed=self.seed, engines=self.engines, shards=self.shards,
            done=self.done, strata=self.strata, kinds=list(self.kinds.values()),
            hits={engine: dict(hits) for engine, hits in coverage.hits.items()}, traced=sorted(coverage.traced),
            untraced=dict(coverage.untraced),
        )  # fmt: skip
        return msgspec.json.format(msgspec.json.encode(document), indent=1)

    @classmethod
    def decode(cls, text: bytes) -> Rates:
        """The rates of ``encode``'s text.

        Raises:
            RatesError: it is none; the message has the place.
        """
        if len(text) > MOST_BYTES:
            raise RatesError(f"has more than {MOST_BYTES >> 20} MiB")
        try:
            raw = msgspec.json.decode(text, type=_Document)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise RatesError(str(error)) from error
        if raw.format != FORMAT:
            raise RatesError(f"format is {raw.format[:40]!r}, not {FORMAT!r}")
        strange = [name for hits in raw.hits.values() for name in hits if name not in BRANCHES]
        if strange:
            raise RatesError(f"no such rule branch: {strange[0][:80]}")
        if not raw.shards or not all(1 <= k <= n for k, n in raw.shards):
            raise RatesError("shards are pairs k, n with 1 <= k <= n")
        hits = {engine: Counter(counts) for engine, counts in raw.hits.items()}
        coverage = Coverage(hits, set(raw.traced), Counter(raw.untraced))
        return cls(raw.commit, raw.seed, raw.engines, raw.shards, raw.done, raw.strata,
                   {kind.fingerprint: kind for kind in raw.kinds}, coverage)  # fmt: skip

    def lines(self) -> list[str]:
        """The report: rates by stratum, then every kind of difference, the most frequent first."""
        head = f"{'stratum':22}{'cases':>8}{'refused':>9}{'trades':>9}{'equal':>8}{'different':>11}{'incomparable':>14}"
        out = [f"{head}{'rate':>10}"]
        for name, row in [*sorted(self.strata.items(), key=lambda item: -item[1].cases), ("total", self.total)]:
            rate = f"{100 * row.match / row.cases:.3f}%" if row.cases else "-"
            out.append(
                f"{name:22}{row.cases:>8}{row.refused:>9}{row.trades:>9}{row.match:>8}{row.unexplained:>11}"
                f"{row.incomparable:>14}{rate:>10}"
            )
        kinds = sorted(self.kinds.values(), key=lambda kind: -kind.count)
        out.append(f"kinds of differences: {len(kinds)}")
        for kind in kinds[:MOST_SHOWN]:
            strata = ", ".join(f"{name} {count}" for name, count in Counter(kind.strata).most_common())
            place = f"; {kind.path}" if kind.path else ""
            out.append(f"  {kind.count:>6}  {', '.join(kind.fingerprint)} ({strata}; first: case {kind.first}{place})")
        if len(kinds) > MOST_SHOWN:
            out.append(f"  ... and {len(kinds) - MOST_SHOWN} more kinds")
        return out


def verdict_of(rates: Rates) -> Verdict:
    """The worst verdict of a sweep."""
    total = rates.total
    if total.unexplained:
        return Verdict.UNEXPLAINED
    return Verdict.INCOMPARABLE if total.incomparable else Verdict.MATCH
