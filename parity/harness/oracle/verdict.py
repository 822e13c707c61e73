"""The four verdicts on a case, and what a run of many cases amounts to (spec 10.2, 10.3). Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum

from parity.harness.model.outcome import Answer, Outcome
from parity.harness.oracle.compare import Difference, Names


class Verdict(StrEnum):
    """What one case says."""

    MATCH = "match"
    EXPLAINED = "explained"
    UNEXPLAINED = "unexplained"
    INCOMPARABLE = "incomparable"


class ExitCode:
    """What the suite tells its caller."""

    PASS = 0
    DIFFERENCE = 1
    INFRASTRUCTURE = 2
    PERFORMANCE = 3


@dataclass(frozen=True, kw_only=True)
class CaseReport:
    """One judged case. ``switches`` account for the differences of an explained one.

    ``unknown`` names the fields that an engine does not know and that were not compared.
    """

    case_id: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    switches: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    reason: str = ""
    trades: int = 0
    bars: int = 0

    def __str__(self) -> str:
        lines = [f"{self.case_id}: {self.verdict}" + (f" ({self.reason})" if self.reason else "")]
        lines += [f"  {difference}" for difference in self.differences[:12]]
        if len(self.differences) > 12:
            lines.append(f"  ... and {len(self.differences) - 12} more")
        return "\n".join(lines)


def judge(
    case_id: str, a: Answer, b: Answer, differences: list[Difference], *, parity: bool, names: Names = ("A", "B")
) -> CaseReport:
    """The verdict before anything is explained: with ``parity`` every difference is unexplained."""
    report = CaseReport(case_id=case_id, verdict=Verdict.MATCH, trades=a.trades, bars=a.bars, unknown=unknown(a, b))
    if a.failure or b.failure:
        reason = "; ".join(f"{name}: {x.failure}" for name, x in zip(names, (a, b), strict=True) if x.failure)
        return replace(report, verdict=Verdict.INCOMPARABLE, reason=reason)
    if not differences:
        return report
    reason = "all switches at v1" if parity else "not explained yet"
    return replace(report, verdict=Verdict.UNEXPLAINED, differences=tuple(differences), reason=reason)


def unknown(a: Answer, b: Answer) -> frozenset[str]:
    """What was not compared because an engine declares that it does not know it; nothing where one refused."""
    if not isinstance(a.outcome, Outcome) or not isinstance(b.outcome, Outcome):
        return frozenset()
    return frozenset((*a.outcome.unknown, *b.outcome.unknown))


@dataclass
class Tally:
    """Counts over a run."""

    verdicts: Counter[str] = field(default_factory=Counter)
    trades: int = 0
    bars: int = 0
    reports: list[CaseReport] = field(default_factory=list)
    #: Cases in which a field was not compared because an engine does not know it, by field.
    unknown: Counter[str] = field(default_factory=Counter)

    def add(self, report: CaseReport) -> None:
        self.verdicts[report.verdict] += 1
        self.unknown.update(report.unknown)
        self.trades += report.trades
        self.bars += report.bars
        if report.verdict in (Verdict.UNEXPLAINED, Verdict.INCOMPARABLE):
            self.reports.append(report)

    def merge(self, other: Tally) -> None:
        """Adds another tally."""
        self.verdicts.update(other.verdicts)
        self.trades += other.trades
        self.bars += other.bars
        self.reports += other.reports
        self.unknown.update(other.unknown)

    @property
    def cases(self) -> int:
        return sum(self.verdicts.values())

    @property
    def comparable(self) -> int:
        return self.cases - self.verdicts[Verdict.INCOMPARABLE]

    def vacuous(self, *, least_cases: int, least_trades: int) -> str | None:
        """Why a run proves nothing, if it does."""
        if self.comparable < least_cases:
            return f"{self.comparable} comparable cases, at least {least_cases} are needed"
        if self.trades < least_trades:
            return f"{self.trades} trades, at least {least_trades} are needed"
        return None
