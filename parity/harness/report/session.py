"""What one run of the suite has recorded: typed, mergeable, and able to say what it left out. Pure."""

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
from parity.harness.oracle.verdict import CaseReport, Verdict
from parity.harness.report.profiles import PROFILES, Profile
from parity.harness.report.tally import RECORDED, Failure, MarketRun, Pace, SwitchEffects, Tally

if TYPE_CHECKING:
    from parity.harness.run.differential import Pair

#: Below these figures a whole run proves nothing.
LEAST_CASES = 20
LEAST_TRADES = 100
LEAST_MARKET_TRADES = 300
#: Parts whose cases are drawn and not chosen: without a single trade they show nothing.
DRAWN = ("drawn by Hypothesis", "sweep")
#: Names of the pair that is compared where no engines.toml names another.
DEFAULT_PAIR = ("V1", "V2")
#: Names that are shown of a longer list.
SHOWN = 6


@dataclass
class Session:
    """Everything that the report shows and the exit code follows from.

    ``tests`` are the ids of the suite's tests as they were collected, ``ran`` those that came to an end, ``skipped``
    the reasons of those that said why they do not run. ``absent`` are files of the suite that were not collected;
    ``narrowed`` says which options leave something out.
    """

    profile: Profile = PROFILES["ci"]
    engines: tuple[str, str] = DEFAULT_PAIR
    tallies: dict[str, Tally] = field(default_factory=dict)
    market_runs: list[MarketRun] = field(default_factory=list)
    switch_effects: list[SwitchEffects] = field(default_factory=list)
    market: str = ""
    rules: list[RuleRow] = field(default_factory=list)
    #: Evidence for the four migration steps, by step.
    steps: dict[int, str] = field(default_factory=dict)
    before_after: list[BeforeAfter] = field(default_factory=list)
    boundary_facts: list[str] = field(default_factory=list)
    #: What the engines' adapters report besides verdicts, a sentence each.
    remarks: list[str] = field(default_factory=list)
    adrs: int = 0
    failures: list[Failure] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    tests: set[str] = field(default_factory=set)
    ran: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    narrowed: list[str] = field(default_factory=list)
    processes: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    paces: dict[str, Pace] = field(default_factory=dict)
    clocks: Clocks = field(default_factory=Clocks)
    tolerances: Tolerances | None = None
    #: Kinds of differences that were minimised, and where their cases lie; of this process alone.
    known: dict[tuple[str, ...], Path] = field(default_factory=dict)

    def watch(self, pair: Pair) -> None:
        """Records the engines' names, clocks and tolerances, which are reported."""
        self.engines = (pair.a.name, pair.b.name)
        self.clocks, self.tolerances = pair.clocks, pair.tolerances

    def add(self, part: str, report: CaseReport) -> None:
        """Counts a judged case under a part of the suite."""
        self.tallies.setdefault(part, Tally()).add(report)

    def fail(self, kind: str, test: str, message: str = "") -> None:
        """Records a failure: ``difference``, ``infrastructure`` or ``performance``."""
        self.failures.append(Failure(kind=kind, test=test, message=message))

    def merge(self, other: Session) -> None:
        """Adds what another process or another machine has recorded. The shard stays the one of this session."""
        for name, tally in other.tallies.items():
            self.tallies.setdefault(name, Tally()).merge(tally)
        for name, pace in other.paces.items():
            self.paces.setdefault(name, Pace()).add(pace)
        if other.engines != DEFAULT_PAIR:
            self.engines = other.engines
        self.market_runs += other.market_runs
        self.switch_effects += other.switch_effects
        self.market = self.market or other.market
        self.rules += other.rules
        self.boundary_facts += [fact for fact in other.boundary_facts if fact not in self.boundary_facts]
        self.adrs += other.adrs
        self.steps |= other.steps
        self.before_after += other.before_after
        self.failures += other.failures
        self.findings += other.findings
        self.remarks += other.remarks
        self.tests |= other.tests
        self.ran |= other.ran
        self.skipped |= other.skipped
        self.absent |= other.absent
        self.narrowed += [reason for reason in other.narrowed if reason not in self.narrowed]
        self.processes += max(1, other.processes)
        self.coverage.merge(other.coverage)
        self.clocks.add(other.clocks)
        if other.tolerances is not None:
            if self.tolerances is None:
                self.tolerances = Tolerances(other.tolerances.limits)
            self.tolerances.merge(other.tolerances)

    @property
    def total(self) -> Tally:
        """All parts together."""
        out = Tally()
        for tally in self.tallies.values():
            out.merge(tally)
        return out

    @property
    def recorded(self) -> Tally:
        """The recorded outcomes, whatever their kind."""
        out = Tally()
        for name, tally in self.tallies.items():
            if name.split()[0] == RECORDED:
                out.merge(tally)
        return out

    def failed(self, kind: str) -> list[Failure]:
        """The failures of one kind."""
        return [failure for failure in self.failures if failure.kind == kind]

    def differs(self) -> bool:
        """Whether the engines differed in a way that nothing explains."""
        return bool(self.failed("difference")) or self.total.verdicts[Verdict.UNEXPLAINED] > 0

    def hindered(self) -> bool:
        """Whether something kept the run from judging."""
        return bool(self.failed("infrastructure")) or self.total.verdicts[Verdict.INCOMPARABLE] > 0

    def switch_counts(self) -> Counter[str]:
        """In how many market runs each switch alone makes a difference."""
        return Counter(name for effects in self.switch_effects for name in effects.differing)

    def left_out(self) -> list[str]:
        """What a whole run of this profile has and this one has not; empty for a whole run."""
        out = []
        if self.absent:
            out.append(_listed(sorted(self.absent)))
        missing = self.tests - self.ran - self.skipped.keys()
        if missing:
            out.append(f"{len(missing)} of {len(self.tests)} tests")
        k, n = self.profile.shard
        if n > 1:
            out.append(f"the other shards (this is {k}/{n})")
        if self.profile.reduced:
            out.append(self.profile.reduced)
        return out + self.narrowed

    @property
    def whole(self) -> bool:
        """Whether the whole suite was collected and has come to its end."""
        return bool(self.tests) and not self.left_out()

    def judged(self) -> bool:
        """Whether anything was judged at all."""
        return bool(self.total.comparable or self.adrs or self.rules or self.steps or self.boundary_facts)

    def vacuous(self) -> str | None:
        """Why the run proves nothing, if it does; of a part, only what holds for parts as well."""
        if not self.judged():
            return "nothing was compared"
        drawn = Tally()
        for name in DRAWN:
            drawn.merge(self.tallies.get(name, Tally()))
        if drawn.cases and not drawn.trades:
            return f"{drawn.cases} generated cases without a single trade"
        if not self.whole:
            return None
        market = sum(run.trades for run in self.market_runs)
        if market < LEAST_MARKET_TRADES:
            return f"{market} trades on the market runs, at least {LEAST_MARKET_TRADES} are needed"
        never = self.coverage.missing()
        # Without any trace there is nothing to count branches from, which the report says.
        countable = bool(self.coverage.traced) or not self.coverage.untraced
        if never and self.profile.gate and countable:
            return f"{len(never)} rule branches were never taken: {', '.join(never)}"
        return self.total.vacuous(least_cases=LEAST_CASES, least_trades=LEAST_TRADES)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
