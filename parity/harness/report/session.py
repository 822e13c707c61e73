"""What one run of the suite has seen, and the exit code it ends with. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from parity.harness.boundary.before_after import BeforeAfter
from parity.harness.boundary.rules import RuleRow
from parity.harness.coverage.registry import Coverage
from parity.harness.engines.clocks import Clocks
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import CaseReport, ExitCode, Tally, Verdict
from parity.harness.report.profiles import PROFILES, Profile

if TYPE_CHECKING:
    from parity.harness.run.differential import Pair

#: Below these figures a whole run proves nothing.
LEAST_CASES = 20
LEAST_TRADES = 100
LEAST_MARKET_TRADES = 300


@dataclass
class MarketRun:
    """One config on a whole market: both engines, and what single switches change."""

    case_id: str
    verdict: Verdict
    bars: int
    trades: int
    seconds_a: float
    seconds_b: float
    differing: tuple[str, ...] = ()
    explained_by: tuple[str, ...] = ()


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


@dataclass
class Session:
    """Everything the report shows."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    market_runs: list[MarketRun] = field(default_factory=list)
    market: str = ""
    rules: list[RuleRow] = field(default_factory=list)
    #: Evidence for the four migration steps, by step.
    steps: dict[int, str] = field(default_factory=dict)
    before_after: list[BeforeAfter] = field(default_factory=list)
    boundary_facts: list[str] = field(default_factory=list)
    adrs: int = 0
    failures: list[str] = field(default_factory=list)
    collected_everything: bool = False
    profile: Profile = PROFILES["ci"]
    processes: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    paces: dict[str, Pace] = field(default_factory=dict)
    #: Kinds of differences that were minimised, and where their cases lie.
    known: dict[tuple[str, ...], Path] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    clocks: Clocks = field(default_factory=Clocks)
    tolerances: Tolerances | None = None

    def watch(self, pair: Pair) -> None:
        """Remembers the engines' clocks and tolerances, which are reported."""
        self.clocks, self.tolerances = pair.clocks, pair.tolerances

    def merge(self, other: Session) -> None:
        """Adds what another process has seen."""
        for name, tally in other.tallies.items():
            self.tallies.setdefault(name, Tally()).merge(tally)
        for name, pace in other.paces.items():
            self.paces.setdefault(name, Pace()).add(pace)
        self.market_runs += other.market_runs
        self.market = self.market or other.market
        self.rules += other.rules
        self.boundary_facts += [fact for fact in other.boundary_facts if fact not in self.boundary_facts]
        self.adrs += other.adrs
        self.steps |= other.steps
        self.before_after += other.before_after
        self.failures += other.failures
        self.findings += other.findings
        self.collected_everything |= other.collected_everything
        self.profile = other.profile
        self.processes += 1
        self.coverage.merge(other.coverage)
        self.clocks.add(other.clocks)
        if other.tolerances is not None:
            if self.tolerances is None:
                self.tolerances = Tolerances(other.tolerances.limits)
            self.tolerances.merge(other.tolerances)

    def add(self, part: str, report: CaseReport) -> None:
        """Counts a judged case under a part of the suite."""
        self.tallies.setdefault(part, Tally()).add(report)

    @property
    def total(self) -> Tally:
        """All parts together."""
        out = Tally()
        for tally in self.tallies.values():
            out.merge(tally)
        return out

    def switch_counts(self) -> Counter[str]:
        """In how many market runs each switch alone makes a difference."""
        return Counter(name for run in self.market_runs for name in run.differing)

    def vacuous(self) -> str | None:
        """Why a whole run proves nothing, if it does; part runs (`-k`) are not judged."""
        if not self.collected_everything:
            return None
        market = sum(run.trades for run in self.market_runs)
        if market < LEAST_MARKET_TRADES:
            return f"{market} trades on the market runs, at least {LEAST_MARKET_TRADES} are needed"
        never = self.coverage.missing()
        if never and not self.profile.narrowed:
            return f"{len(never)} rule branches were never taken by both engines: {', '.join(never)}"
        return self.total.vacuous(least_cases=LEAST_CASES, least_trades=LEAST_TRADES)


def exit_code(pytest_status: int, seen: Session | None) -> int:
    """0 pass, 1 difference, 2 configuration or infrastructure, 3 performance rule broken."""
    if pytest_status == 5:
        return ExitCode.INFRASTRUCTURE
    if seen is None or pytest_status not in (0, 1):
        return ExitCode.INFRASTRUCTURE if pytest_status not in (0, 1) else pytest_status
    if "difference" in seen.failures:
        return ExitCode.DIFFERENCE
    if "infrastructure" in seen.failures or seen.vacuous():
        return ExitCode.INFRASTRUCTURE
    if "performance" in seen.failures:
        return ExitCode.PERFORMANCE
    return ExitCode.DIFFERENCE if pytest_status == 1 else ExitCode.PASS
