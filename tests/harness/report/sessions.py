"""Sessions for tests: one in which everything is recorded that there is."""

from __future__ import annotations

from dataclasses import replace

from parity.harness.boundary.before_after import BeforeAfter, Side
from parity.harness.boundary.rules import RuleRow
from parity.harness.coverage.registry import BRANCHES
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import CaseReport, Verdict
from parity.harness.report.profiles import PROFILES
from parity.harness.report.session import Session
from parity.harness.report.tally import MarketRun, Pace, SwitchEffects


def match(case_id: str = "one", trades: int = 4, **more: object) -> CaseReport:
    return CaseReport(case_id=case_id, verdict=Verdict.MATCH, trades=trades, bars=10, **more)  # type: ignore[arg-type]


def part(k: int = 1, n: int = 1, *, cases: int = 30) -> Session:
    """Shard k of n of a run in which nothing differs."""
    seen = Session(profile=replace(PROFILES["ci"], shard=(k, n)), engines=("old", "new"))
    for i in range(cases):
        seen.add("sweep", match(f"case {i}", unknown=frozenset({"trades.entry_fee"}), untraced=("new",)))
    seen.add("pinned", match("refused", 0, refused=True))
    seen.market, seen.adrs, seen.processes = "embedded", 2, 1
    seen.market_runs.append(MarketRun(f"run {k}", Verdict.MATCH, 1000, 400, 1.0, 0.1))
    seen.switch_effects.append(SwitchEffects(f"run {k}", ("exit_gap",), ("exit_gap",)))
    seen.rules.append(RuleRow(rule="rule 1", function="f", figure="us", value=-1.5, limit=3.0, detail="called"))
    seen.steps[k] = "evidence"
    side = Side(calls=3, bytes=5, seconds=0.5, share=0.25)
    seen.before_after.append(BeforeAfter(name=f"run {k}", scenario="1", bars=7, v1=side, v2=side))
    seen.boundary_facts.append("one callable")
    seen.tests, seen.ran = {f"test {k}", f"skipped {k}"}, {f"test {k}"}
    seen.skipped[f"skipped {k}"] = "no such tool"
    for engine in seen.engines:
        seen.coverage.add(engine, BRANCHES)
    seen.paces["sweep"] = Pace(cases, 2.0, 1.0, 0.5)
    seen.clocks.a = 1.5
    seen.tolerances = Tolerances({("account", "fees_total"): 1e-12}, {("account", "fees_total"): 1e-16})
    return seen
