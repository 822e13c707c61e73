"""The main job: the same configs on a whole market through both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.harness.adr import record as adr
from parity.harness.engines import SWITCHES
from parity.harness.generate import market_runs
from parity.harness.model.case import Case
from parity.harness.oracle.attribution import attribute_to_switches
from parity.harness.oracle.verdict import (
    CaseReport,
    DivergenceError,
    IncomparableError,
    Verdict,
    judge,
    require_match,
)
from parity.harness.report.session import Session
from parity.harness.report.tally import MarketRun, SwitchEffects
from parity.harness.run.differential import Pair
from parity.harness.run.probe import Probe
from parity.harness.triage.campaign import kept

REPOSITORY = Path(__file__).resolve().parent.parent
WITH_ADR = adr.by_switch(adr.load_all()).keys()
NAMES = [name for name, *_ in market_runs.RUNS] + ["scripted"]


class Runs:
    """The market runs, and probes of those that ran, so that the reference runs once."""

    def __init__(self, cases: dict[str, Case]) -> None:
        self.cases = cases
        self._probes: dict[str, Probe] = {}

    def probe(self, name: str, pair: Pair) -> Probe:
        """The answers to a run."""
        if name not in self._probes:
            self._probes[name] = Probe(pair, pair.prepare(self.cases[name]))
        return self._probes[name]

    def last_probe(self, name: str, pair: Pair) -> Probe:
        """The same, and nothing of it is kept: the answers under all switches are large."""
        probe = self.probe(name, pair)
        del self._probes[name]
        return probe


@pytest.fixture(scope="module")
def runs(session: Session) -> Runs:
    where = market_runs.source(REPOSITORY)
    session.market = str(where)
    return Runs({case.id.removeprefix("market::"): case for case in market_runs.cases(where)})


@pytest.mark.parametrize("name", NAMES)
def test_market_run_is_equal_with_all_switches_at_v1(
    name: str, runs: Runs, pair: Pair, session: Session, out: Path
) -> None:
    case, probe = runs.cases[name], runs.probe(name, pair)
    a, b = probe.reference, probe.at()
    report = judge(case.id, a, b, probe.differences(), parity=True, names=pair.names)
    session.add("market runs", report)
    session.market_runs.append(MarketRun(name, report.verdict, report.bars, a.trades, a.seconds, b.seconds))
    if report.verdict is not Verdict.MATCH:
        require_match(report, kept(pair, case, out / "failed-cases"))


@pytest.mark.parametrize("name", NAMES)
def test_switches_with_adrs_explain_what_a_market_run_shows_at_v2(
    name: str, runs: Runs, pair: Pair, session: Session, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--no-sweep"):
        pytest.skip("single switches on the market runs: --no-sweep")
    probe = runs.last_probe(name, pair)

    def equal(at_v1: frozenset[str]) -> bool:
        at_v2 = [switch for switch in SWITCHES if switch not in at_v1]
        failure = probe.failure(at_v2)
        if failure is not None:
            raise IncomparableError(f"{name} with {len(at_v2)} switches at v2: {failure}")
        return not probe.differences(at_v2)

    every = frozenset(SWITCHES)
    if not equal(every):
        raise DivergenceError(f"{name} differs with every switch at v1: no switch explains that")
    differing = tuple(switch for switch in SWITCHES if not equal(every - {switch}))
    explained = attribute_to_switches(SWITCHES, equal)
    assert explained is not None, "equal with every switch at v1, and yet no set of switches explains the rest"
    if not explained <= WITH_ADR:
        raise DivergenceError(f"{name}: a switch without an ADR explains nothing: {sorted(explained - WITH_ADR)}")
    session.switch_effects.append(SwitchEffects(name, differing, tuple(sorted(explained))))
    a = probe.reference
    report = CaseReport(
        case_id=f"market::{name} at v2",
        verdict=Verdict.EXPLAINED if explained else Verdict.MATCH,
        switches=explained,
        trades=a.trades,
        bars=a.bars or 0,
    )
    session.add("market runs at v2", report)
