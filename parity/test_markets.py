"""The main job: the same configs on a whole market through both engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from parity.harness.adr import record as adr
from parity.harness.engines import SWITCHES
from parity.harness.generate import market_runs
from parity.harness.model.case import Case
from parity.harness.model.files import Prepared
from parity.harness.model.plain import Answer
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
from parity.harness.triage.campaign import kept

REPOSITORY = Path(__file__).resolve().parent.parent
WITH_ADR = {decision.switch for decision in adr.load_all() if decision.switch}
NAMES = [name for name, *_ in market_runs.RUNS] + ["scripted"]


@dataclass
class Runs:
    """The market runs, and the reference's answer to those that ran."""

    cases: dict[str, Case]
    answers: dict[str, tuple[Prepared, Answer]] = field(default_factory=dict)

    def reference(self, name: str, pair: Pair) -> tuple[Prepared, Answer]:
        """The prepared case and what the reference answers; it runs once."""
        if name not in self.answers:
            prepared = pair.prepare(self.cases[name])
            self.answers[name] = prepared, pair.reference(prepared)
        return self.answers[name]


@pytest.fixture(scope="module")
def runs(session: Session) -> Runs:
    where = market_runs.source(REPOSITORY)
    session.market = str(where)
    return Runs({case.id.removeprefix("market::"): case for case in market_runs.cases(where)})


@pytest.mark.parametrize("name", NAMES)
def test_market_run_is_equal_with_all_switches_at_v1(
    name: str, runs: Runs, pair: Pair, session: Session, out: Path
) -> None:
    case = runs.cases[name]
    prepared, a = runs.reference(name, pair)
    b = pair.candidate(prepared, {})
    report = judge(case.id, a, b, pair.differences(a, b), parity=True)
    session.add("market runs", report)
    session.market_runs.append(MarketRun(name, report.verdict, a.bars, a.trades, a.seconds, b.seconds))
    if report.verdict is not Verdict.MATCH:
        require_match(report, kept(pair, case, out / "failed-cases"))


@pytest.mark.parametrize("name", NAMES)
def test_switches_with_adrs_explain_what_a_market_run_shows_at_v2(
    name: str, runs: Runs, pair: Pair, session: Session, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("--no-sweep"):
        pytest.skip("single switches on the market runs: --no-sweep")
    prepared, a = runs.reference(name, pair)
    agrees: dict[frozenset[str], bool] = {}

    def equal(at_v1: frozenset[str]) -> bool:
        if at_v1 not in agrees:
            at_v2 = {name: "v2" for name in SWITCHES if name not in at_v1}
            candidate = pair.candidate(prepared, at_v2)
            if a.failure or candidate.failure:
                raise IncomparableError(f"{name} with {len(at_v2)} switches at v2: {a.failure or candidate.failure}")
            agrees[at_v1] = not pair.differences(a, candidate, parity=not at_v2)
        return agrees[at_v1]

    every = frozenset(SWITCHES)
    if not equal(every):
        raise DivergenceError(f"{name} differs with every switch at v1: no switch explains that")
    differing = tuple(switch for switch in SWITCHES if not equal(every - {switch}))
    explained = attribute_to_switches(SWITCHES, equal)
    assert explained is not None, "equal with every switch at v1, and yet no set of switches explains the rest"
    session.switch_effects.append(SwitchEffects(name, differing, tuple(sorted(explained))))
    report = CaseReport(
        case_id=f"market::{name} at v2",
        verdict=Verdict.EXPLAINED if explained else Verdict.MATCH,
        switches=explained,
        trades=a.trades,
        bars=a.bars,
    )
    if not explained <= WITH_ADR:
        raise DivergenceError(f"{name}: a switch without an ADR explains nothing: {sorted(explained - WITH_ADR)}")
    session.add("market runs at v2", report)
