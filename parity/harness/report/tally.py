"""Counts of one part of the suite: cases by verdict, market runs, speed. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from parity.harness.oracle.verdict import CaseReport, Verdict

#: Reports that are kept as text; the verdicts count all of them.
MOST_REPORTS = 20
#: First word of the parts whose cases are recorded outcomes of the legacy engine.
RECORDED = "recorded"
BAD = (Verdict.UNEXPLAINED, Verdict.INCOMPARABLE)


@dataclass
class Tally:
    """Counts over the cases of one part; ``unknown`` and ``untraced`` count cases by field and by engine."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    refused: int = 0
    trades: int = 0
    bars: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    untraced: Counter[str] = field(default_factory=Counter)
    reports: list[str] = field(default_factory=list)

    def add(self, report: CaseReport) -> None:
        """Counts one judged case."""
        self.verdicts[report.verdict] += 1
        self.refused += report.refused
        self.trades += report.trades
        self.bars += report.bars
        self.unknown.update(report.unknown)
        self.untraced.update(report.untraced)
        if report.verdict in BAD and len(self.reports) < MOST_REPORTS:
            self.reports.append(str(report))

    def merge(self, other: Tally) -> None:
        """Adds another tally."""
        self.verdicts.update(other.verdicts)
        self.refused += other.refused
        self.trades += other.trades
        self.bars += other.bars
        self.unknown.update(other.unknown)
        self.untraced.update(other.untraced)
        self.reports = (self.reports + other.reports)[:MOST_REPORTS]

    @property
    def cases(self) -> int:
        """All cases, whatever their verdict."""
        return sum(self.verdicts.values())

    @property
    def comparable(self) -> int:
        """Cases on which both engines gave an answer."""
        return self.cases - self.verdicts[Verdict.INCOMPARABLE]

    def vacuous(self, *, least_cases: int, least_trades: int) -> str | None:
        """Why so many cases prove nothing, if they do."""
        if self.comparable < least_cases:
            return f"{self.comparable} comparable cases, at least {least_cases} are needed"
        if self.trades < least_trades:
            return f"{self.trades} trades, at least {least_trades} are needed"
        return None


@dataclass
class MarketRun:
    """One config on a whole market: both engines, and what single switches change."""

    case_id: str
    verdict: Verdict
    bars: int
    trades: int
    seconds_a: float
    seconds_b: float


@dataclass
class SwitchEffects:
    """One market run with switches at v2: those that differ alone, and the minimal set that explains all of them."""

    case_id: str
    differing: tuple[str, ...]
    explained_by: tuple[str, ...]


@dataclass
class Pace:
    """How fast a generated part ran: cases, seconds in all, and seconds in either engine."""

    cases: int = 0
    wall: float = 0.0
    a: float = 0.0
    b: float = 0.0

    @property
    def harness(self) -> float:
        """Seconds in neither engine: drawing, files, comparing, counting."""
        return self.wall - self.a - self.b

    def add(self, other: Pace) -> None:
        """Adds what another process did."""
        self.cases += other.cases
        self.wall += other.wall
        self.a += other.a
        self.b += other.b


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One failed test: ``kind`` is ``difference``, ``infrastructure`` or ``performance``."""

    kind: str
    test: str
    message: str = ""
